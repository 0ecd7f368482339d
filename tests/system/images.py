"""Small images for tests: a tree of busybox, the same as EROFS, and what is left of mounting them."""
import base64
import hashlib
import json
import os
import shutil
import signal
import stat
import struct
import subprocess
import tempfile
import unittest

from harness import Server, poll, run_command

EPOCH = "1735689600"
UUID = "6f3c1e0a-2f0b-4d0e-9c1d-5a0f6f2f9b11"
APPLETS = ("sh", "cat", "echo", "sleep", "true", "ls", "grep", "chmod")


def make_tree(folder, **files):
    """Makes folder/root: busybox, the mount points, and a file /NAME for each of files."""
    root = os.path.join(folder, "root")
    for name in ("bin", "proc", "dev", "tmp", "playground"):
        os.makedirs(os.path.join(root, name))
    shutil.copy2("/bin/busybox", os.path.join(root, "bin/busybox"))
    for name in APPLETS:
        os.symlink("busybox", os.path.join(root, "bin", name))
    for name, text in files.items():
        with open(os.path.join(root, name), "w", encoding="utf-8") as file:
            file.write(text)
    subprocess.run(["chmod", "-R", "go+rX", folder], check=True)
    return folder


def make_erofs(folder, keep_tree=False):
    """Makes folder/image.erofs of folder/root, which goes."""
    root = os.path.join(folder, "root")
    subprocess.run(["mkfs.erofs", "-T", EPOCH, "-U", UUID, "--all-root", "-x-1",
                    os.path.join(folder, "image.erofs"), root], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    if not keep_tree:
        shutil.rmtree(root)
    return folder


def make_image(folder, mark, *forms, key=None, **record):
    """Makes an image that says its mark twice: in its manifest and in its file /mark. Signed, when a key is given.

    Language `sh` runs a script. `built` compiles to a program that prints what marks it was compiled with and what it
    runs with: "M T M T S", S being what the source printed, all others the mark of manifest and tree.
    """
    make_tree(folder, mark=mark)
    # Its one word is the main file's name or, of a compiler that was started ahead, where to read that.
    compile_script = ("case $0 in /*) main=$(cat $0);; *) main=$0;; esac; "
                      f"{{ echo '#!/bin/sh'; echo \"printf '{mark} $(cat /mark) '\"; "
                      "echo 'printf \"$1 $(cat /mark) \"'; cat $main; } >program; chmod 755 program")
    text = {"version": "1", "editor": "", "sample": ""}
    manifest = {
        "schema": 1, "name": f"test-{mark}", "id": image_id(mark), "languages": [
            {"id": "sh", "name": "Shell", "main_file": "main", **text,
             "run": {"argv": ["/bin/sh", "{main_file}"], "env": {"MARK": mark}, "files": True}},
            {"id": "built", "name": "Built", "main_file": "main", **text,
             "compile": {"argv": ["/bin/sh", "-c", compile_script.replace("{", "{{").replace("}", "}}"),
                                  {"later": ".args", "as": "/playground/.args", "words": ["{main_file}"]}],
                         "artefact": "program"},
             "run": {"argv": ["/bin/sh", "./program", mark]}},
        ]}
    with open(os.path.join(folder, "manifest.json"), "w", encoding="utf-8") as file:
        json.dump(manifest, file)
    if "erofs" in forms:
        make_erofs(folder, keep_tree=True)
    if key:
        sign(folder, key, forms, id=image_id(mark), **record)
    if "tree" not in forms:
        shutil.rmtree(os.path.join(folder, "root"))
    return folder


def image_id(mark):
    return hashlib.sha256(mark.encode()).hexdigest()


# ---- signing, as docs/baking.md says how it is done ----

class Key:
    """A signing key in a folder of trusted keys."""

    def __init__(self, folder, name="tester", *options):
        done = run_command("key", "new", name, "--keys", folder, *options)
        assert done.returncode == 0, done.stderr
        self.folder, self.private = folder, os.path.join(folder, f"{name}.key")
        self.public = os.path.join(folder, f"{name}.pub")
        with open(self.public, encoding="utf-8") as file:
            fields = dict(line.rstrip("\n").split(": ", 1) for line in file if ": " in line)
        self.id = hashlib.sha256(base64.b64decode(fields["ed25519"])).digest()

    def sign(self, message):
        with tempfile.NamedTemporaryFile() as file:
            file.write(message)
            file.flush()
            return subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", self.private, "-in", file.name],
                                  check=True, stdout=subprocess.PIPE).stdout


def sha256_of(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").digest() if hasattr(hashlib, "file_digest") else \
            hashlib.sha256(file.read()).digest()


def tree_list(root):
    entries = []
    for folder, names, files in os.walk(root):
        entries += [os.path.relpath(os.path.join(folder, name), root) for name in names + files]
    lines = b""
    for name in sorted(entries, key=os.fsencode):
        path = os.path.join(root, name)
        st = os.lstat(path)
        if stat.S_ISDIR(st.st_mode):
            kind, size, content = "d", 0, "-"
        elif stat.S_ISLNK(st.st_mode):
            kind, size, content = "l", 0, hashlib.sha256(os.fsencode(os.readlink(path))).hexdigest()
        else:
            kind, size, content = "f", st.st_size, sha256_of(path).hex()
        lines += os.fsencode(name) + f"\0{kind} {stat.S_IMODE(st.st_mode):04o} {size} {content}\n".encode()
    return lines


def documents_sha256(folder):
    digest = hashlib.sha256()
    for name in sorted(name for name in os.listdir(folder) if name.endswith(".json")):
        path = os.path.join(folder, name)
        digest.update(f"{name} {os.path.getsize(path)} {sha256_of(path).hex()}\n".encode())
    return digest.digest()


def sign(folder, key, forms, id, name="test", baked=1735689600, expires=0):
    """Writes image.record and tree.list; key None: one without a signature. The tree must be there, whatever the forms."""
    erofs = os.path.join(folder, "image.erofs")
    has_erofs = "erofs" in forms
    lines = tree_list(os.path.join(folder, "root"))
    with open(os.path.join(folder, "tree.list"), "wb") as file:
        file.write(lines)
    record = struct.pack(
        "<8sIIQQQQ64s32s32s32s32s32s", b"SLIMAGE\n", 1, ("tree" in forms) | has_erofs << 1, baked, baked if key else 0,
        expires, os.path.getsize(erofs) if has_erofs else 0, name.encode(), bytes.fromhex(id),
        hashlib.sha256(lines).digest(), sha256_of(erofs) if has_erofs else b"", documents_sha256(folder),
        key.id if key else b"").ljust(448, b"\0")
    signature = key.sign(b"sandlot image record 1\n" + record) if key else b"\0" * 64
    with open(os.path.join(folder, "image.record"), "wb") as file:
        file.write(record + signature)
    return folder


def loops_of(folder):
    """Loop devices whose file lies, or lay, in the folder."""
    found = []
    for name in os.listdir("/sys/block"):
        try:
            with open(f"/sys/block/{name}/loop/backing_file", encoding="utf-8") as file:
                path = file.read().strip()
        except OSError:
            continue
        if path.startswith(os.path.realpath(folder) + "/"):
            found.append(f"{name}: {path}")
    return found


# ---- servers ----

def until_output(events):
    """The events up to the first output."""
    for event in events:
        yield event
        if event[0] == "output":
            return


class ImageCase(unittest.TestCase):
    """A folder with images and a link to one of them, as `sandlot image` keeps them, and a server of that link."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="sandlot-test-", dir="/var/tmp")
        self.addCleanup(shutil.rmtree, self.folder)
        self.link = os.path.join(self.folder, "link")
        self.server = None

    def make(self, mark, *forms):
        return make_image(os.path.join(self.folder, mark), mark, *forms)

    def point(self, mark):
        os.symlink(os.path.join(self.folder, mark), self.link + ".new")
        os.rename(self.link + ".new", self.link)

    def start(self, mark, *options, stop=True):
        self.point(mark)
        server = self.server = Server(*options, image=self.link)
        if stop:
            self.addCleanup(lambda: server.process.poll() is None and server.stop())
        return server

    def hang_up(self):
        self.server.process.send_signal(signal.SIGHUP)

    def served(self):
        """The id of the image new jobs get."""
        return self.server.get("/api/v1/languages").json()["image"]

    def change(self, mark):
        self.point(mark)
        self.hang_up()
        poll(lambda: self.served() == image_id(mark), f"{mark} to be served")

    def log_lines(self, event):
        return [line for line in self.server.log().splitlines() if f" {event} " in line]

    def expect_kept(self, mark, *words, count=1):
        """The change has failed: one line says why, and the image is what it was."""
        lines = poll(lambda: self.log_lines("image_kept")[count - 1:], "the change to fail")
        self.assertEqual(len(lines), 1, lines)
        for word in words:
            self.assertIn(word, lines[0])
        self.assertEqual(self.served(), image_id(mark))
        self.expect_marks(mark)

    def expect_marks(self, mark):
        outcome = self.server.run(language="built", code="echo end")
        self.assertEqual(outcome.stdout, f"{mark} {mark} {mark} {mark} end\n", str(outcome))

    def mounts(self):
        """The images in the supervisor's own mount namespace."""
        with open(f"/proc/{self.server.pid}/mountinfo", encoding="utf-8") as file:
            return [line.split()[4] for line in file if " /image/" in line]

    def expect_one_image(self):
        poll(lambda: len(self.mounts()) == 1, "the old images to be unmounted")
        poll(lambda: len(loops_of(self.folder)) <= 1, "the old images' loop devices to be gone")
