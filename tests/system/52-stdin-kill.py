"""A running job: stdin while it runs, its end on request, output as it comes."""
from harness import ServerCase, poll

ECHO = ("import sys\nprint('ready', flush=True)\n"
        "for line in sys.stdin: print('<' + line.strip() + '>', flush=True)\nprint('end')")


class Interactive(ServerCase):
    def start(self, code=ECHO, **job):
        """Starts an interactive job and reads its events up to the word `ready`."""
        self.job = self.server.submit(language="python", code=code, interactive=True, **job)
        self.events = self.server.events(self.job)
        self.read_until("ready")

    def read_until(self, word):
        text = ""
        for name, data in self.events:
            if name == "output":
                text += data["text"]
                if word in text:
                    return text
            self.assertNotEqual(name, "result", (word, text, data))
        self.fail(f"the events end before {word}: {text}")

    def result(self):
        return list(self.events)[-1][1]

    def feed(self, data, close=False):
        return self.server.post(f"/api/v1/jobs/{self.job}/stdin" + ("?close=1" if close else ""), data)

    def test_stdin_is_answered_while_it_runs(self):
        self.start()
        for word in ("one", "two", "drei ☃"):
            self.assertEqual(self.feed(f"{word}\n").status, 204)
            self.read_until(f"<{word}>")
        self.assertEqual(self.feed(b"last", close=True).status, 204)
        self.read_until("<last>")
        self.assertEqual(self.result()["exit_code"], 0)

    def test_closed_stdin_and_ended_jobs_refuse_more(self):
        self.start()
        self.assertEqual(self.feed(b"", close=True).status, 204)
        self.assertEqual(self.result()["outcome"], "exited")
        reply = self.feed(b"more")
        self.assertEqual((reply.status, reply.json()["error"]["code"]), (409, "closed"))

    def test_stdin_of_a_job_that_is_not_interactive_is_closed(self):
        job = self.server.submit(language="python", code="import time; time.sleep(60)")
        self.assertEqual(self.server.post(f"/api/v1/jobs/{job}/stdin", b"x").status, 409)
        self.server.kill(job)
        self.server.follow(job)

    def test_too_much_waiting_stdin_is_refused(self):
        self.start("import time\nprint('ready', flush=True)\ntime.sleep(9999)")
        statuses = [self.feed(b"x" * 200_000).status for _ in range(10)]
        self.assertEqual(set(statuses), {204, 429}, statuses)
        self.server.kill(self.job)
        self.assertEqual(self.result()["outcome"], "killed")

    def test_much_stdin_arrives_whole(self):
        self.start("import sys\nprint('ready', flush=True)\nprint(len(sys.stdin.buffer.read()))")
        sent = 0
        while sent < 5_000_000:
            if poll(lambda: self.feed(b"y" * 100_000).status == 204, "room for more stdin"):
                sent += 100_000
        self.feed(b"", close=True)
        self.read_until(str(sent))
        self.assertEqual(self.result()["exit_code"], 0)

    def test_kill_ends_it(self):
        for method, path in (("POST", "/kill"), ("DELETE", "")):
            with self.subTest(method):
                self.start()
                reply = self.server.request(method, f"/api/v1/jobs/{self.job}{path}")
                self.assertEqual(reply.status, 202)
                result = self.result()
                self.assertEqual(result["outcome"], "killed")
                self.assertTrue(result["sentence"])
                poll(lambda: not self.server.cells(), "the cell to be gone")
        self.server.works()

    def test_kill_of_an_ended_job_is_harmless(self):
        job = self.server.submit(language="python", code="print(1)")
        self.server.follow(job)
        self.assertEqual(self.server.kill(job).status, 202)
        self.assertEqual(self.server.follow(job).result["outcome"], "exited")

    def test_kill_while_compiling(self):
        job = self.server.submit(language="cpp", code="#include <regex>\n#include <iostream>\n"
                                 "int main() { std::cout << std::regex_match(\"a\", std::regex(\"a\")); }")
        self.server.wait_state(job, "compiling", "waiting_to_run", "running", "ended")
        self.server.kill(job)
        outcome = self.server.follow(job)
        self.assertIn(outcome.result["outcome"], ("killed", "exited"))
        poll(lambda: not self.server.cells(), "the cell to be gone")

    def test_output_streams_before_the_end(self):
        self.start("import sys\nprint('ready', flush=True)\nsys.stdin.read()")
        self.assertEqual(self.server.peek(self.job)["state"], "running")
        self.feed(b"", close=True)
        self.assertEqual(self.result()["outcome"], "exited")

    def test_two_readers_hear_the_same(self):
        self.start()
        other = self.server.events(self.job)
        self.feed(b"word\n", close=True)
        first = self.read_until("end")
        second = "".join(d["text"] for n, d in other if n == "output")
        self.assertIn(first, second)
        self.assertTrue(second.startswith("ready"))

    def test_a_reader_that_leaves_disturbs_nobody(self):
        self.start()
        self.events.close()
        self.events = self.server.events(self.job)
        self.feed(b"", close=True)
        self.assertEqual(self.result()["outcome"], "exited")
