"""Which images a server takes: signed by a trusted key, unaltered, not expired, not older, each refused in its own words."""
import os
import shutil
import signal
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


class WantedAgain(TrustCase):
    """The operator's consent to an older image, on a server that was told nothing."""

    def setUp(self):
        super().setUp()
        self.make("elder", "tree", baked=BAKED - DAY)
        self.make("old", "tree", baked=BAKED)
        self.make("new", "erofs", baked=BAKED + DAY)
        self.consent = self.path("stamps/older-test")

    def image(self, verb, *arguments, **more):
        """Runs a verb that succeeds. Returns what it says on stderr."""
        done = run_command("image", verb, *arguments, "--link", self.link, "--stamps", more.get("stamps", self.stamps))
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stderr.decode()

    def use(self, mark, *options):
        return self.image("use", self.path(mark), "--keys", self.keys, *options)

    def expect_served(self, mark):
        poll(lambda: self.served() == image_id(mark), f"{mark} to be served")
        self.expect_marks(mark)

    def begin_both(self):
        """A server of the new image that has served the old one before."""
        self.begin("old")
        self.assertEqual(self.use("new"), "")
        self.expect_served("new")

    def begin_back(self):
        """A server of the old image to which was gone back."""
        self.begin_both()
        self.assertEqual(self.image("rollback"), "")
        self.expect_served("old")
        self.assertEqual(len(self.log_lines("image_older")), 1)

    def offer(self, mark, count, kept="new"):
        """Somebody moves the link."""
        self.point(mark)
        self.hang_up()
        self.expect_kept(kept, "is older", count=count)

    def test_back_and_forward(self):
        self.begin_back()
        # For as long as nothing newer is served, at the next start too.
        self.assertEqual(self.server.stop(), 0)
        self.begin("old")
        self.expect_marks("old")
        self.offer("elder", 1, kept="old")
        self.use("new")
        self.expect_served("new")
        self.assertFalse(os.path.exists(self.consent))
        self.offer("old", 2)
        self.server.stop()
        self.refused_at_start("old", "is older")

    def test_rollback_goes_forward_again(self):
        self.begin_back()
        self.image("rollback")
        self.expect_served("new")
        self.assertFalse(os.path.exists(self.consent))
        self.offer("old", 1)

    def test_back_from_an_image_that_is_still_on_its_way(self):
        """The newer one comes into service after the consent, which must outlast that."""
        self.begin("old")
        front = self.server.front()
        os.kill(front, signal.SIGSTOP)
        try:
            self.use("new")
            poll(lambda: len(self.mounts()) == 2, "the new image to be mounted")
            self.image("rollback")
            poll(self.is_told, "the server to have taken the signal")
        finally:
            os.kill(front, signal.SIGCONT)
        poll(lambda: len(self.log_lines("image_changed")) == 2, "both changes")
        self.expect_served("old")
        self.use("new")
        self.expect_served("new")
        self.assertFalse(os.path.exists(self.consent))

    def is_told(self):
        with open(f"/proc/{self.server.pid}/status", encoding="utf-8") as file:
            return not any(int(line.split()[1], 16) for line in file if line.startswith(("SigPnd", "ShdPnd")))

    def test_use_takes_an_older_one_when_told_to(self):
        self.begin_both()
        self.assertIn("a newer \"test\" was served here", self.use("old"))
        self.expect_kept("new", "is older", "--allow-older")
        self.assertEqual(self.use("old", "--allow-older"), "")
        self.expect_served("old")
        # The consent is to that one alone, and the next one takes its place.
        self.assertEqual(self.use("elder", "--allow-older"), "")
        self.expect_served("elder")
        self.offer("old", 2, kept="elder")
        self.assertEqual(self.use("elder"), "")

    def test_a_consent_that_is_none(self):
        self.begin_back()
        with open(self.consent, "rb") as file:
            good = file.read()
        self.use("new")
        self.expect_served("new")
        of_another = good.replace(bytes.fromhex(image_id("old")), bytes.fromhex(image_id("elder")))
        self.assertNotEqual(of_another, good)
        for n, text in enumerate((of_another, good[:-1], b"", good + b"x", b"S" + good[1:]), 1):
            self.write_consent(text)
            self.offer("old", n)
        self.write_consent(good)
        os.chmod(self.stamps, 0o777)
        self.offer("old", 6)
        # The very same file, in a folder that is the server's alone.
        os.chmod(self.stamps, 0o700)
        self.change("old")

    def write_consent(self, data):
        with open(self.consent, "wb") as file:
            file.write(data)

    def test_an_image_in_the_folder_of_another_gets_no_consent(self):
        """What `rollback` names, by its folder, is what it consents to."""
        for mark in ("old", "new"):
            os.rename(self.path(mark), self.path(image_id(mark)))
            os.symlink(image_id(mark), self.path(mark))
        self.begin_both()
        shutil.copytree(self.path("elder"), self.path("put-in-its-place"), symlinks=True)
        os.rename(self.path(image_id("old")), self.path("taken-away"))
        os.rename(self.path("put-in-its-place"), self.path(image_id("old")))
        said = self.image("rollback")
        self.assertIn(f"the folder of {image_id('old')[:12]} is of another image, {image_id('elder')[:12]}", said)
        self.expect_kept("new", "is older")

    def test_what_cannot_be_said_to_the_server_is_told(self):
        """And the link is changed all the same."""
        self.begin_both()
        os.chmod(self.stamps, 0o777)
        self.assertIn(f"others can write to the folder {self.stamps}", self.image("rollback"))
        os.chmod(self.stamps, 0o700)
        self.expect_kept("new", "is older")
        self.image("rollback")
        nowhere = self.path("nowhere")
        self.assertIn(f"cannot open the folder {nowhere}", self.image("rollback", stamps=nowhere))
        self.assertFalse(os.path.exists(nowhere))
        self.expect_kept("new", "is older", count=2)
        self.image("rollback")
        os.chown(self.stamps, 12345, 12345)
        said = self.image("rollback")
        os.chown(self.stamps, 0, 0)
        self.assertIn(f"the folder {self.stamps} belongs to another user", said)
        self.assertIn("run this as the server's user", said)
        self.assertEqual(os.path.realpath(self.link), self.path("old"))


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

    def image(self, run, verb, *arguments):
        done = run("image", verb, *arguments, "--link", self.link)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stderr.decode()

    def test_going_back_is_the_servers_users_to_say(self):
        account = Account("single")
        self.addCleanup(account.close)
        stamps = ("--stamps", os.path.join(account.home, "stamps"))
        self.link = os.path.join(account.home, "link")
        self.make("old", "tree", baked=BAKED)
        self.make("new", "tree", baked=BAKED + DAY)
        self.point("old")
        self.begin_as(account)

        def as_user(*words):
            return account.run(account.sandlot, *words)

        self.image(as_user, "use", self.path("new"), "--keys", self.keys, *stamps)
        poll(lambda: self.served() == image_id("new"), "the new image to be served")
        self.expect_marks("new")
        said = self.image(run_command, "rollback", "--stamps", self.stamps)
        self.assertIn(f"the server (pid {self.server.pid}) is another user's", said)
        self.assertIn(f"sudo -u '#{account.uid}' sandlot image rollback", said)
        self.expect_kept("new", "is older")
        self.image(run_command, "rollback", "--stamps", self.stamps)
        self.assertEqual(self.image(as_user, "rollback", *stamps), "")
        poll(lambda: self.served() == image_id("old"), "the old image to be served again")
        self.assertEqual(self.server.stop(), 0)

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
