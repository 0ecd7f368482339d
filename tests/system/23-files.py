"""What a program leaves in the folder out: collected by the cell, bounded, and served as what it is."""
import urllib.parse

from harness import ServerCase, poll

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><rect width="4" height="4"/></svg>'
PNG = b"\x89PNG\r\n\x1a\nrest"
FILE_MAX = 1 << 20
HELPERS = """import os, sys, time
os.chdir("out")
def put(name, data=b"x"):
    with open(name, "wb") as file:
        file.write(data)
"""


class FilesCase(ServerCase):
    def python(self, code, **job):
        """Runs it in the folder out: its outcome, and its job's id."""
        job = self.server.submit(language="python", code=HELPERS + code, **job)
        return self.server.follow(job), job

    def left(self, code, **job):
        """The names of what is collected, and how many entries are not."""
        outcome, _ = self.python(code, **job)
        self.assertOutcome(outcome, "exited")
        self.assertEqual(outcome.result["exit_code"], 0, str(outcome))
        return self.of(outcome)

    def of(self, outcome):
        return [file["name"] for file in outcome.result.get("files", [])], outcome.result.get("files_left_out", 0)


class Collected(FilesCase):
    def test_files_are_listed_and_served_as_what_they_are(self):
        outcome, job = self.python(
            f"put('a.svg', {SVG.encode()!r}); put('b.png', {PNG!r}); put('c.html', b'<script>1</script>')")
        files = outcome.result["files"]
        self.assertEqual([(file["name"], file["type"], file["bytes"]) for file in files],
                         [("a.svg", "image/svg+xml", len(SVG)), ("b.png", "image/png", len(PNG)),
                          ("c.html", "application/octet-stream", 18)])
        self.assertEqual(outcome.result["files_left_out"], 0)
        self.assertEqual(self.server.peek(job)["result"]["files"], files)
        for file, body in zip(files, (SVG.encode(), PNG, b"<script>1</script>")):
            reply = self.server.get(file["url"])
            self.assertEqual((reply.status, reply.body), (200, body))
            self.assertEqual(reply.headers["Content-Type"], file["type"])
            self.assertEqual(reply.headers["X-Content-Type-Options"], "nosniff")
            self.assertIn("sandbox; default-src 'none'",
                          reply.headers.get_all("Content-Security-Policy"))
            kind, _, name = reply.headers["Content-Disposition"].partition("; ")
            self.assertEqual(kind, "inline" if file["type"].startswith("image/") else "attachment")
            self.assertEqual(name, f"filename*=UTF-8''{file['name']}")
            head = self.server.request("HEAD", file["url"])
            self.assertEqual((head.status, head.body), (200, b""))

    def test_every_language_that_can_write_has_the_folder(self):
        for language, code in (
                ("c", '#include <stdio.h>\nint main(void) { fputs("x", fopen("out/a", "w")); }'),
                ("rust", 'fn main() { std::fs::write("out/a", "x").unwrap(); }')):
            with self.subTest(language):
                outcome = self.server.run(language=language, code=code)
                self.assertEqual(self.of(outcome), (["a"], 0), str(outcome))

    def test_a_program_that_leaves_nothing_has_no_files(self):
        outcome, _ = self.python("")
        self.assertNotIn("files", outcome.result)
        self.assertNotIn("files_left_out", outcome.result)

    def test_names_are_in_order_as_numbers_count(self):
        names, _ = self.left("for n in (10, 9, 1): put(f'frame{n}.svg')")
        self.assertEqual(names, ["frame1.svg", "frame9.svg", "frame10.svg"])

    def test_a_program_that_fails_or_is_ended_leaves_what_it_made(self):
        for code, end in (("sys.exit(3)", "exited"), ("os.kill(os.getpid(), 11)", "signaled")):
            outcome, _ = self.python(f"put('a'); {code}")
            self.assertOutcome(outcome, end)
            self.assertEqual(self.of(outcome), (["a"], 0))

    def test_there_is_no_other_file(self):
        _, job = self.python("put('a'); put('../b')")
        for name in ("b", "..%2Fb", "%2e%2e", "a%00", "%", "x" * 400):
            reply = self.server.get(f"/api/v1/jobs/{job}/files/{name}")
            self.assertEqual(reply.status, 404, name)
        reply = self.server.get(f"/api/v1/jobs/{'0' * 32}/files/a")
        self.assertEqual(reply.status, 404)
        self.assertEqual(self.server.get(f"/api/v1/jobs/{job}/files/a").body, b"x")


class Hostile(FilesCase):
    def tearDown(self):
        poll(lambda: not self.server.cells(), "every cell to be gone")
        self.server.works()

    def test_bounds_on_number_size_and_sum(self):
        names, left_out = self.left("for n in range(40): put(str(n))")
        self.assertEqual((names, left_out), ([str(n) for n in range(16)], 24))
        most = self.left(f"put('a', bytes({FILE_MAX})); put('b', bytes({FILE_MAX + 1}))")
        self.assertEqual(most, (["a"], 1))
        together = self.left(f"for name in 'abcde': put(name, bytes({FILE_MAX}))\nput('f')")
        self.assertEqual(together, (["a", "b", "c", "d"], 2))

    def test_thousands_of_files_are_counted(self):
        names, left_out = self.left(
            "n = 0\ntry:\n    while n < 10000:\n        put(f'{n:05}'); n += 1\nexcept OSError:\n    pass\n"
            "assert n > 1000")
        self.assertEqual(names, [f"{n:05}" for n in range(16)])
        self.assertGreater(left_out, 1000)

    def test_only_regular_files_are_taken(self):
        names, left_out = self.left(
            "import socket\nos.symlink('/etc/passwd', 'link'); os.symlink('real', 'loop'); os.mkfifo('fifo')\n"
            "os.mkdir('folder'); put('folder/in')\n"
            "socket.socket(socket.AF_UNIX).bind('socket'); put('real', b'own')")
        self.assertEqual((names, left_out), (["real"], 5))

    def test_a_folder_that_is_no_folder_any_more_has_nothing(self):
        for code in ("os.symlink('/etc', '../out')", "os.symlink('other', '../out')", "put('../out')",
                     "os.mkfifo('../out')", "pass"):
            with self.subTest(code):
                self.assertEqual(self.left("os.mkdir('../other'); put('../other/a'); os.rmdir('../out')\n" + code),
                                 ([], 0))

    def test_a_file_of_the_request_in_its_place_does_no_harm(self):
        outcome = self.server.run(language="python", files=[{"name": "main.py", "content": "print(1)"},
                                                            {"name": "out", "content": "file"}])
        self.assertOutcome(outcome, "exited")
        self.assertEqual((outcome.stdout, self.of(outcome)), ("1\n", ([], 0)))

    def test_what_still_writes_is_dead_before_it_is_collected(self):
        outcome, job = self.python(
            "if os.fork() == 0:\n    os.setsid()\n    while True:\n        put('a', b'x' * 1000)\n"
            "while not os.path.exists('a'):\n    pass")
        self.assertOutcome(outcome, "exited")
        (file,) = outcome.result["files"]
        self.assertEqual(len(self.server.get(file["url"]).body), file["bytes"])

    def test_unreadable_files_are_read_all_the_same(self):
        self.assertEqual(self.left("put('a'); os.chmod('a', 0); os.chmod('.', 0)"), (["a"], 0))

    def test_names_that_are_no_text_are_left_out(self):
        self.assertEqual(self.left("put(b'\\xff'); put('line\\nbreak'); put('\\x1b[31m'); put('x' * 101); put('good'); put('\u202egvs.exe')"),
                         (["good"], 5))

    def test_names_of_any_text_come_through(self):
        for name in ("<img src=x onerror=1>", "\u05d0\u05d1.png", "a b%41?#&\"'", "\u20ac" * 33 + "x", "-rf", ".hidden"):
            with self.subTest(name):
                outcome, _ = self.python(f"put({name!r})")
                (file,) = outcome.result["files"]
                self.assertEqual(file["name"], name)
                self.assertRegex(file["url"], r"^/api/v1/jobs/[0-9a-f]{32}/files/[A-Za-z0-9%._~-]+$")
                self.assertEqual(urllib.parse.unquote(file["url"].rpartition("/")[2]), name)
                reply = self.server.get(file["url"])
                self.assertEqual((reply.status, reply.body), (200, b"x"))


class Off(FilesCase):
    options = ("--run-limit", "artefact=0")

    def test_a_limit_of_nothing_collects_nothing(self):
        self.assertEqual(self.left("put('a'); put('empty', b'')"), (["empty"], 1))


class Holes(FilesCase):
    options = ("--run-limit", "files=2G")

    def test_a_gigabyte_that_is_a_hole_is_not_read(self):
        self.assertEqual(self.left(f"put('a.png', {PNG!r}); os.truncate('a.png', 1 << 30); put('b')"),
                         (["b"], 1))


class Kept(FilesCase):
    """More than is kept of ended jobs: 64 MiB."""

    def test_files_count_against_what_is_kept(self):
        _, first = self.python("for n in range(4): put(f'{n}', bytes(1 << 20))")
        self.assertEqual(self.server.get(f"/api/v1/jobs/{first}/files/0").status, 200)
        for _ in range(16):
            outcome, last = self.python("for n in range(4): put(f'{n}', bytes(1 << 20))")
            self.assertEqual(len(outcome.result["files"]), 4)
        self.assertEqual(self.server.get(f"/api/v1/jobs/{first}/files/0").status, 404)
        self.assertEqual(self.server.get(f"/api/v1/jobs/{last}/files/0").status, 200)
        # The record has how it ended, as of any job.
        result = self.server.peek(first)["result"]
        self.assertEqual((result["outcome"], "files" in result), ("exited", False))
