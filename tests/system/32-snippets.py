"""Snippets: shared under an id made from their content, fetched, taken back, never lost once acknowledged."""
import http.client
import json
import os
import random
import re
import signal
import subprocess
import threading
import unittest

from harness import SANITIZER_OPTIONS, Server, ServerCase, poll, run_command

CODE = "print('shared')"


class Snippets(ServerCase):
    options = ("--rate", "0")

    def share(self, want=201, **body):
        reply = self.server.post("/api/v1/snippets", body)
        self.assertEqual(reply.status, want, reply.body)
        return reply

    def fetch(self, name, want=200):
        reply = self.server.get(f"/api/v1/snippets/{name}")
        self.assertEqual(reply.status, want, reply.body)
        return reply.json()

    def delete(self, name, token):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.server.request("DELETE", f"/api/v1/snippets/{name}", headers=headers)

    def test_what_is_shared_is_fetched_and_runs(self):
        reply = self.share(language="python", code=CODE)
        receipt = reply.json()
        self.assertRegex(receipt["id"], r"^[A-Za-z0-9_-]{16}$")
        self.assertEqual(receipt["url"], f"/?gist={receipt['id']}")
        self.assertEqual(reply.headers["Location"], f"/api/v1/snippets/{receipt['id']}")
        snippet = self.fetch(receipt["id"])
        self.assertEqual(snippet["files"], [{"content": CODE}])
        self.assertEqual((snippet["language"], snippet["options"]), ("python", {}))
        self.assertIsNone(snippet["expires_sec"])
        self.assertNotIn("delete_token", snippet)
        outcome = self.server.run(language=snippet["language"], files=snippet["files"])
        self.assertEqual(outcome.stdout, "shared\n")

    def test_the_content_makes_the_id(self):
        names = [self.share(**body).json()["id"] for body in (
            {"language": "python", "code": "1"},
            {"files": [{"content": "1"}], "language": "python"},
            {"language": "python", "code": "2"},
            {"language": "c", "code": "1"},
            {"language": "rust", "code": "1", "options": {"mode": "release"}},
        )]
        self.assertEqual(names[0], names[1])
        self.assertEqual(len(set(names)), 4)

    def test_any_text_comes_back_as_it_went(self):
        files = [{"name": "a b.py", "content": "\0\r\n\u2028\ufffd\U0001f980\\\"</script>"},
                 {"name": "dir/ä.txt", "content": ""}]
        name = self.share(language="python", files=files).json()["id"]
        self.assertEqual(self.fetch(name)["files"], files)

    def test_a_token_takes_back_its_own_claim_only(self):
        body = {"language": "python", "code": "claimed twice"}
        first, second = self.share(**body).json(), self.share(**body).json()
        name = first["id"]
        self.assertNotEqual(first["delete_token"], second["delete_token"])
        self.assertEqual(self.delete(name, None).status, 401)
        self.assertEqual(self.delete(name, "0" * 32).status, 403)
        self.assertEqual(self.delete(name, first["delete_token"]).status, 204)
        self.fetch(name)
        self.assertEqual(self.delete(name, second["delete_token"]).status, 204)
        self.fetch(name, 404)
        self.assertEqual(self.delete(name, second["delete_token"]).status, 404)

    def test_an_end_is_kept(self):
        name = self.share(language="python", code="short", expires_sec=3600).json()["id"]
        snippet = self.fetch(name)
        self.assertEqual(snippet["expires_sec"] - snippet["created_sec"], 3600)

    def test_one_that_has_expired_is_gone(self):
        name = self.share(language="python", code="very short", expires_sec=1).json()["id"]
        poll(lambda: self.server.get(f"/api/v1/snippets/{name}").status == 404, "it to expire")

    def test_wrong_requests_are_told_what_is_wrong(self):
        for words, body in (
            ("there is no cobol", {"language": "cobol", "code": "x"}),
            ("no source", {"language": "python"}),
            ("both", {"language": "python", "code": "x", "files": [{"content": "x"}]}),
            ("`expires_sec`", {"language": "python", "code": "x", "expires_sec": 0}),
            ("`expires_sec`", {"language": "python", "code": "x", "expires_sec": 10**12}),
            ("`stdin`", {"language": "python", "code": "x", "stdin": "y"}),
        ):
            self.assertIn(words, self.share(400, **body).error())
        self.assertIn("262144", self.share(413, language="python", code="#" * (1 << 18 | 1)).error())
        for name in ("AAAAAAAAAAAAAAAA", "x", "..", "%2e%2e", "A" * 39, "A" * 4000):
            self.assertEqual(self.server.get(f"/api/v1/snippets/{name}").status, 404, name)

    def test_another_site_cannot_share_or_delete(self):
        headers = {"Origin": "http://elsewhere.example"}
        reply = self.server.post("/api/v1/snippets", {"language": "python", "code": "x"}, headers=headers)
        self.assertEqual(reply.status, 403)

    def test_the_folder_keeps_no_token(self):
        receipt = self.share(language="python", code="secret keeper").json()
        kept = b""
        for name in os.listdir(self.server.data):
            with open(os.path.join(self.server.data, name), "rb") as file:
                kept += file.read()
        self.assertIn(receipt["id"].encode(), kept)
        self.assertNotIn(receipt["delete_token"].encode(), kept)


class Kept(unittest.TestCase):
    POSTS, THREADS, KILLS = 200, 4, 8

    def setUp(self):
        self.server = Server("--rate", "0")
        self.addCleanup(self.server.stop)

    def share(self, code, source):
        try:
            reply = self.server.post("/api/v1/snippets", {"language": "python", "code": code},
                                     source=source)
            return reply.json() if reply.status == 201 else None
        except (OSError, http.client.HTTPException, ValueError):
            return None

    def front(self):
        return poll(self.server.front, "a front end")

    def code_of(self, name):
        try:
            reply = self.server.get(f"/api/v1/snippets/{name}")
            return (reply.json()["files"][0]["content"],) if reply.status == 200 else (reply.status,)
        except (OSError, http.client.HTTPException, ValueError):
            return None

    def test_what_was_acknowledged_outlives_kills_at_random(self):
        kept, lock = {}, threading.Lock()
        kill_after = set(random.Random(0).sample(range(1, self.POSTS), self.KILLS))

        def post_some(number):
            for i in range(self.POSTS // self.THREADS):
                code = f"# {number} {i}"
                receipt = poll(lambda c=code: self.share(c, f"127.0.0.{number + 1}"), "an id", 600)
                with lock:
                    kept[receipt["id"]] = code
                    if len(kept) in kill_after:
                        os.kill(self.front(), signal.SIGKILL)

        threads = [threading.Thread(target=post_some, args=[n]) for n in range(self.THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(kept), self.POSTS)
        for name, code in kept.items():
            self.assertEqual(poll(lambda n=name: self.code_of(n), "an answer"), (code,))
        self.assertEqual(len(re.findall(r"front_jailed", self.server.log())), self.KILLS + 1)


class Carried(unittest.TestCase):
    """sandlot snippets export and import, beside servers that run."""

    def setUp(self):
        self.old, self.new = Server("--rate", "0"), Server("--rate", "0")
        self.addCleanup(self.old.stop)
        self.addCleanup(self.new.stop)

    def share(self, server, **body):
        return server.post("/api/v1/snippets", {"language": "python", **body}).json()

    def export(self, server, want=0):
        done = run_command("snippets", "export", "--data", server.data)
        self.assertEqual(done.returncode, want, done.stderr)
        return done.stdout

    def take(self, lines, want=0, data=None):
        done = run_command("snippets", "import", "--data", data or self.new.data, stdin=lines)
        self.assertEqual(done.returncode, want, done.stderr)
        return done.stderr.decode()

    def test_everything_goes_over_and_tokens_go_on_working(self):
        files = [{"content": "\0 \U0001f980"}, {"name": "b.py", "content": "\n" * 5}]
        first = self.share(self.old, files=files)
        timed = self.share(self.old, code="timed", expires_sec=3600)
        for i in range(300):
            self.share(self.old, code=f"many {i}")
        self.share(self.new, code="here before")
        lines = self.export(self.old)
        self.assertEqual(lines.count(b"\n"), 302)
        self.assertNotIn(first["delete_token"].encode(), lines)
        self.assertIn("302 snippets", self.take(lines))
        self.take(lines)  # twice is harmless
        self.assertEqual(self.export(self.new).count(b"\n"), 303)
        path = f"/api/v1/snippets/{first['id']}"
        self.assertEqual(self.new.get(path).json(), self.old.get(path).json())
        self.assertEqual(self.new.get(f"/api/v1/snippets/{timed['id']}").json(),
                         self.old.get(f"/api/v1/snippets/{timed['id']}").json())
        bearer = {"Authorization": f"Bearer {first['delete_token']}"}
        self.assertEqual(self.new.request("DELETE", path, headers=bearer).status, 204)
        self.assertEqual(self.new.get(path).status, 404)
        self.assertEqual(self.old.get(path).status, 200)

    def test_lines_that_are_wrong_are_refused_by_number(self):
        self.share(self.old, code="good")
        good = self.export(self.old)
        line = json.loads(good)
        renamed = {**line, "id": "A" * 16}
        changed = {**line, "document": {"language": "python", "files": [{"content": "evil"}]}}
        claim = {**line, "claims": [{"token_sha256": "xyz", "expires_usec": None}]}
        for wrong, words in ((renamed, "is not that of this content"),
                             (changed, "is not that of this content"), (claim, "hex digits"),
                             ({**line, "more": 1}, "`more`"), ([], "an array"), (None, "null")):
            said = self.take(good + json.dumps(wrong).encode() + b"\n", 1)
            self.assertIn("line 2", said)
            self.assertIn(words, said)
        self.assertIn("line 1", self.take(b"\xff\n", 1))
        self.assertIn("line 1", self.take(b"\n", 1))
        self.assertEqual(self.export(self.new), b"")

    def test_a_folder_without_a_server_is_filled_and_read_as_its_owner(self):
        for i in range(3):
            self.share(self.old, code=f"moved {i}")
        lines = self.export(self.old)
        folder = os.path.join(self.old.folder, "moved")
        os.mkdir(folder, 0o700)
        os.chown(folder, 54321, 54321)
        self.take(lines, data=folder)
        self.assertEqual({os.stat(os.path.join(folder, name)).st_uid for name in os.listdir(folder)}, {54321})
        done = run_command("snippets", "export", "--data", folder)
        self.assertEqual((done.returncode, done.stdout), (0, lines))

    def test_a_folder_that_no_server_has_used_is_refused(self):
        folder = os.path.join(self.old.folder, "empty")
        os.mkdir(folder)
        self.assertIn("no server has used it", self.take(b"", 1, folder))
        self.assertIn("cannot open", self.take(b"", 1, folder + "/not-there"))

    def test_as_root_it_works_as_the_folders_owner_in_that_folder(self):
        """Seen from outside while it waits for its input: who it is and what it can see."""
        command = self.new.command("snippets", "import", "--data", self.new.data)
        with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              env={**os.environ, **SANITIZER_OPTIONS}) as process:
            owner = os.stat(self.new.data).st_uid
            status = f"/proc/{process.pid}/status"
            poll(lambda: f"Uid:\t{owner}\t{owner}\t{owner}\t{owner}\n" in open(status).read(),
                 "it to become the owner")
            poll(lambda: "NoNewPrivs:\t1\n" in open(status).read(), "no new privileges")
            text = open(status).read()
            self.assertIn("CapPrm:\t0000000000000000\n", text)
            self.assertIn("CapBnd:\t0000000000000000\n", text)
            self.assertTrue(os.path.samefile(f"/proc/{process.pid}/root", self.new.data))
            process.stdin.close()
            self.assertEqual(process.wait(), 0)
