"""A job's WebSocket: what the event stream says, with stdin and kill on the same connection."""
import json
import os
import signal

from jsonschema import Draft202012Validator

from harness import ROOT, ServerCase, poll
from websocket import Closed, WebSocket

with open(os.path.join(ROOT, "docs/openapi.json"), encoding="utf-8") as document_file:
    COMPONENTS = json.load(document_file)["components"]
EVENT = Draft202012Validator({**COMPONENTS["schemas"]["SocketEvent"], "components": COMPONENTS})
ECHO = "import sys\nprint('ready', flush=True)\nfor line in sys.stdin: print('<' + line.strip() + '>', flush=True)"


class JobSocket(ServerCase):
    def open(self, job):
        session = WebSocket(self.server.host, self.server.port, f"/api/v1/jobs/{job}/socket")
        self.addCleanup(session.close)
        self.assertEqual(session.status, 101)
        return session

    def receive(self, session):
        message = session.receive()
        self.assertTrue(EVENT.is_valid(message), message)
        return message["type"], message["data"]

    def rest(self, session):
        """Everything up to the server's close."""
        events = []
        try:
            while True:
                events.append(self.receive(session))
        except Closed:
            return events

    def until(self, session, text):
        """Reads until this was printed."""
        said = ""
        while text not in said:
            name, data = self.receive(session)
            said += data["text"] if name == "output" else ""

    def say(self, session, **message):
        session.send_text(json.dumps(message))

    def test_it_says_what_the_event_stream_says(self):
        job = self.server.submit(language="c", code='#include <stdio.h>\nint main(){puts("one");return 2;}')
        live = self.rest(self.open(job))
        self.assertEqual(live[-1][0], "result")
        self.assertEqual(live[-1][1]["exit_code"], 2)
        late = self.rest(self.open(job))
        stream = list(self.server.events(job))
        self.assertEqual([event for event in late if event[0] != "output"],
                         [event for event in stream if event[0] != "output"])
        self.assertEqual("".join(data["text"] for name, data in live if name == "output"), "one\n")

    def test_stdin_and_its_end(self):
        session = self.open(self.server.submit(language="python", code=ECHO, interactive=True))
        self.until(session, "ready")
        self.say(session, type="stdin", text="a \u2028 b\n")
        self.until(session, "<a \u2028 b>")
        self.say(session, type="stdin_close")
        self.assertEqual(self.rest(session)[-1][1]["outcome"], "exited")

    def test_kill(self):
        session = self.open(self.server.submit(language="python", code=ECHO, interactive=True))
        self.until(session, "ready")
        self.say(session, type="kill")
        self.assertEqual(self.rest(session)[-1][1]["outcome"], "killed")

    def test_a_wrong_message_is_told_and_the_session_goes_on(self):
        session = self.open(self.server.submit(language="python", code=ECHO, interactive=True))
        self.until(session, "ready")
        for text, words in (("{", "not valid JSON"), ("[]", "an array"), ('{"type":"x"}', "stdin, stdin_close or kill"),
                            ('{"type":"stdin"}', "`text`"), ('{"type":"stdin","text":1}', "`text`"),
                            ('{"type":"kill","more":1}', "`more`"), ('{"type":"\\ud800"}', "not valid JSON")):
            session.send_text(text)
            name, data = "output", None
            while name == "output":  # of which the rest of the line may come by itself
                name, data = self.receive(session)
            self.assertEqual((name, data["error"]["code"]), ("error", "bad_request"))
            self.assertIn(words, data["error"]["message"])
        self.say(session, type="stdin_close")
        self.say(session, type="stdin", text="late")
        names = [name for name, data in self.rest(session)]
        self.assertEqual(names[-1], "result")

    def test_who_leaves_does_not_end_the_job(self):
        job = self.server.submit(language="python", code=ECHO, interactive=True)
        session = self.open(job)
        self.until(session, "ready")
        session.close()
        again = self.open(job)
        self.until(again, "ready")
        self.say(again, type="stdin_close")
        self.assertEqual(self.rest(again)[-1][1]["outcome"], "exited")

    def test_frames_that_are_wrong_end_the_session_alone(self):
        job = self.server.submit(language="python", code=ECHO, interactive=True)
        for opcode, payload in ((2, b"binary"), (3, b""), (0, b"no beginning"), (1, b"x" * (2 << 20 | 1))):
            session = self.open(job)
            self.until(session, "ready")
            try:
                session.send_frame(opcode, payload)
            except OSError:
                pass  # the server may be done with it before it has read all
            self.assertNotIn("result", [name for name, _ in self.rest(session)])
        self.assertEqual(self.server.peek(job)["state"], "running")
        self.server.kill(job)

    def test_what_is_none_is_refused_before_the_handshake(self):
        self.assertEqual(WebSocket(self.server.host, self.server.port, f"/api/v1/jobs/{'0' * 32}/socket").status, 404)
        job = self.server.submit(language="python", code="print(1)")
        reply = self.server.get(f"/api/v1/jobs/{job}/socket")
        self.assertEqual((reply.status, reply.headers["Upgrade"]), (426, "websocket"))
        self.assertEqual(self.server.get(f"/api/v1/jobs/{job}/socket", headers={
            "Upgrade": "websocket", "Connection": "Upgrade", "Origin": "http://elsewhere.example",
            "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "x"}).status, 403)


class Stops(ServerCase):
    def test_a_server_that_stops_ends_the_session(self):
        job = self.server.submit(language="python", code=ECHO, interactive=True)
        session = WebSocket(self.server.host, self.server.port, f"/api/v1/jobs/{job}/socket")
        self.addCleanup(session.close)
        while "ready" not in session.receive_text():
            pass
        self.server.process.send_signal(signal.SIGTERM)
        try:
            while True:
                session.receive_text()
        except Closed:
            pass
        poll(lambda: self.server.process.poll() is not None, "the server to end")
