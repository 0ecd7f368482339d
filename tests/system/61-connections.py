"""Many connections: nobody who holds them open keeps others from being served."""
import os
import socket
import threading

from harness import ServerCase, full_only, poll
from websocket import WebSocket

ERRORS = (OSError, ValueError)


class Connections(ServerCase):
    options = ("--session-idle", "60m")  # nobody goes because of that

    def setUp(self):
        self.sockets = []
        self.addCleanup(lambda: [s.close() for s in self.sockets])

    def let_go(self):
        for connection in self.sockets:
            connection.close()
        self.sockets.clear()

    def hold(self, source, data, small=False):
        """Opens a connection from this address, sends what is not a whole request, and keeps it."""
        connection = socket.socket()
        if small:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(30)
        self.sockets.append(connection)
        try:
            connection.bind((source, 0))
            connection.connect((self.server.host, self.server.port))
            connection.sendall(data)
        except OSError:
            pass  # refused: as good

    def served(self, source):
        try:
            return self.server.get("/healthz", source=source).status == 200
        except ERRORS:
            return False

    def runs(self, source):
        outcome = self.server.follow(self.server.submit(language="python", code="print('served')",
                                                        source=source))
        self.assertEqual(outcome.stdout, "served\n")

    def test_400_half_open_from_one_address(self):
        for data in (b"", b"GET / HTTP/1.1\r\nHost: x\r\n",
                     b"POST /execute HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                     b"Content-Length: 1000\r\n\r\n{"):
            with self.subTest(data):
                for _ in range(400):
                    self.hold("127.0.0.9", data)
                poll(lambda: self.served("127.0.0.2"), "another address to be served")
                self.runs("127.0.0.2")
                for connection in self.sockets:
                    connection.close()
                poll(lambda: self.served("127.0.0.9"), "the address to be served again")

    def test_400_half_open_from_many_addresses(self):
        for number in range(400):
            self.hold(f"127.0.{1 + number // 200}.{1 + number % 200}", b"GET / HTTP/1.1\r\n")
        poll(lambda: self.served("127.0.0.2"), "another address to be served")

    def trickle(self, stop):
        """Sends a byte on every connection again and again, so that none of them is ever silent."""
        while not stop.wait(0.1):
            for connection in list(self.sockets):
                try:
                    connection.send(b"x", socket.MSG_DONTWAIT)
                except OSError:
                    pass  # ended by the server, or slow itself

    def test_more_slow_ones_than_workers_from_one_address_and_from_many(self):
        head = (b"POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                b"Content-Length: 1000000\r\n\r\n")
        for data in (b"GET / HTTP/1.1\r\nX: ", head):
            for source in ("127.0.0.9", None):
                with self.subTest(data=data, source=source):
                    stop = threading.Event()
                    thread = threading.Thread(target=self.trickle, args=[stop])
                    thread.start()
                    try:
                        for number in range(600):
                            self.hold(source or f"127.0.{1 + number // 200}.{1 + number % 200}", data)
                        for _ in range(5):
                            poll(lambda: self.served("127.0.0.2"), "another address to be served")
                        self.runs("127.0.0.2")
                    finally:
                        stop.set()
                        thread.join()
                        for connection in self.sockets:
                            connection.close()
                        self.sockets.clear()

    def test_readers_that_do_not_read(self):
        job = self.server.submit(language="python", code="print('x' * 900000)")
        for _ in range(8):
            self.hold("127.0.0.9", f"GET /api/v1/jobs/{job}/events HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        self.server.follow(job)
        self.runs("127.0.0.2")

    def test_400_that_do_not_take_their_replies_from_one_address_and_from_many(self):
        """Each asks for more than the buffers on the way hold, and reads nothing."""
        asked = b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 100
        for source in ("127.0.0.9", None):
            with self.subTest(source=source):
                for number in range(400):
                    self.hold(source or f"127.0.{1 + number // 200}.{1 + number % 200}", asked, small=True)
                for _ in range(5):
                    poll(lambda: self.served("127.0.0.2"), "another address to be served")
                self.runs("127.0.0.2")
                self.let_go()

    def idle_session(self, source):
        session = WebSocket(self.server.host, self.server.port, "/websocket", 30, source=source)
        self.sockets.append(session.socket)
        if session.status == 101:
            session.handshake()
        return session

    def test_sessions_that_never_say_anything_give_way_to_others(self):
        """More of them than there are places for what takes long, from few addresses; no ping is ever answered."""
        mine = self.idle_session("127.0.0.3")
        held = [self.idle_session(f"127.0.4.{1 + number // 105}") for number in range(420)]
        self.assertGreaterEqual([one.status for one in held].count(101), 400)

        def executes():
            try:
                reply = self.server.post("/api/v2/execute", {"language": "python", "version": "*", "files": [
                    {"content": "print('served')"}]}, source="127.0.0.2")
            except ERRORS:
                return False
            return reply.status == 200 and reply.json()["run"]["stdout"] == "served\n"

        for _ in range(3):
            poll(executes, "another address to be served what takes long")
        mine.send("output/execute/wsExecuteRequest", 1, {"channel": "stable", "mode": "debug", "edition": "2021",
                  "crateType": "bin", "tests": False, "backtrace": False, "code": "fn main() {}"})
        while not mine.receive()["type"].endswith("wsExecuteEnd"):
            pass
        self.let_go()

    def test_a_room_of_twenty_presses_run_at_once(self):
        said = {}

        def press(number):
            job = self.server.submit(language="python", code=f"print({number})",
                                     source=f"127.0.0.{number + 10}")
            said[number] = self.server.follow(job).stdout

        threads = [threading.Thread(target=press, args=[n]) for n in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(said, {n: f"{n}\n" for n in range(20)})

    @full_only
    def test_thousands_of_jobs_leave_no_fds_behind(self):
        def fds():
            front = self.server.front()
            return [len(os.listdir(f"/proc/{pid}/fd")) for pid in (self.server.pid, front)]

        front = self.server.front()
        for number in range(50):
            self.server.python(f"print({number})")
        before = fds()
        for number in range(5000):
            self.assertEqual(self.server.python(f"print({number})").stdout, f"{number}\n")
        poll(lambda: all(now <= then + 4 for now, then in zip(fds(), before)), "fds to be closed")
        self.assertEqual(self.server.front(), front)
