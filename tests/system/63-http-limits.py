"""What the server takes of anybody is bounded, each bound an option; what is above it is told in its own status."""
import json
import socket
import struct

from harness import ServerCase, poll
from websocket import Closed, WebSocket

JOB = {"language": "python", "code": "print(1)"}
WAITS = {"language": "python", "code": "input()", "interactive": True}
TYPE = b"Content-Type: application/json\r\n"


class LimitsCase(ServerCase):
    def talk(self, data, source=None):
        """Sends bytes, and gives everything that comes until the server closes: (status, body as JSON)."""
        head, _, body = self.server.exchange(data, source, is_all=False).partition(b"\r\n\r\n")
        self.assertTrue(head, "no answer")
        return int(head.split()[1]), json.loads(body)

    def refuse(self, data, status, code, *words, **more):
        got, body = self.talk(data, **more)
        self.assertEqual((got, body["error"]["code"]), (status, code), body)
        for word in words:
            self.assertIn(word, body["error"]["message"])


def request(line, *fields):
    return line + b" HTTP/1.1\r\nHost: x\r\n" + b"".join(fields) + b"\r\n"


class Sizes(LimitsCase):
    options = ("--head-limit", "8K", "--body-limit", "100K", "--message-limit", "64K", "--request-time", "1500ms",
               "--client-connections", "8", "--connections", "64", "--idle-time", "2s", "--session-idle", "2s")

    def test_a_head_that_is_too_long(self):
        for data in (request(b"GET /healthz", b"X: " + b"a" * 9000 + b"\r\n"), request(b"GET /" + b"a" * 20000),
                     b"GET /healthz HTTP/1.1\r\n" + b"X: y\r\n" * 4000, request(b"GET /healthz", b"X: " + b"a" * 300000)):
            self.refuse(data, 431, "too_large", "8 KiB")
        status, _ = self.talk(request(b"GET /healthz", b"X: " + b"a" * 7000 + b"\r\n", b"Connection: close\r\n"))
        self.assertEqual(status, 200)

    def test_one_after_others_on_its_connection(self):
        good = request(b"GET /healthz", b"X: " + b"a" * 7000 + b"\r\n")
        with socket.create_connection((self.server.host, self.server.port), 60) as peer:
            for _ in range(4):
                peer.sendall(good)
                self.assertIn(b" 200 ", peer.recv(65536).split(b"\r\n")[0])
            peer.sendall(request(b"GET /healthz", b"X: " + b"a" * 9000))
            self.assertIn(b" 431 ", peer.recv(65536).split(b"\r\n")[0])

    def test_too_many_fields(self):
        fields = [b"X-%d: 1\r\n" % number for number in range(63)]
        self.refuse(request(b"GET /healthz", *fields), 431, "too_large", "63")
        status, _ = self.talk(request(b"GET /healthz", *fields[:60], b"Connection: close\r\n"))
        self.assertEqual(status, 200)

    def test_what_is_no_http_is_400_still(self):
        self.refuse(b"nonsense\r\n\r\n", 400, "bad_request", "HTTP")
        self.refuse(b"GET / HTTP/1.1\r\nno colon\r\n\r\n" + b"x" * 20000, 400, "bad_request", "HTTP")

    def test_a_body_that_is_too_large_at_every_door(self):
        for path, keys in (("/api/v1/jobs", {"error"}), ("/execute", {"error"}), ("/api/v2/execute", {"message"}),
                           ("/api/v1/snippets", {"error"}), ("/meta/gist", {"error"})):
            for headers in ({"Content-Type": "application/json"},
                            {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}):
                body = b"19001\r\n" + b"x" * 0x19001 + b"\r\n0\r\n\r\n" if "Transfer-Encoding" in headers else b"x" * 102401
                reply = self.server.post(path, body, headers=headers)
                self.assertEqual((reply.status, set(reply.json())), (413, keys), path)
                self.assertIn("100 KiB", reply.body.decode())
        self.assertEqual(self.server.post("/api/v1/jobs", {**JOB, "stdin": "x" * 102000}).status, 202)

    def test_stdin_is_a_body(self):
        job = self.server.submit(**WAITS)
        self.assertEqual(self.server.post(f"/api/v1/jobs/{job}/stdin", b"x" * 102401).status, 413)
        self.server.kill(job)

    def test_a_message_that_is_too_large(self):
        job = self.server.submit(**WAITS)
        self.addCleanup(self.server.kill, job)
        for path in ("/websocket", "/api/v2/connect", f"/api/v1/jobs/{job}/socket"):
            for pieces in (1, 3):
                with self.subTest(path=path, pieces=pieces):
                    session = WebSocket(self.server.host, self.server.port, path)
                    self.addCleanup(session.close)
                    if path == "/websocket":
                        session.handshake()
                    self.send_split(session, b"x" * 65537, pieces)
                    self.assertEqual(self.end_of(session), 1009)

    def send_split(self, session, payload, pieces):
        """A text message in so many frames, none of which is too large by itself if there are several."""
        size = -(-len(payload) // pieces)
        for number in range(pieces):
            piece = payload[number * size:(number + 1) * size]
            head = bytes([(number == pieces - 1) << 7 | (1 if number == 0 else 0), 0x80 | 127])
            session.socket.sendall(head + struct.pack(">Q", len(piece)) + bytes(4) + piece if len(piece) > 65535 else
                                   head[:1] + bytes([0x80 | 126]) + struct.pack(">H", len(piece)) + bytes(4) + piece)

    def end_of(self, session):
        try:
            while True:
                session.receive_text()
        except Closed as closed:
            return closed.status

    def test_a_head_that_does_not_come_in_time(self):
        self.refuse(b"GET / HTTP/1.1\r\nHost: x\r\nX: ", 408, "timeout", "1500 ms")

    def test_a_body_that_does_not_come_in_time(self):
        self.refuse(request(b"POST /api/v1/jobs", TYPE, b"Content-Length: 100\r\n") + b"{", 408, "timeout", "in time")
        self.refuse(request(b"POST /api/v1/jobs", TYPE, b"Transfer-Encoding: chunked\r\n") + b"1\r\n{", 408, "timeout")

    def test_a_body_that_ends_early(self):
        with socket.create_connection((self.server.host, self.server.port), 60) as peer:
            peer.sendall(request(b"POST /api/v1/jobs", TYPE, b"Content-Length: 100\r\n") + b"{")
            peer.shutdown(socket.SHUT_WR)
            answer = peer.recv(65536)
        self.assertIn(b" 400 ", answer.split(b"\r\n")[0])
        self.assertIn(b"ended early", answer)

    def test_a_connection_that_idles_is_closed(self):
        with socket.create_connection((self.server.host, self.server.port), 60) as peer:
            peer.sendall(request(b"GET /healthz"))
            self.assertIn(b" 200 ", peer.recv(65536).split(b"\r\n")[0])
            self.assertEqual(peer.recv(1), b"")

    def test_a_session_that_idles_is_closed(self):
        session = WebSocket(self.server.host, self.server.port, "/websocket")
        self.addCleanup(session.close)
        session.handshake()
        self.assertEqual(self.end_of(session), 1001)

    def test_one_client_has_its_share_of_connections(self):
        held = []
        self.addCleanup(lambda: [one.close() for one in held])
        job = self.server.submit(**WAITS)
        for _ in range(8):
            held.append(self.server.connect("127.0.0.9"))
            held[-1].request("GET", f"/api/v1/jobs/{job}/events")
            self.assertEqual(held[-1].getresponse().status, 200)
        reply = self.server.get("/healthz", source="127.0.0.9")
        self.assertEqual((reply.status, reply.json()["error"]["code"]), (503, "unavailable"))
        self.assertIn("8", reply.error())
        self.assertTrue(reply.headers["Retry-After"])
        self.assertEqual(self.server.get("/healthz", source="127.0.0.10").status, 200)
        self.server.kill(job)

    def test_all_places_for_what_takes_long_are_told_to_be_taken(self):
        """64 workers, 12 of which are never for what takes long."""
        held, refused = [], None
        self.addCleanup(lambda: [one.close() for one in held])
        job = self.server.submit(**WAITS)
        while not refused and len(held) < 64:
            connection = self.server.connect(f"127.0.3.{1 + len(held) // 4}")
            held.append(connection)
            connection.request("GET", f"/api/v1/jobs/{job}/events")
            reply = connection.getresponse()
            refused = reply if reply.status != 200 else None
        self.assertEqual((len(held), refused.status), (53, 503))
        self.assertTrue(refused.headers["Retry-After"])
        self.assertEqual(self.server.get("/healthz").status, 200)
        self.server.kill(job)
        poll(lambda: self.server.get(f"/api/v1/jobs/{job}/events").status == 200, "room again")
