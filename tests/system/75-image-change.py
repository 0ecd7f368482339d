"""Images change under a running server: nothing fails, nothing mixes, nothing stays behind."""
import fcntl
import os
import signal
import struct
import threading

from harness import UNSIGNED, Server, descendants, poll, process_name, run_command
from images import ImageCase, Key, image_id, loops_of, make_image, until_output

CHANGES = 30
BAKED = 1735689600
THREADS = 4


class Change(ImageCase):
    def submit_until(self, done, seen, source):
        """Jobs one after the other. Notes the mark of each, or what was wrong with it."""
        while not done.is_set():
            for language, code in (("built", "echo end"), ("sh", "echo $MARK $(cat /mark) $MARK $(cat /mark) end")):
                try:
                    outcome = self.server.follow(self.server.submit(language=language, code=code, source=source))
                    marks = outcome.stdout.split()
                    good = len(marks) == 5 and len(set(marks[:4])) == 1 and marks[4] == "end"
                    seen.append(marks[0] if good else str(outcome))
                except Exception as why:  # whatever it is, the test tells it
                    seen.append(repr(why))

    def under_load(self, marks, *options, change=None):
        server = self.start(marks[0], *options)
        # One that begins on the first image and ends after the last change.
        held = server.submit(language="sh", interactive=True, code="echo up; read x; echo $MARK $(cat /mark) $x")
        for name, _ in server.events(held):
            if name == "output":
                break
        done, seen = threading.Event(), []
        threads = [threading.Thread(target=self.submit_until, args=[done, seen, f"127.0.0.{n + 1}"])
                   for n in range(THREADS)]
        for thread in threads:
            thread.start()
        try:
            for n in range(1, CHANGES + 1):
                (change or self.change)(marks[n % len(marks)])
        finally:
            done.set()
            for thread in threads:
                thread.join()
        self.assertEqual(set(seen), set(marks), [what for what in seen if what not in marks][:3])
        self.assertEqual(len(self.log_lines("image_changed")), CHANGES)
        poll(lambda: len(self.mounts()) == 2, "the first image, for the job that runs on it, and the last, to be left")
        server.post(f"/api/v1/jobs/{held}/stdin", b"bye\n")
        self.assertEqual(server.follow(held).stdout, f"up\n{marks[0]} {marks[0]} bye\n")
        self.expect_one_image()
        self.expect_marks(marks[CHANGES % len(marks)])
        self.assertEqual(server.stop(), 0)
        poll(lambda: not loops_of(self.folder), "no loop device")
        print(f"      {len(seen)} jobs during {CHANGES} changes")

    def test_under_load_both_forms(self):
        self.make("a", "tree")
        self.make("b", "erofs")
        self.under_load("ab")

    def test_under_load_by_loop_devices(self):
        self.make("a", "erofs")
        self.make("b", "erofs")
        self.make("c", "tree")
        self.under_load("abc", "--erofs-loop")

    def test_under_load_back_and_forth_between_an_older_and_a_newer(self):
        """By `sandlot image`, on a server that takes no older image unasked."""
        os.chmod(self.folder, 0o755)
        keys, stamps = (os.path.join(self.folder, name) for name in ("keys", "stamps"))
        os.mkdir(keys)
        key = Key(keys)
        for n, mark in enumerate("ab"):
            make_image(os.path.join(self.folder, mark), mark, "tree", key=key, baked=BAKED + n)

        def change(mark):
            verb = ("rollback",) if os.path.lexists(self.link + ".previous") else \
                ("use", os.path.join(self.folder, mark), "--keys", keys)
            done = run_command("image", *verb, "--link", self.link, "--stamps", stamps)
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            poll(lambda: self.served() == image_id(mark), f"{mark} to be served")
            self.expect_marks(mark)  # with a job on it, the change is over

        self.under_load("ab", "--keys", keys, "--stamps", stamps, change=change)

    def at_rest(self):
        """Nothing is on its way any more: looked for in the order in which a change comes along."""
        with open(f"/proc/{self.server.pid}/status", encoding="utf-8") as file:
            pending = [int(line.split()[1], 16) for line in file if line.startswith(("SigPnd", "ShdPnd"))]
        opening = [pid for pid in descendants(self.server.pid) if process_name(pid).startswith("sandlot-superv")]
        return not any(pending) and not opening and len(self.mounts()) == 1

    def test_asked_for_faster_than_it_can_be_done(self):
        self.make("a", "tree")
        self.make("b", "tree")
        self.start("a")
        for n in range(100):
            self.point("ab"[n % 2])
            self.hang_up()
        # Twice: between the looks of the first time one change may give way to the one that was asked for meanwhile.
        poll(lambda: self.at_rest() and self.at_rest(), "the last one asked for to be served")
        self.assertEqual(self.served(), image_id("b"))
        self.expect_marks("b")
        self.change("a")
        self.expect_one_image()

    def test_there_is_an_end_to_how_many_are_held(self):
        self.make("a", "tree")
        self.make("b", "tree")
        server = self.start("a")
        held = []
        for n in range(1, 16):
            job = server.submit(language="sh", interactive=True, code="echo up; read x", source=f"127.0.1.{n}")
            self.assertIn("output", [name for name, _ in until_output(server.events(job))])
            held.append(job)
            self.change("ab"[n % 2])
        self.assertEqual(len(self.mounts()), 16)
        self.hang_up()
        self.expect_kept("b", "16 images are mounted")
        for job in held:
            server.kill(job)
        self.expect_one_image()
        self.change("a")


class Refused(ImageCase):
    def setUp(self):
        super().setUp()
        self.make("a", "tree")
        self.make("b", "erofs")

    def test_a_manifest_that_is_none(self):
        for n, text in enumerate(("{", "[]", '{"schema": 1, "name": 7}'), 1):
            with open(os.path.join(self.folder, "b/manifest.json"), "w", encoding="utf-8") as file:
                file.write(text)
            if n == 1:
                self.start("a")
            self.point("b")
            self.hang_up()
            self.expect_kept("a", "manifest", count=n)
            self.expect_one_image()
        self.make("c", "erofs")
        self.change("c")

    def test_an_image_that_vanished(self):
        server = self.start("a")
        self.point("nowhere")
        self.hang_up()
        self.expect_kept("a", self.link, "No such file")
        os.unlink(self.link)
        self.hang_up()
        self.expect_kept("a", self.link, "No such file", count=2)
        os.unlink(os.path.join(self.folder, "b/manifest.json"))
        self.point("b")
        self.hang_up()
        self.expect_kept("a", "no manifest.json", count=3)
        # Even that of the image in service: it is mounted, and stays.
        os.rename(os.path.join(self.folder, "a"), os.path.join(self.folder, "gone"))
        self.point("a")
        self.hang_up()
        self.expect_kept("a", self.link, count=4)
        self.assertEqual(len(self.mounts()), 1)
        os.rename(os.path.join(self.folder, "gone"), os.path.join(self.folder, "a"))
        self.change("a")
        self.assertEqual(server.stop(), 0)

    def test_an_image_that_is_being_removed(self):
        self.start("a")
        remover = os.open(os.path.join(self.folder, "b"), os.O_RDONLY)
        self.addCleanup(os.close, remover)
        fcntl.flock(remover, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.point("b")
        self.hang_up()
        self.expect_kept("a", "is being removed")
        fcntl.flock(remover, fcntl.LOCK_UN)
        self.change("b")

    def test_a_start_on_what_cannot_be_served(self):
        with open(os.path.join(self.folder, "b/image.erofs"), "r+b") as file:
            file.seek(1024)
            file.write(b"x")
        self.point("b")
        done = run_command("serve", "--listen", "127.0.0.1:0", "--image", self.link, "--data",
                           os.path.join(self.folder, "data"), *UNSIGNED)
        self.assertEqual((done.returncode, done.stdout), (1, b""), done.stderr)
        self.assertEqual([line for line in done.stderr.decode().splitlines() if line.startswith("sandlot serve: ")],
                         ["sandlot serve: cannot mount image.erofs: Invalid argument"])


class Locks(ImageCase):
    """What `sandlot image` asks of a server."""

    def setUp(self):
        super().setUp()
        self.make("a", "tree")
        self.make("b", "tree")

    def holder(self):
        """The process that F_GETLK names for the link's lock, or None."""
        with open(self.link + ".lock", "rb") as file:
            answer = fcntl.fcntl(file, fcntl.F_GETLK, struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
        kind, _, _, _, pid = struct.unpack("hhqqi", answer)
        return None if kind == fcntl.F_UNLCK else pid

    def is_held(self, mark):
        folder = os.open(os.path.join(self.folder, mark), os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return False
        except BlockingIOError:
            return True
        finally:
            os.close(folder)

    def test_the_server_of_a_link_can_be_found(self):
        server = self.start("a")
        self.assertEqual(self.holder(), server.pid)
        self.change("b")
        self.assertEqual(self.holder(), server.pid)
        # Another one on the same link is no reason to refuse either.
        second = Server(image=self.link)
        self.assertIn(self.holder(), (server.pid, second.pid))
        second.stop()
        self.assertEqual(self.holder(), server.pid)
        server.stop()
        self.assertIsNone(self.holder())

    def test_a_folder_that_is_no_link_gets_no_lock(self):
        image = os.path.join(self.folder, "a")
        server = Server(image=image)
        self.addCleanup(server.stop)
        self.assertFalse(os.path.exists(image + ".lock"))

    def test_an_image_is_held_as_long_as_it_is_mounted(self):
        server = self.start("a")
        self.assertEqual((self.is_held("a"), self.is_held("b")), (True, False))
        job = server.submit(language="sh", interactive=True, code="echo up; read x")
        self.assertTrue(list(until_output(server.events(job))))
        self.change("b")
        self.assertEqual((self.is_held("a"), self.is_held("b")), (True, True))
        server.kill(job)
        poll(lambda: not self.is_held("a"), "the old image to be let go")
        self.assertTrue(self.is_held("b"))
        server.stop()
        self.assertFalse(self.is_held("b"))


class Deaths(ImageCase):
    def setUp(self):
        super().setUp()
        self.make("a", "erofs")
        self.make("b", "erofs")

    def healthy(self):
        try:
            return self.server.get("/healthz").status == 200
        except OSError:
            return False

    def test_sigkill_of_the_front_end_in_the_middle_of_a_change(self):
        for options in ((), ("--erofs-loop",)):
            with self.subTest(options):
                server = self.start("a", *options)
                held = server.submit(language="sh", interactive=True, code="echo up; read x")
                self.assertTrue(list(until_output(server.events(held))))
                front = server.front()
                os.kill(front, signal.SIGSTOP)
                self.point("b")
                self.hang_up()
                poll(lambda: len(self.mounts()) == 2, "the new image to be mounted")
                os.kill(front, signal.SIGKILL)
                poll(lambda f=front: server.front() not in (None, f), "another front end")
                poll(self.healthy, "the server to answer again")
                self.expect_kept("a", "the front end ended")
                self.expect_one_image()
                self.change("b")
                self.expect_one_image()
                self.assertEqual(server.stop(), 0)
                poll(lambda: not loops_of(self.folder), "no loop device")

    def test_sigkill_of_the_front_end_while_old_images_are_in_use(self):
        server = self.start("a")
        held = server.submit(language="sh", interactive=True, code="echo up; read x")
        self.assertTrue(list(until_output(server.events(held))))
        self.change("b")
        self.assertEqual(len(self.mounts()), 2)
        front = server.front()
        os.kill(front, signal.SIGKILL)
        poll(lambda: server.front() not in (None, front), "another front end")
        poll(self.healthy, "the server to answer again")
        self.assertEqual(self.served(), image_id("b"))
        self.expect_one_image()
        self.expect_marks("b")

    def test_sigkill_of_the_supervisor_leaves_no_loop_device(self):
        server = self.start("a", "--erofs-loop", stop=False)
        held = server.submit(language="sh", interactive=True, code="echo up; read x")
        self.assertTrue(list(until_output(server.events(held))))
        self.change("b")
        self.assertEqual(len(loops_of(self.folder)), 2)
        server.process.kill()
        server.process.wait()
        poll(lambda: not loops_of(self.folder), "no loop device")
        server.stop()

    def test_sigterm_in_the_middle_of_a_change(self):
        server = self.start("a", stop=False)
        self.point("b")
        for _ in range(3):
            self.hang_up()
        self.assertEqual(server.stop(), 0)


class Terminal(ImageCase):
    def test_a_terminal_that_closes_ends_the_server(self):
        self.make("a", "tree")
        self.make("b", "tree")
        ours, theirs = os.openpty()
        self.point("a")
        self.server = Server(image=self.link, terminal=theirs)
        os.close(theirs)
        self.addCleanup(lambda: self.server.process.poll() is None and self.server.stop())
        self.change("b")
        os.close(ours)
        self.assertEqual(self.server.process.wait(60), 0)
        self.server.stop()
