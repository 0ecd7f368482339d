"""Every language of the image, through /api/v1: hello, compile errors, crashes, options, files."""
from harness import ServerCase, manifest

HELLO = {
    "rust": 'fn main() { println!("Hello, world!"); }',
    "c": '#include <stdio.h>\nint main(void) { puts("Hello, world!"); return 0; }',
    "cpp": '#include <iostream>\nint main() { std::cout << "Hello, world!\\n"; }',
    "python": 'print("Hello, world!")',
}


class Languages(ServerCase):
    def test_the_list_is_that_of_the_manifest_without_commands(self):
        reply = self.server.get("/api/v1/languages")
        self.assertEqual(reply.status, 200)
        listed = reply.json()
        image = manifest()
        self.assertEqual(listed["image"], image["id"])
        self.assertEqual([lang["id"] for lang in listed["languages"]],
                         [lang["id"] for lang in image["languages"]])
        self.assertLessEqual(set(HELLO), {lang["id"] for lang in listed["languages"]})
        self.assertNotIn(b"argv", reply.body)

    def test_hello_in_every_language(self):
        for language, code in HELLO.items():
            with self.subTest(language):
                outcome = self.server.run(language=language, code=code)
                self.assertOutcome(outcome, "exited")
                self.assertEqual(outcome.stdout, "Hello, world!\n")
                self.assertEqual(outcome.result["exit_code"], 0)
                self.assertIsNone(outcome.result["signal"])
                self.assertGreater(outcome.result["wall_usec"], 0)
                self.assertFalse(outcome.result["truncated"])
                steps = [step["step"] for step in outcome.result["steps"]]
                self.assertEqual(steps, ["run"] if language == "python" else ["compile", "run"])

    def test_the_self_tests_of_the_manifest(self):
        for language in manifest()["languages"]:
            with self.subTest(language["id"]):
                outcome = self.server.run(language=language["id"], code=language["hello"]["code"])
                self.assertEqual(outcome.stdout, language["hello"]["stdout"], str(outcome))

    def test_the_samples_of_the_page_run(self):
        for language in manifest()["languages"]:
            with self.subTest(language["id"]):
                outcome = self.server.run(language=language["id"], code=language["sample"],
                                          stdin="Ada\n")
                self.assertOutcome(outcome, "exited")
                self.assertEqual(outcome.result["exit_code"], 0, str(outcome))

    def test_aliases_select_the_language(self):
        for language in manifest()["languages"]:
            for alias in language.get("aliases", []):
                with self.subTest(alias):
                    outcome = self.server.run(language=alias, code=language["hello"]["code"])
                    self.assertEqual(outcome.stdout, language["hello"]["stdout"], str(outcome))

    def test_states_come_in_order(self):
        outcome = self.server.run(language="c", code=HELLO["c"])
        states = [data["state"] for name, data in outcome.events if name == "state"]
        order = ["queued", "compiling", "waiting_to_run", "running"]
        self.assertEqual([s for i, s in enumerate(states) if s not in states[:i]],
                         [s for s in order if s in states])
        self.assertIn("running", states)
        self.assertEqual([data["step"] for name, data in outcome.events if name == "step"],
                         ["compile", "run"])

    def test_a_finished_job_can_be_fetched(self):
        job = self.server.submit(language="python", code="import sys; print('o'); sys.stderr.write('e')")
        self.server.follow(job)
        peek = self.server.peek(job)
        self.assertEqual(peek["state"], "ended")
        self.assertEqual(peek["result"]["stdout"], "o\n")
        self.assertEqual(peek["result"]["stderr"], "e")
        self.assertEqual(peek["result"]["outcome"], "exited")
        self.assertOutcome(self.server.follow(job), "exited")  # and followed again

    def test_exit_codes_and_both_streams(self):
        outcome = self.server.python("import sys\nprint('out')\nprint('err', file=sys.stderr)\n"
                                     "sys.exit(42)")
        self.assertOutcome(outcome, "exited")
        self.assertEqual(outcome.result["exit_code"], 42)
        self.assertEqual((outcome.stdout, outcome.stderr), ("out\n", "err\n"))

    def test_arguments_and_stdin_reach_the_program(self):
        outcome = self.server.python("import sys\nprint(sys.argv[1:], sys.stdin.read())",
                                     args=["a b", "", "ü", "--x"], stdin="line ☃\n")
        self.assertEqual(outcome.stdout, "['a b', '', 'ü', '--x'] line ☃\n\n", str(outcome))

    def test_any_bytes_are_shown_with_replacement(self):
        outcome = self.server.python("import sys, time\nw = sys.stdout.buffer\n"
                                     "w.write(b'a\\xff\\xfeb'); w.flush()\n"
                                     "w.write('☃'.encode()[:1]); w.flush()\n"
                                     "time.sleep(0.05)\nw.write('☃'.encode()[1:])")
        self.assertEqual(outcome.stdout, "a\ufffd\ufffdb☃", str(outcome))


class CompileErrors(ServerCase):
    def test_each_compiler_says_what_is_wrong_and_nothing_runs(self):
        for language, code, word in (
            ("rust", "fn main() { let x: u8 = 300u16; }", "mismatched types"),
            ("c", "int main(void) { return undeclared; }", "undeclared"),
            ("cpp", "int main() { return undeclared; }", "undeclared"),
        ):
            with self.subTest(language):
                outcome = self.server.run(language=language, code=code)
                self.assertOutcome(outcome, "exited")
                self.assertNotEqual(outcome.result["exit_code"], 0)
                self.assertIn(word, outcome.compiler)
                self.assertEqual([s["step"] for s in outcome.result["steps"]], ["compile"])
                self.assertEqual(outcome.stdout, "")

    def test_a_python_syntax_error_is_the_programs(self):
        outcome = self.server.python("print(")
        self.assertEqual(outcome.result["exit_code"], 1)
        self.assertIn("SyntaxError", outcome.stderr)

    def test_compile_only_runs_nothing(self):
        outcome = self.server.run(language="c", code=HELLO["c"], compile_only=True)
        self.assertOutcome(outcome, "exited")
        self.assertEqual([s["step"] for s in outcome.result["steps"]], ["compile"])
        self.assertEqual(outcome.stdout, "")

    def test_several_files(self):
        outcome = self.server.run(language="rust", files=[
            {"name": "src/main.rs", "content": "mod other;\nfn main() { other::greet(); }"},
            {"name": "src/other.rs", "content": 'pub fn greet() { println!("from other"); }'},
        ])
        self.assertEqual(outcome.stdout, "from other\n", str(outcome))
        outcome = self.server.run(language="python", files=[
            {"content": "import other"}, {"name": "other.py", "content": "print('imported')"}])
        self.assertEqual(outcome.stdout, "imported\n", str(outcome))


class Rust(ServerCase):
    def test_crates_of_the_image(self):
        code = """
            use rayon::prelude::*;
            use serde::Serialize;
            #[derive(Serialize)]
            struct Sum { sum: u64 }
            fn main() {
                let sum = (1..=1000u64).into_par_iter().map(|n| n * n).sum();
                println!("{}", serde_json::to_string(&Sum { sum }).unwrap());
            }"""
        for mode in ("debug", "release"):
            with self.subTest(mode):
                outcome = self.server.run(language="rust", code=code, options={"mode": mode})
                self.assertEqual(outcome.stdout, '{"sum":333833500}\n', str(outcome))

    def test_a_panic_with_a_backtrace_that_names_the_source(self):
        code = "fn inner() { panic!(\"told\"); }\nfn main() {\n    inner();\n}\n"
        outcome = self.server.run(language="rust", code=code, options={"backtrace": True})
        self.assertOutcome(outcome, "exited")
        self.assertEqual(outcome.result["exit_code"], 101)
        self.assertIn("src/main.rs:1", outcome.stderr)
        self.assertIn("src/main.rs:3", outcome.stderr)
        self.assertIn("playground::inner", outcome.stderr)

    def test_modes_differ(self):
        code = "fn main() { println!(\"{}\", cfg!(debug_assertions)); }"
        for mode, said in (("debug", "true\n"), ("release", "false\n")):
            outcome = self.server.run(language="rust", code=code, options={"mode": mode})
            self.assertEqual(outcome.stdout, said, str(outcome))

    def test_each_channel_the_image_has(self):
        for channel in next(lang for lang in manifest()["languages"]
                            if lang["id"] == "rust")["options"]["channel"]["values"]:
            with self.subTest(channel):
                outcome = self.server.run(language="rust", code=HELLO["rust"],
                                          options={"channel": channel})
                self.assertEqual(outcome.stdout, "Hello, world!\n", str(outcome))

    def test_the_test_harness(self):
        code = "#[test]\nfn passes() {}\n#[test]\nfn fails() { assert_eq!(1, 2); }\n"
        outcome = self.server.run(language="rust", code=code, options={"tests": True})
        self.assertEqual(outcome.result["exit_code"], 101, str(outcome))
        self.assertIn("1 passed; 1 failed", outcome.stdout)

    def test_a_library_is_compiled_and_not_run(self):
        outcome = self.server.run(language="rust", code="pub fn f() {}",
                                  options={"crate_type": "lib"})
        self.assertOutcome(outcome, "exited")
        self.assertEqual([s["step"] for s in outcome.result["steps"]], ["compile"])
