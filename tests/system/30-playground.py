"""The Rust Playground's HTTP API, as its own clients use it."""
import json

from harness import ServerCase, manifest

HELLO = 'fn main() { println!("Hello, world!"); }'


def execute(**changes):
    request = {"channel": "stable", "mode": "debug", "edition": "2021", "crateType": "bin",
               "tests": False, "backtrace": False, "code": HELLO}
    request.update(changes)
    return {key: value for key, value in request.items() if value is not None}


class Execute(ServerCase):
    def execute(self, **changes):
        reply = self.server.post("/execute", execute(**changes))
        self.assertEqual(reply.status, 200, reply.body)
        return reply.json()

    def test_hello_with_the_lines_clients_parse(self):
        said = self.execute()
        self.assertTrue(said["success"], said)
        self.assertEqual(said["stdout"], "Hello, world!\n")
        self.assertEqual(said["exitDetail"], "Exited with status 0")
        self.assertRegex(said["stderr"], r"(?m)^   Compiling playground v0\.0\.1 \(/playground\)$")
        self.assertRegex(said["stderr"], r"(?m)^    Finished `dev` profile \[unoptimized \+ "
                                         r"debuginfo\] target\(s\) in \d+\.\d\ds$")
        self.assertRegex(said["stderr"], r"(?m)^     Running `target/debug/playground`$")

    def test_release_says_so(self):
        said = self.execute(mode="release")
        self.assertIn("Finished `release` profile [optimized] target(s) in", said["stderr"])
        self.assertIn("Running `target/release/playground`", said["stderr"])

    def test_a_compile_error_is_no_http_error(self):
        said = self.execute(code="fn main() { undeclared(); }")
        self.assertFalse(said["success"])
        self.assertEqual(said["exitDetail"], "Exited with status 101")
        self.assertIn("cannot find function `undeclared`", said["stderr"])
        self.assertIn('error: could not compile `playground` (bin "playground") due to 1 previous '
                      "error", said["stderr"])
        self.assertEqual(said["stdout"], "")

    def test_a_warning_is_counted(self):
        said = self.execute(code="fn main() { let x = 1; }")
        self.assertTrue(said["success"])
        self.assertIn('warning: `playground` (bin "playground") generated 1 warning',
                      said["stderr"])

    def test_a_panic_and_a_signal(self):
        said = self.execute(code='fn main() { panic!("told"); }', backtrace=True)
        self.assertFalse(said["success"])
        self.assertEqual(said["exitDetail"], "Exited with status 101")
        self.assertIn("src/main.rs:1", said["stderr"])
        said = self.execute(code="fn main() { unsafe { *(8 as *mut u8) = 0 } }")
        self.assertFalse(said["success"])
        self.assertEqual(said["exitDetail"], "Exited with signal 11 (SIGSEGV): segmentation violation")

    def test_the_program_gets_no_stdin(self):
        said = self.execute(code="fn main() { let mut s = String::new(); "
                                 'println!("{}", std::io::stdin().read_line(&mut s).unwrap()); }')
        self.assertEqual(said["stdout"], "0\n")

    def test_tests_run_in_the_test_harness(self):
        said = self.execute(code="#[test] fn t() {}", tests=True, crateType="lib")
        self.assertTrue(said["success"], said)
        self.assertIn("1 passed; 0 failed", said["stdout"])

    def test_a_library_is_built_only(self):
        said = self.execute(code="pub fn f() {}", crateType="lib")
        self.assertTrue(said["success"], said)
        self.assertNotIn("Running", said["stderr"])

    def test_code_as_files(self):
        said = self.execute(code=[
            {"name": "src/main.rs", "content": "mod m;\nfn main() { println!(\"{}\", m::N); }"},
            {"name": "src/m.rs", "content": "pub const N: u8 = 7;"}])
        self.assertEqual(said["stdout"], "7\n", said)

    def test_editions_and_unknown_fields(self):
        code = "fn main() { let async = 1; println!(\"{}\", async); }"
        self.assertTrue(self.execute(code=code, edition="2015")["success"])
        self.assertFalse(self.execute(code=code, edition="2018")["success"])
        self.assertTrue(self.execute(somethingElse=[1, 2])["success"])

    def test_a_program_without_end_is_an_error_in_words(self):
        reply = self.server.post("/execute", execute(code="fn main() { loop {} }"))
        self.assertEqual(reply.status, 500)
        self.assertEqual(list(reply.json()), ["error"])

    def test_wrong_values_are_named(self):
        for changes, words in (
            ({"channel": "x"}, "'x' is not a valid channel"),
            ({"mode": "fast"}, "'fast' is not a valid mode"),
            ({"edition": "1999"}, "'1999' is not a valid edition"),
            ({"crateType": "game"}, "'game' is not a valid crate type"),
        ):
            with self.subTest(words):
                reply = self.server.post("/execute", execute(**changes))
                self.assertEqual(reply.status, 500, reply.body)
                self.assertIn(words, reply.json()["error"])

    def test_a_channel_the_image_lacks_is_a_clear_error(self):
        reply = self.server.post("/execute", execute(channel="beta"))
        self.assertEqual(reply.status, 500)
        self.assertIn("beta", reply.json()["error"])

    def test_requests_that_cannot_be_read(self):
        missing = {key: value for key, value in execute().items() if key != "code"}
        for body, headers in (
            (b"{", {"Content-Type": "application/json"}),
            (b"", {"Content-Type": "application/json"}),
            (b"[]", {"Content-Type": "application/json"}),
            (json.dumps(execute()), {"Content-Type": "text/plain"}),
            (json.dumps(missing), {"Content-Type": "application/json"}),
            (json.dumps(execute(tests="yes")), {"Content-Type": "application/json"}),
            (json.dumps(execute(code=5)), {"Content-Type": "application/json"}),
        ):
            with self.subTest(body):
                reply = self.server.post("/execute", body, headers=headers)
                self.assertEqual(reply.status, 400, reply.body)
                self.assertTrue(reply.json()["error"].startswith("Unable to deserialize request: "),
                                reply.body)

    def test_a_missing_edition_is_an_error(self):
        reply = self.server.post("/execute", execute(edition=None))
        self.assertIn(reply.status, (400, 500))
        self.assertIn("edition", reply.json()["error"])

    def test_request_ids_are_echoed_or_made(self):
        reply = self.server.post("/execute", execute(), headers={"x-request-id": "abc-1"})
        self.assertEqual(reply.headers["x-request-id"], "abc-1")
        self.assertTrue(self.server.post("/execute", execute()).headers["x-request-id"])


class Evaluate(ServerCase):
    def evaluate(self, **request):
        reply = self.server.post("/evaluate.json", request)
        self.assertEqual(reply.status, 200, reply.body)
        return reply.json()

    def test_hello_as_mdbook_asks(self):
        said = self.evaluate(version="stable", optimize="0", code=HELLO, edition="2021")
        self.assertEqual(said, {"result": "Hello, world!\n", "error": None})

    def test_release_and_the_oldest_edition_by_default(self):
        code = "fn main() { let async = cfg!(debug_assertions); println!(\"{}\", async); }"
        said = self.evaluate(version="stable", optimize="2", code=code)
        self.assertEqual(said["result"], "false\n", said)

    def test_a_failure_is_in_both(self):
        said = self.evaluate(version="stable", optimize="0", code="fn main() { x }", edition="2021")
        self.assertIn("cannot find value `x`", said["error"])
        self.assertEqual(said["result"], said["error"])

    def test_tests(self):
        said = self.evaluate(version="stable", optimize="0", code="#[test] fn t() {}", tests=True)
        self.assertIn("1 passed", said["result"])


class Meta(ServerCase):
    def test_crates_by_get_and_post_without_a_body(self):
        for method in ("GET", "POST"):
            reply = self.server.request(method, "/meta/crates")
            self.assertEqual(reply.status, 200, reply.body)
            crates = {crate["name"]: crate for crate in reply.json()["crates"]}
            for name in ("serde", "serde_json", "regex", "rand", "itertools", "anyhow", "rayon",
                         "tokio", "chrono", "num-bigint"):
                self.assertIn(name, crates)
                self.assertLessEqual({"name", "version", "id"}, set(crates[name]))
                self.assertIn(crates[name]["vetting"], ("audited", "exempted: unreviewed"))
            self.assertEqual(crates["num-bigint"]["id"], "num_bigint")
            rust = next(lang for lang in manifest()["languages"] if lang["id"] == "rust")
            self.assertEqual(reply.json()["crates"], rust["channels"]["stable"]["crates"])

    def test_versions(self):
        reply = self.server.get("/meta/versions")
        versions = reply.json()
        rust = next(lang for lang in manifest()["languages"] if lang["id"] == "rust")
        self.assertEqual(versions["stable"]["rustc"], rust["channels"]["stable"]["rustc"])
        self.assertEqual(set(versions["stable"]["rustc"]), {"version", "hash", "date"})
        self.assertIn("max-age=600", reply.headers["Cache-Control"])

    def test_etags_save_the_second_transfer(self):
        for path in ("/meta/crates", "/meta/versions"):
            first = self.server.get(path)
            again = self.server.get(path, headers={"If-None-Match": first.headers["ETag"]})
            self.assertEqual((again.status, again.body), (304, b""))
