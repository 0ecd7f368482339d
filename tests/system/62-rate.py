"""How much one client may ask for: what is above it is told when to come back, and others are served."""
import hashlib
import http.client
import json
import os
import shutil
import socket
import tempfile
import threading
import unittest

from harness import Server, ServerCase, poll
from websocket import WebSocket

JOB = {"language": "python", "code": "print(1)"}
SNIPPET = {"language": "python", "code": "print(2)"}
EXECUTE = {"channel": "stable", "mode": "debug", "edition": "2021", "crateType": "bin", "tests": False,
           "code": "fn main() {}"}
PISTON = {"language": "python", "version": "*", "files": [{"content": ""}]}


class Rate(ServerCase):
    # One token in 1000 s would be none for the length of a test; the least there is, is 1 a second.
    options = ("--rate", "1", "--burst", "3", "--proxy", "127.0.0.50", "--proxy", "127.0.1.0/24")

    def ask(self, path, body, source, forwarded=None):
        headers = {"X-Forwarded-For": forwarded} if forwarded else {}
        return self.server.post(path, body, source=source, headers=headers)

    def exhaust(self, source, forwarded=None):
        """Asks until it is too much, which it is after a few, and returns that reply."""
        replies = [self.ask("/api/v1/jobs", JOB, source, forwarded) for _ in range(3)]
        self.assertEqual({reply.status for reply in replies[:3]}, {202})
        return poll(lambda: self.refusal(source, forwarded), "a refusal", 20)

    def refusal(self, source, forwarded):
        reply = self.ask("/api/v1/jobs", JOB, source, forwarded)
        return reply if reply.status == 429 else None

    def test_too_much_is_429_and_others_are_served(self):
        reply = self.exhaust("127.0.0.2")
        self.assertEqual(reply.json()["error"]["code"], "rate_limited")
        seconds = int(reply.headers["Retry-After"])
        self.assertIn(seconds, range(1, 4))
        self.assertIn(f"{seconds} s", reply.error())
        self.assertEqual(self.ask("/api/v1/jobs", JOB, "127.0.0.3").status, 202)
        for _ in range(20):
            self.assertEqual(self.server.get("/api/v1/languages", source="127.0.0.2").status, 200)
        poll(lambda: self.ask("/api/v1/jobs", JOB, "127.0.0.2").status == 202, "its turn to come")

    def test_a_flood_on_kept_connections_is_refused_and_another_address_is_served(self):
        said, faults = [], []

        def flood():
            connection = self.server.connect("127.0.0.7")
            try:
                for _ in range(250):
                    connection.request("POST", "/api/v1/jobs", json.dumps(JOB), {"Content-Type": "application/json"})
                    reply = connection.getresponse()
                    said.append((reply.status, reply.headers["Retry-After"], reply.read()))
            except (OSError, http.client.HTTPException) as fault:
                faults.append(fault)
            finally:
                connection.close()

        threads = [threading.Thread(target=flood) for _ in range(4)]
        for thread in threads:
            thread.start()
        outcome = self.server.follow(self.server.submit(language="python", code="print('served')", source="127.0.0.8"))
        for thread in threads:
            thread.join()
        self.assertEqual((faults, outcome.stdout, len(said)), ([], "served\n", 1000))
        refused = [one for one in said if one[0] == 429]
        self.assertEqual({status for status, _, _ in said}, {202, 429})
        self.assertGreater(len(refused), 900)
        for _, retry, body in refused:
            self.assertGreaterEqual(int(retry), 1)
            self.assertEqual(json.loads(body)["error"]["code"], "rate_limited")

    def test_what_is_kept_costs_a_whole_burst(self):
        self.assertEqual(self.ask("/api/v1/snippets", SNIPPET, "127.0.0.4").status, 201)
        self.assertEqual(self.ask("/api/v1/snippets", SNIPPET, "127.0.0.4").status, 429)

    def test_each_door_says_it_in_its_own_words(self):
        self.assertEqual(self.ask("/api/v1/snippets", SNIPPET, "127.0.0.5").status, 201)
        for path, body, keys in (("/execute", EXECUTE, {"error"}), ("/api/v2/execute", PISTON, {"message"})):
            reply = poll(lambda p=path, b=body: self.refused(p, b, "127.0.0.5"), "a refusal", 20)
            self.assertEqual(set(reply.json()), keys)
            self.assertTrue(reply.headers["Retry-After"].isdigit())

    def refused(self, path, body, source):
        reply = self.ask(path, body, source)
        return reply if reply.status == 429 else None

    def test_who_comes_by_a_proxy_is_whom_it_names(self):
        for proxy in ("127.0.0.50", "127.0.1.7"):
            first, second = f"192.0.2.{proxy[-1]}", f"198.51.100.{proxy[-1]}"
            self.exhaust(proxy, first)
            self.assertEqual(self.ask("/api/v1/jobs", JOB, proxy, second).status, 202)
            # What stands before the proxy's own entry is the client's invention.
            self.assertIsNotNone(poll(lambda p=proxy, f=first: self.refusal(p, f"203.0.113.9, {f}"),
                                      "a refusal", 20))

    def test_who_is_no_proxy_is_not_believed(self):
        self.exhaust("127.0.0.6", "192.0.2.1")
        poll(lambda: self.refusal("127.0.0.6", "192.0.2.2"), "a refusal", 20)

    def test_neighbours_in_ipv6_are_one_client(self):
        self.exhaust("127.0.0.50", "2001:db8:1:2::1")
        poll(lambda: self.refusal("127.0.0.50", "2001:db8:1:2:ffff::9"), "a refusal", 20)
        self.assertEqual(self.ask("/api/v1/jobs", JOB, "127.0.0.50", "2001:db8:1:3::1").status, 202)

    def test_by_a_proxy_connections_at_work_count_by_whom_it_names(self):
        """This civetweb listens on IPv4 alone: by a proxy is how visitors with IPv6 come."""
        job = self.server.submit(source="127.0.2.1", language="python", code="input()", interactive=True)
        held = []
        self.addCleanup(lambda: [connection.close() for connection in held])

        def follow(address):
            held.append(self.server.connect("127.0.1.8"))
            held[-1].request("GET", f"/api/v1/jobs/{job}/events", headers={"X-Forwarded-For": address})
            return held[-1].getresponse()

        for number in range(128):
            self.assertEqual(follow(f"2001:db8:7:7::{number:x}").status, 200)
        for address in ("2001:db8:7:7:ffff::1", "2001:0DB8:0007:7::"):
            reply = follow(address)
            self.assertEqual((reply.status, reply.headers["Retry-After"]), (503, "5"))
        for address in ("2001:db8:7:8::1", "192.0.2.77"):
            self.assertEqual(follow(address).status, 200)
        self.server.kill(job)

    def test_a_proxy_may_hold_more_connections_than_a_client(self):
        held = []
        self.addCleanup(lambda: [connection.close() for connection in held])
        for _ in range(160):
            connection = socket.create_connection((self.server.host, self.server.port), 30,
                                                  source_address=("127.0.1.9", 0))
            held.append(connection)
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertIn(b" 200 ", connection.recv(4096).split(b"\r\n")[0])
        for connection in held:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertIn(b" 200 ", connection.recv(4096).split(b"\r\n")[0])


class Keys(unittest.TestCase):
    def serve(self, lines):
        folder = tempfile.mkdtemp(prefix="sandlot-keys-")
        self.addCleanup(shutil.rmtree, folder)
        with open(os.path.join(folder, "api-keys"), "w", encoding="utf-8") as file:
            file.write(lines)
        server = Server("--rate", "1", "--burst", "2", data=folder)
        self.addCleanup(server.stop)
        return server

    def test_a_key_has_a_share_of_its_own_wherever_it_comes_from(self):
        digest = hashlib.sha256(b"opensesame").hexdigest()
        server = self.serve(f"# bots\nirc-bot 1 8 {digest}\n")
        keyed = {"X-API-Key": "opensesame"}

        def post(source, headers):
            return server.post("/api/v1/jobs", JOB, source=source, headers=headers)

        self.assertEqual([post(f"127.0.0.{n % 2 + 2}", keyed).status for n in range(8)], [202] * 8)
        reply = poll(lambda: next((r for r in [post("127.0.0.4", keyed)] if r.status == 429), None), "a refusal", 20)
        self.assertEqual(reply.json()["error"]["code"], "rate_limited")
        self.assertEqual(post("127.0.0.2", {}).status, 202)
        for path, body in (("/api/v1/jobs", JOB), ("/api/v1/languages", None)):
            wrong = server.request("POST" if body else "GET", path, body, headers={"X-API-Key": "guess"})
            self.assertEqual((wrong.status, wrong.json()["error"]["code"]), (401, "unauthorized"))
            self.assertNotIn("guess", wrong.error())

    def test_an_execution_on_a_websocket_is_the_key_s(self):
        server = self.serve(f"page 0 1 {hashlib.sha256(b'opensesame').hexdigest()}\n")
        self.assertEqual(server.post("/api/v1/snippets", SNIPPET).status, 201)  # all an address has
        session = WebSocket(server.host, server.port, "/websocket", headers={"X-API-Key": "opensesame"})
        self.addCleanup(session.close)
        session.handshake()
        for number in range(5):
            session.send("output/execute/wsExecuteRequest", number, {**EXECUTE, "backtrace": False})
            while not (message := session.receive())["type"].endswith("wsExecuteEnd"):
                self.assertNotEqual(message["type"], "websocket/error", message)

    def test_a_wrong_file_is_told_by_its_line(self):
        with self.assertRaisesRegex(AssertionError, "api-keys line 2: the rate"):
            self.serve("\nirc-bot many 8 00\n")


class Socket(unittest.TestCase):
    def test_an_execution_on_a_websocket_counts_too(self):
        server = Server("--rate", "1", "--burst", "1")
        self.addCleanup(server.stop)
        self.assertEqual(server.post("/api/v1/jobs", JOB).status, 202)
        session = WebSocket(server.host, server.port, "/websocket")
        self.addCleanup(session.close)
        session.handshake()

        def refusal():
            session.send("output/execute/wsExecuteRequest", 1, {**EXECUTE, "backtrace": False})
            while True:
                message = session.receive()
                if message["type"] == "websocket/error":
                    return message["payload"]["error"]
                if message["type"].endswith("wsExecuteBegin"):
                    return None

        self.assertIn("too many requests", poll(refusal, "a refusal", 20))
