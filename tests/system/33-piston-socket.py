"""Piston's WebSocket: a job for each connection, fed and signalled while it runs, and what it closes with."""
import json
import unittest

from harness import Server, ServerCase, poll
from websocket import Closed, WebSocket

ECHO = "import sys\nprint('ready', flush=True)\nfor line in sys.stdin: print('<' + line.strip() + '>', flush=True)"
# Says which signals reach it, and ends at SIGTERM; its child says so, too.
LISTEN = """import os, signal, sys
def hear(number, frame):
    os.write(1, (who + signal.Signals(number).name + '\\n').encode())
    if number == signal.SIGTERM: os._exit(7)
who = 'it '
for one in (signal.SIGINT, signal.SIGUSR1, signal.SIGTERM, signal.SIGWINCH): signal.signal(one, hear)
if os.fork() == 0: who = 'child '
os.write(1, (who + 'listens\\n').encode())
while True: signal.pause()
"""


def init(code, language="python", **more):
    return {"type": "init", "language": language, "version": "*", "files": [{"content": code}], **more}


class SocketCase(ServerCase):
    def open(self):
        session = WebSocket(self.server.host, self.server.port, "/api/v2/connect")
        self.addCleanup(session.close)
        self.assertEqual(session.status, 101)
        return session

    def say(self, session, **message):
        session.send_text(json.dumps(message))

    def begin(self, code, **more):
        session = self.open()
        self.say(session, **init(code, **more))
        return session

    def until(self, session, *texts):
        """Reads until all of these were printed; returns the messages."""
        said, messages = "", []
        while not all(text in said for text in texts):
            messages.append(session.receive())
            said += messages[-1].get("data", "")
        return messages

    def rest(self, session):
        """Everything up to the server's close, and that."""
        messages = []
        try:
            while True:
                messages.append(session.receive())
        except Closed as closed:
            return messages, closed

    def assertCloses(self, session, status, reason, error=None):
        messages, closed = self.rest(session)
        self.assertEqual((closed.status, closed.reason), (status, reason), messages)
        errors = [message["message"] for message in messages if message["type"] == "error"]
        if error is None:
            self.assertEqual(errors, [])
        else:
            self.assertEqual(len(errors), 1)
            self.assertIn(error, errors[0])
        return messages


class Connect(SocketCase):
    options = ("--interactive-wall", "20s")

    def test_a_job_that_is_fed(self):
        session = self.begin(ECHO)
        hello = session.receive()
        self.assertEqual((hello["type"], hello["language"]), ("runtime", "python"))
        self.assertRegex(hello["version"], r"^3\.\d+\.\d+")
        self.assertEqual(session.receive(), {"type": "stage", "stage": "run"})
        self.until(session, "ready")
        self.say(session, type="data", stream="stdin", data="a \u2028 b\n")
        self.until(session, "<a \u2028 b>")
        self.say(session, type="signal", signal="SIGKILL")
        messages = self.assertCloses(session, 4999, "Job Completed")
        self.assertEqual(messages[-1], {"type": "exit", "stage": "run", "code": None, "signal": "SIGKILL",
                                        "message": "Caught fatal signal 9", "status": "SG"})

    def test_compile_and_run_are_stages(self):
        session = self.begin('#include <stdio.h>\nint main(int n, char **v){fputs("err", stderr);return puts(v[n - 1]) < 0 ? 9 : 3;}',
                             language="c", args=["one"])
        messages = self.assertCloses(session, 4999, "Job Completed")
        stages = [(message["type"], message.get("stage"), message.get("code")) for message in messages
                  if message["type"] in ("stage", "exit")]
        self.assertEqual(stages, [("stage", "compile", None), ("exit", "compile", 0), ("stage", "run", None),
                                  ("exit", "run", 3)])
        said = {stream: "".join(message["data"] for message in messages if message.get("stream") == stream)
                for stream in ("stdout", "stderr")}
        self.assertEqual(said, {"stdout": "one\n", "stderr": "err"})

    def test_a_compilation_that_fails_is_the_end(self):
        messages = self.assertCloses(self.begin("int main() { return x; }", language="c"), 4999, "Job Completed")
        self.assertEqual((messages[-1]["stage"], messages[-1]["code"], messages[-1]["status"]), ("compile", 1, "RE"))
        self.assertIn("undeclared", "".join(message.get("data", "") for message in messages))

    def test_signals_reach_the_program_and_what_it_started(self):
        session = self.begin(LISTEN)
        self.until(session, "it listens", "child listens")
        for name in ("SIGUSR1", "SIGINT", "SIGWINCH"):
            self.say(session, type="signal", signal=name)
            self.until(session, "it " + name, "child " + name)
        self.say(session, type="signal", signal="SIGSTOP")
        self.say(session, type="signal", signal="SIGCONT")
        self.say(session, type="signal", signal="SIGTERM")
        messages = self.assertCloses(session, 4999, "Job Completed")
        self.assertEqual((messages[-1]["code"], messages[-1]["signal"]), (7, None))

    def test_a_signal_ends_a_program_that_does_not_listen(self):
        session = self.begin("import os\nprint('ready', flush=True)\nwhile True: pass")
        self.until(session, "ready")
        self.say(session, type="signal", signal="SIGTERM")
        messages = self.assertCloses(session, 4999, "Job Completed")
        self.assertEqual((messages[-1]["code"], messages[-1]["signal"]), (None, "SIGTERM"))

    def test_one_that_comes_at_once_is_not_lost(self):
        """Between the start and the program's first instruction, a signal waits; the kernel then does as it always does."""
        for _ in range(5):
            session = self.begin("import time\ntime.sleep(60)")
            while session.receive() != {"type": "stage", "stage": "run"}:
                pass
            self.say(session, type="signal", signal="SIGTERM")
            messages = self.assertCloses(session, 4999, "Job Completed")
            self.assertEqual(messages[-1]["signal"], "SIGTERM", messages)

    def test_one_that_is_compiled_can_be_ended(self):
        session = self.begin("#include <stdio.h>\n" + "int a;\n" * 20 + '#include "/dev/stdin"\nint main(){}', language="c")
        self.say(session, type="signal", signal="SIGTERM")  # for nobody yet
        self.say(session, type="signal", signal="SIGKILL")
        messages, closed = self.rest(session)
        self.assertEqual(closed.status, 4999, messages)
        self.assertEqual(messages[-1]["type"], "exit")

    def test_output_has_an_end(self):
        session = self.begin("while True: print('x' * 9999)")
        messages = self.assertCloses(session, 4999, "Job Completed")
        self.assertEqual(messages[-1]["status"], "OL")
        self.assertEqual(sum(len(message["data"]) for message in messages if message.get("stream") == "stdout"), 1 << 20)

    def test_what_is_out_of_order_closes_with_its_own_status(self):
        self.assertCloses(self.open(), 4001, "Initialization Timeout")
        for message in ({"type": "data", "stream": "stdin", "data": "x"}, {"type": "signal", "signal": "SIGINT"}):
            session = self.open()
            self.say(session, **message)
            self.assertCloses(session, 4003, "Not yet initialized")
        for message, status, reason, error in (
            (init("print(1)"), 4000, "Already Initialized", None),
            ({"type": "data", "stream": "stdout", "data": "x"}, 4004, "Can only write to stdin", None),
            ({"type": "data", "stream": "stdin", "data": 5}, 4002, "Notified Error", "data must be a string"),
            ({"type": "data", "stream": "stdin", "data": "x" * ((1 << 20) + 1)}, 4002, "Notified Error", "has not read"),
            ({"type": "signal", "signal": "SIGNONE"}, 4005, "Invalid signal", None),
            ({"type": "signal", "signal": 9}, 4005, "Invalid signal", None),
            ({"type": "more"}, 4002, "Notified Error", "init, data or signal"),
            ({}, 4002, "Notified Error", "init, data or signal"),
        ):
            with self.subTest(message=str(message)[:60]):
                session = self.begin("import time\nprint('ready', flush=True)\ntime.sleep(60)")
                self.until(session, "ready")
                self.say(session, **message)
                self.assertCloses(session, status, reason, error)

    def test_an_init_that_is_wrong_is_told_in_pistons_words(self):
        for changes, words in (({"language": "cobol"}, "cobol-* runtime is unknown"), ({"files": 1}, "files is required"),
                               ({"run_timeout": 10**9}, "run_timeout cannot exceed"), ({"version": None}, "version is required")):
            session = self.open()
            self.say(session, **{**init("print(1)"), **changes})
            self.assertCloses(session, 4002, "Notified Error", words)
        for text in ("{", "[]", '{"type":"\\ud800"}', '{"type":"init","type":"init"}'):
            session = self.open()
            session.send_text(text)
            self.assertCloses(session, 4002, "Notified Error", "")

    def test_frames_that_are_wrong_end_it(self):
        for opcode, payload, status in ((2, b"binary", 1003), (0, b"no beginning", 1002), (1, b"x" * (2 << 20 | 1), 1009)):
            session = self.begin("import time\nprint('ready', flush=True)\ntime.sleep(60)")
            self.until(session, "ready")
            try:
                session.send_frame(opcode, payload)
            except OSError:
                pass  # the server may be done with it before it has read all
            _, closed = self.rest(session)
            self.assertIn(closed.status, (status, None))

    def test_who_leaves_ends_the_job(self):
        session = self.begin(ECHO)
        self.until(session, "ready")
        session.close()
        poll(lambda: not self.server.cells(), "the job to be gone")

    def test_it_is_a_websocket(self):
        reply = self.server.get("/api/v2/connect")
        self.assertEqual((reply.status, list(reply.json()), reply.headers["Upgrade"]), (426, ["message"], "websocket"))
        self.assertEqual(WebSocket(self.server.host, self.server.port, "/api/v2/connect",
                                   headers={"Origin": "http://elsewhere.example"}).status, 403)


class Around(unittest.TestCase):
    def test_it_counts_against_the_rate(self):
        server = Server("--rate", "1", "--burst", "1")
        self.addCleanup(server.stop)

        def refusal():
            session = WebSocket(server.host, server.port, "/api/v2/connect")
            session.send_text(json.dumps(init("print(1)")))
            message = session.receive()
            session.close()
            return message.get("message")

        self.assertIn("too many requests", poll(refusal, "a refusal", 20))

    def test_a_server_that_stops_ends_the_session(self):
        server = Server()
        session = WebSocket(server.host, server.port, "/api/v2/connect")
        session.send_text(json.dumps(init(ECHO)))
        while "ready" not in session.receive().get("data", ""):
            pass
        self.assertEqual(server.stop(), 0)
        with self.assertRaises(Closed):
            while True:
                session.receive()
