"""Crates in images: all can be used and none is compiled again; what was tampered with, or does harm, is
refused or contained when an image is baked."""
import os
import re
import shutil
import socket
import subprocess
import tarfile
import tempfile
import unittest

from crates import CHECK, PLAIN, SANDY, Baker, Crate, image_cache, read, write, write_set
from harness import IMAGE, ROOT, SANDLOT, manifest, run_command

SET = os.path.join(ROOT, "toolchains/rust/crates")


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
            # A release build is linked, and run, by the image's self-test; here it is the reading that counts.
            for flag, made in (("-Cdebuginfo=2", "link"), ("-Copt-level=3", "metadata")):
                with self.subTest(channel=channel, flag=flag), tempfile.TemporaryDirectory() as folder:
                    done = in_cell([f"/opt/rust/{channel}/bin/rustc", "--crate-name", "playground",
                                    "--edition", "2021", flag, f"--emit={made},dep-info", "-o", "program",
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


def member(name, kind=tarfile.REGTYPE, link="", size=0):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, size
    return info


def sparse_archive(top):
    """A gigantic file that is nearly nothing in the archive."""
    with tempfile.TemporaryDirectory() as folder:
        write(f"{folder}/{top}/src/lib.rs", "")
        with open(f"{folder}/{top}/big", "wb") as file:
            file.truncate(10 << 30)
        return subprocess.run(["tar", "-C", folder, "-czSf", "-", top], check=True,
                              stdout=subprocess.PIPE).stdout


def hostile_archives():
    """{what: (.crate, words of the refusal)}"""
    def packed(*members):
        archive = Crate("odd", "0.1.0", {}).pack({"src/lib.rs": ""}, members)
        return Crate("odd", "0.1.0", {}, archive=archive)

    big = Crate("odd", "0.1.0", {}, archive=sparse_archive("odd-0.1.0"))
    return {
        "a symbolic link": (packed((member("odd-0.1.0/a", tarfile.SYMTYPE, "/etc/passwd"), b"")), "is a link"),
        "a hard link": (packed((member("odd-0.1.0/a", tarfile.LNKTYPE, "odd-0.1.0/src/lib.rs"), b"")), "is a link"),
        "a way up": (packed((member("odd-0.1.0/../../a", size=1), b"x")), "not allowed"),
        "an absolute path": (packed((member("/tmp/sandlot-odd", size=1), b"x")), "not allowed"),
        "another's folder": (packed((member("serde-1.0.0/build.rs", size=1), b"x")), "not allowed"),
        "a file twice": (packed((member("odd-0.1.0/src/lib.rs", size=1), b"x")), "is there twice"),
        "a clash of case": (packed((member("odd-0.1.0/SRC/lib.rs", size=1), b"x")), "clashes"),
        "a device": (packed((member("odd-0.1.0/null", tarfile.CHRTYPE), b"")), "neither a file nor a folder"),
        "ten gigabytes of nothing": (big, "larger than is allowed"),
    }


EVIL = r'''
use std::io::Write;
use std::process::{Command, Stdio};

fn main() {
    let pid = std::fs::read_link("/proc/self/ns/pid").map(|p| p.display().to_string());
    eprintln!("pid namespace {pid:?}");
    let reached = std::net::TcpStream::connect("127.0.0.1:@PORT@").is_ok();
    eprintln!("network reached: {reached}");
    for path in ["@MARKER@", "/usr/evil", "/playground/in/vendor/evil-0.1.0/new", "@ROOT@/evil"] {
        let wrote = std::fs::File::create(path).and_then(|mut file| file.write_all(b"x")).is_ok();
        eprintln!("wrote outside: {wrote}");
    }
    eprintln!("host file read: {}", std::fs::read("@ROOT@/Makefile").is_ok());
    let mut started = 0;
    while Command::new("/bin/sleep").arg("98765").stdin(Stdio::null()).stdout(Stdio::null())
        .stderr(Stdio::null()).spawn().is_ok() && started < 5000 {
        started += 1;
    }
    eprintln!("processes: {started}");
    std::process::exit(1);
}
'''


def sleepers():
    """Processes of the fork bomb that are still there."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if b"98765" in read(f"/proc/{pid}/cmdline"):
                found.append(pid)
        except OSError:
            continue
    return found


@unittest.skipUnless(image_cache(), "the image is not in the cache it was baked in")
class Baking(unittest.TestCase):
    """One cache for all: each test changes something, sees the refusal and puts it right again."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="sandlot-crates-", dir=os.path.dirname(image_cache()))
        cls.baker = Baker(cls.folder)
        cls.baker.provide(PLAIN, SANDY)
        # Cargo's own unpacked sources are nothing a bake looks at.
        write(f"{cls.baker.home}/registry/src/test/plain-0.2.0/build.rs",
              f'fn main() {{ std::fs::write("{cls.folder}/ran", "").unwrap(); }}\n')
        cls.use_honest_set()
        done = cls.baker.bake()
        if done.returncode != 0:
            cls.tearDownClass()
            raise AssertionError(done.stdout)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    @classmethod
    def use_honest_set(cls):
        write_set(cls.baker.set, [PLAIN, SANDY], {"plain", "sandy"}, CHECK, "42\n")

    def refuse(self, *words):
        """A bake that must fail, saying these words; its output."""
        done = self.baker.bake()
        self.assertEqual(done.returncode, 1, done.stdout)
        said = done.stdout[done.stdout.index("sandlot bake: "):]
        for word in words:
            self.assertIn(word, said)
        self.assertEqual(os.listdir(f"{self.baker.cache}/tmp"), [])
        return said

    def one(self, *parts):
        """The only path of the cache that has these parts in it."""
        found = [os.path.join(folder, name) for folder, _, names in os.walk(self.baker.cache)
                 for name in names if all(part in os.path.join(folder, name) for part in parts)
                 and "/images/" not in folder]
        self.assertEqual(len(found), 1, found)
        return found[0]

    def swap(self, path, content):
        """Puts a new file in a file's place (others are links to the old one); undone at the end."""
        write(f"{path}.new", content)
        kept = f"{self.folder}/kept"  # nothing may lie beside it
        if os.path.exists(path):
            os.rename(path, kept)
            self.addCleanup(os.rename, kept, path)
        else:
            self.addCleanup(os.unlink, path)
        os.rename(f"{path}.new", path)

    def test_0_the_honest_set_is_in_the_image(self):
        self.assertFalse(os.path.exists(f"{self.folder}/ran"))
        self.assertIn(b"--extern=sandy=", read(self.one("/layers/crates-", "externs.args", "stable")))
        self.baker.forget("images")
        again = self.baker.bake()
        self.assertEqual(again.returncode, 0, again.stdout)
        self.assertNotIn("compile in cells", again.stdout)

    def test_a_changed_byte_in_a_kept_crate(self):
        path = f"{self.baker.cache}/crates/plain-0.2.0.crate"
        self.swap(path, PLAIN.data[:-1] + bytes([PLAIN.data[-1] ^ 1]))
        for parts in (["images"], ["images", "vendor"]):  # whether it is unpacked already or not
            with self.subTest(parts):
                self.baker.forget(*parts)
                self.refuse("plain 0.2.0", path, "is not the file Cargo.lock names")

    def test_b_a_build_script_added_to_a_download(self):
        self.baker.forget("images", "vendor", "crates/plain")
        path = f"{self.baker.home}/registry/cache/test/plain-0.2.0.crate"
        self.swap(path, Crate("plain", "0.2.0", {"src/lib.rs": "pub const GRAIN: u32 = 7;\n",
                                                 "build.rs": "fn main() {}\n"}).data)
        self.refuse("plain 0.2.0", path, "is not the file Cargo.lock names")

    def unpacked(self, name):
        vendor = f"{self.baker.cache}/vendor"
        if not os.listdir(vendor):
            self.baker.forget("images")
            self.assertEqual(self.baker.bake().returncode, 0)
        self.baker.forget("images")
        return f"{vendor}/{os.listdir(vendor)[0]}/vendor/{name}"

    def test_c_a_build_script_added_to_what_was_unpacked(self):
        self.swap(self.unpacked("plain-0.2.0/build.rs"), "fn main() {}\n")
        self.refuse("vendor/plain-0.2.0/build.rs was added")

    def test_c_a_changed_byte_in_what_was_unpacked(self):
        self.swap(self.unpacked("plain-0.2.0/src/lib.rs"), "pub const GRAIN: u32 = 8;\n")
        self.refuse("vendor/plain-0.2.0/src/lib.rs was changed")

    def test_d_a_library_swapped_in_a_layer(self):
        self.baker.forget("images")
        path = self.one("/layers/crates-", "/stable/libplain-", ".rlib")
        self.swap(path, read(path) + b"\n")
        self.refuse(f"opt/crates/stable/{os.path.basename(path)} was changed")

    def test_e_archives_that_mean_harm(self):
        self.addCleanup(self.use_honest_set)
        for what, (crate, words) in hostile_archives().items():
            with self.subTest(what):
                self.baker.provide(crate)
                write_set(self.baker.set, [crate], {"odd"})
                self.refuse("odd-0.1.0", words)
                self.baker.forget("crates/odd")
        self.assertFalse(os.path.exists("/tmp/sandlot-odd"))

    def test_f_a_build_script_that_means_harm(self):
        self.addCleanup(self.use_honest_set)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.setblocking(False)
            script = EVIL.replace("@PORT@", str(listener.getsockname()[1])).replace("@ROOT@", ROOT)
            script = script.replace("@MARKER@", f"{self.folder}/marker")
            evil = Crate("evil", "0.1.0", {"src/lib.rs": "", "build.rs": script})
            self.baker.provide(evil)
            write_set(self.baker.set, [evil, PLAIN], {"evil", "plain"})
            said = self.refuse("evil 0.1.0: its build script failed in a cell", "network reached: false",
                               "host file read: false")
            self.assertRaises(BlockingIOError, listener.accept)
        self.assertNotIn("wrote outside: true", said)
        self.assertEqual(said.count("wrote outside: false"), 4)
        self.assertNotIn(os.readlink("/proc/self/ns/pid"), said)
        self.assertRegex(said, r"pid namespace Ok\(\"pid:")
        self.assertLess(int(re.search(r"processes: (\d+)", said)[1]), 512)
        self.assertEqual(sleepers(), [])
        for path in (f"{self.folder}/marker", "/usr/evil", f"{ROOT}/evil"):
            self.assertFalse(os.path.exists(path), path)

    def test_g_a_crate_that_does_not_compile(self):
        self.addCleanup(self.use_honest_set)
        broken = Crate("broken", "0.1.0", {"src/lib.rs": "fn f() -> u32 { text }\n"})
        self.baker.provide(broken)
        write_set(self.baker.set, [broken], {"broken"})
        self.refuse("broken: it does not compile", "cannot find value `text`")

    def test_h_a_set_whose_own_check_fails(self):
        self.addCleanup(self.use_honest_set)
        write(f"{self.baker.set}/check.stdout", "41\n")
        self.refuse("crates", 'is "42" instead of "41"')
