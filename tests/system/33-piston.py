"""Piston's API v2, as its own server speaks it: what its clients send works unchanged."""
import base64
import re

from harness import ServerCase

STAGE = {"stdout": str, "stderr": str, "output": str, "code": (int, type(None)),
         "signal": (str, type(None)), "message": (str, type(None)), "status": (str, type(None)),
         "cpu_time": int, "wall_time": int, "memory": int}


class Piston(ServerCase):
    options = ("--run-limit", "wall=2s", "--run-limit", "cpu=1s", "--run-limit", "memory=128M")

    def post(self, body, status=200):
        reply = self.server.post("/api/v2/execute", body)
        self.assertEqual(reply.status, status, reply.body)
        value = reply.json()
        if status != 200:
            self.assertEqual(set(value), {"message"})
        return value

    def execute(self, code, language="python", version="*", **more):
        reply = self.post({"language": language, "version": version, "files": [{"content": code}], **more})
        for stage in [reply["run"]] + ([reply["compile"]] if "compile" in reply else []):
            self.assertEqual(set(stage), set(STAGE))
            for key, kind in STAGE.items():
                self.assertIsInstance(stage[key], kind, key)
        return reply

    def refuse(self, words, status=400, **changes):
        body = {"language": "python", "version": "*", "files": [{"content": "print(1)"}], **changes}
        body = {key: value for key, value in body.items() if value != "absent"}
        message = self.post(body, status)["message"]
        self.assertIn(words, message)

    def assertStage(self, stage, status, code, signal, message):
        self.assertEqual((stage["status"], stage["code"], stage["signal"], stage["message"]),
                         (status, code, signal, message))

    # ---- what there is ----

    def test_runtimes_and_packages_are_the_same_list(self):
        runtimes = self.server.get("/api/v2/runtimes").json()
        packages = self.server.get("/api/v2/packages").json()
        self.assertEqual([(r["language"], r["version"], True) for r in runtimes],
                         [(p["language"], p["language_version"], p["installed"]) for p in packages])
        languages = {r["language"] for r in runtimes}
        self.assertLessEqual({"rust", "c", "cpp", "python"}, languages)
        self.assertIn("py", next(r for r in runtimes if r["language"] == "python")["aliases"])
        for runtime in runtimes:
            self.assertRegex(runtime["version"], r"^\d+\.\d+\.\d+(-[\w.-]+)?$")

    def test_each_runtime_that_is_listed_runs_by_its_version(self):
        code = {"python": "print(6*7)", "c": '#include <stdio.h>\nint main(){puts("42");}',
                "cpp": '#include <iostream>\nint main(){std::cout<<"42\\n";}',
                "rust": 'fn main(){println!("42")}'}
        for runtime in self.server.get("/api/v2/runtimes").json():
            if runtime["language"] not in code:
                continue
            reply = self.execute(code[runtime["language"]], runtime["language"], runtime["version"])
            self.assertEqual(reply["version"], runtime["version"])
            self.assertEqual(reply["run"]["stdout"], "42\n", reply)
            self.assertStage(reply["run"], None, 0, None, None)

    def test_a_range_takes_the_highest_release(self):
        code = 'fn main(){}'
        releases = [r["version"] for r in self.server.get("/api/v2/runtimes").json()
                    if r["language"] == "rust" and "-" not in r["version"]]
        self.assertIn(self.execute(code, "rust", "*")["version"], releases)
        self.assertIn(self.execute(code, "rs", "1.x")["version"], releases)
        self.assertIn(self.execute(code, "rust", ">=1.50 <2 || 7")["version"], releases)
        self.refuse("python-^99 runtime is unknown", version="^99")
        self.refuse("not a version or a range", version="newest")

    # ---- how it ends ----

    def test_output_is_that_of_both_streams(self):
        reply = self.execute("import os\nos.write(2, b'first\\n'); os.close(2)\n"
                             "os.write(1, b'then\\n' * 30000)")
        run = reply["run"]
        self.assertEqual((run["stdout"], run["stderr"]), ("then\n" * 30000, "first\n"))
        self.assertEqual(sorted(run["output"].split("\n")), sorted(["first", "", *["then"] * 30000]))
        self.assertNotIn("compile", reply)

    def test_stdin_and_args(self):
        reply = self.execute("import sys\nprint(sys.argv[1:], sys.stdin.read())", stdin="a\n\u2028b",
                             args=["x y", "", "--z"])
        self.assertEqual(reply["run"]["stdout"], "['x y', '', '--z'] a\n\u2028b\n")

    def test_an_error_status(self):
        run = self.execute("import sys; sys.exit(3)")["run"]
        self.assertStage(run, "RE", 3, None, "Exited with error status 3")

    def test_a_signal(self):
        for name, number in (("SIGSEGV", 11), ("SIGABRT", 6), ("SIGKILL", 9)):
            run = self.execute(f"import os; os.kill(os.getpid(), {number})")["run"]
            self.assertStage(run, "SG", None, name, f"Caught fatal signal {number}")

    def test_time_is_up(self):
        run = self.execute("import time; time.sleep(60)", run_timeout=300)["run"]
        self.assertStage(run, "TO", None, "SIGKILL", "Time limit exceeded (wall clock)")
        run = self.execute("while True: pass", run_cpu_time=200)["run"]
        self.assertStage(run, "TO", None, "SIGKILL", "Time limit exceeded")

    def test_memory_is_up(self):
        run = self.execute("x = bytearray(100 << 20)", run_memory_limit=48 << 20)["run"]
        self.assertEqual((run["status"], run["signal"], run["code"]), ("SG", "SIGKILL", None), run)
        self.assertIn("memory", run["message"])

    def test_output_is_too_long(self):
        for stream, status in (("stdout", "OL"), ("stderr", "EL")):
            run = self.execute(f"import sys\nwhile True: sys.{stream}.write('x' * 9999)")["run"]
            self.assertStage(run, status, None, "SIGKILL", f"{stream} length exceeded")
            self.assertEqual(len(run[stream]), 1 << 20)

    def test_a_failed_compilation_counts_as_the_run(self):
        reply = self.execute("int main() { return x; }", "c")
        self.assertEqual(reply["run"], reply["compile"])
        self.assertEqual((reply["run"]["status"], reply["run"]["code"]), ("RE", 1))
        self.assertIn("undeclared", reply["run"]["stderr"])
        good = self.execute("int main() { return 4; }", "gcc")
        self.assertStage(good["compile"], None, 0, None, None)
        self.assertEqual((good["run"]["code"], good["language"]), (4, "c"))

    # ---- files ----

    def test_files_in_every_encoding(self):
        blob = bytes(range(256))
        code = ("import sys\nfor name in ('a.bin', 'd/b.bin'):\n"
                " sys.stdout.write(open(name, 'rb').read().hex() + '\\n')")
        reply = self.post({"language": "python", "version": "3", "files": [
            {"name": "a.bin", "content": base64.b64encode(blob).decode(), "encoding": "base64"},
            {"name": "my prog.py", "content": code},
            {"name": "d/b.bin", "content": blob.hex(), "encoding": "hex"},
        ]})
        self.assertEqual(reply["run"]["stdout"], (blob.hex() + "\n") * 2, reply)

    def test_files_without_names(self):
        reply = self.post({"language": "python", "version": "*", "files": [
            {"content": "print(open('file1.code').read())"}, {"content": "second"}]})
        self.assertEqual(reply["run"]["stdout"], "second\n", reply)

    # ---- what is wrong ----

    def test_what_is_missing_or_of_the_wrong_kind_is_told_in_its_words(self):
        for words, changes in (
            ("language is required as a string", {"language": "absent"}),
            ("language is required as a string", {"language": 7}),
            ("version is required as a string", {"version": "absent"}),
            ("files is required as an array", {"files": "absent"}),
            ("files is required as an array", {"files": {}}),
            ("files[0].content is required as a string", {"files": [{}]}),
            ("files[1].content is required as a string", {"files": [{"content": ""}, {"content": 1}]}),
            ("files[0].content is required as a string", {"files": [None]}),
            ("at least one utf8", {"files": []}),
            ("at least one utf8", {"files": [{"content": "00", "encoding": "hex"}]}),
            ("files[1].content is not valid base64",
             {"files": [{"content": ""}, {"content": "!", "encoding": "base64"}]}),
            ("cobol-* runtime is unknown", {"language": "cobol"}),
            ("run_timeout cannot exceed the configured limit of 2000", {"run_timeout": 2001}),
            ("run_cpu_time cannot exceed the configured limit of 1000", {"run_cpu_time": 1e300}),
            ("run_memory_limit cannot exceed the configured limit of 134217728",
             {"run_memory_limit": (128 << 20) + 1}),
            ("compile_timeout cannot exceed the configured limit of 10000", {"compile_timeout": 10001}),
            ("run_timeout must be a number", {"run_timeout": "2"}),
            ("run_timeout must be non-negative", {"run_timeout": -2}),
            ("at least", {"run_memory_limit": 1}),
            ("args", {"args": [1]}),
            ("args", {"args": ["a\0b"]}),
            ("stdin must be a string", {"stdin": ["x"]}),
            ("files", {"files": [{"name": "../x.py", "content": ""}]}),
        ):
            with self.subTest(changes=changes):
                self.refuse(words, **changes)

    def test_none_of_ones_own_is_no_limit_of_ones_own(self):
        reply = self.execute("print(1)", run_memory_limit=-1, compile_memory_limit=-1, run_timeout=None,
                             run_cpu_time=0, args=None, stdin=None, unknown_field=1)
        self.assertEqual(reply["run"]["stdout"], "1\n")

    def test_not_json_is_415_and_broken_json_is_400(self):
        for kind, body, status in (("text/plain", b"{}", 415), ("application/json", b"{", 400),
                                   ("application/json", b"[]", 400), ("application/json", b"", 400)):
            reply = self.server.post("/api/v2/execute", body, headers={"Content-Type": kind})
            self.assertEqual(reply.status, status)
            self.assertEqual(list(reply.json()), ["message"])
        self.assertEqual(self.server.get("/api/v2/execute").status, 405)
        self.assertEqual(self.server.post("/api/v2/packages", {"language": "x"}).status, 405)

    def test_too_much_is_413(self):
        self.refuse("262144", 413, files=[{"content": "#" * 262145}])
        self.assertTrue(re.search("2 MiB", self.post({"x": "y" * (3 << 20)}, 413)["message"]))
