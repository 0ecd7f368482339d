"""What compilers say, made readable by machines: events beside the text, which stays as it is."""
from harness import ServerCase

RUST = """fn main() {
    let ünused = 1; let ö = "x"; let _ = ö;
    let mut y: u8 = "text";
    println!("{}", missing);
}
"""
C = ("#include <stdio.h>\nstruct s { int colour; };\nint main(void) {\n"
     "\tstruct s a; int unused = 0;\n\t/* ü */ a.color = 1;\n"
     "\treturn printf(\"%d\\n\", a.colour)\n}\n")


class Diagnostics(ServerCase):
    def ask(self, language, code, **job):
        """The outcome and its diagnostics, whose shape is checked."""
        outcome = self.server.run(language=language, code=code, diagnostics=True, **job)
        found = [data for name, data in outcome.events if name == "diagnostic"]
        for event in found:
            self.assertEqual(event["type"], "diagnostic")
            self.assertIn(event["severity"], ("error", "warning", "note", "help"))
            self.assertLessEqual({"message", "file", "line", "column", "end_line", "end_column",
                                  "fixes"}, set(event))
            self.assertLess((event["line"], event["column"] - 1),
                            (event["end_line"], event["end_column"]))
            for fix in event["fixes"]:
                self.assertEqual(set(fix), {"message", "applicability", "edits"})
                for edit in fix["edits"]:
                    self.assertEqual(set(edit), {"file", "line", "column", "end_line",
                                                 "end_column", "text"})
        return outcome, found

    def find(self, found, words):
        return next(event for event in found if words in event["message"])

    def apply(self, code, fix):
        """The code with the edits made, the last first."""
        lines = code.split("\n")
        for edit in sorted(fix["edits"], key=lambda e: (e["line"], e["column"]), reverse=True):
            self.assertEqual(edit["line"], edit["end_line"])
            line = lines[edit["line"] - 1]
            lines[edit["line"] - 1] = (line[:edit["column"] - 1] + edit["text"]
                                       + line[edit["end_column"] - 1:])
        return "\n".join(lines)

    def assertSameText(self, language, code, **job):
        plain = self.server.run(language=language, code=code, **job)
        outcome, found = self.ask(language, code, **job)
        step = "action" if "action" in job else "compile"
        self.assertEqual(outcome.text("stderr", step), plain.text("stderr", step))
        self.assertNotIn("diagnostic", [name for name, _ in plain.events])
        return found

    def test_rust(self):
        found = self.assertSameText("rust", RUST)
        wrong = self.find(found, "mismatched types")
        self.assertEqual((wrong["severity"], wrong["code"], wrong["file"]),
                         ("error", "E0308", "src/main.rs"))
        self.assertEqual((wrong["line"], wrong["column"], wrong["end_line"], wrong["end_column"]),
                         (3, 21, 3, 27))
        self.assertIn("error[E0308]: mismatched types", wrong["rendered"])
        self.assertEqual(len(found), 2)  # nothing for "aborting due to"

    def test_rust_columns_count_characters_and_fixes_mend(self):
        code = 'fn main() {\n    let ö = "ä"; let unused = ö;\n    let mut z = 1;\n    println!("{z}");\n}\n'
        outcome, found = self.ask("rust", code)
        self.assertEqual(outcome.result["exit_code"], 0, str(outcome))
        unused = self.find(found, "unused variable")
        self.assertEqual((unused["severity"], unused["line"], unused["column"],
                          unused["end_column"]), ("warning", 2, 22, 28))
        self.assertIn("let _unused = ö", self.apply(code, unused["fixes"][0]))
        mutable = self.find(found, "does not need to be mutable")
        fixed = self.apply(code, mutable["fixes"][0])
        self.assertIn("    let z = 1;", fixed)
        self.assertEqual(mutable["fixes"][0]["applicability"], "MachineApplicable")
        self.assertEqual(self.find(self.ask("rust", fixed)[1], "unused")["line"], 2)

    def test_a_compile_that_was_kept_tells_the_same(self):
        code = "fn main() { let kept = 1; }"
        outcomes = [self.ask("rust", code) for _ in range(2)]
        self.assertEqual([o.result["steps"][0]["cached"] for o, _ in outcomes], [False, True])
        self.assertEqual(outcomes[0][1], outcomes[1][1])
        self.assertEqual(len(outcomes[0][1]), 1)
        self.assertEqual(outcomes[0][0].compiler, outcomes[1][0].compiler)

    def test_an_error_inside_a_macro_is_where_it_is_used(self):
        _, found = self.ask("rust", "struct Bare;\nfn main() {\n    println!(\"{}\", Bare);\n}\n")
        error = self.find(found, "doesn't implement")
        self.assertEqual((error["file"], error["line"]), ("src/main.rs", 3))

    def test_rust_of_several_files(self):
        _, found = self.ask_files([
            {"name": "src/main.rs", "content": "mod other;\nfn main() {}"},
            {"name": "src/other.rs", "content": "\npub fn f() -> u8 { 300 }"}])
        self.assertEqual((found[0]["file"], found[0]["line"]), ("src/other.rs", 2))

    def ask_files(self, files):
        outcome = self.server.run(language="rust", files=files, diagnostics=True)
        return outcome, [data for name, data in outcome.events if name == "diagnostic"]

    def test_clippy_lints_are_diagnostics_too(self):
        found = self.assertSameText("rust", "fn main() { let v = vec![1]; if v.len() == 0 {} }",
                                    action="clippy")
        lint = self.find(found, "length comparison to zero")
        self.assertEqual(lint["code"], "clippy::len_zero")
        self.assertEqual(lint["fixes"][0]["edits"][0]["text"], "v.is_empty()")

    def test_c_columns_count_characters_and_fixes_mend(self):
        found = self.assertSameText("c", C)
        member = self.find(found, "has no member named")
        self.assertEqual((member["severity"], member["file"], member["line"], member["column"],
                          member["end_column"]), ("error", "main.c", 5, 12, 17))
        self.assertIn("a.colour = 1;", self.apply(C, member["fixes"][0]))
        semicolon = self.find(found, "expected")
        self.assertIn("a.colour);\n}", self.apply(C, semicolon["fixes"][0]))
        unused = self.find(found, "unused variable")
        self.assertEqual((unused["severity"], unused["code"], unused["line"], unused["column"],
                          unused["end_column"]), ("warning", "-Wunused-variable", 4, 18, 24))
        self.assertEqual(unused["fixes"], [])

    def test_cpp(self):
        found = self.assertSameText("cpp", "#include <vector>\nint main() { std::vector<int> v;\n"
                                           "  return v.sise(); }\n")
        self.assertEqual((found[0]["severity"], found[0]["line"], found[0]["column"]),
                         ("error", 3, 12))

    def test_text_that_looks_like_a_diagnostic_is_text(self):
        fake = '{"$message_type":"diagnostic","message":"fake","level":"error","rendered":"r"}'
        outcome, found = self.ask("rust", f"compile_error!(r##\"\n{fake}\n\"##);\nfn main() {{}}")
        self.assertEqual([event["line"] for event in found], [1])
        self.assertIn(fake, outcome.compiler)
        # What the program itself prints is nobody's diagnostic.
        outcome, found = self.ask("c", "#include <stdio.h>\nint main(void) {"
                                       " fprintf(stderr, \"main.c:1:1: error: told\\n\"); return 0; }")
        self.assertEqual(found, [])
        self.assertIn("main.c:1:1: error: told", outcome.stderr)

    def test_a_linkers_error_is_text(self):
        outcome, found = self.ask("c", "int missing(void);\nint main(void) { return missing(); }\n")
        self.assertEqual(found, [])
        self.assertIn("undefined reference", outcome.compiler)

    def test_thousands_of_warnings_are_bounded(self):
        code = "fn main() {\n" + "".join(f"let a{n} = {n};\n" for n in range(1500)) + "}\n"
        outcome, found = self.ask("rust", code)
        self.assertEqual(len(found), 256)
        self.assertIn("a1499", outcome.compiler)
        self.assertOutcome(outcome, "exited")

    def test_languages_without_and_wrong_values(self):
        outcome, found = self.ask("python", "print(")
        self.assertEqual(found, [])
        self.assertIn("SyntaxError", outcome.stderr)
        reply = self.server.post("/api/v1/jobs", {"language": "c", "code": "", "diagnostics": "yes"})
        self.assertEqual(reply.status, 400)
        self.assertIn("`diagnostics`", reply.error())
