"""Whatever is sent to any route: an answer that docs/openapi.json knows, an error of the one shape, the server up.

Inputs are made by hypothesis from the document: examples with a part put wrong, and anything at all.
"""
import json
import os
import re
import socket

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from harness import FULL, ROOT, ServerCase
from websocket import Closed, WebSocket

with open(os.path.join(ROOT, "docs/openapi.json"), encoding="utf-8") as document_file:
    DOCUMENT = json.load(document_file)
OPERATIONS = [(method, path, item[method]) for path, item in DOCUMENT["paths"].items()
              for method in ("get", "post", "delete") if method in item]
ERROR = Draft202012Validator({**DOCUMENT["components"]["schemas"]["Error"], "components": DOCUMENT["components"]})
# What a server should say to nobody: its sources, addresses in memory, what it is made of, where it runs.
LEAK = re.compile(rb"\.c:\d|0x[0-9a-f]{6,}|/data/|sandlot\.db|sqlite|jansson|civetweb|errno|/tmp/sandlot|Assertion", re.I)
GENERAL = {400, 404, 405, 408, 411, 413, 414, 415, 417, 429, 431, 503}
RUNS = settings(max_examples=1000 if FULL else 100, deadline=None, derandomize=True, database=None,
                suppress_health_check=list(HealthCheck))

RUST = {"channel": "stable", "mode": "debug", "edition": "2021", "crateType": "bin", "tests": False, "code": "fn main() {}"}
# What the document does not tell of: routes that others have described, an example, and the shape of their errors.
OTHERS = [
    ("/execute", RUST, "error"), ("/compile", {**RUST, "target": "asm"}, "error"), ("/meta/gist", {"code": "x"}, "error"),
    ("/format", {"edition": "2021", "code": "fn main() {}"}, "error"),
    ("/clippy", {"edition": "2021", "crateType": "bin", "code": "fn main() {}"}, "error"),
    ("/macro-expansion", {"edition": "2021", "code": [{"name": "src/main.rs", "content": "fn main() {}"}]}, "error"),
    ("/miri", {"edition": "2021", "tests": False, "aliasingModel": "tree", "code": "fn main() {}"}, "error"),
    ("/meta/gist/", {"code": "x"}, "error"),
    ("/evaluate.json", {"version": "stable", "optimize": "0", "edition": "2021", "code": "fn main() {}"}, "error"),
    ("/api/v2/execute", {"language": "python", "version": "*", "files": [{"name": "a.py", "content": "1", "encoding": "utf8"}],
                         "stdin": "x", "args": ["x"], "run_timeout": 100, "run_memory_limit": 9999999}, "message"),
]

TEXTS = st.one_of(st.text(max_size=40), st.sampled_from(("", "\0", "a\0b", "\ud800", "\udfff\ud800", "../..", "%n%s",
                                                         "\u2028", "x" * 70000, "' OR 1=1 --")))
NUMBERS = st.one_of(st.integers(), st.sampled_from((0, -1, 2**31, 2**63 - 1, -2**63, 10**18)), st.floats(allow_nan=False))
VALUES = st.recursive(st.none() | st.booleans() | NUMBERS | TEXTS,
                      lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=8)
RAW = st.one_of(st.binary(max_size=200), st.sampled_from((
    b"", b"[" * 100000, b'{"a":' * 5000, b"\xff\xfe{}", b'{"language":"\xc3"}', b'{"code":"\\ud800"}', b'{"a":1,"a":2}',
    b"{} {}", b'{"limits":{"run":{"wall_usec":1e999}}}', b'{"expires_sec":99999999999999999999999}', b"nul", b"\0",
    json.dumps({f"f{i}": i for i in range(10000)}).encode(), b'{"args":[' + b'"x",' * 9999 + b'"x"]}')))
KINDS = st.sampled_from(("application/json",) * 6 + ("application/json; charset=utf-8", "text/plain", "", "application/jsonx"))


def examples(operation):
    content = operation.get("requestBody", {}).get("content", {})
    return [example["value"] for media in content.values() for example in media.get("examples", {}).values()]


def bodies(operation):
    """One of an operation's examples put wrong, or anything."""
    return bodies_like([example for example in examples(operation) if isinstance(example, dict)])


def bodies_like(good):
    """One of the good ones with one of its members, at any depth, taken out, put wrong or doubled; or anything."""
    @st.composite
    def spoilt(draw):
        body = json.loads(json.dumps(draw(st.sampled_from(good))))
        place = body
        while True:
            key = draw(st.sampled_from(sorted(place, key=str) if isinstance(place, dict) else range(len(place))))
            if not place[key] or not isinstance(place[key], (dict, list)) or draw(st.booleans()):
                break
            place = place[key]
        if draw(st.integers(0, 4)) == 0:
            del place[key]
        else:
            place[key] = draw(VALUES)
        if draw(st.integers(0, 4)) == 0:
            body[draw(TEXTS)] = draw(VALUES)
        return json.dumps(body).encode()

    anything = st.one_of(RAW, VALUES.map(lambda value: json.dumps(value).encode()))
    return st.one_of(spoilt(), anything) if good else anything


def names():
    """What stands for {id} in a path, as it goes over the line."""
    fixed = st.sampled_from(("0" * 32, "A" * 16, "..", "%2e%2e", "%00", "a%2fb", "é", "-" * 40, "x" * 9000, "'", "{id}"))
    return st.one_of(fixed, st.text("0123456789abcdef", min_size=1, max_size=40))


class Properties(ServerCase):
    options = ("--rate", "0", "--run-limit", "wall=300ms", "--compile-limit", "wall=2s")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.front = cls.server.front()

    def tearDown(self):
        self.assertEqual(self.server.get("/healthz").status, 200)
        self.assertEqual(self.server.front(), self.front, "the front end has died")

    def raw(self, head, body=b""):
        """Sends bytes as they are; the reply's status, headers and body (None: closed without one)."""
        data = self.server.exchange(head + body)
        if not data:
            return None
        top, _, rest = data.partition(b"\r\n\r\n")
        top = top.decode("latin-1").lower()
        length = re.search(r"\r\ncontent-length: (\d+)", top)
        # What the body is taken for, when it is not one, is another request with another reply.
        return int(top.split()[1]), top, rest[:int(length[1])] if length else rest

    def judge(self, reply, allowed, what):
        if reply is None:
            return
        status, head, body = reply
        self.assertIn(status, allowed, what)
        if status >= 400:
            self.assertIn("content-type: application/json", head, what)
            faults = [fault.message for fault in ERROR.iter_errors(json.loads(body))]
            self.assertFalse(faults, f"{what}: {body[:300]}")
            self.assertIsNone(LEAK.search(body), f"{what}: {body[:300]}")

    def send(self, method, path, body=None, kind="", more=b""):
        head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n".encode("utf-8", "replace")
        if kind:
            head += f"Content-Type: {kind}\r\n".encode()
        if body is not None:
            head += f"Content-Length: {len(body)}\r\n".encode()
        return self.raw(head + more + b"\r\n", body or b"")

    def test_every_operation_with_any_body(self):
        for method, path, operation in OPERATIONS:
            told = {int(status) for status in operation["responses"] if status.isdigit()}

            @RUNS
            @given(body=bodies(operation), kind=KINDS, name=names())
            def check(body, kind, name):
                reply = self.send(method.upper(), path.replace("{id}", name), body, kind)
                self.judge(reply, told | GENERAL, (method, path, name[:50], kind, body[:300]))

            with self.subTest(method=method, path=path):
                check()

    def test_the_other_doors_with_any_body(self):
        for path, example, key in OTHERS:

            @RUNS
            @given(body=bodies_like([example]), kind=KINDS)
            def check(body, kind):
                status, _, text = self.send("POST", path, body, kind)
                what = (path, status, kind, body[:300], text[:300])
                self.assertIn(status, {200, 400, 413, 415, 429, 500}, what)
                if status != 200:
                    value = json.loads(text)
                    self.assertEqual(list(value), [key], what)
                    self.assertTrue(isinstance(value[key], str) and value[key], what)
                    self.assertIsNone(LEAK.search(text), what)

            with self.subTest(path=path):
                check()

    def test_every_path_with_any_method(self):
        methods = st.one_of(st.sampled_from(("GET", "HEAD", "POST", "DELETE", "PUT", "PATCH", "OPTIONS", "TRACE", "CONNECT",
                                             "get", "PROPFIND", "G\0T", "X" * 5000)), st.text("ABCXYZ", min_size=1, max_size=9))

        @RUNS
        @given(method=methods, path=st.sampled_from(sorted(DOCUMENT["paths"])), name=names())
        def check(method, path, name):
            reply = self.send(method, path.replace("{id}", name), b"")
            if method == "HEAD" or reply is None:
                return
            self.judge(reply, GENERAL | {200, 201, 202, 204, 401, 403}, (method, path))

        check()

    def test_paths_that_are_tricks(self):
        tricks = st.lists(st.sampled_from(("/", "//", "..", ".", "%2e", "%2f", "%00", "%", "%zz", "\\", "api", "v1", "jobs", "?",
                                           "#", ";", "*", "http://x/", "\x7f", "é", " ")), max_size=12).map("".join)

        @RUNS
        @given(path=tricks)
        def check(path):
            reply = self.send("GET", path)
            self.judge(reply, GENERAL | {200}, path)
            if reply and reply[0] == 200:
                self.assertNotIn(b"root:", reply[2])

        check()

    def test_heads_of_any_kind(self):
        fields = st.lists(st.tuples(st.sampled_from(("Host", "Content-Length", "Transfer-Encoding", "Expect", "Connection",
                                                     "Origin", "Upgrade", "Idempotency-Key", "Authorization", "X-Forwarded-For",
                                                     "Content-Type", "x-request-id", "Last-Event-ID", "If-None-Match", "", ":")),
                                    st.one_of(st.binary(max_size=30).map(lambda b: b.replace(b"\n", b"")),
                                              st.sampled_from((b"-1", b"0", b"9" * 30, b"chunked", b"chunked, x", b"100-continue",
                                                               b"websocket", b"http://x", b"x" * 20000)))), max_size=8)

        @RUNS
        @given(fields=fields, path=st.sampled_from(("/api/v1/jobs", "/healthz", "/websocket", "/api/v2/execute")))
        def check(fields, path):
            head = b"".join(name.encode() + b": " + value + b"\r\n" for name, value in fields)
            reply = self.raw(b"POST " + path.encode() + b" HTTP/1.1\r\n" + head + b"\r\n", b"{}")
            if reply and path.startswith("/api/v1"):
                self.judge(reply, GENERAL | {403, 409, 501, 100}, (path, fields))

        check()

    def test_a_flood_of_head_fields(self):
        for count, size in ((64, 1), (10000, 1), (5, 9000)):
            more = b"".join(b"X-%d: %s\r\n" % (i, b"y" * size) for i in range(count))
            reply = self.send("GET", "/healthz", more=more)
            self.judge(reply, {400, 413, 431}, (count, size))


class Frames(ServerCase):
    """WebSocket frames of any kind and order: closed, or answered, and nothing else falls over."""

    def test_any_frames(self):
        front = self.server.front()
        name = self.server.submit(language="python", code="input()", interactive=True)
        job_socket = f"/api/v1/jobs/{name}/socket"
        payloads = st.one_of(st.binary(max_size=140), st.sampled_from((
            b"", b"x" * 126, b"x" * 70000, b"\xff\xff", b"\x03\xe8", b"{}", b'{"type":"output/execute/wsExecuteRequest"}',
            b'{"type":"stdin","text":"\\u0000"}', b'{"type":"x"}')))
        frames = st.lists(st.tuples(st.integers(0, 15), st.booleans(), st.integers(0, 7), st.booleans(), payloads), max_size=6)

        @RUNS
        @given(frames=frames, job=st.booleans(), greet=st.booleans(), claim=st.sampled_from((None, None, 2**63, 2**40, 3 << 20)))
        def check(frames, job, greet, claim):
            session = WebSocket(self.server.host, self.server.port, job_socket if job else "/websocket", 30)
            try:
                if greet and not job:
                    session.handshake()
                for opcode, final, reserved, masked, payload in frames:
                    session.socket.sendall(frame(opcode, final, reserved, masked, payload, claim))
                session.socket.shutdown(socket.SHUT_WR)
                while True:
                    session.receive_text()
            except (Closed, OSError):
                pass
            finally:
                session.close()

        check()
        self.assertEqual(self.server.front(), front, "the front end has died")
        self.server.kill(name)
        self.server.works()


def frame(opcode, final, reserved, masked, payload, claim=None):
    """A frame as it is told, right or wrong; claim: a length it announces instead of its own."""
    length = len(payload) if claim is None else claim
    short = length if length < 126 else 126 if length < 65536 else 127
    head = bytes([final << 7 | reserved << 4 | opcode, masked << 7 | short])
    if short >= 126:
        head += length.to_bytes(2 if short == 126 else 8, "big")
    return head + (bytes(4) if masked else b"") + payload
