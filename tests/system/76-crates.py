"""Crates in images: all can be used and none is compiled again."""
import os
import re
import tempfile
import unittest

from harness import IMAGE, ROOT, manifest, run_command

SET = os.path.join(ROOT, "toolchains/rust/crates")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def rust():
    return next(language for language in manifest()["languages"] if language["id"] == "rust")


def direct_crates():
    """{name} of the default set's Cargo.toml."""
    text = read(f"{SET}/Cargo.toml").decode()
    return set(re.findall(r"^([\w-]+) = ", text.partition("[dependencies]")[2], re.M))


def in_cell(argv, file, artefact=None):
    """Runs a compiler. file: HOST:PATH, artefact: PATH:HOST."""
    words = ["cell", "--image", IMAGE, "--profile", "compile", "--limit", "wall=300s",
             "--limit", "cpu=300s", "--file", file]
    if artefact:
        words += ["--artefact", artefact]
    return run_command(*words, "--", *argv, seconds=400)


class CratesOfTheImage(unittest.TestCase):
    def test_every_crate_of_the_set_is_there_on_every_channel(self):
        wanted = direct_crates()
        self.assertGreaterEqual(len(wanted), 60)
        for channel, tools in rust()["channels"].items():
            with self.subTest(channel):
                self.assertEqual({crate["name"] for crate in tools["crates"]}, wanted)
                args = read(f"{IMAGE}/root/opt/crates/{channel}/externs.args").decode()
                externs = dict(re.findall(r"^--extern=(\w+)=(.*)$", args, re.M))
                self.assertEqual({crate["id"] for crate in tools["crates"]}, set(externs))
                for path in externs.values():
                    self.assertTrue(os.path.isfile(f"{IMAGE}/root{path}"), path)

    def test_a_program_with_every_crate_compiles_itself_alone(self):
        """The compiler is called directly, and what it read as source is the visitor's file."""
        argv = rust()["compile"]["argv"]
        self.assertRegex(argv[0], r"/rustc$")
        self.assertNotIn("cargo", str(argv))
        program = read(f"{SET}/check.rs").decode()
        for crate in rust()["channels"][next(iter(rust()["channels"]))]["crates"]:
            self.assertRegex(program, rf"\b{crate['id']}\b")
        for channel in rust()["channels"]:
            for mode, flag in (("debug", "-Cdebuginfo=2"), ("release", "-Copt-level=3")):
                with self.subTest(channel=channel, mode=mode), tempfile.TemporaryDirectory() as folder:
                    done = in_cell([f"/opt/rust/{channel}/bin/rustc", "--crate-name", "playground",
                                    "--edition", "2021", flag, "--emit=link,dep-info", "-o", "program",
                                    f"@/opt/crates/{channel}/externs.args", "main.rs"],
                                   f"{SET}/check.rs:main.rs", f"program.d:{folder}/d")
                    self.assertEqual(done.returncode, 0, done.stderr.decode())
                    sources = {line.rstrip(":") for line in read(f"{folder}/d").decode().splitlines()
                               if line.endswith(":") and " " not in line}
                    self.assertEqual(sources, {"main.rs"})

    def test_no_source_of_a_crate_is_in_the_image(self):
        found = [name for _, _, names in os.walk(f"{IMAGE}/root/opt/crates") for name in names
                 if not name.endswith((".rlib", ".so")) and name != "externs.args"]
        self.assertEqual(found, [])

    def test_clippy_finds_the_same_crates(self):
        code = "fn main() { let s: String = serde_json::to_string(&1).unwrap(); return println!(\"{}\", s); }"
        with tempfile.NamedTemporaryFile("w", suffix=".rs") as file:
            file.write(code)
            file.flush()
            for channel, tools in rust()["channels"].items():
                with self.subTest(channel):
                    self.assertIn("clippy", tools)
                    driver = f"/opt/rust/{channel}/bin/clippy-driver"
                    rest = ["--crate-name", "playground", "--edition", "2021", "--emit=metadata",
                            "-o", "out.rmeta"]
                    lints = in_cell([driver, *rest, "-Wclippy::all", f"@/opt/crates/{channel}/externs.args",
                                     "main.rs"], f"{file.name}:main.rs")
                    self.assertEqual(lints.returncode, 0, lints.stderr.decode())
                    self.assertIn("needless_return", lints.stderr.decode())
                    # And it is by those arguments that it finds them.
                    without = in_cell([driver, *rest, "main.rs"], f"{file.name}:main.rs")
                    self.assertNotEqual(without.returncode, 0)
                    self.assertIn("serde_json", without.stderr.decode())
                    every = in_cell([driver, *rest, "-Aclippy::all", f"@/opt/crates/{channel}/externs.args",
                                     "main.rs"], f"{SET}/check.rs:main.rs")
                    self.assertEqual(every.returncode, 0, every.stderr.decode())
