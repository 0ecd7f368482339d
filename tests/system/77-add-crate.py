"""`sandlot bake add-crate` and `new`, with a registry that is a folder."""
import os
import shutil
import subprocess
import tempfile
import unittest

from crates import PLAIN, SANDY, read, write, write_set
from harness import ROOT, SANDLOT

SET = os.path.join(ROOT, "toolchains/rust/crates")


class Adding(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="sandlot-adding-")
        self.addCleanup(shutil.rmtree, self.folder)
        registry = f"{self.folder}/registry"
        for crate in (PLAIN, SANDY):
            write(f"{registry}/{crate.top}.crate", crate.data)
            write(f"{registry}/index/{crate.name[:2]}/{crate.name[2:4]}/{crate.name}", crate.index_entry())
        write(f"{self.folder}/cargo/config.toml",
              '[source.crates-io]\nreplace-with = "folder"\n[source.folder]\n'
              f'local-registry = "{registry}"\n')
        self.set = f"{self.folder}/set"
        write_set(self.set, [PLAIN], {"plain"})
        os.mkdir(f"{self.folder}/tmp")

    def command(self, *words, cwd=ROOT):
        return subprocess.run([SANDLOT, "bake", *words], cwd=cwd, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False,
                              env={**os.environ, "CARGO_HOME": f"{self.folder}/cargo",
                                   "TMPDIR": f"{self.folder}/tmp"})

    def add(self, *words):
        return self.command("add-crate", "--set", self.set, *words)

    def contents(self):
        return {name: read(f"{self.set}/{name}") for name in sorted(os.listdir(self.set))}

    def test_what_gets_in_is_shown_and_written(self):
        done = self.add("sandy@1")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, r"sandy 1\.0\.0.*, build script\n")
        self.assertNotIn("plain", done.stdout)  # which was there
        self.assertIn("that is 1 crates", done.stdout)
        self.assertIn("now bake", done.stdout)
        self.assertIn(b'sandy = "1', self.contents()["Cargo.toml"])
        self.assertIn(SANDY.sha256.encode(), self.contents()["Cargo.lock"])
        self.assertEqual(set(self.contents()), {"Cargo.toml", "Cargo.lock", "policy.json"})
        again = self.add("sandy")
        self.assertEqual(again.returncode, 0, again.stdout)
        self.assertIn("no crate gets in", again.stdout)

    def test_a_failure_leaves_the_set_as_it_was(self):
        before = self.contents()
        for words, said in ((["nonesuch"], "nonesuch"), (["sandy@7"], "sandy"),
                            (["sandy", "--features", "glow"], "glow"),
                            (["../sandy"], "no crate"), (["sandy@1;2"], "no crate"),
                            (["sandy", "--features", "--x y"], "no features")):
            with self.subTest(words):
                done = self.add(*words)
                self.assertEqual(done.returncode, 1, done.stdout)
                self.assertIn(said, done.stdout)
                self.assertEqual(self.contents(), before)
        self.assertEqual(os.listdir(f"{self.folder}/tmp"), [])
        nowhere = self.command("add-crate", "--set", f"{self.folder}/none", "sandy")
        self.assertEqual(nowhere.returncode, 1)
        self.assertIn(f"{self.folder}/none", nowhere.stdout)

    def test_an_image_of_ones_own(self):
        tree = f"{self.folder}/tree"
        shutil.copytree(os.path.join(ROOT, "images"), f"{tree}/images", ignore=shutil.ignore_patterns("mine"))
        shutil.copytree(os.path.join(ROOT, "toolchains"), f"{tree}/toolchains")
        before = os.listdir(f"{tree}/images")
        made = self.command("new", "mine", cwd=tree)
        self.assertEqual(made.returncode, 0, made.stdout)
        self.assertIn("add-crate --set", made.stdout)
        self.assertEqual(self.command("check", "mine", cwd=tree).stdout, "mine: good\n")
        self.assertIn(b'"./crates"', read(f"{tree}/images/mine/image.json"))
        for name in os.listdir(SET):
            if os.path.isfile(f"{SET}/{name}"):
                self.assertEqual(read(f"{tree}/images/mine/crates/{name}"), read(f"{SET}/{name}"))
        # Its set is no other's: nothing is a link.
        self.assertEqual(os.stat(f"{tree}/images/mine/crates/Cargo.toml").st_nlink, 1)
        for name, said in (("mine", "is there already"), ("a/b", "no name"), ("-x", "is no option")):
            self.assertIn(said, self.command("new", name, cwd=tree).stdout)
        self.assertEqual(sorted(os.listdir(f"{tree}/images")), sorted([*before, "mine"]))
