"""images/polyglot: every language through /api/v1. Its programs are the image's own self-tests, so that a
language added as data is tested, too; a bake has run them in cells, here they go through the whole server."""
import json
import os
import re
import subprocess

from harness import BUILD, ROOT, SANDLOT, Server, ServerCase, full_only, run_command

LANGUAGES = {"rust", "c", "cpp", "python", "go", "javascript", "ruby", "perl", "lua", "ocaml", "bash", "sql", "php"}
UNITS = {"ms": 1000, "s": 1000000, "M": 1 << 20}
LIMITS = {"wall": "wall_usec", "cpu": "cpu_usec", "memory": "memory_bytes"}

# Asks, without ending the line, and answers.
PROMPTS = {
    "c": '#include <stdio.h>\n\nint main(void)\n{\n\tchar name[20];\n\tprintf("who? ");\n'
         '\tif (scanf("%19s", name) == 1)\n\t\tprintf("hello %s\\n", name);\n}\n',
    "cpp": '#include <iostream>\n#include <string>\n\nint main()\n{\n\tstd::string name;\n'
           '\tstd::cout << "who? ";\n\tstd::cin >> name;\n\tstd::cout << "hello " << name << "\\n";\n}\n',
    "python": 'name = input("who? ")\nprint("hello", name)',
    "go": 'package main\n\nimport "fmt"\n\nfunc main() {\n\tvar name string\n\tfmt.Print("who? ")\n'
          '\tfmt.Scan(&name)\n\tfmt.Println("hello", name)\n}\n',
    "javascript": 'const lines = require("readline").createInterface({ input: process.stdin, output: process.stdout });\n'
                  'lines.question("who? ", (name) => { console.log("hello", name); lines.close(); });\n',
    "ruby": 'print "who? "\nputs "hello #{gets}"\n',
    "perl": 'print "who? ";\nmy $name = <STDIN>;\nprint "hello $name";\n',
    "lua": 'io.write("who? ")\nprint("hello " .. io.read())\n',
    "ocaml": 'let () =\n  print_string "who? ";\n  let name = read_line () in\n  print_endline ("hello " ^ name)\n',
    "php": '<?php\necho "who? ";\necho "hello ", fgets(STDIN);\n',
    "bash": 'printf "who? "\nread -r name\necho "hello $name"\n',
}


def limits(check):
    """As the HTTP API wants them."""
    wanted = {}
    for name, text in check.get("limits", {}).items():
        number, unit = re.fullmatch(r"(\d+)([a-zA-Z]+)", text).groups()
        wanted[LIMITS[name]] = int(number) * UNITS[unit]
    return {check.get("step", "run"): wanted} if wanted else {}


class Polyglot(ServerCase):
    @classmethod
    def setUpClass(cls):
        image = os.path.join(BUILD, "tests/polyglot")
        done = subprocess.run([SANDLOT, "bake", "--output", image, "polyglot"], stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=1200, check=False)
        if done.returncode != 0:
            raise AssertionError(done.stdout)
        cls.image = os.path.realpath(image)
        with open(os.path.join(image, "manifest.json"), encoding="utf-8") as file:
            cls.languages = {language["id"]: language for language in json.load(file)["languages"]}
        cls.server = Server(image=image)

    def expect(self, outcome, check):
        """It came out as the self-test says."""
        step = check.get("step", "run")
        errors, result = outcome.compiler if step == "compile" else outcome.stderr, outcome.result
        ended = check.get("outcome", "signaled" if "signal" in check else "exited")
        self.assertEqual(result["outcome"], ended, str(outcome))
        if ended == "exited":
            self.assertEqual(result["exit_code"], check.get("exit_code", 0), str(outcome))
        if "signal" in check:
            self.assertIn(check["signal"], result["sentence"] + str(result["signal"]), str(outcome))
        if "stdout" in check:
            self.assertEqual(outcome.stdout, check["stdout"], str(outcome))
        self.assertIn(check.get("stdout_contains", ""), outcome.stdout)
        self.assertIn(check.get("stderr_contains", ""), errors, str(outcome))

    @full_only
    def test_every_language_shows_what_it_should(self):
        """Each has a program that runs, one that is wrong, one that reads, one that does not end."""
        self.assertLessEqual(LANGUAGES, set(self.languages))
        for name, language in self.languages.items():
            checks = language["checks"]
            with self.subTest(name):
                self.assertTrue(language["version"][0].isdigit(), language["version"])
                self.assertTrue(any("stderr_contains" in check and (check.get("exit_code") or "signal" in check)
                                    for check in checks))
                self.assertTrue(any("stdin" in check for check in checks))
                self.assertLessEqual({"cpu_timeout"}, {check.get("outcome") for check in checks})

    @full_only
    def test_hello_and_sample(self):
        for name, language in self.languages.items():
            with self.subTest(name):
                self.expect(self.server.run(language=name, code=language["hello"]["code"]), language["hello"])
                self.expect(self.server.run(language=name, code=language["sample"], stdin="Ada\n"), {})

    @full_only
    def test_the_checks(self):
        for name, language in self.languages.items():
            for check in language["checks"]:
                with self.subTest(name, check=check["name"]):
                    job = {"language": name, "code": check["code"], "options": check["options"],
                           "stdin": check.get("stdin", "")}
                    if limits(check):
                        job["limits"] = limits(check)
                    self.expect(self.server.run(**job), check)

    @full_only
    def test_a_prompt_is_seen_before_its_answer_is_given(self):
        for name, code in PROMPTS.items():
            with self.subTest(name):
                job = self.server.submit(language=name, code=code, interactive=True)
                events, text = self.server.events(job), ""
                for kind, data in events:
                    text += data["text"] if kind == "output" else ""
                    self.assertNotEqual(kind, "result", text)
                    if "who? " in text:
                        break
                self.assertEqual(self.server.post(f"/api/v1/jobs/{job}/stdin?close=1", b"Ada\n").status, 204)
                text += "".join(data["text"] for kind, data in events if kind == "output")
                self.assertIn("hello Ada\n", text)

    @full_only
    def test_the_page_highlights_every_language(self):
        done = subprocess.run(["tests/browser/run", self.server.url, "every language of the image"], cwd=ROOT,
                              stdin=subprocess.DEVNULL, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=300, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("1 passed, 0 failed", done.stdout)

    @full_only
    def test_the_self_tests_run_again(self):
        done = run_command("image", "verify", "--selftest", "--json", self.image, seconds=600)
        self.assertEqual(json.loads(done.stdout)[0]["selftest"], "passed", done)
