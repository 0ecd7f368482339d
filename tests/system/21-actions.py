"""What a language offers beside running: assembly, formatting, lints, … through /api/v1."""
from harness import ServerCase, manifest

RUST = """use serde::Serialize;
#[derive(Serialize)]
pub struct Point { pub x: i32 }
#[inline(never)]
pub fn triple(n: i32) -> i32 { n * 3 }
fn main() { println!("{}", triple(std::env::args().count() as i32)); }
"""
C = "#include <stddef.h>\nint triple(int n) { return n * 3; }\nint main(void) { return triple(1); }\n"
CPP = ("struct shape { int side; int area() const { return side * side; } };\n"
       "int triple(shape s) { return s.area() * 3; }\nint main() { return triple({1}); }\n")


def language(name):
    return next(lang for lang in manifest()["languages"] if lang["id"] == name)


class ActionCase(ServerCase):
    def act(self, name, action, code, **job):
        """The action's result, which must have succeeded."""
        outcome = self.server.run(language=name, action=action, code=code, **job)
        self.assertOutcome(outcome, "exited")
        self.assertEqual(outcome.result["exit_code"], 0, str(outcome))
        self.assertEqual([step["step"] for step in outcome.result["steps"]], ["action"])
        return outcome.result

    def text(self, name, action, code, **options):
        result = self.act(name, action, code, options=options)
        self.assertIs(result["text_truncated"], False)
        return result["text"]

    def refuse(self, words, **job):
        reply = self.server.post("/api/v1/jobs", {"language": "rust", "code": RUST, **job})
        self.assertEqual(reply.status, 400, reply.body)
        for word in words:
            self.assertIn(word, reply.json()["error"]["message"])


class Listing(ActionCase):
    def test_languages_list_their_actions_without_commands(self):
        listed = {lang["id"]: lang for lang in self.server.get("/api/v1/languages").json()["languages"]}
        self.assertEqual([a["id"] for a in listed["rust"]["actions"]],
                         ["asm", "llvm-ir", "mir", "hir", "wasm", "format", "clippy", "miri",
                          "expand"])
        for name in ("c", "cpp"):
            self.assertEqual([a["id"] for a in listed[name]["actions"]],
                             ["asm", "preprocess", "format"])
        for lang in listed.values():
            for action in lang["actions"]:
                self.assertLessEqual({"id", "name", "result"}, set(action))
                self.assertLessEqual(set(action), {"id", "name", "result", "syntax", "options", "note",
                                                   "refuse", "unavailable"})
                self.assertLessEqual(set(action.get("options", [])), set(lang["options"]))
                self.assertIn(action["result"], ("text", "files", "messages"))

    def test_every_action_of_the_image_does_something(self):
        code = {"rust": RUST, "c": C, "cpp": CPP}
        for lang in manifest()["languages"]:
            for action in lang.get("actions", []):
                with self.subTest(f"{lang['id']} {action['id']}"):
                    options = {"channel": "nightly"} if action["id"] == "hir" else {}
                    if "unavailable" in action:
                        self.refuse([action["unavailable"]], language=lang["id"],
                                    action=action["id"])
                        continue
                    result = self.act(lang["id"], action["id"], code[lang["id"]], options=options)
                    self.assertIn("triple", result.get("text") or str(result.get("files", "triple")))


class Rust(ActionCase):
    def test_assembly_in_its_flavours(self):
        plain = self.text("rust", "asm", RUST)
        self.assertIn("playground::triple:", plain)
        self.assertIn("%rsp", plain)
        self.assertNotIn(".cfi_", plain)
        self.assertIn(", 3", self.text("rust", "asm", RUST, assembly_flavor="intel"))
        self.assertNotIn("%r", self.text("rust", "asm", RUST, assembly_flavor="intel",
                                         demangle_assembly="mangle"))
        mangled = self.text("rust", "asm", RUST, demangle_assembly="mangle")
        self.assertRegex(mangled, r"(?m)^_\w*playground\w*6triple\w*:$")
        raw = self.text("rust", "asm", RUST, process_assembly="raw")
        self.assertIn(".cfi_startproc", raw)
        self.assertIn("playground::triple", raw)
        self.assertGreater(len(raw), len(plain))

    def test_modes_channels_and_tests_count(self):
        self.assertLess(len(self.text("rust", "asm", RUST, mode="release")),
                        len(self.text("rust", "asm", RUST)))
        for channel in language("rust")["options"]["channel"]["values"]:
            self.assertIn("define", self.text("rust", "llvm-ir", RUST, channel=channel))
        tests = self.text("rust", "mir", "#[test]\nfn checked() {}\n", tests="true")
        self.assertIn("fn checked()", tests)

    def test_intermediate_forms(self):
        self.assertIn("define", self.text("rust", "llvm-ir", RUST))
        self.assertIn("fn triple(_1: i32) -> i32", self.text("rust", "mir", RUST))
        self.assertIn("fn triple(n: i32) -> i32", self.text("rust", "hir", RUST, channel="nightly"))
        expanded = self.text("rust", "expand", RUST)
        self.assertIn("impl _serde::Serialize for Point", expanded)

    def test_hir_on_stable_is_refused_as_the_list_says(self):
        listed = next(lang for lang in self.server.get("/api/v1/languages").json()["languages"]
                      if lang["id"] == "rust")
        refused = {a["id"]: a["refuse"] for a in listed["actions"] if "refuse" in a}
        sentence = "HIR needs nightly: choose the channel nightly."
        self.assertEqual(refused, {"hir": [{"when": {"channel": "stable"}, "sentence": sentence,
                                            "step_says": True}]})
        self.refuse(["action hir: " + sentence], action="hir")
        self.refuse([sentence], action="hir", options={"channel": "stable"})

    def test_what_is_not_refused_can_be_done_on_every_channel(self):
        for channel in language("rust")["options"]["channel"]["values"]:
            for action in language("rust")["actions"]:
                if "unavailable" in action or "refuse" in action:
                    continue
                with self.subTest(f"{action['id']} on {channel}"):
                    self.act("rust", action["id"], RUST, options={"channel": channel})

    def test_format_of_one_file(self):
        result = self.act("rust", "format", "fn main(){println!( \"ü\")}")
        self.assertEqual(result["files"],
                         [{"name": "src/main.rs", "content": 'fn main() {\n    println!("ü")\n}\n'}])
        self.assertNotIn("text", result)

    def test_format_of_several_files_keeps_those_that_are_no_source(self):
        files = [{"name": "src/main.rs", "content": "mod other;fn main(){other::f()}"},
                 {"name": "src/other.rs", "content": "pub fn f(){  }"},
                 {"name": "data/empty.txt", "content": ""},
                 {"name": "data/notes.txt", "content": "12\n  left  as it is\n"}]
        result = self.server.run(language="rust", action="format", files=files).result
        self.assertEqual(result["files"], [
            {"name": "src/main.rs", "content": "mod other;\nfn main() {\n    other::f()\n}\n"},
            {"name": "src/other.rs", "content": "pub fn f() {}\n"}, *files[2:]])

    def test_what_cannot_be_formatted_says_why(self):
        outcome = self.server.run(language="rust", action="format", code="fn main( {")
        self.assertOutcome(outcome, "exited")
        self.assertEqual(outcome.result["exit_code"], 1)
        self.assertIn("src/main.rs:1", outcome.text("stderr", "action"))
        self.assertNotIn("files", outcome.result)

    def test_clippy_with_crates(self):
        outcome = self.server.run(language="rust", action="clippy", code=(
            "fn main() { let v: Vec<u8> = rand::random::<[u8; 3]>().to_vec();\n"
            "if v.len() == 0 { println!() } }"))
        self.assertOutcome(outcome, "exited")
        said = outcome.text("stderr", "action")
        self.assertIn("length comparison to zero", said)
        self.assertIn("src/main.rs:2", said)
        self.assertEqual(outcome.result["exit_code"], 0)
        outcome = self.server.run(language="rust", action="clippy",
                                  code="fn main() { let x = 1; if x == x { println!() } }")
        self.assertEqual(outcome.result["exit_code"], 1, str(outcome))

    def test_a_compile_error_has_no_text(self):
        outcome = self.server.run(language="rust", action="asm", code="fn main() { undeclared() }")
        self.assertEqual(outcome.result["exit_code"], 1)
        self.assertIn("undeclared", outcome.text("stderr", "action"))
        self.assertNotIn("text", outcome.result)


class CAndCpp(ActionCase):
    def test_assembly(self):
        plain = self.text("c", "asm", C)
        self.assertRegex(plain, r"(?m)^triple:$")
        self.assertNotIn(".cfi_", plain)
        self.assertIn(".cfi_startproc", self.text("c", "asm", C, process_assembly="raw"))
        self.assertIn("DWORD PTR -4[rbp]", self.text("c", "asm", C, assembly_flavor="intel"))
        self.assertIn("triple(shape):", self.text("cpp", "asm", CPP))
        self.assertIn("_Z6triple5shape:", self.text("cpp", "asm", CPP, demangle_assembly="mangle"))

    def test_preprocessed_source(self):
        source = self.text("c", "preprocess", "#define N 41\n#include <stddef.h>\nsize_t n = N + 1;\n")
        self.assertIn("size_t n = 41 + 1;", source)
        self.assertIn("typedef", source)

    def test_sanitizers_find_what_is_wrong(self):
        over = "#include <stdlib.h>\nint main(int c, char **v) { (void)v; char *p = malloc(8);\n" \
               "p[8 * c] = 1; return p[0] & 0; }\n"
        for name in ("c", "cpp"):
            code = over if name == "c" else over.replace("malloc", "(char *)malloc")
            with self.subTest(name):
                outcome = self.server.run(language=name, code=code,
                                          options={"sanitizer": "address"})
                self.assertIn("heap-buffer-overflow", outcome.stderr, str(outcome))
                self.assertIn("main.c", outcome.stderr)
                self.assertNotEqual(outcome.result["exit_code"], 0)
                outcome = self.server.run(
                    language=name, options={"sanitizer": "undefined"},
                    code="int main(int c, char **v) { (void)v; int n = 2147483647; n += c;"
                         " return n & 0; }")
                self.assertIn("signed integer overflow", outcome.stderr, str(outcome))

    def test_a_program_without_fault_is_left_alone_by_sanitizers(self):
        for sanitizer in ("address", "undefined"):
            outcome = self.server.run(language="c", options={"sanitizer": sanitizer},
                                      code="#include <stdio.h>\n#include <stdlib.h>\n"
                                           "int main(void) { char *p = malloc(3); p[2] = 0;"
                                           " puts(\"well\"); return p[2]; }")
            self.assertEqual((outcome.stdout, outcome.stderr), ("well\n", ""), str(outcome))
            self.assertEqual(outcome.result["exit_code"], 0)


class Lines(ActionCase):
    """Which source line each line of assembly comes from."""

    def linked(self, name, files, **options):
        """{instruction and what follows: (file, line)} of the lines that come from somewhere, and the text's lines."""
        outcome = self.server.run(language=name, action="asm", files=files, options=options)
        self.assertEqual(outcome.result["exit_code"], 0, str(outcome))
        text = outcome.result["text"].splitlines()
        lines = outcome.result["lines"]
        self.assertEqual(len(lines), len(text))
        self.assertNotIn(".loc", outcome.result["text"])
        for line, place in zip(text, lines):
            if place is not None:
                self.assertRegex(line, r"^\t[a-z]", "labels and data come from nowhere")
        return text, lines

    def lines_of(self, text, lines, label):
        """The places that the instructions under a label come from, in order."""
        start = text.index(label)
        end = next((i for i in range(start, len(text)) if text[i] == ""), len(text))
        return [tuple(place) for place in lines[start:end] if place]

    def test_of_rust_in_two_files_without_what_is_not_the_visitors(self):
        files = [{"name": "src/main.rs", "content":
                  "mod other;\n\nfn main() {\n    let n = std::env::args().count() as u64;\n"
                  "    println!(\"{}\", other::cube(n));\n}\n"},
                 {"name": "src/other.rs", "content":
                  "#[inline(never)]\npub fn cube(n: u64) -> u64 {\n    n.wrapping_mul(n)\n"
                  "        .wrapping_mul(n)\n}\n"}]
        for options in ({}, {"channel": "nightly"}, {"mode": "release", "assembly_flavor": "intel"}):
            with self.subTest(str(options)):
                text, lines = self.linked("rust", files, **options)
                places = {tuple(place) for place in lines if place}
                self.assertLessEqual({file for file, _ in places}, {0, 1})
                self.assertIn((0, 5), places)
                cube = set(self.lines_of(text, lines, "playground::other::cube:"))
                self.assertTrue(cube and cube <= {(1, n) for n in range(2, 6)}, cube)
                self.assertLessEqual({line for file, line in places if file == 0}, set(range(3, 7)))
                std = [i for i, line in enumerate(text) if line.startswith("core::ptr::drop_in_place<")]
                for i in std:
                    self.assertIsNone(lines[i + 1], text[i:i + 2])

    def test_of_c_and_cpp_with_a_header(self):
        files = [{"name": "main.c", "content":
                  '#include <stdio.h>\n#include "lib/twice.h"\nint main(int c, char **v)\n{\n'
                  '\t(void)v;\n\tprintf("%d\\n", twice(c));\n\treturn c - 1;\n}\n'},
                 {"name": "lib/twice.h", "content":
                  "static inline int twice(int n)\n{\n\treturn n * 2;\n}\n"}]
        for name in ("c", "cpp"):
            for optimization in ("O0", "O2"):
                with self.subTest(f"{name} {optimization}"):
                    mine = [dict(files[0], name="main." + name), files[1]]
                    text, lines = self.linked(name, mine, optimization=optimization)
                    main = self.lines_of(text, lines, "main:")
                    self.assertIn((0, 6), main)
                    self.assertLessEqual({place for place in main if place[0] == 0},
                                         {(0, line) for line in range(4, 9)})
                    self.assertIn((1, 3), [tuple(place) for place in lines if place])

    def test_are_not_there_where_nobody_could_read_them(self):
        raw = self.act("c", "asm", C, options={"process_assembly": "raw"})
        self.assertNotIn("lines", raw)
        self.assertNotIn(".loc", raw["text"])
        self.assertNotIn("lines", self.act("rust", "mir", RUST))

    def test_of_a_hostile_source_name_its_own_files_alone(self):
        code = ('asm(".file 3 \\"/etc/passwd\\"\\n.loc 3 7\\nnop\\n.file 4294967295 \\"main.c\\"\\n'
                '.loc 4294967295 99999999999\\nnop");\n# 2000000000 "main.c"\nint f(void)\n{\n\treturn 1;\n}\n')
        result = self.act("c", "asm", code)
        for place in result["lines"]:
            self.assertTrue(place is None or (place[0] == 0 and 1 <= place[1] < 1 << 31), place)
        self.server.works()


class Requests(ActionCase):
    def test_run_is_an_action_too(self):
        outcome = self.server.run(language="c", action="run", code=C.replace("triple(1)", "0"))
        self.assertEqual([s["step"] for s in outcome.result["steps"]], ["compile", "run"])
        self.assertNotIn("text", outcome.result)

    def test_wrong_actions_are_named(self):
        self.refuse(["\"fly\"", "rust", "run, asm", "expand"], action="fly")
        self.refuse(["python", "run"], language="python", action="asm", code="1")
        self.refuse(["`action`"], action=7)
        self.refuse(["`action`"], action=["asm"])
        self.refuse(["no Miri"], action="miri")
        self.refuse(["no beta tool chain"], action="asm", options={"channel": "beta"})
        self.refuse(["process_assembly", "filter, raw"], action="asm",
                    options={"process_assembly": "half"})

    def test_what_only_programs_take_is_refused(self):
        for field, value in (("args", ["x"]), ("stdin", "x"), ("interactive", True),
                             ("compile_only", True)):
            with self.subTest(field):
                self.refuse([field, "asm"], action="asm", **{field: value})

    def test_the_result_is_the_same_when_fetched_later(self):
        job = self.server.submit(language="c", action="asm", code=C)
        text = self.server.follow(job).result["text"]
        peek = self.server.peek(job)["result"]
        self.assertEqual(peek["text"], text)
        self.assertEqual([step["step"] for step in peek["steps"]], ["action"])
        self.assertEqual((peek["stdout"], peek["stderr"]), ("", ""))


class Hostile(ActionCase):
    """Sources that are hard on the tools. Each must end in words, and the next job must not care."""

    def tearDown(self):
        self.server.works()

    def ends(self, action, code, *outcomes, name="rust", **job):
        outcome = self.server.run(language=name, action=action, code=code, **job)
        self.assertIn(outcome.result["outcome"], outcomes, str(outcome)[:2000])
        return outcome

    def test_a_macro_without_end(self):
        code = "macro_rules! m { ($($t:tt)*) => { m!(x $($t)*) } }\nfn main() { m!() }"
        outcome = self.ends("expand", code, "exited")
        self.assertNotEqual(outcome.result["exit_code"], 0)
        self.assertIn("recursion limit", outcome.text("stderr", "action"))

    def test_an_expansion_that_is_gigantic(self):
        levels = "".join(f"macro_rules! m{n} {{ ($($t:tt)*) => {{ m{n - 1}!($($t)* $($t)*) }} }}\n"
                         for n in range(1, 40))
        code = "macro_rules! m0 { ($($t:tt)*) => { const X: &str = stringify!($($t)*); } }\n" + levels
        self.ends("expand", code + "m39!(a b c);\nfn main() {}", "out_of_memory", "wall_timeout",
                  "cpu_timeout", "exited", "signaled")

    def test_a_text_over_a_mebibyte_is_cut_and_says_so(self):
        code = "#define A \"0123456789abcdeü\"\n#define B A A A A A A A A A A A A A A A A\n" \
               "#define C B B B B B B B B B B B B B B B B\n" \
               "#define D C C C C C C C C C C C C C C C C\n" \
               "const char *d = D D D D D D D D D D D D D D D D D;\n"
        result = self.ends("preprocess", code, "exited", name="c").result
        self.assertIs(result["text_truncated"], True)
        size = len(result["text"].encode())
        self.assertTrue((1 << 20) - 3 <= size <= 1 << 20, size)
        self.assertNotIn("\ufffd", result["text"])

    def test_what_is_nested_deeply(self):
        for action in ("format", "clippy", "expand", "asm"):
            with self.subTest(action):
                self.ends(action, "fn main() { let _ = " + "(" * 60000 + ")" * 60000 + "; }",
                          "exited", "signaled", "out_of_memory", "cpu_timeout", "wall_timeout")

    def test_formatting_that_grows_beyond_all_bounds(self):
        code = "fn main() " + "{" * 1400 + "x();" * 40 + "}" * 1400
        outcome = self.ends("format", code, "exited", "refused", "out_of_memory", "cpu_timeout",
                            "wall_timeout", "signaled")
        if outcome.result["outcome"] == "refused":
            self.assertIn("larger than 1024 KiB", outcome.result["sentence"])

    def test_files_that_stand_where_the_tool_writes(self):
        for name in ("target", "target/formatted", "target/playground.s", "program.s"):
            with self.subTest(name):
                outcome = self.server.run(language="rust", action="format", files=[
                    {"name": "src/main.rs", "content": "fn main(){}"},
                    {"name": name, "content": "9999999999999999999999\n"}])
                self.assertIn(outcome.result["outcome"], ("exited", "refused"), str(outcome))

    def test_what_rustfmt_is_told_to_include_from_elsewhere(self):
        outcome = self.ends("format", '#[path = "/etc/passwd"] mod p;\n'
                                      '#[path = "../../proc/self/environ"] mod q;\nfn main() {}',
                            "exited")
        self.assertNotEqual(outcome.result["exit_code"], 0)

    def test_macros_of_crates_are_expanded(self):
        outcome = self.ends("expand", "#[derive(Debug, thiserror::Error)]\n#[error(\"e {0}\")]\n"
                                      "struct Odd(u8);\nfn main() {}", "exited")
        self.assertRegex(outcome.result["text"], r"impl .*Display for Odd")
