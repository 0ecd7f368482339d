"""Input that is wrong: a clear error that names what is wrong and what is allowed; nothing falls over."""
import json
import socket

from harness import ServerCase

JSON = {"Content-Type": "application/json"}


class BadInput(ServerCase):
    def refuse(self, body, status, *words, headers=None):
        """The body is refused with this status and a message with these words."""
        reply = self.server.post("/api/v1/jobs", body, headers=headers or JSON)
        self.assertEqual(reply.status, status, reply.body)
        error = reply.json()["error"]
        self.assertEqual(set(error), {"code", "message"})
        for word in words:
            self.assertIn(word, error["message"])
        return error

    def job(self, **changes):
        return {"language": "python", "code": "print(1)", **changes}

    def tearDown(self):
        self.assertEqual(self.server.get("/healthz").status, 200)

    def test_an_empty_body(self):
        self.assertEqual(self.refuse(b"", 400)["code"], "bad_request")

    def test_empty_code_is_run_or_refused_in_words(self):
        reply = self.server.post("/api/v1/jobs", self.job(code=""))
        self.assertIn(reply.status, (202, 400))
        self.assertEqual(self.server.run(language="c", code="\n").result["outcome"], "exited")

    def test_a_source_over_256_kib(self):
        error = self.refuse(self.job(code="#" * (256 * 1024 + 1)), 413, "262144")
        self.assertEqual(error["code"], "too_large")
        outcome = self.server.python("print(1)\n" + "#" * (256 * 1024 - 9))
        self.assertEqual(outcome.stdout, "1\n")
        half = "#" * (128 * 1024 + 1)
        self.refuse({"language": "python",
                     "files": [{"content": half}, {"name": "b.py", "content": half}]}, 413)

    def test_a_body_over_2_mib(self):
        self.refuse(self.job(stdin="x" * (2 << 20)), 413)
        reply = self.server.post("/execute", b"x" * (3 << 20), headers=JSON)
        self.assertEqual(reply.status, 413)

    def test_a_body_that_claims_to_be_huge(self):
        with socket.create_connection((self.server.host, self.server.port), 30) as connection:
            connection.sendall(b"POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\n"
                               b"Content-Type: application/json\r\n"
                               b"Content-Length: 99999999999\r\n\r\n{")
            self.assertIn(b" 413 ", connection.recv(4096).split(b"\r\n")[0])

    def test_bytes_that_are_not_utf8(self):
        self.refuse(b'{"language":"python","code":"\xff\xfe"}', 400)
        self.refuse(b"\xff\xfe{}", 400)
        self.refuse(b'{"language":"python","code":"\\ud800"}', 400)

    def test_malformed_json(self):
        for body in (b"{", b"nonsense", b"[]", b"5", b'"x"', b"null", b'{"language":"python",}',
                     b'{"language":"python","code":"x"} trailing', b"[" * 100000,
                     b'{"a":' * 5000 + b"1" + b"}" * 5000):
            with self.subTest(body[:40]):
                self.refuse(body, 400)

    def test_duplicate_keys(self):
        self.refuse(b'{"language":"python","language":"c","code":"x"}', 400, "language")
        self.refuse(b'{"language":"c","code":"x","options":{"standard":"c11","standard":"c17"}}',
                    400, "standard")

    def test_another_content_type(self):
        self.refuse(json.dumps(self.job()), 415, headers={"Content-Type": "text/plain"})
        self.refuse(json.dumps(self.job()), 415,
                    headers={"Content-Type": "application/x-www-form-urlencoded"})

    def test_an_unknown_language_names_those_there_are(self):
        self.refuse(self.job(language="cobol"), 400, "cobol", "python", "rust")
        self.refuse(self.job(language=""), 400)
        self.refuse(self.job(language="../python"), 400)

    def test_unknown_options_and_values_name_what_is_allowed(self):
        self.refuse(self.job(language="rust", options={"channel": "gamma"}), 400, "gamma", "stable")
        self.refuse(self.job(language="rust", options={"mode": "fast"}), 400, "fast", "release")
        self.refuse(self.job(language="rust", options={"color": "red"}), 400, "color", "channel")
        self.refuse(self.job(language="c", options={"standard": "c99; rm"}), 400, "standard")
        self.refuse(self.job(language="rust", options={"mode": 5}), 400, "mode")
        self.refuse(self.job(options=[]), 400, "options")

    def test_a_channel_the_image_lacks_says_so(self):
        self.refuse(self.job(language="rust", options={"channel": "beta"}), 400, "beta")

    def test_unknown_and_missing_keys_are_named(self):
        self.refuse(self.job(colour="red"), 400, "colour")
        self.refuse({"code": "x"}, 400, "language")
        self.refuse({"language": "python"}, 400, "code")
        self.refuse(self.job(files=[{"content": "x"}]), 400, "files")
        self.refuse(self.job(limits={"run": {"wal_usec": 5}}), 400, "wal_usec")
        self.refuse(self.job(limits={"link": {}}), 400, "link")

    def test_values_of_the_wrong_kind_are_named(self):
        for key, value in (("language", 5), ("code", 5), ("code", None), ("args", "x"),
                           ("args", [5]), ("args", ["a\0b"]), ("stdin", []), ("interactive", "yes"),
                           ("compile_only", 1), ("limits", 5), ("options", "x")):
            with self.subTest(key=key, value=value):
                self.refuse(self.job(**{key: value}), 400, key)
        for value in (-1, "5", 1.5, 10**30):
            with self.subTest(value=value):
                self.refuse(self.job(limits={"run": {"wall_usec": value}}), 400)

    def test_file_names_that_lead_elsewhere(self):
        for name in ("/etc/passwd", "../x.py", "a/../../x.py", "", ".", "..", "a//b", "a/", "a\0b",
                     "x" * 300):
            with self.subTest(name):
                self.refuse({"language": "python", "files": [
                    {"content": "print(1)"}, {"name": name, "content": "x"}]}, 400)

    def test_two_files_of_one_name_and_too_many(self):
        self.refuse({"language": "python", "files": [
            {"name": "a.py", "content": "1"}, {"name": "a.py", "content": "2"}]}, 400, "a.py")
        self.refuse({"language": "python", "files": []}, 400)
        self.refuse({"language": "python", "files": [
            {"name": f"f{i}.py", "content": ""} for i in range(65)]}, 400, "64")

    def test_too_many_arguments(self):
        self.refuse(self.job(args=["x"] * 65), 400, "args", "64")

    def test_what_is_not_there(self):
        self.assertEqual(self.server.get("/nowhere").status, 404)
        self.assertEqual(self.server.get("/api/v1/nowhere").status, 404)
        for job in ("0" * 32, "xyz", "%2e%2e", "0" * 200):
            for method, path in (("GET", ""), ("GET", "/events"), ("POST", "/kill"),
                                 ("POST", "/stdin"), ("DELETE", "")):
                reply = self.server.request(method, f"/api/v1/jobs/{job}{path}")
                self.assertEqual(reply.status, 404, (method, job, path, reply.body))
                self.assertEqual(reply.json()["error"]["code"], "not_found")

    def test_methods_that_are_not_allowed(self):
        for method, path in (("GET", "/execute"), ("PUT", "/api/v1/jobs"), ("DELETE", "/healthz"),
                             ("POST", "/api/v1/languages"), ("GET", "/api/v1/jobs")):
            reply = self.server.request(method, path)
            self.assertEqual(reply.status, 405, (method, path))
            self.assertTrue(reply.headers["Allow"])

    def test_bytes_that_are_not_http(self):
        for data in (b"\0\0\0\0\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                     b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n\r\n",
                     b"POST /execute HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
                     b"POST /execute HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                     b"Content-Type: application/json\r\n\r\nzz\r\n"):
            with self.subTest(data[:40]):
                with socket.create_connection((self.server.host, self.server.port), 30) as peer:
                    try:
                        peer.sendall(data)
                        peer.shutdown(socket.SHUT_WR)
                        answer = peer.recv(4096)
                    except ConnectionError:
                        answer = b""
                self.assertNotIn(b" 200 ", answer.split(b"\r\n")[0])
                self.assertEqual(self.server.get("/healthz").status, 200)
        self.server.works()
