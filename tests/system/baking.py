"""A small world to bake in: a Debian archive with a key of its own, served on loopback, a definition of
an image with one language, a cache. Its one program, in C and static, is compiler, tool and language.

Nothing here needs the network, and nothing of the machine's own sources is used.
"""
import atexit
import hashlib
import http.server
import json
import os
import shutil
import subprocess
import tempfile
import threading

from harness import SANDLOT

PROGRAM = r"""
#include <stdio.h>
#include <string.h>

/* Prints the file it is given, or says who it is. */
int main(int argc, char **argv)
{
	char buffer[4096];
	size_t n;

	if (argc > 1 && argv[1][0] == '-') {
		printf("say %s\nrelease: %s\ncommit-hash: abc\ncommit-date: 2025-01-01\n", VERSION, VERSION);
		return 0;
	}
	FILE *file = argc > 1 ? fopen(argv[1], "r") : NULL;
	while (file && (n = fread(buffer, 1, sizeof(buffer), file)) > 0)
		fwrite(buffer, 1, n, stdout);
	return file ? 0 : 1;
}
"""

BASE = {
    "schema": 1,
    "suite": "test",
    "suites": ["test"],
    "packages": ["sandlot-base"],
    "merge": {"bin": "usr/bin"},
    "remove": ["usr/share/doc", "var"],
    "folders": ["proc", "dev", "tmp", "playground", "opt"],
    "links": {},
    "files": {"etc/passwd": "root:x:0:0:root:/:/bin/sh\nplayground:x:1000:1000::/playground:/bin/sh\n"},
    "prepare": [],
}
RECIPE = {
    "schema": 1,
    "packages": ["sandlot-say"],
    "version": {"argv": ["/usr/bin/say", "-V"], "prefix": "say "},
    "language": {
        "id": "say", "name": "Say", "aliases": [], "main_file": "main.txt", "editor": "text", "options": {},
        "run": {"argv": ["/usr/bin/say", "{main_file}"], "files": True},
    },
    "sample": "hello.txt",
    "hello": {"file": "hello.txt", "stdout": "Hello, world!\n"},
    "checks": [],
}


# A language of a tool chain that has channels; its compiler is its interpreter.
FAKE_RUST = {
    "schema": 1,
    "packages": [],
    "version": {"argv": ["/opt/rust/{channel}/bin/rustc", "-vV"], "prefix": "release: "},
    "rust": {
        "channels": {"stable": {"sources": [{"kind": "dist", "channel": "stable"}],
                                "missing": "There is no stable here."}},
        "components": ["rustc", "rust-std"],
        "keep": ["bin/*", "lib/*"],
        "drop": ["lib/dropped"],
        "crates_script": "hello.txt",
    },
    "language": {
        "id": "rust", "name": "Rust", "aliases": [], "main_file": "main.txt", "editor": "text",
        "options": {"channel": {"values": ["stable"], "default": "stable", "label": "Channel"}},
        "run": {"argv": ["/opt/rust/{channel}/bin/rustc", "{main_file}"], "files": True},
    },
    "sample": "hello.txt",
    "hello": {"file": "hello.txt", "stdout": "Hello, world!\n"},
    "checks": [],
}


def run(*words, **more):
    """A tool that must succeed; its output."""
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=120, check=False, **more)
    if done.returncode != 0:
        raise AssertionError(f"{words} ended with {done.returncode}:\n{done.stdout.decode(errors='replace')}")
    return done.stdout


def sha256_of(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())


def write_json(path, value):
    write(path, json.dumps(value, indent=2) + "\n")


def read_json(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def compile_say(path, version):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    subprocess.run(["gcc", "-static", "-O1", f'-DVERSION="{version}"', "-x", "c", "-o", path, "-"],
                   input=PROGRAM.encode(), check=True, timeout=120)


def tree_of(top):
    """{path: (type and mode, bytes or target)} of a whole tree."""
    found = {}
    for folder, folders, files in os.walk(top):
        for name in folders + files:
            path = os.path.join(folder, name)
            stat = os.lstat(path)
            if os.path.islink(path):
                content = os.readlink(path)
            elif os.path.isfile(path):
                content = sha256_of(path)
            else:
                content = None
            found[os.path.relpath(path, top)] = (stat.st_mode, stat.st_uid, stat.st_mtime_ns, content)
    return found


class Web:
    """Serves a folder on loopback and counts what is asked for."""

    def __init__(self, folder):
        self.asked = []
        web = self

        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *arguments):
                super().__init__(*arguments, directory=folder)

            def log_message(self, *_):
                web.asked.append(self.path)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Signer:
    """An OpenPGP key; .keyring is what trusts it."""

    def __init__(self, folder, name):
        self.home = os.path.join(folder, f"gnupg-{name}")
        self.keyring = os.path.join(folder, f"{name}.gpg")
        os.mkdir(self.home, 0o700)
        self.gpg("--passphrase", "", "--quick-generate-key", name, "ed25519", "sign", "never")
        self.gpg("--output", self.keyring, "--export")
        os.chmod(self.keyring, 0o644)

    def gpg(self, *words):
        run("gpg", "--batch", "--yes", "--quiet", "--pinentry-mode", "loopback", *words,
            env={**os.environ, "GNUPGHOME": self.home})

    def sign(self, path):
        self.gpg("--armor", "--output", path + ".asc", "--detach-sign", path)

    def clear_sign(self, path, signed):
        self.gpg("--output", signed, "--clear-sign", path)

    def close(self):
        subprocess.run(["gpgconf", "--kill", "all"], env={**os.environ, "GNUPGHOME": self.home},
                       check=False, timeout=60)


class Archive:
    """A Debian archive in a folder."""

    def __init__(self, folder, signer):
        self.folder, self.signer = folder, signer
        os.makedirs(os.path.join(folder, "pool"))

    def add(self, name, version, files, depends="", links=None):
        """files: {path: bytes or path of a program}."""
        with tempfile.TemporaryDirectory() as top:
            os.chmod(top, 0o755)
            for path, data in files.items():
                write(os.path.join(top, path), data)
                os.chmod(os.path.join(top, path), 0o755)
            for path, target in (links or {}).items():
                os.makedirs(os.path.dirname(os.path.join(top, path)), exist_ok=True)
                os.symlink(target, os.path.join(top, path))
            architecture = run("dpkg", "--print-architecture").decode().strip()
            control = f"Package: {name}\nVersion: {version}\nArchitecture: {architecture}\n" \
                      f"Maintainer: Test <test@test.invalid>\nDescription: test\n"
            write(os.path.join(top, "DEBIAN/control"), control + (f"Depends: {depends}\n" if depends else ""))
            run("dpkg-deb", "--root-owner-group", "-Zxz", "-b", top, os.path.join(self.folder, "pool"))

    def remove(self, name, version):
        for file in os.listdir(os.path.join(self.folder, "pool")):
            if file.startswith(f"{name}_{version}_"):
                os.unlink(os.path.join(self.folder, "pool", file))

    def publish(self):
        """Makes and signs the index of what is in the pool."""
        architecture = run("dpkg", "--print-architecture").decode().strip()
        suite = os.path.join(self.folder, "dists/test")
        shutil.rmtree(suite, ignore_errors=True)
        write(os.path.join(suite, f"main/binary-{architecture}/Packages"),
              run("apt-ftparchive", "packages", "pool", cwd=self.folder))
        options = {"Suite": "test", "Codename": "test", "Components": "main", "Architectures": architecture}
        words = [f"-oAPT::FTPArchive::Release::{key}={value}" for key, value in options.items()]
        release = run("apt-ftparchive", *words, "release", suite)
        write(os.path.join(suite, "Release"), release)
        self.signer.clear_sign(os.path.join(suite, "Release"), os.path.join(suite, "InRelease"))


class Distribution:
    """Rust's official distribution in a folder, with archives as rust-installer has them."""

    TARGET = f"{os.uname().machine}-unknown-linux-gnu"

    def __init__(self, folder, signer):
        self.folder, self.signer = folder, signer
        self.components = {}

    def add(self, component, version, date, files):
        name = f"{component}-{version}-{self.TARGET}"
        with tempfile.TemporaryDirectory() as top:
            installed = os.path.join(top, name, f"{component}-{self.TARGET}")
            for path, data in files.items():
                write(os.path.join(installed, path), data)
                os.chmod(os.path.join(installed, path), 0o755 if path.startswith("bin/") else 0o644)
            write(os.path.join(installed, "manifest.in"), "".join(f"file:{path}\n" for path in files))
            write(os.path.join(top, name, "components"), f"{component}-{self.TARGET}\n")
            # What must never be run: it would be seen.
            write(os.path.join(top, name, "install.sh"), "#!/bin/sh\ntouch /tmp/sandlot-installer-ran\n")
            os.chmod(os.path.join(top, name, "install.sh"), 0o755)
            archive = os.path.join(self.folder, date, name + ".tar.xz")
            os.makedirs(os.path.dirname(archive), exist_ok=True)
            run("tar", "-C", top, "--sort=name", "--mtime=@0", "-cJf", archive, name)
        self.components[component] = (version, archive, sha256_of(archive))
        return archive

    def publish(self, channel, date):
        """Writes and signs the manifest, here and in the folder of its day."""
        text = f'manifest-version = "2"\ndate = "{date}"\n'
        for component, (version, archive, sha256) in self.components.items():
            text += (f'\n[pkg.{component}]\nversion = "{version} (abc {date})"\n'
                     f'\n[pkg.{component}.target.{self.TARGET}]\navailable = true\n'
                     f'xz_url = "https://elsewhere.invalid/dist/{os.path.relpath(archive, self.folder)}"\n'
                     f'xz_hash = "{sha256}"\n')
        name = f"channel-rust-{channel}.toml"
        for folder in (self.folder, os.path.join(self.folder, date)):
            path = os.path.join(folder, name)
            write(path, text)
            write(path + ".sha256", f"{sha256_of(path)}  {name}\n")
            self.signer.sign(path)
        return os.path.join(self.folder, name)


class Once:
    """What is dear to make and the same for every world of this process."""

    folder = None
    programs, signers = {}, {}

    @classmethod
    def path(cls, name):
        if not cls.folder:
            cls.folder = tempfile.mkdtemp(prefix="sandlot-bake-once-")
            os.chmod(cls.folder, 0o755)
            atexit.register(shutil.rmtree, cls.folder, ignore_errors=True)
        return os.path.join(cls.folder, name)

    @classmethod
    def program(cls, version):
        if version not in cls.programs:
            path = cls.path(f"say-{version}")
            compile_say(path, version)
            with open(path, "rb") as file:
                cls.programs[version] = file.read()
        return cls.programs[version]

    @classmethod
    def signer(cls, name):
        if name not in cls.signers:
            cls.signers[name] = Signer(os.path.dirname(cls.path(name)), name)
            atexit.register(cls.signers[name].close)
        return cls.signers[name]


class World:
    def __init__(self):
        # Debian's downloader runs as a user of its own, who must be able to read the keys.
        self.folder = tempfile.mkdtemp(prefix="sandlot-bake-")
        os.chmod(self.folder, 0o755)
        self.web = Web(self.path("web"))
        self.signer = Once.signer("archive")
        self.archive = Archive(self.path("web/debian"), self.signer)
        self.config = {"schema": 1, "apt_sources": self.path("debian.list")}
        self.recipe, self.image_json = json.loads(json.dumps(RECIPE)), {
            "schema": 1, "name": "tiny", "epoch": 1735689600, "toolchains": "../../toolchains",
            "base": "debian/base.json", "languages": ["say"]}
        write(self.path("debian.list"), f"deb {self.web.address}/debian test main\n")
        write_json(self.path("toolchains/debian/base.json"), {**BASE, "keyring": self.signer.keyring})
        write(self.path("toolchains/say/hello.txt"), "Hello, world!\n")
        self.write()
        self.archive.add("sandlot-base", "1", {"etc/base": "base\n"}, links={"etc/link": "base"})
        self.add_say("1.0")
        self.archive.publish()

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self):
        """Writes what the tests change: definition, recipe, configuration."""
        write_json(self.path("images/tiny/image.json"), self.image_json)
        write_json(self.path("toolchains/say/recipe.json"), self.recipe)
        write_json(self.path("bake.json"), self.config)

    def add_say(self, version, more=""):
        self.archive.add("sandlot-say", version,
                         {"bin/say": Once.program(version), "usr/share/doc/say/copyright": "none" + more},
                         depends="sandlot-base")

    def add_rust(self):
        """A second language, whose tool chain comes from a distribution on loopback. Returns that."""
        write_json(self.path("toolchains/rust/recipe.json"), FAKE_RUST)
        write(self.path("toolchains/rust/hello.txt"), "Hello, world!\n")
        self.image_json["languages"] = ["say", "rust"]
        self.config["dist"] = {"address": self.web.address + "/dist", "keyring": Once.signer("dist").keyring}
        self.write()
        return Distribution(self.path("web/dist"), Once.signer("dist"))

    def bake(self, *words, cache="cache"):
        """`sandlot bake WORDS tiny`; stdout and stderr are one text."""
        done = subprocess.run(
            [SANDLOT, "bake", *words, "--config", self.path("bake.json"), "--cache", self.path(cache), "tiny"],
            cwd=self.folder, stdin=subprocess.DEVNULL, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=300, check=False,
            env={**os.environ, "SANDLOT_KEYS": self.path("keys")})
        return done

    def image(self, *words, cache="cache"):
        """Bakes what must come out well. Returns (folder of the image, what was said)."""
        done = self.bake(*words, "--output", self.path("image"), cache=cache)
        if done.returncode != 0:
            raise AssertionError(f"the bake ended with {done.returncode}:\n{done.stdout}")
        return os.path.realpath(self.path("image")), done.stdout

    def lock(self):
        done = self.bake("update", "--yes")
        if done.returncode != 0:
            raise AssertionError(f"the update ended with {done.returncode}:\n{done.stdout}")
        return read_json(self.path("images/tiny/lock.json"))

    def forget(self, *parts, cache="cache"):
        """Takes parts of the cache away."""
        for part in parts:
            shutil.rmtree(os.path.join(self.path(cache), part), ignore_errors=True)

    def close(self):
        self.web.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def version_in(image, name):
    """The version of a Debian package that an image has."""
    packages = read_json(os.path.join(image, "lock.json"))["debian"]["packages"]
    return {package["name"]: package["version"] for package in packages}.get(name)
