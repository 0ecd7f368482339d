"""Which images a server takes: signed by a trusted key, unaltered, not expired, not older, each refused in its own words."""
import os
import shutil
import threading
import time

from account import Account, UserServer
from harness import poll, run_command
from images import ImageCase, Key, image_id, loops_of, make_image, sign

DAY = 86400
BAKED = 1735689600
# What has changed just now might change again without a trace: it gets no stamp until it has settled.
SETTLED_SEC = 0.5


class TrustCase(ImageCase):
    def setUp(self):
        super().setUp()
        os.chmod(self.folder, 0o755)
        self.keys = os.path.join(self.folder, "keys")
        os.mkdir(self.keys)
        self.key = Key(self.keys)
        self.stamps = os.path.join(self.folder, "stamps")
        self.trust = ("--keys", self.keys, "--stamps", self.stamps)

    def make(self, mark, *forms, **more):
        return make_image(os.path.join(self.folder, mark), mark, *forms, **{"key": self.key, **more})

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def begin(self, mark, *options):
        return self.start(mark, *self.trust, *options)

    def refused_at_start(self, mark, *words, options=()):
        """`sandlot serve` says why, in one line, and what to do."""
        done = run_command("serve", "--listen", "127.0.0.1:0", "--image", self.path(mark), "--data", self.path("data"),
                           *self.trust, *options)
        self.assertEqual((done.returncode, done.stdout), (1, b""), done.stderr)
        lines = [line for line in done.stderr.decode().splitlines() if " info " not in line]
        self.assertEqual(len(lines), 1, lines)
        for word in (f"sandlot serve: the image {self.path(mark)} ", *words):
            self.assertIn(word, lines[0])
        self.assertEqual(loops_of(self.folder), [])

    def refused(self, mark, *words, kept="good", count=1):
        """The same at the start and at a change, which leaves what is served."""
        self.refused_at_start(mark, *words)
        if not self.server:
            self.make("good", "tree")
            self.begin("good")
        self.point(mark)
        self.hang_up()
        self.expect_kept(kept, *words, count=count)

    def flip(self, *parts, at=None):
        """Turns one bit of a file; its size and times are as before, but for the change time."""
        path = self.path(*parts)
        st = os.stat(path)
        with open(path, "r+b") as file:
            at = st.st_size // 2 if at is None else at
            file.seek(at)
            byte = file.read(1)[0]
            file.seek(at)
            file.write(bytes([byte ^ 1]))
        os.utime(path, ns=(st.st_atime_ns, st.st_mtime_ns))

    def verified(self):
        """What the last line about an image in service says of how it was verified."""
        lines = self.log_lines("image_served") + self.log_lines("image_changed")
        return dict(word.split("=", 1) for word in lines[-1].split()[3:])["verified"]

    def settle(self, mark):
        """Waits until the image's last change is a while ago."""
        newest = max(os.lstat(os.path.join(folder, name)).st_ctime
                     for folder, folders, files in os.walk(self.path(mark)) for name in [".", *folders, *files])
        poll(lambda: time.time() > newest + SETTLED_SEC, "the image to be old enough for a stamp")

    def served_once(self, mark, *options):
        """Starts on the image, looks that it works and ends. Returns how it was verified."""
        self.settle(mark)
        server = self.begin(mark, *options)
        self.expect_marks(mark)
        verified = self.verified()
        self.assertEqual(server.stop(), 0)
        self.server = None
        return verified


class Altered(TrustCase):
    def test_a_bit_of_the_erofs_file(self):
        self.make("a", "erofs")
        self.assertEqual(self.served_once("a"), "now")
        self.assertEqual(self.served_once("a"), "before", "the stamp fits")
        self.flip("a", "image.erofs")
        self.refused("a", "is not what its record says", "image.erofs", "bake or import the image again")
        self.flip("a", "image.erofs")
        self.change("a")
        self.assertEqual(self.verified(), "now", "its bytes are right again, its change time is not")

    def test_a_bit_of_the_tree(self):
        self.make("a", "tree")
        self.served_once("a")
        self.flip("a", "root/bin/busybox")
        self.refused("a", "is not what its record says", "bin/busybox", "bake or import the image again")

    def test_entries_of_the_tree(self):
        self.make("a", "tree")
        self.make("good", "tree")
        self.begin("good")
        extra, link, mark = self.path("a/root/extra"), self.path("a/root/bin/ls"), self.path("a/root/mark")
        changes = (
            (lambda: os.symlink("x", extra), lambda: os.unlink(extra)),
            (lambda: os.mkdir(extra), lambda: os.rmdir(extra)),
            (lambda: os.chmod(mark, 0o600), lambda: os.chmod(mark, 0o644)),
            (lambda: os.rename(mark, extra), lambda: os.rename(extra, mark)),
            (lambda: (os.unlink(link), os.symlink("/bin/busybox", link)),
             lambda: (os.unlink(link), os.symlink("busybox", link))),
        )
        for n, (spoil, mend) in enumerate(changes, 1):
            spoil()
            self.point("a")
            self.hang_up()
            self.expect_kept("good", "is not what its record says" if n != 3 else "cannot be verified", count=n)
            mend()
        self.change("a")

    def test_a_document(self):
        self.make("a", "tree")
        self.served_once("a")
        with open(self.path("a/manifest.json"), "a", encoding="utf-8") as file:
            file.write("\n")
        self.refused("a", "is not what its record says", "bake or import the image again")

    def test_a_document_more(self):
        self.make("a", "erofs")
        with open(self.path("a/more.json"), "w", encoding="utf-8") as file:
            file.write("{}")
        self.refused("a", "is not what its record says")

    def test_the_record(self):
        self.make("a", "tree")
        self.flip("a", "image.record", at=17)  # when it was baked
        self.refused("a", "has an image.record that was altered")

    def test_bytes_that_are_no_record(self):
        self.make("a", "tree")
        with open(self.path("a/image.record"), "wb") as file:
            file.write(b"x" * 512)
        self.refused("a", "has an image.record that is none")

    def test_no_option_takes_what_was_altered(self):
        self.make("a", "erofs", key=None)
        self.make("b", "tree")
        sign_without_key(self.path("b"), "b")
        self.flip("b", "root/bin/busybox")
        self.refused_at_start("b", "is not what its record says", options=("--allow-unsigned", "--allow-older"))


def sign_without_key(folder, mark):
    return sign(folder, None, ("tree",), id=image_id(mark))


class Signed(TrustCase):
    def test_unsigned(self):
        self.make("a", "tree", key=None)
        self.refused_at_start("a", "is not signed", "--allow-unsigned")
        self.assertEqual(self.served_once("a", "--allow-unsigned"), "no")
        # With a record, but without a signature in it: what it says is verified.
        sign_without_key(self.path("a"), "a")
        self.refused("a", "is not signed", "--allow-unsigned")
        self.server.stop()
        self.assertEqual(self.served_once("a", "--allow-unsigned"), "now")
        self.assertEqual(self.served_once("a", "--allow-unsigned"), "before")

    def test_signed_by_a_key_that_is_not_trusted(self):
        os.mkdir(self.path("others"))
        self.make("a", "tree", key=Key(self.path("others"), "somebody"))
        self.refused("a", "is signed with a key that is not trusted here", ".pub file")
        self.refused_at_start("a", "not trusted", options=("--allow-unsigned",))
        # Trusted from then on, without a restart, and again not.
        shutil.copy(self.path("others/somebody.pub"), self.keys)
        self.change("a")
        os.unlink(self.path("keys/somebody.pub"))
        self.hang_up()
        self.expect_kept("a", "not trusted", count=2)

    def test_without_any_key(self):
        self.make("a", "tree")
        shutil.rmtree(self.keys)
        self.refused_at_start("a", "is signed with a key that is not trusted here")

    def test_a_key_that_has_expired(self):
        with open(self.key.public, encoding="utf-8") as file:
            text = file.read()
        self.make("a", "tree")
        with open(self.key.public, "w", encoding="utf-8") as file:
            file.write("".join("created: 2025-01-01\nexpires: 2025-03-01\n" if line.startswith("created:") else line
                               for line in text.splitlines(keepends=True)))
        self.refused_at_start("a", "is signed with a key that has expired", "sign the image with a newer key")

    def test_an_image_that_has_expired(self):
        self.make("a", "tree", expires=BAKED + DAY)
        self.refused("a", "has expired", "bake a newer one")

    def test_a_form_that_was_not_signed(self):
        self.make("a", "tree")
        erofs = self.make("b", "erofs", "tree")
        shutil.copy(os.path.join(erofs, "image.erofs"), self.path("a"))
        self.refused("a", "is not signed in this form")

    def test_a_file_that_only_root_can_read(self):
        """sandlot-verify is nobody who could: the server says so."""
        self.make("a", "erofs")
        os.chmod(self.path("a/image.record"), 0o600)
        self.refused("a", "cannot be verified", "image.record")


class Older(TrustCase):
    def setUp(self):
        super().setUp()
        self.make("old", "tree", baked=BAKED)
        self.make("new", "erofs", baked=BAKED + DAY)
        self.make("other", "erofs", baked=BAKED - DAY, name="other")

    def test_back_to_an_older_image(self):
        self.begin("old")
        self.change("new")
        self.point("old")
        self.hang_up()
        self.expect_kept("new", "is older (baked 2025-01-01 00:00:00) than the newest", "\"test\"",
                         "(baked 2025-01-02 00:00:00)", "--allow-older")
        self.change("other")
        self.change("new")
        self.server.stop()
        # It is remembered, and what is newest stays so when an older one was allowed.
        self.refused_at_start("old", "is older", "--allow-older")
        self.begin("old", "--allow-older")
        self.change("new")
        self.change("old")
        self.server.stop()
        self.refused_at_start("old", "is older")
        self.begin("new")

    def test_what_was_refused_is_not_remembered(self):
        with open(self.path("new/manifest.json"), "w", encoding="utf-8") as file:
            file.write("{}")
        shutil.rmtree(self.path("new"))
        make_image(self.path("new"), "new", "tree", key=None)
        with open(self.path("new/manifest.json"), "w", encoding="utf-8") as file:
            file.write("{}")
        sign(self.path("new"), self.key, ("tree",), id=image_id("new"), baked=BAKED + DAY)
        self.begin("old")
        self.point("new")
        self.hang_up()
        self.expect_kept("old", "manifest")
        self.server.stop()
        self.begin("old")


class Stamps(TrustCase):
    def test_what_was_verified_is_not_hashed_again(self):
        for form in ("tree", "erofs"):
            with self.subTest(form):
                self.make(form, form)
                self.assertEqual([self.served_once(form) for _ in range(3)], ["now", "before", "before"])
                os.utime(self.path(form, "root/mark" if form == "tree" else "image.erofs"))
                self.assertEqual([self.served_once(form) for _ in range(2)], ["now", "before"])

    def test_what_changes_all_the_time_gets_none(self):
        """It could change again without a trace."""
        for form, touched in (("tree", "root/mark"), ("erofs", "image.erofs")):
            with self.subTest(form):
                self.make(form, form)
                self.stamp = self.path("stamps", f"{image_id(form)}.{form}")
                done = threading.Event()
                toucher = threading.Thread(target=touch_until, args=[done, self.path(form, touched)])
                toucher.start()
                try:
                    poll(lambda f=form: self.gets_no_stamp(f), "a start without a stamp", 30)
                    self.flip(form, "root/bin/busybox" if form == "tree" else "image.erofs")
                    self.refused_at_start(form, "is not what its record says")
                finally:
                    done.set()
                    toucher.join()

    def gets_no_stamp(self, mark):
        """When this machine lets the toucher wait, there is a stamp, and a good one: then it goes, for another try."""
        self.start(mark, *self.trust).stop()
        if not os.path.exists(self.stamp):
            return True
        os.unlink(self.stamp)
        return False

    def test_a_stamp_is_not_taken_for_another_form_or_image(self):
        self.make("a", "tree", "erofs")
        self.make("b", "erofs")
        self.assertEqual(self.served_once("a"), "now")
        os.unlink(self.path("a/image.erofs"))
        self.assertEqual(self.served_once("a"), "now", "the tree was not looked at before")
        self.assertEqual(self.served_once("a"), "before")
        self.assertEqual(self.served_once("b"), "now")
        for name in os.listdir(self.stamps):
            if name.startswith(image_id("b")):
                shutil.copy(self.path("stamps", f"{image_id('a')}.erofs"), self.path("stamps", name))
        self.assertEqual(self.served_once("b"), "now")

    def test_without_a_folder_for_stamps_all_is_verified(self):
        self.make("a", "erofs")
        self.served_once("a")
        os.chmod(self.stamps, 0o777)
        self.assertEqual(self.served_once("a"), "now")
        os.chmod(self.stamps, 0o700)
        self.assertEqual(self.served_once("a"), "before")


def touch_until(done, path):
    while not done.is_set():
        os.utime(path)


class WithoutRoot(TrustCase):
    """Trees alone can be mounted, and whoever verifies them is nobody in a user namespace of his own."""

    def begin_as(self, account):
        server = self.server = UserServer(account, "--keys", self.keys, image=self.link)
        self.addCleanup(lambda: server.process.poll() is None and server.stop())
        return server

    def serve_with(self, ids):
        account = Account(ids)
        self.addCleanup(account.close)
        self.link = os.path.join(account.home, "link")
        for mark, *forms in (("a", "tree"), ("b", "tree", "erofs"), ("c", "erofs"), ("d", "tree")):
            self.make(mark, *forms)
        self.settle("b")
        self.point("a")
        server = self.begin_as(account)
        self.expect_marks("a")
        self.change("b")
        self.expect_marks("b")
        poll(lambda: len(self.mounts()) == 1, "the first image to be unmounted")
        self.point("c")
        self.hang_up()
        self.expect_kept("b", f"{self.link} has image.erofs only", "be root, or use an image that has a tree")
        self.flip("d", "root/bin/busybox")
        self.point("d")
        self.hang_up()
        self.expect_kept("b", "is not what its record says", "bin/busybox", count=2)
        os.unlink(self.path("keys/tester.pub"))
        self.point("a")
        self.hang_up()
        self.expect_kept("b", "not trusted", count=3)
        self.assertEqual(server.stop(), 0)
        self.refused_to(account)

    def refused_to(self, account):
        done = account.run(account.sandlot, "serve", "--listen", "127.0.0.1:0", "--image", self.link, "--keys", self.keys,
                           "--data", os.path.join(account.home, "data"))
        self.assertEqual((done.returncode, done.stdout), (1, b""), done.stderr)
        self.assertIn(b"is signed with a key that is not trusted here", done.stderr)

    def test_with_a_range_of_ids(self):
        self.serve_with("range")

    def test_with_a_single_id(self):
        self.serve_with("single")

    def test_a_second_start_has_its_stamp(self):
        account = Account("range")
        self.addCleanup(account.close)
        self.link = os.path.join(account.home, "link")
        self.make("a", "tree")
        self.settle("a")
        self.point("a")
        for verified in ("now", "before"):
            server = self.begin_as(account)
            self.assertEqual(self.verified(), verified)
            self.assertEqual(server.stop(), 0)
