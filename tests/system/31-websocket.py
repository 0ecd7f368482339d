"""The Rust Playground's WebSocket protocol."""
import json

from harness import ServerCase, poll
from websocket import Closed, WebSocket

ECHO = """
use std::io::BufRead;
fn main() {
    println!("ready");
    for line in std::io::stdin().lock().lines() { println!("<{}>", line.unwrap()); }
    println!("end");
}"""


class Socket(ServerCase):
    def setUp(self):
        self.socket = WebSocket(self.server.host, self.server.port, "/websocket")
        self.addCleanup(self.socket.close)

    def execute(self, sequence, code, **changes):
        payload = {"channel": "stable", "mode": "debug", "edition": "2021", "crateType": "bin",
                   "tests": False, "backtrace": False, "code": code}
        payload.update(changes)
        self.socket.send("output/execute/wsExecuteRequest", sequence, payload)

    def until(self, *kinds, sequence=None):
        """Reads up to a message of one of the kinds; all of them, the last is it."""
        messages = []
        while not messages or messages[-1]["type"].split("/")[-1] not in kinds:
            messages.append(self.socket.receive())
            if sequence is not None:
                self.assertEqual(messages[-1]["meta"]["sequenceNumber"], sequence, messages)
        return messages

    @staticmethod
    def text(messages, kind):
        return "".join(m["payload"] for m in messages if m["type"].endswith(kind))

    def wait_text(self, word):
        """Reads until this word was on stdout."""
        messages = []
        while word not in self.text(messages, "wsExecuteStdout"):
            messages += self.until("wsExecuteStdout")
        return messages

    def test_hello(self):
        self.socket.handshake()
        self.execute(3, 'fn main() { println!("Hello, world!"); eprintln!("e"); }')
        messages = self.until("wsExecuteEnd", sequence=3)
        kinds = [m["type"] for m in messages]
        self.assertEqual(kinds[0], "output/execute/wsExecuteBegin")
        self.assertNotIn("payload", messages[0])
        self.assertEqual(self.text(messages, "wsExecuteStdout"), "Hello, world!\n")
        self.assertIn("e\n", self.text(messages, "wsExecuteStderr"))
        self.assertEqual(messages[-1]["payload"],
                         {"success": True, "exitDetail": "Exited with status 0"})

    def test_stdin_and_its_end(self):
        self.socket.handshake()
        self.execute(1, ECHO)
        self.wait_text("ready")
        self.socket.send("output/execute/wsExecuteStdin", 1, "one\n")
        self.wait_text("<one>")
        self.socket.send("output/execute/wsExecuteStdin", 1, "two\n")
        self.socket.send("output/execute/wsExecuteStdinClose", 1)
        messages = self.until("wsExecuteEnd")
        self.assertEqual(self.text(messages, "wsExecuteStdout"), "<two>\nend\n")
        self.assertTrue(messages[-1]["payload"]["success"])

    def test_kill(self):
        self.socket.handshake()
        self.execute(1, ECHO)
        self.wait_text("ready")
        self.socket.send("output/execute/wsExecuteKill", 1)
        end = self.until("wsExecuteEnd")[-1]
        self.assertFalse(end["payload"]["success"])

    def test_status_comes_while_it_runs(self):
        self.socket.handshake()
        self.execute(1, ECHO)
        self.wait_text("ready")
        status = self.until("wsExecuteStatus")[-1]["payload"]
        self.assertEqual(set(status), {"totalTimeSecs", "residentSetSizeBytes"})
        self.socket.send("output/execute/wsExecuteKill", 1)
        self.until("wsExecuteEnd")

    def test_a_new_request_ends_the_running_one(self):
        self.socket.handshake()
        self.execute(1, ECHO)
        self.wait_text("ready")
        self.execute(2, 'fn main() { println!("second"); }')
        messages = self.until("wsExecuteEnd")
        while messages[-1]["meta"]["sequenceNumber"] != 2:
            messages = self.until("wsExecuteEnd")
        self.assertEqual(self.text([m for m in messages if m["meta"]["sequenceNumber"] == 2],
                                   "wsExecuteStdout"), "second\n")
        poll(lambda: not self.server.cells(), "the first program to be gone")

    def test_one_connection_runs_many(self):
        self.socket.handshake()
        for sequence in range(3):
            self.execute(sequence, f'fn main() {{ println!("{sequence}"); }}')
            messages = self.until("wsExecuteEnd", sequence=sequence)
            self.assertEqual(self.text(messages, "wsExecuteStdout"), f"{sequence}\n")

    def test_closing_the_connection_ends_the_program(self):
        self.socket.handshake()
        self.execute(1, ECHO)
        self.wait_text("ready")
        self.assertTrue(self.server.cells())
        self.socket.close()
        poll(lambda: not self.server.cells(), "the program to be gone")

    def test_without_the_greeting_nothing_is_served(self):
        self.execute(1, "fn main() {}")
        with self.assertRaises(Closed):
            for _ in range(10):
                self.assertNotIn("wsExecuteBegin", self.socket.receive_text())

    def test_wrong_messages_are_answered_and_survived(self):
        self.socket.handshake()
        self.execute(1, "fn main() {}", channel="x")
        error = self.until("error")[-1]
        self.assertIn("'x' is not a valid channel", json.dumps(error["payload"]))
        self.execute(2, 'fn main() { println!("fine"); }')
        self.assertEqual(self.text(self.until("wsExecuteEnd"), "wsExecuteStdout"), "fine\n")

    def test_garbage_does_not_hurt_the_server(self):
        self.socket.handshake()
        for text in ("{", "[]", '{"type":5}', '{"type":"output/execute/wsExecuteStdin"}', "\0"):
            try:
                self.socket.send_text(text)
            except OSError:
                break
        self.server.works()
