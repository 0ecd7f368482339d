"""`sandlot key`: what it makes, shows and refuses."""
import os
import stat
import tempfile
import unittest

from harness import run_command


class Keys(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = os.path.join(folder.name, "keys")

    def key(self, *words, status=0):
        """`sandlot key …` on a folder of its own. Returns what it prints on both."""
        done = run_command("key", *words, env={"SANDLOT_KEYS": self.folder})
        text = done.stdout.decode() + done.stderr.decode()
        self.assertEqual(done.returncode, status, text)
        self.assertEqual(bool(done.stdout), status == 0, text)
        return text

    def test_a_key_is_made_listed_and_never_written_over(self):
        self.assertIn("no key", self.key("list"))
        self.assertIn("release.pub", self.key("new", "release", "--expires", "2y"))
        path = os.path.join(self.folder, "release.key")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        with open(path, "rb") as file:
            before = file.read()
        self.assertIn("release.pub", self.key("new", "release", status=1))
        with open(path, "rb") as file:
            self.assertEqual(file.read(), before)
        line = self.key("list")
        self.assertRegex(line, r"^release  [0-9a-f]{12}  created [\d-]+  expires [\d-]+  signs\n$")
        os.remove(path)
        self.assertNotIn("signs", self.key("list"))

    def test_the_host_names_the_key_that_nobody_names(self):
        self.key("new")
        self.assertIn("expires never", self.key("list"))

    def test_an_expired_key_and_a_broken_one_are_shown_beside_the_others(self):
        self.key("new", "good")
        with open(os.path.join(self.folder, "good.pub"), encoding="ascii") as file:
            text = file.read()
        old = text.replace("name: good", "name: old").replace("ed25519", "expires: 2020-02-01\ned25519")
        old = old.replace(text.split("\n")[2], "created: 2020-01-01")
        with open(os.path.join(self.folder, "old.pub"), "w", encoding="ascii") as file:
            file.write(old)
        self.assertRegex(self.key("list"), r"old .*expires 2020-02-01  EXPIRED\n")
        with open(os.path.join(self.folder, "bad.pub"), "w", encoding="ascii") as file:
            file.write("sandlot-key 1\nname: bad\n")
        done = run_command("key", "list", env={"SANDLOT_KEYS": self.folder})
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"bad.pub:3: ", done.stderr)
        self.assertEqual(done.stdout.count(b"\n"), 2)

    def test_what_makes_no_sense_is_refused(self):
        for words in ((), ("frobnicate",), ("new", "a", "b"), ("list", "a"), ("new", "--frobnicate"),
                      ("list", "--expires", "2y"), ("new", "--keys")):
            with self.subTest(words=words):
                self.assertIn("sandlot key", self.key(*words, status=64))
        self.assertIn("--expires", self.key("new", "--expires", "soon", status=1))
        self.assertIn("Ann", self.key("new", "Ann", status=1))
        self.assertFalse(os.path.exists(self.folder))
