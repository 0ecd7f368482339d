"""Many connections: nobody who holds them open keeps others from being served."""
import os
import socket
import threading

from harness import ServerCase, full_only, poll

ERRORS = (OSError, ValueError)


class Connections(ServerCase):
    def setUp(self):
        self.sockets = []
        self.addCleanup(lambda: [s.close() for s in self.sockets])

    def hold(self, source, data):
        """Opens a connection from this address, sends what is not a whole request, and keeps it."""
        connection = socket.socket()
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
