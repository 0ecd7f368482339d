"""`sandlot image verify --selftest`: every kind of self-test, one that is as it says and ones that are not."""
import json
import os
import shutil
import tempfile
import unittest
from unittest import mock

from account import Account
from harness import run_command
from images import make_image

# What holds, and what is said of the same program when something else is expected.
KINDS = [
    ({"code": "echo one; echo two", "stdout": "one\ntwo\n"},
     {"stdout": "one\ntoo\n"}, 'line 2 of its output is "two" instead of "too"'),
    ({"code": "echo some text", "stdout_contains": "me te"},
     {"stdout_contains": "more"}, 'its output lacks "more"'),
    ({"code": "echo odd >&2", "stderr_contains": "odd"},
     {"stderr_contains": "even"}, 'its error output lacks "even"'),
    ({"code": "exit 3", "exit_code": 3},
     {"exit_code": 4}, "it ended with exit status 3 instead of exit status 4"),
    ({"code": "kill -SEGV $$", "signal": "SIGSEGV"},
     {"signal": "SIGABRT"}, "it ended with signal SIGSEGV instead of signal SIGABRT"),
    ({"code": "while read -r line; do echo \"<$line>\"; done", "stdin": "a\nb\n", "stdout": "<a>\n<b>\n"},
     {"stdin": ""}, 'line 1 of its output is "" instead of "<a>"'),
    ({"code": "sleep 600", "limits": {"wall": "200ms"}, "outcome": "wall_timeout"},
     {"outcome": "cpu_timeout"}, "it ended with outcome wall_timeout instead of outcome cpu_timeout"),
    ({"code": "while :; do :; done", "limits": {"cpu": "200ms"}, "outcome": "cpu_timeout"},
     {"outcome": "wall_timeout"}, "it ended with outcome cpu_timeout instead of outcome wall_timeout"),
    ({"code": "cat /dev/zero", "limits": {"output": "100"}, "outcome": "output_limit"},
     {"outcome": "out_of_memory"}, "it ended with outcome output_limit instead of outcome out_of_memory"),
    ({"code": "x=1234567890123456; while :; do x=$x$x; done", "limits": {"memory": "24M"}, "outcome": "out_of_memory"},
     {"outcome": "file_limit"}, "it ended with outcome out_of_memory instead of outcome file_limit"),
]


def check(kind, **more):
    return {"name": "kind", "options": {}, **kind, **more}


class SelfTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="sandlot-test-", dir="/var/tmp")
        self.addCleanup(shutil.rmtree, self.folder)
        patch = mock.patch.dict(os.environ, {"SANDLOT_CACHE": os.path.join(self.folder, "cache"),
                                             "SANDLOT_KEYS": os.path.join(self.folder, "keys")})
        patch.start()
        self.addCleanup(patch.stop)
        self.assertEqual(run_command("key", "new", "tester").returncode, 0)
        self.image = os.path.join(self.folder, "image")
        make_image(self.image, "a", "tree")

    def verify(self, checks, status, language="sh", *words, sign=True):
        """Gives a language its checks and verifies. Returns the answer of --json, or what was printed without."""
        path = os.path.join(self.image, "manifest.json")
        with open(path, encoding="utf-8") as file:
            manifest = json.load(file)
        for one in manifest["languages"]:
            one["checks"] = checks if one["id"] == language else []
        with open(path, "w", encoding="utf-8") as file:
            json.dump(manifest, file)
        if sign:  # as a folder made by hand: what has a record must be what that says
            for name in {"image.record", "tree.list"} & set(os.listdir(self.image)):
                os.unlink(os.path.join(self.image, name))
            done = run_command("image", "sign", self.image, "--name", "test-a")
            self.assertEqual(done.returncode, 0, done.stderr)
        done = run_command("image", "verify", "--selftest", *words, self.image)
        self.assertEqual(done.returncode, status, (done.stdout, done.stderr))
        text, self.progress = done.stdout.decode(), done.stderr.decode()
        return json.loads(text)[0] if "--json" in words else text

    def test_what_is_as_it_says_passes(self):
        text = self.verify([check(kind) for kind, _, _ in KINDS], 0)
        self.assertIn(f"self-test: {len(KINDS)} programs did what they should", text)

    def test_every_choice_is_tried_and_counted(self):
        shell = next(one for one in self.languages() if one["id"] == "sh")
        shell["options"] = {name: {"values": ["a", "b", "c"], "default": "a"} for name in ("one", "two")}
        shell["run"]["argv"] += ["{one}{two}"]
        self.write_languages(shell)
        checks = [check({"code": "echo $1", "stdout_contains": "c"}, options={"two": "c"}, for_each=["one"])]
        self.assertIn("self-test: 3 programs", self.verify(checks, 0))
        self.assertIn("self-test 3/3, ", self.progress)
        checks[0]["for_each"] = ["one", "two"]
        text = self.verify(checks, 1)
        self.assertIn('kind {"two":"a","one":"a"}: its output lacks "c"', text)

    def test_what_differs_is_named_with_its_language(self):
        for kind, changed, why in KINDS:
            with self.subTest(why):
                answer = self.verify([check(kind, **changed)], 1, "sh", "--json")
                self.assertEqual(answer["verdict"], "ok")
                self.assertEqual(answer["selftest"], "failed")
                self.assertEqual(answer["selftest_sentence"], f"Shell, kind {{}}: {why}; what it printed follows")
        # And what the program had to say of it.
        self.assertIn("\nbut why\n", self.verify([check({"code": "echo but why >&2; exit 1"})], 1))

    def test_the_step_that_is_meant(self):
        fails = {"code": "exit 1", "stderr_contains": "no such"}
        built = next(one for one in self.languages() if one["id"] == "built")
        built["compile"]["argv"] = ["/bin/sh", "-c", "grep -q good main || {{ echo no such thing >&2; exit 1; }}; cp main program"]
        self.write_languages(built)
        self.assertIn("self-test: 1 programs", self.verify([check(fails, step="compile", exit_code=1)], 0, "built"))
        self.assertIn("exit status 1 instead of exit status 0",
                      self.verify([check(fails, step="compile")], 1, "built"))
        self.assertIn("it does not compile", self.verify([check(fails, exit_code=1)], 1, "built"))
        good = {"code": "# good\necho well", "step": "compile", "exit_code": 1}
        self.assertIn("exit status 0 instead of exit status 1", self.verify([check(good)], 1, "built"))

    def languages(self):
        with open(os.path.join(self.image, "manifest.json"), encoding="utf-8") as file:
            return json.load(file)["languages"]

    def write_languages(self, *languages):
        path = os.path.join(self.image, "manifest.json")
        with open(path, encoding="utf-8") as file:
            manifest = json.load(file)
        manifest["languages"] = list(languages)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(manifest, file)

    def test_nothing_is_run_of_an_image_that_is_not_as_it_was_signed(self):
        self.verify([], 0)
        answer = self.verify([check({"code": "exit 1"})], 1, "sh", "--json", sign=False)
        self.assertEqual(answer["verdict"], "altered-documents")
        self.assertIsNone(answer["selftest"])
        self.assertEqual(run_command("image", "verify", self.image).returncode, 1)

    def test_nothing_is_run_of_an_image_that_nobody_signed(self):
        self.assertIn("nobody has signed the image", self.verify([], 1, "sh", "--allow-unsigned", sign=False))
        self.assertEqual(run_command("image", "verify", "--allow-unsigned", self.image).returncode, 0)

    def test_by_a_user_who_is_not_root(self):
        account = Account("single")
        self.addCleanup(account.close)
        os.chmod(self.folder, 0o755)
        for checks, status, said in (([check({"code": "echo one", "stdout": "one\n"})], 0, "1 programs did what"),
                                     ([check({"code": "exit 1"})], 1, "exit status 1 instead of")):
            self.verify(checks, status)
            done = account.run(account.sandlot, "image", "verify", "--selftest", self.image,
                               env={"SANDLOT_KEYS": os.environ["SANDLOT_KEYS"]})
            self.assertEqual(done.returncode, status, (done.stdout, done.stderr))
            self.assertIn(said, done.stdout.decode())

    def test_only_when_it_is_asked_for(self):
        self.verify([check({"code": "exit 1"})], 1)
        self.assertEqual(run_command("image", "verify", self.image).returncode, 0)
