"""Crates made by a test, the sets that name them, and caches of a bake's own."""
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import tarfile

from harness import IMAGE, ROOT, SANDLOT, SANITIZER_OPTIONS

with open(os.path.join(ROOT, "toolchains/rust/crates/Cargo.lock"), encoding="utf-8") as lock:
    SOURCE = re.search(r'^source = "(.*)"$', lock.read(), re.M)[1]


def manifest_text(name, version, dependencies=(), more=""):
    """A crate's Cargo.toml. dependencies: pairs of name and version."""
    lines = [f'{other} = "{of}"' for other, of in dependencies]
    return (f'[package]\nname = "{name}"\nversion = "{version}"\nedition = "2021"\nlicense = "MIT"\n{more}\n'
            "[dependencies]\n" + "".join(line + "\n" for line in lines))


class Crate:
    """A .crate: what cargo would package, or an archive that is meant to be refused."""

    def __init__(self, name, version, files, dependencies=(), manifest="", archive=None):
        self.name, self.version, self.dependencies = name, version, dependencies
        self.top = f"{name}-{version}"
        self.has_build_script = "build.rs" in files
        files = {"Cargo.toml": manifest_text(name, version, dependencies, manifest), **files}
        self.data = archive or self.pack(files)
        self.sha256 = hashlib.sha256(self.data).hexdigest()

    def pack(self, files, members=()):
        """members: (TarInfo, data) that follow the files."""
        packed = io.BytesIO()
        with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as zipped:
            with tarfile.open(fileobj=zipped, mode="w", format=tarfile.GNU_FORMAT) as archive:
                for name, text in files.items():
                    info = tarfile.TarInfo(f"{self.top}/{name}")
                    info.size = len(text.encode())
                    archive.addfile(info, io.BytesIO(text.encode()))
                for info, data in members:
                    archive.addfile(info, io.BytesIO(data))
        return packed.getvalue()

    def lock_entry(self):
        needs = "".join(f' "{name}",\n' for name, _ in self.dependencies)
        return (f'[[package]]\nname = "{self.name}"\nversion = "{self.version}"\n'
                f'source = "{SOURCE}"\nchecksum = "{self.sha256}"\n'
                + (f"dependencies = [\n{needs}]\n" if needs else "") + "\n")

    def index_entry(self):
        """Its line in a registry's index."""
        return json.dumps({
            "name": self.name, "vers": self.version, "cksum": self.sha256, "features": {},
            "yanked": False,
            "deps": [{"name": name, "req": f"={of}", "features": [], "optional": False,
                      "default_features": True, "target": None, "kind": "normal"}
                     for name, of in self.dependencies],
        }) + "\n"


def write(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write_set(folder, crates, direct, check=None, printed=""):
    """Cargo.toml, Cargo.lock and, when it is given, check.rs. direct: names of crates."""
    named = [(crate.name, f"={crate.version}") for crate in crates if crate.name in direct]
    write(f"{folder}/Cargo.toml", manifest_text("test-set", "0.0.0", named, '[lib]\npath = "lib.rs"\n'))
    needs = "".join(f' "{name}",\n' for name in sorted(direct))
    own = (f'[[package]]\nname = "test-set"\nversion = "0.0.0"\n'
           + (f"dependencies = [\n{needs}]\n" if needs else "") + "\n")
    entries = {"test-set": own, **{crate.name: crate.lock_entry() for crate in crates}}
    write(f"{folder}/Cargo.lock", "version = 3\n\n" + "".join(entries[name] for name in sorted(entries)))
    policy = {"schema": 1, "criteria": "safe-to-run", "unreviewed": "accept", "licences": ["MIT"],
              "build_scripts": "accept", "proc_macros": "accept", "native_files": "refuse", "links": "refuse"}
    write(f"{folder}/policy.json", json.dumps(policy))
    if check:
        write(f"{folder}/check.rs", check)
        write(f"{folder}/check.stdout", printed)


def image_cache():
    """The cache the image under test was baked in, or None when it is not from one."""
    folder = os.path.dirname(os.path.realpath(IMAGE))
    cache = os.path.dirname(folder)
    is_cache = os.path.basename(folder) == "images" and os.path.isdir(os.path.join(cache, "layers"))
    return cache if is_cache else None


class Baker:
    """An image with a crate set of its own, and a cache that has the default image's other parts."""

    def __init__(self, folder):
        self.cache, self.home = f"{folder}/cache", f"{folder}/cargo"
        self.image, self.set = f"{folder}/images/test", f"{folder}/images/test/crates"
        os.makedirs(self.cache)
        for part in ("layers", "memo", "packages"):
            source = os.path.join(image_cache(), part)
            if os.path.isdir(source):
                subprocess.run(["cp", "-al", source, self.cache], check=True)
        self.forget("layers/crates-")
        default = os.path.join(ROOT, "images/default")
        shutil.copytree(default, self.image)
        with open(f"{self.image}/image.json", encoding="utf-8") as file:
            definition = json.load(file)
        definition["name"] = "test"
        definition["crate_set"] = "./crates"
        definition["toolchains"] = os.path.relpath(os.path.join(ROOT, "toolchains"), self.image)
        write(f"{self.image}/image.json", json.dumps(definition))

    def provide(self, *crates):
        """Puts crates where cargo keeps its downloads, so that none is asked of the network."""
        for crate in crates:
            write(f"{self.home}/registry/cache/test/{crate.top}.crate", crate.data)

    def bake(self):
        """Bakes; stdout and stderr are one text."""
        return subprocess.run([SANDLOT, "bake", self.image], cwd=ROOT, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=900,
                              check=False, text=True, errors="replace",
                              env={**os.environ, **SANITIZER_OPTIONS, "SANDLOT_CACHE": self.cache,
                                   "CARGO_HOME": self.home, "CARGO_NET_OFFLINE": "true"})

    def forget(self, *parts):
        """Takes parts of the cache away: a folder, or all that starts with FOLDER/NAME-."""
        for part in parts:
            folder, _, start = part.partition("/")
            for name in os.listdir(f"{self.cache}/{folder}"):
                path = f"{self.cache}/{folder}/{name}"
                if not name.startswith(start):
                    continue
                if os.path.isdir(path):
                    shutil.rmtree(path)
                else:
                    os.unlink(path)


# Two crates that mean well, and a program for a set that has them.
PLAIN = Crate("plain", "0.2.0", {"src/lib.rs": "pub const GRAIN: u32 = 7;\n"})
SANDY = Crate("sandy", "1.0.0", {
    "src/lib.rs": 'include!(concat!(env!("OUT_DIR"), "/made.rs"));\npub use plain::GRAIN;\n',
    "build.rs": 'fn main() { let out = std::env::var("OUT_DIR").unwrap();\n'
                'std::fs::write(out + "/made.rs", "pub const MADE: u32 = 35;").unwrap(); }\n',
}, [("plain", "0.2.0")])
CHECK = 'fn main() { println!("{}", sandy::MADE + sandy::GRAIN); }\n'
