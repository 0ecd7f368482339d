"""`sandlot cell` on every form of an image: a tree, EROFS mounted from its file, EROFS by loop device."""
import os
import shutil
import signal
import subprocess
import tempfile
import unittest

from harness import BUILD, SANDLOT, mounts_of, poll
from images import loops_of, make_erofs, make_tree

ROOT_MOUNT = "grep -E '^([^ ]+ ){4}/ ' /proc/self/mountinfo"
PROGRAMS = ("bin/sandlot", "libexec/sandlot/sandlot-cell")


class Forms(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="sandlot-test-", dir="/var/tmp")
        os.chmod(self.folder, 0o755)
        self.addCleanup(shutil.rmtree, self.folder)

    def make(self, name, *forms, folder=None):
        path = os.path.join(folder or self.folder, name)
        make_tree(path, mark=f"this is {name}\n")
        if "erofs" in forms:
            make_erofs(path, keep_tree="tree" in forms)
        return path

    def cell(self, image, script, *options, before=(), sandlot=SANDLOT):
        return subprocess.run([*before, sandlot, "cell", "--image", image, *options, "--", "/bin/sh", "-c", script],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=120, check=False, cwd="/")

    def expect_root(self, image, kind, *options):
        """The cell's root is the image, mounted as this file system, read-only; nothing of it stays."""
        done = self.cell(image, f"cat /mark; {ROOT_MOUNT}; echo x >/x", *options)
        mark, mount, *_ = done.stdout.splitlines()
        self.assertEqual(mark, f"this is {os.path.basename(image)}", done.stderr)
        fields, source = mount.split(" - ")
        self.assertRegex(source, kind)
        self.assertTrue({"ro", "nosuid", "nodev"} <= set(fields.split()[5].split(",")), mount)
        self.assertIn("Read-only file system", done.stderr)
        self.nothing_left(image)
        return fields.split()[2]

    def nothing_left(self, image):
        poll(lambda: not loops_of(image), f"no loop device of {image}")
        self.assertEqual(mounts_of(image), [])

    def test_a_tree(self):
        self.assertNotRegex(self.expect_root(self.make("tree", "tree"), "^(?!erofs)"), "^7:")

    def test_erofs_from_its_file(self):
        self.assertRegex(self.expect_root(self.make("erofs", "erofs"), "^erofs "), "^0:")

    def test_erofs_by_loop_device(self):
        self.assertRegex(self.expect_root(self.make("erofs", "erofs"), "^erofs ", "--erofs-loop"), "^7:")

    def test_erofs_on_a_tmpfs_takes_a_loop_device_by_itself(self):
        with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
            self.assertRegex(self.expect_root(self.make("erofs", "erofs", folder=folder), "^erofs "), "^7:")

    def test_of_both_forms_erofs_is_taken(self):
        image = self.make("both", "tree", "erofs")
        self.expect_root(image, "^erofs ")
        # … but where the image is to be left writable.
        done = self.cell(image, ROOT_MOUNT, "--without", "readonly")
        self.assertRegex(done.stdout.split(" - ")[0], r" rw,nosuid,nodev", done.stderr)

    def test_a_killed_cell_leaves_no_loop_device(self):
        image = self.make("erofs", "erofs")
        cell = subprocess.Popen([SANDLOT, "cell", "--image", image, "--erofs-loop", "--", "/bin/sh", "-c",
                                 "echo up; sleep 99"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.assertEqual(cell.stdout.readline(), b"up\n")
        self.assertEqual(len(loops_of(image)), 1)
        cell.send_signal(signal.SIGKILL)
        cell.wait()
        cell.stdout.close()
        self.nothing_left(image)

    def expect_refusal(self, done, *words):
        self.assertEqual((done.returncode, done.stdout), (125, ""), done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_what_is_no_image_is_refused(self):
        empty = os.path.join(self.folder, "empty")
        os.mkdir(empty)
        self.expect_refusal(self.cell(empty, ":"), f"{empty} is no image")
        broken = self.make("broken", "erofs")
        with open(os.path.join(broken, "image.erofs"), "r+b") as file:
            file.seek(1024)
            file.write(b"x")
        self.expect_refusal(self.cell(broken, ":"), "cannot mount image.erofs")
        self.expect_refusal(self.cell(broken, ":", "--erofs-loop"), "cannot mount image.erofs")
        self.nothing_left(broken)
        os.unlink(os.path.join(broken, "image.erofs"))
        os.mkdir(os.path.join(broken, "image.erofs"))
        self.expect_refusal(self.cell(broken, ":"), "image.erofs is not a regular file")

    def test_without_root_a_tree_is_needed(self):
        for name in PROGRAMS:
            target = os.path.join(self.folder, name)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy2(os.path.join(BUILD, name), target)
        home = os.path.join(self.folder, "home")
        os.mkdir(home)
        shutil.chown(home, "nobody")
        as_user = ["env", f"HOME={home}", "setpriv", "--reuid", "nobody", "--clear-groups"]
        sandlot = os.path.join(self.folder, PROGRAMS[0])
        image = self.make("erofs", "erofs")
        self.expect_refusal(self.cell(image, ":", before=as_user, sandlot=sandlot), f"{image} has image.erofs only",
                            "be root, or use an image that has a tree")
        both = self.make("both", "tree", "erofs")
        done = self.cell(both, "cat /mark", before=as_user, sandlot=sandlot)
        self.assertEqual(done.stdout, "this is both\n", done.stderr)
