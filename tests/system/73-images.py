"""`sandlot image`: every verb, on small images in a cache of the test's own."""
import fcntl
import glob
import hashlib
import json
import os
import shutil
import signal
import struct
import subprocess
import tempfile
import threading
import unittest
from unittest import mock

from account import Account
from baking import World
from harness import SANDLOT, SANITIZER_OPTIONS, Server, poll, run_command
from images import image_id, make_image

CHUNK = 4 << 20
HEAD, DOCUMENT, LIST = 0x184D2A50, 0x184D2A51, 0x184D2A52
HEAD_BYTES = 8 + 32 + 512
VERBS = ("list", "show", "verify", "diff", "sign", "export", "import", "use", "rollback", "remove", "gc")


def sha256(data):
    return hashlib.sha256(data).digest()


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


class StoreCase(unittest.TestCase):
    """A cache, a folder of keys with one key, and a link."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="sandlot-test-", dir="/var/tmp")
        self.addCleanup(shutil.rmtree, self.folder)
        self.cache = os.path.join(self.folder, "cache")
        self.link = os.path.join(self.folder, "checkout/image")
        self.keys = os.path.join(self.folder, "keys")
        self.stamps = os.path.join(self.folder, "stamps")
        os.mkdir(self.stamps, 0o700)
        for name, value in (("SANDLOT_CACHE", self.cache), ("SANDLOT_KEYS", self.keys)):
            patch = mock.patch.dict(os.environ, {name: value})
            patch.start()
            self.addCleanup(patch.stop)
        self.assertEqual(run_command("key", "new", "tester").returncode, 0)

    def make(self, mark, *forms, parts=None, sign=True):
        """An image of busybox whose /mark is its mark. Returns its id."""
        folder = os.path.join(self.cache, "images", image_id(mark))
        make_image(folder, mark, *(forms or ("tree",)))
        if parts is not None:
            write(os.path.join(folder, "parts"), "".join(f"{part}\n" for part in parts).encode())
        if sign:
            self.run_image("sign", image_id(mark), "--name", f"test-{mark}")
        return image_id(mark)

    def path(self, mark, *names):
        return os.path.join(self.cache, "images", image_id(mark), *names)

    def run_image(self, *arguments, status=0, said=None, **more):
        """Runs a verb that ends with this status. Returns stdout; said: words stderr has."""
        done = run_command("image", *arguments, **more)
        stderr = done.stderr.decode()
        self.assertEqual(done.returncode, status, (arguments, done.stdout, stderr))
        self.assertNotRegex(stderr, "Sanitizer|runtime error")
        for word in [said] if isinstance(said, str) else said or ():
            self.assertIn(word, stderr)
        return done.stdout.decode()

    def roll_back(self, **more):
        """Consents in stamps of the test's own, not in those of this machine's server."""
        return self.run_image("rollback", "--link", self.link, "--stamps", self.stamps, **more)

    def json_of(self, *arguments, **more):
        return json.loads(self.run_image(*arguments, "--json", **more))

    def linked(self):
        """Which images LINK and LINK.previous point at."""
        return tuple(os.path.basename(os.path.realpath(self.link + end)) if os.path.exists(self.link + end) else None
                     for end in ("", ".previous"))

    def images(self):
        return {name for name in os.listdir(os.path.join(self.cache, "images")) if len(name) == 64}


class Help(StoreCase):
    def test_every_verb_has_help_with_examples(self):
        text = self.run_image("--help")
        for verb in VERBS:
            self.assertIn(f"\n  {verb} ", text)
            own = self.run_image(verb, "--help")
            self.assertTrue(own.startswith(f"Usage: sandlot image {verb} "), own)
            self.assertIn("\nExamples:\n  sandlot image " + verb, own.replace("ssh baker ", ""))
            self.assertLessEqual(max(map(len, own.splitlines())), 80, own)
            for line in own.splitlines():
                if line.startswith("  --"):
                    self.assertRegex(line, r"^  --[a-z-]+( [A-Z]+)?  +\S")  # as the manual pages want it

    def test_wrong_words_are_named(self):
        self.run_image("frobnicate", status=64, said=["frobnicate", "rollback"])
        self.run_image("list", "--frob", status=64, said="--frob")
        self.run_image("list", "extra", status=64, said="usage: sandlot image list")
        self.run_image("list", "--dry-run", status=64, said="takes no --dry-run")
        self.run_image("show", "nothing", status=1, said="there is no image \"nothing\"")
        self.run_image(status=64, said="Usage:")


class Look(StoreCase):
    def test_list(self):
        self.assertEqual(self.json_of("list")["images"], [])
        self.make("a")
        self.make("b", "erofs", "tree")
        self.make("c", sign=False)
        # One file of both: it is on the disk once.
        big = self.path("a", "root/big")
        write(big, os.urandom(300_000))
        os.link(big, self.path("b", "root/big"))
        os.unlink(self.path("a", "image.record"))
        self.run_image("sign", image_id("a"), "--name", "test-a")
        self.run_image("use", image_id("a"), "--link", self.link)
        answer = self.json_of("list", "--link", self.link)
        rows = {row["id"]: row for row in answer["images"]}
        a, b, c = (rows[image_id(mark)] for mark in "abc")
        self.assertEqual((a["name"], a["tree"], a["erofs"], a["current"]), ("test-a", True, False, True))
        self.assertEqual((b["tree"], b["erofs"], b["current"], b["served"]), (True, True, False, False))
        self.assertEqual((a["signature"]["state"], a["signature"]["key"]), ("trusted", "tester"))
        self.assertEqual(c["signature"], {"state": "no-record"})
        shared = a["bytes"] - a["own_bytes"]
        self.assertEqual(shared, os.stat(big).st_blocks * 512)
        self.assertEqual(answer["bytes"], a["own_bytes"] + b["own_bytes"] + c["bytes"] + shared)
        text = self.run_image("list", "--link", self.link)
        self.assertRegex(text, rf"(?m)^test-a +{image_id('a')[:12]} .* tester +in use$")
        self.assertRegex(text, rf"(?m)^\? +{image_id('c')[:12]} .* no record *$")

    def test_show(self):
        self.make("a", "tree", parts=["layers/debian-x"])
        os.makedirs(os.path.join(self.cache, "layers/debian-x/root"))
        write(os.path.join(self.cache, "layers/debian-x/root/file"), b"x" * 9000)
        documents = {
            "packages.json": {"schema": 1, "packages": [{"name": "gcc", "version": "12", "architecture": "amd64"}]},
            "vetting.json": {"schema": 1, "counts": {"crates": 3, "audited": 1, "exempted_unreviewed": 2},
                             "crates": [{"name": "syn", "version": "1.0.0"}, {"name": "syn", "version": "2.0.0"},
                                        {"name": "bad\x1b[31m", "version": "1"}]},
        }
        for name, value in documents.items():
            write(self.path("a", name), json.dumps(value).encode())
        answer = self.json_of("show", image_id("a")[:6])
        self.assertEqual(answer["signature"]["state"], "trusted")
        self.assertEqual(answer["tool_chains"], {"Shell": "1", "Built": "1"})
        self.assertEqual((answer["packages"], answer["crates"]), (1, 2))
        self.assertEqual(answer["vetting"]["exempted_unreviewed"], 2)
        self.assertGreater(answer["parts"]["layers/debian-x"], 8191)
        self.assertGreater(answer["folders"]["bin"], os.stat("/bin/busybox").st_size - 4096)
        self.run_image("use", image_id("a"), "--link", self.link, status=1, said="manifest.json")
        text = self.run_image("show", self.path("a"))
        self.assertIn("2 (1 audited, 2 exempted: unreviewed)", text)

    def test_a_document_that_is_none_is_told(self):
        self.make("a")
        write(self.path("a", "packages.json"), b"{")
        self.run_image("show", image_id("a"), status=1, said="packages.json:1:1")

    def test_diff(self):
        self.make("a")
        self.make("b", "erofs")
        self.run_image("diff", image_id("a"), image_id("a"))
        answer = json.loads(self.run_image("diff", image_id("a"), image_id("b"), "--json", status=1))
        self.assertEqual(answer["files"], {"added": [], "removed": [], "changed": ["mark"]})
        self.assertEqual(answer["packages"], {"added": {}, "removed": {}, "changed": {}})
        self.assertIn("sh.run.env.MARK", answer["settings"]["changed"])
        self.assertEqual(answer["settings"]["changed"]["sh.run.env.MARK"], ['"a"', '"b"'])
        text = self.run_image("diff", image_id("b"), image_id("a"), status=1)
        self.assertIn("files: 0 added, 0 removed, 1 changed\n  ~ mark\n", text)
        self.assertIn('  ~ sh.run.env.MARK "b" -> "a"\n', text)
        self.assertIn("packages: the same\n", text)
        self.assertEqual(glob.glob("/tmp/sandlot-view-*"), [])
        # What is only there as EROFS is mounted, and so must verify.
        os.rename(os.path.join(self.keys, "tester.pub"), os.path.join(self.folder, "tester.pub"))
        self.run_image("diff", image_id("a"), image_id("b"), status=2, said="not trusted here")


class Verify(StoreCase):
    def verdict(self, *arguments, status=1):
        return json.loads(self.run_image("verify", "--json", *arguments, status=status))[0]

    def test_as_it_was_signed(self):
        self.make("a", "erofs", "tree")
        text = self.run_image("verify", "test-a")
        self.assertIn("is as it was signed, by tester (tree erofs, ", text)
        self.assertEqual(self.verdict("test-a", status=0)["verdict"], "ok")

    def test_every_kind_of_tampering_is_named(self):
        def flip(name, at=-100):
            data = bytearray(read(self.path("a", name)))
            data[at] ^= 1
            write(self.path("a", name), data)

        cases = (
            ("altered-tree", "bin/busybox", lambda: flip("root/bin/busybox")),
            ("altered-tree", "new", lambda: write(self.path("a", "root/new"), b"")),
            ("altered-tree", "mark", lambda: os.unlink(self.path("a", "root/mark"))),
            ("altered-tree", "mark", lambda: os.chmod(self.path("a", "root/mark"), 0o755)),
            ("altered-erofs", "other bytes", lambda: flip("image.erofs")),
            ("altered-documents", "manifest.json", lambda: flip("manifest.json")),
            ("altered-documents", "", lambda: write(self.path("a", "more.json"), b"{}")),
            ("bad-signature", "", lambda: flip("image.record", 20)),
            ("unknown-key", "", lambda: os.unlink(os.path.join(self.keys, "tester.pub"))),
            ("unsigned", "", lambda: os.unlink(self.path("a", "image.record"))),
        )
        for word, detail, tamper in cases:
            self.make("a", "erofs", "tree")
            kept = read(os.path.join(self.keys, "tester.pub"))
            with self.subTest(word=word, detail=detail):
                self.assertEqual(self.verdict(image_id("a"), status=0)["verdict"], "ok")
                tamper()
                answer = self.verdict(image_id("a"))
                self.assertEqual(answer["verdict"], word, answer)
                self.assertIn(detail, answer["detail"])
                text = self.run_image("verify", image_id("a"), status=1)
                self.assertIn(answer["sentence"], text)
            write(os.path.join(self.keys, "tester.pub"), kept)
            shutil.rmtree(self.path("a"))

    def test_a_crate_that_is_known_to_be_bad_by_now(self):
        folder = self.path("a")
        make_image(folder, "a", "tree")
        document = {"schema": 1, "crates": [{"name": "lump", "version": "1.2.0"}, {"name": "leaf", "version": "0.1.0"}]}
        write(self.path("a", "vetting.json"), json.dumps(document).encode())
        self.run_image("sign", image_id("a"), "--name", "test-a")
        audits = os.path.join(self.folder, "set/audits.toml")
        os.makedirs(os.path.dirname(audits))
        row = ('[[audits.lump]]\nwho = "Ann <ann@example.org>"\ncriteria = "safe-to-run"\n'
               'violation = "{}"\nnotes = "It mines."\n')
        for versions, bad in (("<1.2", False), (">=1.2", True)):
            with self.subTest(versions):
                write(audits, row.format(versions).encode())
                words = ("verify", image_id("a"), "--audits", os.path.dirname(audits))
                text = self.run_image(*words, status=int(bad))
                self.assertIn("is as it was signed", text)
                self.assertEqual("lump 1.2.0: " in text and "It mines." in text, bad)
                self.assertEqual(json.loads(self.run_image(*words, "--json", status=int(bad)))[0]["violations"], int(bad))

    def test_several_and_one_is_not_well(self):
        self.make("a")
        self.make("b")
        write(self.path("a", "root/mark"), b"x")
        answer = json.loads(self.run_image("verify", image_id("a"), image_id("b"), "--json", status=1))
        self.assertEqual([row["verdict"] for row in answer], ["altered-tree", "ok"])


class Sign(StoreCase):
    def test_with_another_key_and_an_end(self):
        self.make("a")
        self.run_image("sign", "test-a", status=0)
        self.assertEqual(run_command("key", "new", "second").returncode, 0)
        self.run_image("sign", "test-a", status=1, said="--key")
        text = self.run_image("sign", "test-a", "--key", "second", "--expires", "2125-01-01")
        self.assertIn(f"test-a {image_id('a')[:12]} is signed by second, expires 2125-01-01", text)
        signature = self.json_of("show", "test-a")["signature"]
        self.assertEqual((signature["key"], signature["expires"]), ("second", "2125-01-01T00:00:00Z"))
        self.run_image("sign", "test-a", "--key", "second", "--expires", "yesterday", status=1, said="--expires")
        self.run_image("sign", "test-a", "--key", "second", "--expires", "never")
        self.assertIsNone(self.json_of("show", "test-a")["signature"]["expires"])
        self.run_image("sign", "test-a", "--key", "third", status=1, said="third")

    def test_what_is_not_what_its_record_says_is_not_signed(self):
        self.make("a")
        before = read(self.path("a", "image.record"))
        write(self.path("a", "root/mark"), b"evil")
        self.run_image("sign", "test-a", status=1, said="mark")
        self.assertEqual(read(self.path("a", "image.record")), before)

    def test_a_folder_made_by_hand_gets_a_record(self):
        folder = make_image(os.path.join(self.folder, "by-hand"), "h", "tree")
        self.run_image("use", folder, "--link", self.link, status=1, said="is not signed")
        self.assertIn("by-hand", self.run_image("sign", folder))
        self.run_image("verify", folder)
        self.run_image("use", folder, "--link", self.link)
        self.assertEqual(os.path.realpath(self.link), folder)


class Use(StoreCase):
    def test_use_and_rollback(self):
        a, b = self.make("a"), self.make("b")
        self.roll_back(status=1, said="no image to go back to")
        text = self.run_image("use", "test-a", "--link", self.link)
        self.assertIn("no server runs on this link", text)
        self.assertEqual(self.linked(), (a, None))
        self.assertIn(f"(before: {a[:12]})", self.run_image("use", b[:8], "--link", self.link))
        self.assertEqual(self.linked(), (b, a))
        self.run_image("use", b, "--link", self.link)
        self.assertEqual(self.linked(), (b, a))
        self.assertEqual(self.json_of("show", "previous", "--link", self.link)["id"], a)
        self.roll_back()
        self.assertEqual(self.linked(), (a, b))
        # At once and offline: neither keys nor the image's bytes are needed.
        shutil.rmtree(self.keys)
        self.roll_back()
        self.assertEqual(self.linked(), (b, a))

    def test_what_no_server_would_take_is_refused(self):
        self.make("a")
        self.make("b", sign=False)
        self.run_image("use", "test-a", "--link", self.link)
        self.run_image("use", image_id("b"), "--link", self.link, status=1, said="is not signed")
        os.rename(os.path.join(self.keys, "tester.pub"), os.path.join(self.folder, "tester.pub"))
        self.run_image("use", "test-a", "--link", self.link, status=1, said="not trusted here")
        self.assertEqual(self.linked(), (image_id("a"), None))
        self.run_image("use", image_id("b"), "--link", self.link, "--allow-unsigned")
        self.assertEqual(self.linked(), (image_id("b"), image_id("a")))

    def test_a_folder_in_the_links_place_stays(self):
        self.make("a")
        os.makedirs(os.path.join(self.link, "mine"))
        self.run_image("use", "test-a", "--link", self.link, status=1, said="no symbolic link")
        self.assertTrue(os.path.isdir(os.path.join(self.link, "mine")))

    def test_the_server_is_told(self):
        a, b = self.make("a"), self.make("b")
        self.run_image("use", a, "--link", self.link)
        server = Server(image=self.link)
        self.addCleanup(lambda: server.process.poll() is None and server.stop())

        def served():
            return server.get("/api/v1/languages").json()["image"]

        self.assertEqual(served(), a)
        self.assertIn(f"the server (pid {server.pid}) was told", self.run_image("use", b, "--link", self.link))
        poll(lambda: served() == b, "the server to take the image")
        self.assertEqual([row["id"] for row in self.json_of("list")["images"] if row["served"]], [b])
        self.run_image("remove", b, status=1, said="running server")
        self.assertIn("was told", self.roll_back())
        poll(lambda: served() == a, "the server to go back")
        self.assertEqual(server.stop(), 0)
        self.assertIn("no server runs", self.roll_back())


class WithoutRoot(StoreCase):
    """A user has images of his own, in a cache of his own."""

    def as_user(self, *arguments, status=0, said=""):
        done = self.account.run(self.account.sandlot, "image", *arguments, env={"SANDLOT_KEYS": self.keys})
        self.assertEqual(done.returncode, status, (arguments, done.stdout, done.stderr))
        self.assertIn(said, done.stderr.decode())
        return done.stdout.decode()

    def test_brought_in_used_and_cleared_away(self):
        self.account = Account("single")
        self.addCleanup(self.account.close)
        self.make("a")
        exported = os.path.join(self.folder, "a.erofs.zst")
        self.run_image("export", "test-a", "--output", exported)
        os.chmod(self.folder, 0o755)
        link = os.path.join(self.account.home, "link")
        self.as_user("import", exported)
        self.cache = os.path.join(self.account.home, ".cache/sandlot")
        self.assertEqual({os.stat(self.path("a", name)).st_uid for name in os.listdir(self.path("a"))},
                         {self.account.uid})
        self.as_user("verify", "test-a")
        self.assertIn("tester", self.as_user("list"))
        self.assertIn(image_id("a"), self.as_user("show", "test-a"))
        self.as_user("diff", "test-a", "test-a", status=2, said="needs root")
        self.as_user("use", "test-a", "--link", link)
        self.as_user("remove", "test-a", status=1, said="is in use")
        self.as_user("rollback", "--link", link, status=1, said="no image to go back to")
        os.unlink(link)
        self.as_user("gc")
        self.assertEqual(self.images(), set())


class Remove(StoreCase):
    def test_remove(self):
        a, b, c = (self.make(mark) for mark in "abc")
        self.run_image("use", a, "--link", self.link)
        self.run_image("use", b, "--link", self.link)
        self.run_image("remove", b, status=1, said=["is in use", self.link])
        self.run_image("remove", a, status=1, said=["rollback", self.link + ".previous"])
        with open(self.path("c", "manifest.json"), "rb"):
            folder = os.open(self.path("c"), os.O_RDONLY)
        fcntl.flock(folder, fcntl.LOCK_SH)
        self.run_image("remove", c, status=1, said="a running server")
        os.close(folder)
        self.assertEqual(self.images(), {a, b, c})
        self.assertRegex(self.run_image("remove", "test-c"), rf"removed test-c {c[:12]}, \d.* freed")
        self.assertEqual(self.images(), {a, b})
        self.run_image("remove", c, status=1, said="there is no image")

    def test_an_image_elsewhere_is_not_ours_to_remove(self):
        folder = make_image(os.path.join(self.folder, "mine"), "m", "tree")
        self.run_image("remove", folder, status=1, said="is not in")
        self.assertTrue(os.path.exists(folder))

    def test_a_folder_mounted_in_it_is_not_emptied(self):
        a = self.make("a")
        precious = os.path.join(self.folder, "precious")
        os.mkdir(precious)
        write(os.path.join(precious, "file"), b"kept")
        subprocess.run(["mount", "--bind", precious, self.path("a", "root/tmp")], check=True)
        try:
            self.run_image("remove", a, status=1, said=["something is mounted on", "root/tmp"])
            self.assertEqual(read(os.path.join(precious, "file")), b"kept")
            self.assertTrue(os.path.exists(self.path("a", "root/mark")))
        finally:
            subprocess.run(["umount", self.path("a", "root/tmp")], check=True)
        self.run_image("remove", a)


class Gc(StoreCase):
    EXPORT = f"exports/test-u-{image_id('u')[:12]}.erofs.zst"
    NEEDED = {"layers/needed", "vendor/needed", "crates/serde-1.0.0.crate", "memo/rust-needed", EXPORT}

    def setUp(self):
        super().setUp()
        for name in ("layers/needed/root/x", "layers/other/root/x", "vendor/needed/vendor/serde-1.0.0/x",
                     "vendor/other/vendor/rand-1.0.0/x", "crates/serde-1.0.0.crate", "crates/rand-1.0.0.crate", "debs/other.deb",
                     "memo/rust-needed", "memo/rust-other",
                     self.EXPORT, f"exports/test-x-{image_id('x')[:12]}.erofs.zst"):
            path = os.path.join(self.cache, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            write(path, b"x" * 10000)
        self.used = self.make("u", parts=sorted(self.NEEDED - {self.EXPORT}))
        self.make("x", parts=["layers/other", "vendor/other"])
        self.make("y", parts=[])
        self.run_image("use", "test-u", "--link", self.link)

    def there(self):
        names = set()
        for folder in ("layers", "vendor", "crates", "debs", "memo", "exports"):
            names |= {f"{folder}/{name}" for name in os.listdir(os.path.join(self.cache, folder))}
        return names

    def test_what_nobody_needs_goes(self):
        before = self.there(), self.images()
        dry = self.run_image("gc", "--dry-run")
        self.assertEqual((self.there(), self.images()), before)
        self.assertRegex(dry, r"would be: 8 removed, \d.* freed\n$")
        done = self.run_image("gc")
        self.assertEqual(self.images(), {self.used})
        self.assertEqual(self.there(), self.NEEDED)
        freed = dry.splitlines()[-1].removeprefix("would be: ")
        self.assertEqual(done.splitlines()[-1], freed)
        self.assertEqual(self.run_image("gc"), "0 removed, 0 B freed\n")
        self.run_image("verify", "current", "--link", self.link)

    def test_links_of_every_checkout_keep_theirs_until_they_are_gone(self):
        other = os.path.join(self.folder, "other/image")
        self.run_image("use", "test-x", "--link", other)
        self.run_image("use", "test-y", "--link", other)
        self.run_image("gc")
        self.assertEqual(self.images(), {self.used, image_id("x"), image_id("y")})
        shutil.rmtree(os.path.dirname(other))
        self.assertIn("registered link", self.run_image("gc"))
        self.assertEqual(self.images(), {self.used})
        self.assertEqual(len(os.listdir(os.path.join(self.cache, "images/roots"))), 1)

    def test_young_images_stay_when_asked_for(self):
        self.run_image("gc", "--keep-days", "1")
        self.assertEqual(self.images(), {self.used, image_id("x"), image_id("y")})

    def test_a_held_image_stays(self):
        folder = os.open(self.path("x"), os.O_RDONLY)
        fcntl.flock(folder, fcntl.LOCK_SH)
        self.run_image("gc")
        os.close(folder)
        self.assertEqual(self.images(), {self.used, image_id("x")})
        self.assertIn("layers/other", self.there())

    def test_one_that_cannot_go_does_not_keep_the_others(self):
        mount = self.path("x", "root/tmp")
        subprocess.run(["mount", "-t", "tmpfs", "none", mount], check=True)
        try:
            text = self.run_image("gc", status=1, said=["something is mounted on", mount])
            self.assertIn("1 could not be removed", text)
            self.assertEqual(self.images(), {self.used, image_id("x")})
            self.assertEqual(self.there(), self.NEEDED)
        finally:
            subprocess.run(["umount", mount], check=True)
        self.run_image("gc")
        self.assertEqual(self.images(), {self.used})

    def test_it_waits_while_a_bake_runs(self):
        lock = os.open(os.path.join(self.cache, "lock"), os.O_RDWR | os.O_CREAT, 0o644)
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = subprocess.Popen([SANDLOT, "image", "gc"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env={**os.environ, **SANITIZER_OPTIONS})
        line = process.stderr.readline().decode()
        self.assertIn("waiting for another command", line)
        self.assertEqual(self.images(), {self.used, image_id("x"), image_id("y")})
        self.run_image("gc", "--dry-run")  # needs no lock
        os.close(lock)
        out, err = process.communicate(timeout=120)
        self.assertEqual((process.returncode, err), (0, b""), out)
        self.assertEqual(self.images(), {self.used})

    def test_it_can_be_interrupted(self):
        lock = os.open(os.path.join(self.cache, "lock"), os.O_RDWR | os.O_CREAT, 0o644)
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = subprocess.Popen([SANDLOT, "image", "gc"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env={**os.environ, **SANITIZER_OPTIONS})
        process.stderr.readline()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=120)
        os.close(lock)
        self.assertEqual(process.returncode, 130)


class Baked(StoreCase):
    """Images as a bake leaves them, of two versions of a Debian package."""

    def setUp(self):
        super().setUp()
        self.world = World()
        self.addCleanup(self.world.close)
        os.environ["SANDLOT_CACHE"] = self.cache = self.world.path("cache")
        os.environ["SANDLOT_KEYS"] = self.keys = self.world.path("keys")
        self.link = self.world.path("image")
        self.old, _ = self.world.image()
        self.world.add_say("2.0")
        self.world.archive.publish()
        self.new, _ = self.world.image("--refresh")

    def parts(self, image):
        return set(read(os.path.join(image, "parts")).decode().splitlines())

    def there(self):
        return {f"{folder}/{name}" for folder in ("layers", "debs", "memo")
                for name in os.listdir(os.path.join(self.cache, folder))}

    def test_back_and_forth(self):
        old, new = os.path.basename(self.old), os.path.basename(self.new)
        self.assertEqual(self.linked(), (new, old))
        self.run_image("verify", "current", "previous", "--link", self.link)
        answer = json.loads(self.run_image("diff", "previous", "current", "--json", "--link", self.link, status=1))
        self.assertEqual([change for name, change in answer["packages"]["changed"].items() if "say" in name],
                         [["1.0", "2.0"]])
        self.assertEqual(answer["tool_chains"]["changed"], {"Say": ["1.0", "2.0"]})
        self.assertEqual(answer["files"]["changed"], ["usr/bin/say"])
        self.roll_back()
        self.assertEqual(self.linked(), (old, new))

    def test_the_erofs_file_is_the_same_whoever_makes_it(self):
        self.run_image("export", self.new)
        exported = read(os.path.join(self.new, "image.erofs"))
        self.run_image("verify", self.new)
        self.world.forget("images")
        baked, _ = self.world.image("--form", "erofs", "--refresh")
        self.assertIn("(tree erofs, ", self.run_image("verify", baked))
        self.assertEqual(sha256(read(os.path.join(baked, "image.erofs"))), sha256(exported))

    def test_gc_leaves_what_the_next_bake_takes(self):
        self.assertEqual(self.there(), self.parts(self.old) | self.parts(self.new))
        self.assertIn("\n0 removed", "\n" + self.run_image("gc", "--link", self.link))
        os.unlink(self.link + ".previous")
        self.run_image("gc", "--link", self.link)
        self.assertEqual(self.images(), {os.path.basename(self.new)})
        self.assertEqual(self.there(), self.parts(self.new))
        # Of that the image is put together again, with nothing fetched and the same layers.
        self.world.forget("images")
        before = self.there()
        self.world.web.asked.clear()
        again, _ = self.world.image()
        self.assertEqual((os.path.basename(again), self.world.web.asked), (os.path.basename(self.new), []))
        self.assertEqual(self.there(), before)


class Exported:
    """An exported file taken apart, to be changed and put together again."""

    def __init__(self, data):
        self.head = bytearray(data[8:HEAD_BYTES])
        count = struct.unpack_from("<I", self.head, 16)[0]
        at, self.documents, self.chunks = HEAD_BYTES, [], []
        for _ in range(count):
            size = struct.unpack_from("<I", data, at + 4)[0]
            self.documents.append([data[at + 8:at + 72].rstrip(b"\0"), data[at + 72:at + 8 + size]])
            at += 8 + size
        self.list_at = struct.unpack_from("<Q", data, len(data) - 16)[0]
        rows = data[self.list_at + 8 + 16:len(data) - 48]
        for n in range(0, len(rows), 48):
            offset, length, _plain = struct.unpack_from("<QII", rows, n)
            assert sha256(data[offset:offset + length]) == rows[n + 16:n + 48]
            self.chunks.append(data[offset:offset + length])

    def bytes(self):
        out = bytearray(struct.pack("<II", HEAD, len(self.head)) + self.head)
        for name, body in self.documents:
            out += struct.pack("<II", DOCUMENT, 64 + len(body)) + name.ljust(64, b"\0") + body
        erofs_bytes = struct.unpack_from("<Q", self.head, 24)[0]
        rows = b""
        for n, chunk in enumerate(self.chunks):
            plain = max(0, min(CHUNK, erofs_bytes - n * CHUNK))
            rows += struct.pack("<QII", len(out), len(chunk), plain) + sha256(chunk)
            out += chunk
        start = len(out)
        table = b"SLCHUNKS" + struct.pack("<II", 1, len(self.chunks)) + rows
        table += sha256(table) + struct.pack("<Q", start) + b"SLCHUNKS"
        return bytes(out + struct.pack("<II", LIST, len(table)) + table)


class Transport(StoreCase):
    def export(self, mark="a", random_bytes=5 << 20):
        """Makes an image of two chunks and exports it. Returns the file."""
        folder = self.path(mark)
        make_image(folder, mark, "tree")
        write(os.path.join(folder, "root/random"), os.urandom(random_bytes))
        self.run_image("sign", image_id(mark), "--name", f"test-{mark}")
        self.run_image("export", f"test-{mark}")
        return os.path.join(self.cache, f"exports/test-{mark}-{image_id(mark)[:12]}.erofs.zst")

    def elsewhere(self):
        """Another machine's cache from here on, with the same trusted keys."""
        os.environ["SANDLOT_CACHE"] = self.cache = os.path.join(self.folder, "elsewhere")

    def test_there_and_back(self):
        exported = self.export()
        signature = self.json_of("show", "test-a")["signature"]
        self.assertEqual(signature["state"], "trusted")
        self.run_image("verify", "test-a")
        plain = subprocess.run(["zstd", "-dc", exported], check=True, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL).stdout
        self.assertEqual(sha256(plain), sha256(read(self.path("a", "image.erofs"))))
        manifest = read(self.path("a", "manifest.json"))
        self.elsewhere()
        self.assertIn("imported test-a", self.run_image("import", exported))
        self.assertEqual(self.images(), {image_id("a")})
        self.assertEqual(read(self.path("a", "image.erofs")), plain)
        self.assertEqual(read(self.path("a", "manifest.json")), manifest)
        for name in os.listdir(self.path("a")):
            st = os.lstat(self.path("a", name))
            self.assertEqual((st.st_uid, st.st_gid, st.st_mode & 0o7777), (0, 0, 0o644), name)
        self.assertEqual(os.stat(self.path("a")).st_uid, 0)
        self.run_image("verify", "test-a")
        self.assertIn("is there already", self.run_image("import", exported))
        self.run_image("use", "test-a", "--link", self.link)
        self.assertEqual(os.listdir(os.path.join(self.cache, "tmp")), [])

    def test_the_same_image_gives_the_same_file(self):
        exported = self.export()
        first = read(exported)
        os.unlink(exported)
        folder = os.path.join(self.folder, "out")
        os.mkdir(folder)
        self.run_image("export", "test-a", "--output", folder)
        self.assertEqual(read(os.path.join(folder, os.path.basename(exported))), first)
        piped = run_command("image", "export", "test-a", "--output", "-")
        self.assertEqual(piped.stdout, first)
        # The EROFS file too: made again of the same tree it is the same.
        erofs = read(self.path("a", "image.erofs"))
        self.run_image("export", "test-a", "--level", "1")
        self.assertEqual(read(self.path("a", "image.erofs")), erofs)

    def test_through_a_pipe(self):
        exported = self.export()
        self.elsewhere()
        self.run_image("import", "-", stdin=read(exported))
        self.run_image("verify", "test-a")

    def test_a_range_can_be_checked_by_itself(self):
        exported = self.export()
        plain = read(self.path("a", "image.erofs"))
        rows = [line.split() for line in self.run_image("export", "--hashes", exported).splitlines()]
        self.assertEqual(len(rows), -(-len(plain) // CHUNK))
        for n in reversed(range(len(rows))):
            offset, length, plain_length = map(int, rows[n][:3])
            with open(exported, "rb") as file:
                file.seek(offset)
                part = file.read(length)
            self.assertEqual(hashlib.sha256(part).hexdigest(), rows[n][3])
            unpacked = subprocess.run(["zstd", "-dc"], input=part, check=True, stdout=subprocess.PIPE).stdout
            self.assertEqual(unpacked, plain[n * CHUNK:n * CHUNK + plain_length])
        write(exported, read(exported)[:-1])
        self.run_image("export", "--hashes", exported, status=1, said="cut short")

    def test_an_image_that_was_altered_is_not_exported(self):
        exported = self.export()
        os.unlink(exported)
        data = bytearray(read(self.path("a", "image.erofs")))
        data[-5000] ^= 1
        write(self.path("a", "image.erofs"), data)
        self.run_image("export", "test-a", status=1, said="is not what its record says")
        self.assertEqual(os.listdir(os.path.dirname(exported)), [])
        self.make("b")
        write(self.path("b", "root/mark"), b"evil")
        self.run_image("export", "test-b", status=1, said="mark")
        self.assertFalse(os.path.exists(self.path("b", "image.erofs")))
        self.make("c", sign=False)
        self.run_image("export", image_id("c"), status=1, said="no record")

    def refused(self, data, *said):
        """The file is not taken, says why, and leaves nothing."""
        path = os.path.join(self.folder, "hostile")
        write(path, data)
        self.run_image("import", path, status=1, said=[path + ": ", *said])
        self.assertEqual(self.images(), set())
        self.assertEqual(os.listdir(os.path.join(self.cache, "tmp")), [])

    def test_hostile_files(self):
        exported = self.export()
        good = read(exported)
        self.elsewhere()
        self.assertEqual(Exported(good).bytes(), good)

        def changed(change):
            parts = Exported(good)
            change(parts)
            return parts.bytes()

        def head(at, form, value):
            return changed(lambda parts: struct.pack_into(form, parts.head, at, value))

        def flipped(at):
            return good[:at] + bytes([good[at] ^ 1]) + good[at + 1:]

        def document(name=None, body=None):
            def change(parts):
                parts.documents[0] = [name or parts.documents[0][0], body or parts.documents[0][1]]
            return changed(change)

        def chunk(plain):
            packed = subprocess.run(["zstd", "-qc"], input=plain, check=True, stdout=subprocess.PIPE).stdout
            return changed(lambda parts: parts.chunks.__setitem__(1, packed))

        list_at = Exported(good).list_at
        rest = struct.unpack_from("<Q", good, 8 + 24)[0] - CHUNK
        for data, *said in (
                (good[:-1], "cut short"),
                (good[:len(good) // 2], "cut short"),
                (good[:300], "cut short", "in the head"),
                (b"", "cut short"),
                (good + b"\0", "more behind its end"),
                (good + good, "more behind its end"),
                (flipped(len(good) // 2), "chunk"),
                (flipped(list_at + 30), "list of chunks is damaged"),
                (flipped(8 + 32 + 60), "record"),
                (flipped(8 + 32 + 500), "has not the signature of tester"),
                (head(8, "<I", 0), "older than this program reads"),
                (head(8, "<I", 2), "which this program does not know"),
                (head(24, "<Q", 1 << 60), "allowed are 1 to"),
                (head(24, "<Q", 1), "chunks"),
                (document(name=b"../../evil.json"), "../../evil.json"),
                (document(name=b"image.record"), "image.record"),
                (document(name=b".json"), "document"),
                (document(body=b'{"schema": 1}'), "is not what its record says"),
                (changed(lambda parts: parts.documents.append([b"more.json", b"{}"])), "something else stands than a chunk"),
                (changed(lambda parts: parts.chunks.reverse()), "chunk 0"),
                (chunk(os.urandom(rest)), "other bytes"),
                (chunk(bytes(rest + 1)), "unpacks to more than"),
                (chunk(bytes(300 << 20)), "chunk 1"),
                (chunk(bytes(rest - 1)), f"unpacks to {rest - 1} bytes"),
                (b"PK\3\4" + good, "no exported image"),
                (read("/bin/busybox"), "no exported image"),
        ):
            with self.subTest(said=said):
                self.refused(data, *said)
        os.rename(os.path.join(self.keys, "tester.pub"), os.path.join(self.folder, "tester.pub"))
        self.refused(good, "not trusted here", ".pub")
        os.rename(os.path.join(self.folder, "tester.pub"), os.path.join(self.keys, "tester.pub"))
        self.run_image("import", exported)

    def test_one_that_nobody_signed(self):
        exported = self.export()
        parts = Exported(read(exported))
        record = bytearray(parts.head[32:])
        record[24:32] = bytes(8)  # signed when, with which key, the signature
        record[48 + 64 + 4 * 32:48 + 64 + 5 * 32] = bytes(32)
        record[448:] = bytes(64)
        parts.head[32:] = record
        self.elsewhere()
        path = os.path.join(self.folder, "unsigned")
        write(path, parts.bytes())
        self.run_image("import", path, status=1, said=["nobody signed it", "--allow-unsigned"])
        self.run_image("import", path, "--allow-unsigned")
        self.run_image("use", "test-a", "--link", self.link, status=1, said="is not signed")
        self.run_image("verify", "test-a", "--allow-unsigned")
        self.run_image("sign", "test-a")
        self.run_image("use", "test-a", "--link", self.link)

    def test_one_that_is_there_signed_otherwise_stays(self):
        exported = self.export()
        self.elsewhere()
        self.run_image("import", exported)
        self.run_image("sign", "test-a", "--expires", "2125-01-01")
        self.run_image("import", exported, status=1, said=["is there already", "remove it"])
        self.assertEqual(self.json_of("show", "test-a")["signature"]["expires"], "2125-01-01T00:00:00Z")

    def test_a_process_without_rights_unpacks(self):
        """While it waits for more: another user, in a root of its own, no capabilities, a filter."""
        exported = self.export()
        self.elsewhere()
        process = subprocess.Popen([SANDLOT, "image", "import", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env={**os.environ, **SANITIZER_OPTIONS})
        threading.Thread(target=process.stderr.read, daemon=True).start()
        process.stdin.write(read(exported)[:100])
        process.stdin.flush()

        def confined():
            found = subprocess.run(["pgrep", "-P", str(process.pid)], stdout=subprocess.PIPE, check=False).stdout.split()
            for pid in map(int, found):
                status = dict(line.split(":\t", 1) for line in open(f"/proc/{pid}/status", encoding="utf-8")
                              if ":\t" in line)
                if status["Seccomp"].strip() == "2":
                    return status, os.readlink(f"/proc/{pid}/root"), os.listdir(f"/proc/{pid}/fd")
            return None

        status, root, fds = poll(confined, "the child to be confined")
        self.assertNotIn("0", status["Uid"].split())
        self.assertEqual({status[name].strip() for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")},
                         {"0000000000000000"})
        self.assertEqual(status["NoNewPrivs"].strip(), "1")
        self.assertTrue(root.startswith(os.path.join(self.cache, "tmp/")), root)
        self.assertLessEqual(len(fds), 6)
        process.stdin.write(read(exported)[100:])
        process.stdin.close()
        self.assertEqual(process.wait(120), 0)
        process.stdout.close()
        self.run_image("verify", "test-a")


if __name__ == "__main__":
    unittest.main()
