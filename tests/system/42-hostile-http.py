"""What two servers in a row could read in two ways, and frames that no library sends: each is refused or means one thing."""
import json
import re
import struct

from harness import ServerCase, poll
from websocket import PING, TEXT, Closed, WebSocket

JSON = b"Content-Type: application/json\r\n"
JOB = b'{"language":"python","code":"print(1)"}'


class Smuggled(ServerCase):
    """The inner request is one that would be seen: it shares a snippet of which nobody else has the id."""

    def statuses(self, answer):
        """Of the replies in a row."""
        return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)]

    def inner(self):
        return b"POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\n" + JSON + b"Content-Length: %d\r\n\r\n" % len(JOB) + JOB

    def test_requests_in_a_row_are_answered_in_a_row(self):
        self.assertEqual(self.statuses(self.server.exchange(self.inner() * 3 + b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n")),
                         [202, 202, 202, 404])

    def test_a_body_that_was_refused_is_never_a_request(self):
        for size in (len(self.inner()), 70000, 3 << 20):
            padded = self.inner() * (size // len(self.inner()) + 1)
            for line in (b"POST /nowhere", b"POST /api/v1/languages", b"PUT /api/v1/jobs", b"GET /healthz"):
                for kind in (JSON, b"Content-Type: text/plain\r\n"):
                    answer = self.server.exchange(line + b" HTTP/1.1\r\nHost: x\r\n" + kind + b"Content-Length: %d\r\n\r\n" % len(padded)
                                           + padded)
                    self.assertEqual(len(self.statuses(answer)), 1, (line, size, answer[:300]))
                    self.assertNotIn(b" 202 ", answer)

    def test_a_length_that_can_be_read_in_two_ways(self):
        for fields in (b"Content-Length: 0\r\nContent-Length: %d\r\n", b"Content-Length: +%d\r\n", b"Content-Length: 0x%x\r\n",
                       b"Content-Length: %d, %d\r\n", b"Content-Length:\r\n %d\r\n", b"Content-Length : %d\r\n",
                       b"Transfer-Encoding: chunked\r\nContent-Length: %d\r\n", b"Transfer-Encoding: xchunked\r\nA: %d\r\n",
                       b"Transfer-Encoding: identity, chunked\r\nA: %d\r\n", b"Transfer-Encoding\x0b: chunked\r\nA: %d\r\n"):
            field = fields % ((len(JOB),) * fields.count(b"%"))
            with self.subTest(field=field):
                answer = self.server.exchange(b"POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\n" + JSON + field + b"\r\n" + JOB + self.inner())
                self.assertIn(self.statuses(answer), ([400], [411]), answer[:400])

    def test_chunks_that_are_none(self):
        for size in (b"-1", b"0x27", b"+27", b"FFFFFFFFFFFFFFFF", b"8000000000000000", b"", b"zz", b"\0", b"27\0"):
            with self.subTest(size=size):
                answer = self.server.exchange(b"POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\n" + JSON + b"Transfer-Encoding: chunked\r\n\r\n"
                                       + size + b"\r\n" + JOB + b"\r\n0\r\n\r\n" + self.inner())
                self.assertEqual(len(self.statuses(answer)), 1, answer[:300])
                self.assertNotIn(b" 202 ", answer)

    def test_lines_that_end_oddly_are_one_request_or_none(self):
        for data in (b"GET /healthz HTTP/1.1\nHost: x\n\n", b"GET /healthz HTTP/1.1\rHost: x\r\r",
                     b"GET /healthz HTTP/1.1\r\nHost: x\r\n X: y\r\n\r\n", b"GET /healthz\0 HTTP/1.1\r\nHost: x\r\n\r\n",
                     b"GET  /healthz HTTP/1.1\r\nHost: x\r\n\r\n", b"GET\t/healthz\tHTTP/1.1\r\nHost: x\r\n\r\n",
                     b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: a\rY: b\r\n\r\n", b"GET /healthz HTTP/1.1\r\n: x\r\n\r\n",
                     b"GET http://elsewhere/healthz HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /healthz HTTP/2.0\r\nHost: x\r\n\r\n",
                     b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200)):
            with self.subTest(data=data[:60]):
                statuses = self.statuses(self.server.exchange(data))
                self.assertLessEqual(len(statuses), 1)
                self.assertTrue(set(statuses) <= {200, 400, 404, 505}, statuses)

    def test_a_field_may_not_come_back_as_two(self):
        for name in (b"Origin", b"x-request-id", b"Idempotency-Key", b"Last-Event-ID", b"X-Forwarded-For", b"Accept-Encoding"):
            answer = self.server.exchange(b"GET /meta/versions HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + name
                                   + b": a\rSet-Cookie: b=1\r\n\r\n")
            self.assertNotIn(b"Set-Cookie", answer.partition(b"\r\n\r\n")[0])


class Frames(ServerCase):
    def open(self, path="/websocket"):
        session = WebSocket(self.server.host, self.server.port, path, 60)
        self.addCleanup(session.close)
        if path == "/websocket":
            session.handshake()
        return session

    def end_of(self, session):
        try:
            while True:
                session.receive_text()
        except Closed as closed:
            return closed.status

    def raw(self, session, first, payload, masked=True):
        session.socket.sendall(bytes([first, (masked << 7) | len(payload)]) + (bytes(4) if masked else b"") + payload)

    def test_closing_frames_of_every_kind(self):
        for payload, status in ((b"", None), (b"\x03", {1002, None}), (b"\x03\xe8", {1000}), (b"\x03\xe8\xff\xfe", {1000, 1002, 1007}),
                                (b"\x00\x00", {0, 1002}), (b"\x03\xed", {1005, 1002}), (b"\xff\xff", {65535, 1002})):
            with self.subTest(payload=payload):
                session = self.open()
                self.raw(session, 0x88, payload)
                ended = self.end_of(session)
                self.assertTrue(ended is None or ended in status, ended)

    def test_nothing_is_done_after_a_closing_frame(self):
        job = self.server.submit(language="python", code="input()", interactive=True)
        session = self.open(f"/api/v1/jobs/{job}/socket")
        kill = b'{"type":"kill"}'
        session.socket.sendall(b"\x88\x82" + bytes(4) + b"\x03\xe8" + bytes([0x81, 0x80 | len(kill)]) + bytes(4) + kill)
        self.end_of(session)
        self.assertEqual(self.server.peek(job)["state"], "running")
        self.server.kill(job)

    def test_a_message_of_a_hundred_thousand_pieces_is_one(self):
        session = self.open()
        text = json.dumps({"type": "websocket/unknown", "meta": {"sequenceNumber": 7}}).encode()
        self.raw(session, 0x01, text[:5])
        session.socket.sendall(b"\x00\x80\0\0\0\0" * 100000)
        self.raw(session, 0x80, text[5:])
        self.assertEqual(session.receive()["meta"]["sequenceNumber"], 7)

    def test_pings_between_the_pieces_of_a_message_are_answered(self):
        session = self.open()
        text = json.dumps({"type": "websocket/unknown", "meta": {"sequenceNumber": 8}}).encode()
        self.raw(session, 0x01, text[:5])
        self.raw(session, 0x80 | PING, b"ping")
        self.raw(session, 0x80, text[5:])
        self.assertEqual(session.receive()["meta"]["sequenceNumber"], 8)

    def test_pings_whose_answers_nobody_takes_end_one_session_only(self):
        session = self.open()
        session.socket.settimeout(0.2)
        flood = (bytes([0x80 | PING, 0xFD]) + bytes(4) + b"p" * 125) * 500
        try:
            for _ in range(1000):
                session.socket.sendall(flood)
        except OSError:
            pass  # nobody reads any more on either side
        self.assertEqual(self.server.get("/healthz").status, 200)
        self.server.works()

    def test_text_that_is_not_utf8_is_told_or_ends_the_session(self):
        for path in ("/websocket", "/api/v2/connect"):
            session = self.open(path)
            self.raw(session, 0x80 | TEXT, b'{"type":"\xc3\x28\xff"}')
            try:
                self.assertIn("UTF-8", json.dumps(session.receive()))
            except Closed as closed:
                self.assertIn(closed.status, (1007, 4002))

    def test_frames_sent_before_the_handshake_is_answered_hurt_nobody(self):
        for path in ("/websocket", "/api/v2/connect"):
            answer = self.server.exchange(
                f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode() + b"\x81\xfe\xff\xff" + bytes(4) + b"x" * 1000)
            self.assertIn(b" 101 ", answer.split(b"\r\n")[0])
        self.server.works()

    def test_a_length_that_is_negative_or_not_the_shortest(self):
        for length in (struct.pack(">BQ", 0xFF, 1 << 63), struct.pack(">BQ", 0xFF, 5), struct.pack(">BH", 0xFE, 5)):
            session = self.open()
            session.socket.sendall(b"\x81" + length + bytes(4) + b"hello")
            self.assertEqual(self.end_of(session), 1002)
        poll(lambda: self.server.get("/healthz").status == 200, "it to be served")
