"""The published JSON schemas say the same as the program that reads the files.

Each file is spoilt in every place in many ways. What the schema refuses the program must refuse; what
the program refuses for its shape (an unknown key, a missing one, a wrong type) the schema must refuse.
What a schema cannot say (that an option is there, that a file is) is the program's alone.
"""
import copy
import glob
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from jsonschema import Draft202012Validator

from harness import FULL, ROOT, SANDLOT

SHAPE = re.compile(r"is an unknown key; known are|is missing; it must be"
                   r"|must be (a text|an integer|true or false|an array|an object)")
WRONG = [1.5, "x", [1], {"x": 1}] + ([[], {}, True, None, -1] if FULL else [])
SUM = "a" * 64
TOOLS = [{"name": "tool", "to": "opt/tool", "sources": [
    {"kind": "tar", "file": "tool.tar.xz", "sha256": SUM, "top": "tool-1"},
    {"kind": "dir", "path": "/opt/tool", "tree_sha256": SUM},
    {"kind": "deb", "packages": ["tool"]}]}]
ACTIONS = [
    {"id": "asm", "name": "Assembly", "result": "text", "syntax": "asm", "options": ["mode"],
     "step": {"argv": ["/bin/as", {"when": {"mode": "debug"}, "words": ["-g"]}, "{main_file}"],
              "env": {"A": "b"}, "artefact": "out.s"},
     "filter": {"kind": "asm", "when": {"mode": "debug"}, "lines": ["-g1"]}, "note": "Slowly.",
     "refuse": [{"when": {"mode": "release"}, "sentence": "Not so.", "step_says": True}],
     "needs": [{"path": "opt/{channel}/as", "option": "channel", "sentence": "Not here."}]},
    {"id": "miri", "name": "Miri", "result": "messages", "unavailable": "Not here."}]
CONFIG = {
    "schema": 1,
    "apt_sources": "/etc/own.sources",
    "snapshots": [{"address": "https://snapshot.invalid/{time}", "suites": ["bookworm"]}],
    "dist": {"address": "https://dist.invalid/dist", "keyring": "/etc/keyring.gpg"},
    "tars": "/srv/tars",
}


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def write(path, value):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file)


def heads(path):
    """How many items of an array are looked at: all where they are of several kinds."""
    return 99 if path and path[-1] in ("sources", "argv", "actions") else 1


def places(value, path=()):
    """The paths of all containers, of arrays of like things the first."""
    if isinstance(value, (dict, list)):
        yield path
        items = value.items() if isinstance(value, dict) else list(enumerate(value))[:heads(path)]
        for key, item in items:
            yield from places(item, path + (key,))


def at(value, path):
    for key in path:
        value = value[key]
    return value


def spoilt(whole):
    """(what was done, the spoilt copy) for each way to spoil it."""
    for path in places(whole):
        container = at(whole, path)
        if isinstance(container, dict):
            value = copy.deepcopy(whole)
            at(value, path)["colour"] = "red"
            yield f"{path}: an unknown key", value
        keys = list(container) if isinstance(container, dict) else range(min(heads(path), len(container)))
        for key in keys:
            if isinstance(container, dict):
                value = copy.deepcopy(whole)
                del at(value, path)[key]
                yield f"{path}: without {key}", value
            for wrong in WRONG + ([-1] if container[key] == 1 else []):
                value = copy.deepcopy(whole)
                at(value, path)[key] = wrong
                yield f"{path}: {key} = {wrong!r}", value


class Schemas(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="sandlot-schemas-")
        for name in ("images", "toolchains"):
            shutil.copytree(os.path.join(ROOT, name), os.path.join(cls.folder, name))
        cls.image = os.path.join(cls.folder, "images/default")
        cls.config = os.path.join(cls.folder, "bake.json")
        write(cls.config, CONFIG)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def refusal(self):
        """What the program says against the files, or "" when it takes them."""
        done = subprocess.run([SANDLOT, "bake", "check", "--config", self.config, self.image],
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=60,
                              check=False)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        self.assertEqual(done.returncode, 1 if done.stderr else 0, done.stderr)
        return done.stderr

    def compare(self, name, path, whole):
        schema = read(os.path.join(ROOT, f"docs/schema/{name}.schema.json"))
        Draft202012Validator.check_schema(schema)
        validator = Draft202012Validator(schema)
        before = read(path) if os.path.exists(path) else None
        counts = {"refused": 0, "taken": 0}
        try:
            write(path, whole)
            self.assertTrue(validator.is_valid(whole), next(validator.iter_errors(whole), None))
            self.assertEqual(self.refusal(), "")
            for what, value in spoilt(whole):
                write(path, value)
                valid, said = validator.is_valid(value), self.refusal()
                counts["refused" if said else "taken"] += 1
                if not valid:
                    self.assertTrue(said, f"{name}: {what}: the schema refuses it, the program does not")
                elif SHAPE.search(said):
                    self.fail(f"{name}: {what}: the schema takes it, the program says {said}")
        finally:
            if before is None:
                os.unlink(path)
            else:
                write(path, before)
        self.assertGreater(counts["refused"], 40, counts)
        self.assertGreater(counts["taken"], 0, counts)

    def test_image(self):
        path = os.path.join(self.image, "image.json")
        self.compare("image", path, {**read(path), "tools": TOOLS})

    def test_lock(self):
        path = os.path.join(self.image, "lock.json")
        lock = read(path)
        lock["rust"].update(one={"source": "dist", "date": "2025-01-01", "manifest_sha256": SUM,
                                 "tree_sha256": SUM, "version": "1"}, two={"source": "deb"})
        lock["tools"] = {"tar": {"source": "tar", "sha256": SUM}, "dir": {"source": "dir", "tree_sha256": SUM},
                         "deb": {"source": "deb"}}
        self.compare("lock", path, lock)

    def test_base(self):
        path = os.path.join(self.folder, "toolchains/debian/base.json")
        self.compare("base", path, read(path))

    def test_config(self):
        self.compare("bake", self.config, CONFIG)

    def test_recipe(self):
        path = os.path.join(self.folder, "toolchains/rust/recipe.json")
        recipe = read(path)
        recipe["tools"] = TOOLS
        recipe["prepare"] = [{"name": "nothing", "script": "true"}]
        recipe["language"]["actions"] = ACTIONS
        recipe["language"]["diagnostics"] = {"format": "gcc", "words": ["-fx"]}
        self.compare("recipe", path, recipe)

    def test_the_projects_own_recipes_are_as_the_schema_says(self):
        validator = Draft202012Validator(read(os.path.join(ROOT, "docs/schema/recipe.schema.json")))
        for path in glob.glob(os.path.join(ROOT, "toolchains/*/recipe.json")):
            self.assertEqual([], list(validator.iter_errors(read(path))), path)
