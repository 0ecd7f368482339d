"""Small images for tests: a tree of busybox, the same as EROFS, and what is left of mounting them."""
import hashlib
import json
import os
import shutil
import subprocess

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


def make_image(folder, mark, *forms):
    """Makes an image that says its mark twice: in its manifest and in its file /mark.

    Language `sh` runs a script. `built` compiles to a program that prints what marks it was compiled with and what it
    runs with: "M T M T S", S being what the source printed, all others the mark of manifest and tree.
    """
    make_tree(folder, mark=mark)
    compile_script = (f"{{ echo '#!/bin/sh'; echo \"printf '{mark} $(cat /mark) '\"; "
                      "echo 'printf \"$1 $(cat /mark) \"'; cat main; } >program; chmod 755 program")
    text = {"version": "1", "editor": "", "sample": ""}
    manifest = {
        "schema": 1, "name": f"test-{mark}", "id": image_id(mark), "languages": [
            {"id": "sh", "name": "Shell", "main_file": "main", **text, "options": {mark: {"values": ["x"], "default": "x"}},
             "run": {"argv": ["/bin/sh", "{main_file}"], "env": {"MARK": mark}, "files": True}},
            {"id": "built", "name": "Built", "main_file": "main", **text,
             "compile": {"argv": ["/bin/sh", "-c", compile_script.replace("{", "{{").replace("}", "}}")],
                         "artefact": "program"},
             "run": {"argv": ["/bin/sh", "./program", mark]}},
        ]}
    with open(os.path.join(folder, "manifest.json"), "w", encoding="utf-8") as file:
        json.dump(manifest, file)
    if "erofs" in forms:
        make_erofs(folder, keep_tree="tree" in forms)
    return folder


def image_id(mark):
    return hashlib.sha256(mark.encode()).hexdigest()


def make_erofs(folder, keep_tree=False):
    """Makes folder/image.erofs of folder/root, which goes."""
    root = os.path.join(folder, "root")
    subprocess.run(["mkfs.erofs", "-T", EPOCH, "-U", UUID, "--all-root", "-x-1",
                    os.path.join(folder, "image.erofs"), root], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    if not keep_tree:
        shutil.rmtree(root)
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
