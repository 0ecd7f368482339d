"""`sandlot bake`: its command line."""
import os
import shutil
import subprocess
import tempfile
import unittest

from harness import ROOT, SANDLOT


def bake(*words, cwd=ROOT, **more):
    """Runs it; stdout and stderr are one text."""
    return subprocess.run([SANDLOT, "bake", *words], cwd=cwd, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False,
                          **more)


class CommandLine(unittest.TestCase):
    def expect(self, words, status, *parts, cwd=ROOT):
        done = bake(*words, cwd=cwd)
        self.assertEqual(done.returncode, status, done.stdout)
        for part in parts:
            self.assertIn(part, done.stdout)

    def test_help_lists_the_verbs_and_has_examples(self):
        self.expect(["--help"], 0, "Examples:", "sandlot bake check")
        self.expect(["check", "--help"], 0, "Examples:")

    def test_what_is_wrong_is_named(self):
        self.expect([], 64, "name an image")
        self.expect(["one", "two"], 64, "two is one word too many")
        self.expect(["--colour", "red", "default"], 64, "--colour is no option")
        self.expect(["default", "--cache"], 64, "--cache wants an argument")
        self.expect(["--form", "iso", "default"], 64, "tree, erofs or both")
        for jobs in ("0", "-1", "many", "1025"):
            self.expect(["--jobs", jobs, "default"], 64, "1 to 1024")

    def test_an_image_is_a_name_or_a_folder(self):
        with tempfile.TemporaryDirectory() as folder:
            # The program finds the tree it was built in; the working folder comes first.
            self.expect(["check", "default"], 0, "default: good", cwd=folder)
            self.expect(["check", os.path.join(ROOT, "images/default")], 0, "good", cwd=folder)
            self.expect(["check", "none"], 1, "there is no image none", cwd=folder)
            self.expect(["check", "./default"], 1, "./default has no image.json", cwd=folder)
            shutil.copytree(os.path.join(ROOT, "images/default"), os.path.join(folder, "images/default"))
            with open(os.path.join(folder, "images/default/image.json"), "w", encoding="utf-8") as file:
                file.write("{}")
            self.expect(["check", "default"], 1, "images/default/image.json: schema is missing", cwd=folder)
