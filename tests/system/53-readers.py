"""Readers that are slow: the program waits for them, its limits hold, and nobody else is kept from running."""
import json
import re
import socket
import tempfile
import unittest

from harness import Server, poll
from websocket import Closed, WebSocket

TOKEN = "for-tests-only"
BYTES = 900_000
# More than the window, sockets and the pipe hold together; what it does before and after is told on stderr.
LOUD = f"""import sys
print('ready', flush=True)
sys.stdin.readline()
sys.stdout.write('x' * {BYTES})
sys.stdout.flush()
print('done', file=sys.stderr, flush=True)"""
LOUD_RUST = """use std::io::Write;
fn main() {
    println!("ready");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    std::io::stdout().write_all(&[b'x'; %d]).unwrap();
    eprintln!("done");
}""" % BYTES

# One thread blocks on stdout, the other goes on.
BESIDE = f"""import os, sys, threading
print('ready', flush=True)
sys.stdin.readline()
threading.Thread(target=lambda: os.write(1, b'x' * {BYTES}), daemon=True).start()
print('beside', file=sys.stderr, flush=True)
sys.stdin.readline()
os._exit(3)"""


class Readers(unittest.TestCase):
    def begin(self, *options):
        with tempfile.NamedTemporaryFile("w") as token:
            token.write(TOKEN)
            token.flush()
            self.server = Server("--metrics-token-file", token.name, *options)
        self.addCleanup(self.server.stop)

    def metric(self, name):
        reply = self.server.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        return int(re.search(rf"^{re.escape(name)} (\d+)$", reply.body.decode(), re.M)[1])

    def wait_held(self, count=1):
        poll(lambda: self.metric("sandlot_outputs_held") >= count, "programs to wait for their readers")

    def blocked(self):
        """Processes of cells that wait for room in a pipe."""
        found = []
        for pid in self.server.cells():
            try:
                with open(f"/proc/{pid}/wchan", encoding="ascii") as file:
                    found += [pid] if "pipe_write" in file.read() else []
            except OSError:
                continue
        return found

    def submit(self, source=None, code=LOUD):
        return self.server.submit(language="python", code=code, interactive=True, source=source)

    def say_line(self, job):
        self.assertEqual(self.server.post(f"/api/v1/jobs/{job}/stdin", b"\n").status, 204)

    def result(self, job):
        self.server.wait_state(job, "ended")
        return self.server.peek(job)["result"]

    # Readers of each kind, who have read `ready` and no more, and what makes them read to the end.

    def job_socket(self, job, source=None):
        reader = WebSocket(self.server.host, self.server.port, f"/api/v1/jobs/{job}/socket", source=source)
        self.addCleanup(reader.close)
        while "ready" not in reader.receive_text():
            pass
        return reader

    def event_stream(self, job):
        reader = socket.create_connection((self.server.host, self.server.port), 120)
        self.addCleanup(reader.close)
        reader.sendall(f"GET /api/v1/jobs/{job}/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        said = b""
        while b"ready" not in said:
            said += reader.recv(1)
        return reader

    @staticmethod
    def rest_of_socket(reader):
        text, last = "", None
        try:
            while True:
                last = reader.receive()
                text += last["data"]["text"] if last["type"] == "output" else ""
        except Closed:
            return text, last["data"]

    @staticmethod
    def rest_of_stream(reader):
        with reader.makefile("rb") as file:
            events = [json.loads(line[6:]) for line in file if line.startswith(b"data: ")]
        return "".join(event.get("text", "") for event in events), events[-1]


class Slow(Readers):
    def setUp(self):
        self.begin()

    def expect_waiting(self, before):
        """The program is not at its end, for it cannot be: what it prints is not taken."""
        self.wait_held()
        poll(self.blocked, "the program to block")
        self.assertLess(self.metric("sandlot_output_bytes_total") - before, BYTES)

    def expect_rest(self, text):
        self.assertEqual(text.count("x"), BYTES)
        self.assertIn("done\n", text)
        self.assertEqual(self.metric("sandlot_outputs_held"), 0)

    def test_the_program_waits_until_its_reader_reads_on(self):
        for open_reader, rest in ((self.job_socket, self.rest_of_socket), (self.event_stream, self.rest_of_stream)):
            with self.subTest(rest.__name__):
                job = self.submit()
                reader = open_reader(job)
                before = self.metric("sandlot_output_bytes_total")
                self.say_line(job)
                self.expect_waiting(before)
                self.assertEqual(self.server.peek(job)["state"], "running")
                text, result = rest(reader)
                self.expect_rest(text)
                self.assertEqual(result["outcome"], "exited")

    def test_so_it_does_behind_the_playgrounds_socket(self):
        reader = WebSocket(self.server.host, self.server.port, "/websocket")
        self.addCleanup(reader.close)
        reader.handshake()
        reader.send("output/execute/wsExecuteRequest", 1, {
            "channel": "stable", "mode": "debug", "edition": "2021", "crateType": "bin", "tests": False,
            "backtrace": False, "code": LOUD_RUST})
        while "ready" not in reader.receive_text():
            pass
        before = self.metric("sandlot_output_bytes_total")
        reader.send("output/execute/wsExecuteStdin", 1, "\n")
        self.expect_waiting(before)
        text, message = "", {"type": ""}
        while not message["type"].endswith("wsExecuteEnd"):
            message = reader.receive()
            text += message["payload"] if message["type"].endswith(("Stdout", "Stderr")) else ""
        self.expect_rest(text)
        self.assertTrue(message["payload"]["success"])

    def test_so_it_does_behind_pistons_socket(self):
        reader = WebSocket(self.server.host, self.server.port, "/api/v2/connect")
        self.addCleanup(reader.close)
        reader.send_text(json.dumps({"type": "init", "language": "python", "version": "*",
                                     "files": [{"content": LOUD}]}))
        while "ready" not in reader.receive_text():
            pass
        before = self.metric("sandlot_output_bytes_total")
        reader.send_text(json.dumps({"type": "data", "stream": "stdin", "data": "\n"}))
        self.expect_waiting(before)
        text = ""
        try:
            while True:
                text += reader.receive().get("data", "")
        except Closed:
            self.expect_rest(text)

    def test_a_reader_that_leaves_lets_it_go_on(self):
        for open_reader in (self.job_socket, self.event_stream):
            with self.subTest(open_reader.__name__):
                job = self.submit()
                reader = open_reader(job)
                self.say_line(job)
                self.wait_held()
                reader.close()
                result = self.result(job)
                self.assertEqual((result["outcome"], result["stderr"]), ("exited", "done\n"))
                self.assertEqual(result["stdout"].count("x"), BYTES)

    def test_one_whose_session_is_ended_for_its_frames_lets_it_go_on(self):
        job = self.submit()
        reader = self.job_socket(job)
        self.say_line(job)
        self.wait_held()
        reader.send_frame(2, b"binary")
        self.assertEqual(self.result(job)["outcome"], "exited")

    def test_one_that_never_reads_is_cut_and_lets_it_go_on(self):
        jobs = [self.submit(), self.submit()]
        readers = [self.job_socket(jobs[0]), self.event_stream(jobs[1])]
        for job in jobs:
            self.say_line(job)
        self.wait_held(2)
        for job in jobs:
            result = self.result(job)
            self.assertEqual((result["outcome"], result["stdout"].count("x")), ("exited", BYTES))
        self.assertRaises(Closed, lambda: [readers[0].receive_text() for _ in iter(int, 1)])
        self.assertNotIn("exited", self.drained(readers[1]))

    @staticmethod
    def drained(reader):
        """What is left to be had of a connection that was cut."""
        said = b""
        try:
            for piece in iter(lambda: reader.recv(65536), b""):
                said += piece
        except ConnectionError:
            pass
        return said.decode()

    def test_the_kill_reaches_it(self):
        job = self.submit()
        self.job_socket(job)
        self.say_line(job)
        self.wait_held()
        self.assertEqual(self.server.kill(job).status, 202)
        self.assertEqual(self.result(job)["outcome"], "killed")
        poll(lambda: not self.server.cells(), "the cell to be gone")

    def test_stderr_and_the_end_come_while_stdout_is_held(self):
        job = self.submit(code=BESIDE)
        self.job_socket(job)
        self.say_line(job)
        self.wait_held()
        self.assertIn("beside", next(data["text"] for name, data in self.server.events(job)
                                     if name == "output" and data["stream"] == "stderr"))
        self.assertEqual(self.metric("sandlot_outputs_held"), 1)
        self.say_line(job)
        self.assertEqual(self.result(job)["exit_code"], 3)

    def test_who_comes_late_does_not_hold_it(self):
        job = self.submit(code="import sys\nprint('ready')\nsys.stdout.write('x' * 700_000)\nsys.stdout.flush()\n"
                          "sys.stdin.readline()\nsys.stdout.write('x' * 200_000)")
        poll(lambda: self.metric("sandlot_output_bytes_total") > 700_000, "the program to wait")
        self.event_stream(job)
        self.say_line(job)
        self.assertEqual(self.result(job)["stdout"].count("x"), BYTES)


class Limits(Readers):
    def test_its_wall_time_goes_on(self):
        self.begin("--run-limit", "wall=2s", "--interactive-wall", "2s")
        job = self.submit()
        self.job_socket(job)
        self.say_line(job)
        self.wait_held()
        result = self.result(job)
        self.assertEqual((result["outcome"], result["stderr"]), ("wall_timeout", ""))
        poll(lambda: self.metric('sandlot_steps_running{step="run"}') == 0, "the slot to be free")

    def test_a_hundred_of_them_keep_nobody_from_running(self):
        """However many there are, each holds its slot for as long as its wall time lasts."""
        self.begin("--run-limit", "wall=2s", "--interactive-wall", "2s", "--run-slots", "6")
        jobs = []
        for number in range(100):
            source = f"127.0.0.{10 + number % 20}"
            jobs.append(self.submit(source))
            connection = socket.create_connection((self.server.host, self.server.port), 120, (source, 0))
            self.addCleanup(connection.close)
            connection.sendall(f"GET /api/v1/jobs/{jobs[-1]}/events HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            self.say_line(jobs[-1])
        self.wait_held(6)
        outcome = self.server.follow(self.server.submit(language="python", code="print('served')", source="127.0.0.2"))
        self.assertEqual(outcome.stdout, "served\n")
        self.assertGreater([self.server.peek(job)["state"] for job in jobs].count("queued"), 20)
        for job in reversed(jobs):
            self.server.kill(job)
        for job in jobs:
            self.server.wait_state(job, "ended")
        self.server.works()


if __name__ == "__main__":
    unittest.main()
