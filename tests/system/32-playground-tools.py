"""The Rust Playground's tools: /compile, /format, /clippy, /miri, /macro-expansion, and what is around them."""
import json

from harness import ServerCase, manifest
from websocket import WebSocket

CODE = "pub fn triple(n: i32) -> i32 { n * 3 }\nfn main() { println!(\"{}\", triple(7)); }\n"
UGLY = "fn main(){println!(\"x\")}"
NEAT = "fn main() {\n    println!(\"x\")\n}\n"


def compile_request(**changes):
    request = {"target": "asm", "channel": "stable", "mode": "debug", "edition": "2021",
               "crateType": "lib", "tests": False, "code": CODE}
    request.update(changes)
    return {key: value for key, value in request.items() if value is not None}


class ToolCase(ServerCase):
    def ask(self, path, request, keys):
        """The reply, which must have exactly these keys besides stdout and stderr."""
        reply = self.server.post(path, request)
        self.assertEqual(reply.status, 200, reply.body)
        self.assertEqual(reply.headers.get("content-type"), "application/json")
        said = reply.json()
        self.assertEqual(set(said), {"success", "stdout", "stderr", *keys})
        self.assertIs(type(said["success"]), bool)
        return said

    def fail(self, path, request, status, *words):  # pylint: disable=arguments-differ
        reply = self.server.post(path, request)
        self.assertEqual(reply.status, status, reply.body)
        self.assertEqual(list(reply.json()), ["error"])
        for word in words:
            self.assertIn(word, reply.json()["error"])


class Compile(ToolCase):
    def compile(self, **changes):
        return self.ask("/compile", compile_request(**changes), ("exitDetail", "code"))

    def code(self, **changes):
        said = self.compile(**changes)
        self.assertTrue(said["success"], said)
        self.assertEqual(said["exitDetail"], "Exited with status 0")
        self.assertEqual(said["stdout"], "")
        self.assertIn("   Compiling playground v0.0.1 (/playground)\n", said["stderr"])
        self.assertIn("    Finished `", said["stderr"])
        self.assertNotIn("Running", said["stderr"])
        return said["code"]

    def test_each_target(self):
        self.assertIn("playground::triple:", self.code())
        self.assertIn("define", self.code(target="llvm-ir"))
        self.assertIn("fn triple(_1: i32) -> i32", self.code(target="mir"))
        self.assertIn("fn triple(n: i32) -> i32", self.code(target="hir", channel="nightly"))

    def test_hir_on_stable_is_the_visitors_error(self):
        said = self.compile(target="hir")
        self.assertFalse(said["success"])
        self.assertEqual((said["code"], said["exitDetail"]), ("", "Exited with status 101"))
        self.assertIn("nightly", said["stderr"])

    def test_webassembly_is_refused_in_words(self):
        self.fail("/compile", compile_request(target="wasm"), 500, "WebAssembly")

    def test_the_flavours_of_assembly(self):
        self.assertIn("%edi", self.code(assemblyFlavor="att"))
        self.assertNotIn("%", self.code(assemblyFlavor="intel", demangleAssembly="mangle"))
        self.assertRegex(self.code(demangleAssembly="mangle"), r"(?m)^_\w*6triple\w*:$")
        self.assertIn("playground::triple:", self.code(demangleAssembly="demangle"))
        self.assertIn(".cfi_startproc", self.code(processAssembly="raw"))
        self.assertNotIn(".cfi_startproc", self.code(processAssembly="filter"))
        self.assertEqual(self.code(), self.code(assemblyFlavor=None, demangleAssembly=None))

    def test_flavours_are_not_looked_at_for_other_targets(self):
        self.assertIn("fn triple", self.code(target="mir", assemblyFlavor="cherry"))

    def test_modes_tests_crate_types_and_files(self):
        self.assertLess(len(self.code(mode="release")), len(self.code(target="llvm-ir")))
        self.assertIn("Finished `release` profile [optimized]",
                      self.compile(mode="release")["stderr"])
        tests = self.code(target="mir", tests=True, code="#[test] fn checked() {}")
        self.assertIn("fn checked()", tests)
        self.assertIn("fn main()", self.code(target="mir", crateType="bin"))
        files = [{"name": "src/other.rs", "content": "pub fn inner() -> u8 { 7 }"},
                 {"name": "src/lib.rs", "content": "pub mod other;"}]
        self.assertIn("inner() -> u8", self.code(target="mir", code=files))

    def test_a_compile_error_is_no_http_error(self):
        said = self.compile(code="fn main() { undeclared() }")
        self.assertFalse(said["success"])
        self.assertEqual((said["code"], said["exitDetail"]), ("", "Exited with status 101"))
        self.assertIn("cannot find function `undeclared`", said["stderr"])
        self.assertIn("error: could not compile `playground` (lib) due to 1 previous error",
                      said["stderr"])

    def test_wrong_values_are_named(self):
        for field, value, words in (
                ("target", "jvm", "'jvm' is not a valid target"),
                ("assemblyFlavor", "cherry", "'cherry' is not a valid assembly flavor"),
                ("demangleAssembly", "maybe", "'maybe' is not a valid demangle option"),
                ("processAssembly", "half", "'half' is not a valid assembly processing option"),
                ("channel", "x", "'x' is not a valid channel"),
                ("mode", "fast", "'fast' is not a valid mode"),
                ("edition", "1999", "'1999' is not a valid edition"),
                ("crateType", "game", "'game' is not a valid crate type")):
            with self.subTest(field):
                self.fail("/compile", compile_request(**{field: value}), 500, words)
        self.fail("/compile", compile_request(edition=None), 500, "'' is not a valid edition")
        self.fail("/compile", compile_request(channel="beta"), 500, "beta")

    def test_fields_that_are_missing_or_of_another_type(self):
        for field in ("target", "channel", "mode", "crateType", "tests", "code"):
            with self.subTest(field):
                self.fail("/compile", compile_request(**{field: None}), 400,
                          "Unable to deserialize request: ", field)
                self.fail("/compile", compile_request(**{field: 7}), 400, field)
        self.fail("/compile", compile_request(assemblyFlavor=1), 400, "assemblyFlavor")


class Format(ToolCase):
    def format(self, **changes):
        request = {"channel": "nightly", "edition": "2021", "code": UGLY, **changes}
        return self.ask("/format", {k: v for k, v in request.items() if v is not None},
                        ("exitDetail", "code"))

    def test_code_comes_back_formatted(self):
        for channel in ("stable", "nightly", None):
            said = self.format(channel=channel)
            self.assertEqual(said, {"success": True, "exitDetail": "Exited with status 0",
                                    "code": NEAT, "stdout": "", "stderr": ""})

    def test_files_come_back_as_files_in_their_order(self):
        files = [{"name": "src/m.rs", "content": "pub fn f(){}"},
                 {"name": "src/main.rs", "content": "mod m;" + UGLY}]
        said = self.format(code=files)
        self.assertEqual(said["code"], [{"name": "src/m.rs", "content": "pub fn f() {}\n"},
                                        {"name": "src/main.rs", "content": "mod m;\n" + NEAT}])

    def test_what_cannot_be_formatted_comes_back_as_it_was(self):
        for code in ("fn main( {", [{"name": "src/main.rs", "content": "fn main( {"}]):
            said = self.format(code=code)
            self.assertFalse(said["success"])
            self.assertEqual(said["code"], code)
            self.assertEqual(said["exitDetail"], "Exited with status 1")
            self.assertIn("src/main.rs:1", said["stderr"])

    def test_wrong_requests(self):
        self.fail("/format", {"code": UGLY}, 500, "'' is not a valid edition")
        self.fail("/format", {"edition": "2021"}, 400, "code")
        self.fail("/format", {"edition": "2021", "channel": "x", "code": UGLY}, 500,
                  "'x' is not a valid channel")
        self.fail("/format", {"edition": "2021", "code": []}, 400, "code")


class Clippy(ToolCase):
    def lint(self, code, **changes):
        return self.ask("/clippy", {"edition": "2021", "code": code, **changes}, ("exit_detail",))

    def test_lints_with_cargos_lines(self):
        said = self.lint("fn main() { let v: Vec<u8> = vec![]; if v.len() == 0 {} }")
        self.assertTrue(said["success"])
        self.assertEqual(said["exit_detail"], "Exited with status 0")
        self.assertIn("    Checking playground v0.0.1 (/playground)\n", said["stderr"])
        self.assertIn("length comparison to zero", said["stderr"])
        self.assertIn('warning: `playground` (bin "playground") generated 1 warning', said["stderr"])
        self.assertRegex(said["stderr"], r"    Finished `dev` profile \[unoptimized \+ debuginfo\]")
        self.assertNotIn("warning emitted", said["stderr"])

    def test_what_clippy_denies_is_a_failure(self):
        said = self.lint("fn main() { let x = 1; if x == x { println!() } }")
        self.assertFalse(said["success"])
        self.assertEqual(said["exit_detail"], "Exited with status 101")
        self.assertIn('error: could not compile `playground` (bin "playground") due to 1 previous '
                      "error", said["stderr"])

    def test_channels_libraries_and_crates(self):
        for channel in ("stable", "nightly"):
            said = self.lint("pub fn f() -> serde_json::Value { return serde_json::Value::Null; }",
                             channel=channel, crateType="lib")
            self.assertIn("needless_return", said["stderr"])

    def test_wrong_requests(self):
        self.fail("/clippy", {"code": CODE}, 500, "'' is not a valid edition")
        self.fail("/clippy", {"edition": "2021", "crateType": "x", "code": CODE}, 500, "crate type")
        self.fail("/clippy", {"edition": "2021"}, 400, "code")


class Expansion(ToolCase):
    def test_macros_are_expanded_in_stdout(self):
        said = self.ask("/macro-expansion", {"edition": "2021", "code":
                        "#[derive(Clone)] struct Point;\nfn main() {}"}, ("exit_detail",))
        self.assertTrue(said["success"], said)
        self.assertEqual(said["exit_detail"], "Exited with status 0")
        self.assertIn("impl ::core::clone::Clone for Point", said["stdout"])
        self.assertIn("   Compiling playground", said["stderr"])

    def test_a_macro_that_fails(self):
        said = self.ask("/macro-expansion", {"edition": "2021", "code":
                        'compile_error!("told");\nfn main() {}'}, ("exit_detail",))
        self.assertFalse(said["success"])
        self.assertIn("error: told", said["stderr"])

    def test_an_expansion_over_a_mebibyte_is_an_error_in_words(self):
        macros = "macro_rules! m0 { () => { \"0123456789abcdef\"; } }\n" + "".join(
            f"macro_rules! m{n} {{ () => {{ {f'm{n - 1}!();' * 16} }} }}\n" for n in range(1, 5))
        self.fail("/macro-expansion", {"edition": "2021", "code": macros + "fn main() { m4!(); }"},
                  500, "1024 KiB")

    def test_wrong_requests(self):
        self.fail("/macro-expansion", {"code": CODE}, 500, "edition")
        self.fail("/macro-expansion", {"edition": "2021", "code": 1}, 400, "code")


class Miri(ToolCase):
    def test_it_says_that_the_image_has_none(self):
        rust = next(lang for lang in manifest()["languages"] if lang["id"] == "rust")
        miri = next(action for action in rust["actions"] if action["id"] == "miri")
        self.fail("/miri", {"edition": "2021", "code": CODE}, 500, miri["unavailable"])

    def test_wrong_requests(self):
        self.fail("/miri", {"edition": "2021", "aliasingModel": "borrowed", "code": CODE}, 500,
                  "'borrowed' is not a valid aliasing model")
        self.fail("/miri", {"edition": "2021", "tests": "yes", "code": CODE}, 400, "tests")
        self.fail("/miri", {"edition": "2021"}, 400, "code")


class Evaluate(ToolCase):
    def evaluate(self, **changes):
        request = {"version": "stable", "optimize": "0", "code": UGLY, **changes}
        reply = self.server.post("/evaluate.json",
                                 {k: v for k, v in request.items() if v is not None})
        self.assertEqual(reply.status, 200, reply.body)
        self.assertEqual(set(reply.json()), {"result", "error"})
        return reply.json()

    def test_each_field(self):
        self.assertEqual(self.evaluate(), {"result": "x\n", "error": None})
        self.assertEqual(self.evaluate(version="nightly")["result"], "x\n")
        release = "fn main() { print!(\"{}\", cfg!(debug_assertions)) }"
        self.assertEqual(self.evaluate(code=release)["result"], "true")
        for optimize in ("1", "2", "3", "s", ""):
            self.assertEqual(self.evaluate(code=release, optimize=optimize)["result"], "false")
        first = "fn main() { let async = 1; print!(\"{}\", async) }"
        for edition in (None, "", "2015"):
            self.assertEqual(self.evaluate(code=first, edition=edition)["result"], "1")
        said = self.evaluate(code=first, edition="2021")
        self.assertEqual(said["result"], said["error"])
        self.assertIn("error: ", said["error"])
        self.assertIn("1 passed", self.evaluate(tests=True, code="#[test] fn t() {}")["result"])

    def test_wrong_requests(self):
        good = {"version": "stable", "optimize": "0", "code": UGLY}
        for field in good:
            for value in (None, 1, []):
                body = {k: v for k, v in {**good, field: value}.items() if v is not None}
                self.fail("/evaluate.json", body, 400, "Unable to deserialize request: ", field)
        self.fail("/evaluate.json", {**good, "version": "x"}, 500, "'x' is not a valid channel")
        self.fail("/evaluate.json", {**good, "edition": "x"}, 500, "'x' is not a valid edition")
        self.fail("/evaluate.json", {**good, "tests": "1"}, 400, "tests")


class Around(ToolCase):
    TOOLS = ("/execute", "/compile", "/format", "/clippy", "/miri", "/macro-expansion",
             "/evaluate.json")

    def test_bodies_that_are_no_request(self):
        for path in self.TOOLS:
            for body, headers in ((b"", None), (b"{", None), (b"[]", None),
                                  (b"{}", {"Content-Type": "text/plain"})):
                with self.subTest(path=path, body=body):
                    reply = self.server.post(path, body, headers=headers or
                                             {"Content-Type": "application/json"})
                    self.assertEqual(reply.status, 400, reply.body)
                    self.assertEqual(list(reply.json()), ["error"])
                    self.assertIn("Unable to deserialize request: ", reply.json()["error"])

    def test_an_id_of_the_request_is_echoed_or_made(self):
        for path in self.TOOLS:
            reply = self.server.post(path, {}, headers={"x-request-id": "mine-7"})
            self.assertEqual(reply.headers.get("x-request-id"), "mine-7")
            self.assertRegex(self.server.post(path, {}).headers.get("x-request-id"), r"^[0-9a-f]{32}$")

    def test_reports_of_a_page_without_websocket_are_taken(self):
        for body in ({"error": "why"}, b"", b"not json"):
            reply = self.server.post("/nowebsocket", body)
            self.assertEqual((reply.status, reply.body), (200, b""))

    def test_other_methods(self):
        for path in self.TOOLS + ("/nowebsocket",):
            reply = self.server.get(path)
            self.assertEqual(reply.status, 405)
            self.assertIn("POST", reply.headers.get("allow"))

    def test_what_the_image_has_can_be_kept_and_asked_for_again(self):
        for path in ("/meta/crates", "/meta/versions"):
            reply = self.server.get(path)
            self.assertEqual(reply.status, 200)
            self.assertEqual(reply.headers.get("cache-control"), "public, max-age=600")
            again = self.server.get(path, headers={"If-None-Match": reply.headers.get("etag")})
            self.assertEqual((again.status, again.body), (304, b""))
            self.assertEqual(self.server.get(path, headers={"If-None-Match": '"x"'}).status, 200)
        self.assertEqual(self.server.post("/meta/crates", b"").json(),
                         self.server.get("/meta/crates").json())
        versions = self.server.get("/meta/versions").json()
        self.assertEqual(set(versions), {"stable", "beta", "nightly"})
        for channel in ("stable", "nightly"):
            self.assertLessEqual({"rustc", "rustfmt", "clippy"}, set(versions[channel]))
            for tool in versions[channel].values():
                self.assertEqual(set(tool), {"version", "hash", "date"})
        self.assertIsNone(versions["beta"])
        for crate in self.server.get("/meta/crates").json()["crates"]:
            self.assertLessEqual({"name", "version", "id"}, set(crate))

    def test_another_sites_page_may_not_use_the_tools(self):
        for path in self.TOOLS:
            reply = self.server.post(path, {}, headers={"Origin": "http://elsewhere.invalid"})
            self.assertEqual(reply.status, 403)
            self.assertEqual(list(reply.json()), ["error"])
            self.assertIsNone(reply.headers.get("access-control-allow-origin"))


class OtherSites(ToolCase):
    """--allow-origin *: books on any site whose examples run here, as with the Rust Playground's own server."""

    options = ("--allow-origin", "*")
    ORIGIN = {"Origin": "https://book.invalid"}

    def preflight(self, path):
        return self.server.request("OPTIONS", path, headers={
            **self.ORIGIN, "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type"})

    def test_a_browser_is_told_that_it_may(self):
        for path in Around.TOOLS + ("/meta/crates", "/meta/gist"):
            reply = self.preflight(path)
            self.assertIn(reply.status, (200, 204))
            self.assertEqual(reply.headers["access-control-allow-origin"], "*")
            self.assertLessEqual({"GET", "POST"}, set(reply.headers["access-control-allow-methods"].split(", ")))
            self.assertIn("content-type", reply.headers["access-control-allow-headers"].split(", "))
            self.assertEqual(reply.headers["access-control-max-age"], "3600")
            self.assertIsNone(reply.headers["vary"])

    def test_replies_and_errors_may_be_read(self):
        reply = self.server.post("/evaluate.json", {"version": "stable", "optimize": "0",
                                                    "code": UGLY}, headers=self.ORIGIN)
        self.assertEqual((reply.status, reply.json()["result"]), (200, "x\n"))
        for reply in (reply, self.server.post("/execute", {}, headers=self.ORIGIN),
                      self.server.post("/meta/crates", b"", headers=self.ORIGIN)):
            self.assertEqual(reply.headers["access-control-allow-origin"], "*")

    def test_the_websocket_and_our_own_api_are_open_likewise(self):
        reply = self.server.post("/api/v1/jobs", {}, headers=self.ORIGIN)
        self.assertEqual(reply.status, 400)
        self.assertEqual(self.preflight("/api/v1/jobs").headers["access-control-allow-origin"], "*")
        socket = WebSocket(self.server.host, self.server.port, "/websocket", headers=self.ORIGIN)
        self.addCleanup(socket.close)
        self.assertEqual(socket.status, 101)
