"""The queue: bounded, fair between clients, with visible positions and cancellation."""
import tempfile
import unittest

from harness import Server, ServerCase, poll, run_command

WAIT = "input()"


class Queue(ServerCase):
    options = ("--compile-slots", "1", "--run-slots", "4")

    def setUp(self):
        self.jobs = []

    def tearDown(self):
        for job in reversed(self.jobs):
            self.server.kill(job)
        for job in self.jobs:
            self.server.wait_state(job, "ended")

    def submit(self, source=None, code=WAIT):
        """The reply to one more job that waits for stdin; jobs that are taken are remembered."""
        job = {"language": "python", "code": code, "interactive": code == WAIT}
        reply = self.server.post("/api/v1/jobs", job, source=source)
        if reply.status == 202:
            self.jobs.append(reply.json()["id"])
        return reply

    def fill(self, source=None):
        """Submits until the server is full for this client; the refusal."""
        for _ in range(5000):
            reply = self.submit(source)
            if reply.status != 202:
                return reply
        self.fail("the queue has no end")

    def test_when_full_it_says_so_and_when_to_come_back(self):
        reply = self.fill()
        self.assertEqual(reply.status, 429, reply.body)
        self.assertEqual(reply.json()["error"]["code"], "queue_full")
        self.assertGreaterEqual(int(reply.headers["Retry-After"]), 1)
        self.assertTrue(reply.error())
        self.assertEqual(self.server.get("/healthz").status, 200)
        # One job less: there is room for one more.
        self.server.kill(self.jobs[-1])
        self.server.wait_state(self.jobs[-1], "ended")
        self.assertEqual(self.submit().status, 202)

    def test_the_playgrounds_routes_refuse_too_when_full(self):
        self.fill()
        for path, body in (
            ("/execute", {"channel": "stable", "mode": "debug", "edition": "2021", "tests": False,
                          "crateType": "bin", "code": "fn main() {}"}),
            ("/evaluate.json", {"version": "stable", "optimize": "0", "code": "fn main() {}"}),
        ):
            reply = self.server.post(path, body)
            self.assertEqual(reply.status, 429, reply.body)
            self.assertTrue(reply.headers["Retry-After"])
            self.assertTrue(reply.json()["error"])

    def test_sandlot_run_says_when_to_come_back(self):
        self.fill()
        with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
            file.write("print(1)")
            file.flush()
            done = run_command("run", "--server", self.server.url, file.name)
        self.assertEqual((done.returncode, done.stdout), (125, b""))
        self.assertRegex(done.stderr, rb"^sandlot run: .* again in \d+ s")

    def test_a_full_client_does_not_lock_out_another(self):
        self.assertEqual(self.fill("127.0.0.1").status, 429)
        reply = self.submit("127.0.0.2", "print('other')")
        self.assertEqual(reply.status, 202, reply.body)
        outcome = self.server.follow(reply.json()["id"])
        self.assertEqual(outcome.stdout, "other\n")

    def test_clients_take_turns(self):
        # Fill the run slots, so that everything after waits.
        self.fill("127.0.0.1")
        hog = len(self.jobs)
        mine = []
        for _ in range(2):
            reply = self.submit("127.0.0.2")
            self.assertEqual(reply.status, 202, reply.body)
            mine.append(reply.json()["id"])
        # However many of the first client's are waiting, ours run before most of them.
        for job in mine:
            poll(lambda j=job: self.server.peek(j)["state"] == "running" or self.end_one(hog),
                 "the second client's job to run")
        waiting = [j for j in self.jobs[:hog] if self.server.peek(j)["state"] != "ended"]
        self.assertGreater(len(waiting), hog // 2, "most of the first client's still wait or run")

    def end_one(self, hog):
        """Ends one running job of the first client, to free a slot."""
        for job in self.jobs[:hog]:
            if self.server.peek(job)["state"] == "running":
                self.server.kill(job)
                self.server.wait_state(job, "ended")
                return False
        return False

    def test_positions_are_visible_and_shrink(self):
        self.fill()
        last = self.jobs[-1]
        position = self.server.peek(last)["position"]
        self.assertGreater(position, 1)
        events = self.server.events(last)
        heard = []
        self.server.kill(self.jobs[-2])
        for name, data in events:
            if name == "state" and data["state"] == "queued" or "position" in data:
                heard.append(data.get("position", 0))
                if heard[-1] and heard[-1] < position:
                    break
        self.assertLess(heard[-1], position)
        events.close()

    def test_a_waiting_job_can_be_cancelled(self):
        self.fill()
        last = self.jobs[-1]
        self.assertNotEqual(self.server.peek(last)["state"], "running")
        self.assertEqual(self.server.kill(last).status, 202)
        outcome = self.server.follow(last)
        self.assertOutcome(outcome, "killed")
        self.assertEqual([n for n, _ in outcome.events if n == "output"], [])

    def test_everything_accepted_is_run_in_the_end(self):
        self.fill()
        first = [self.submit("127.0.0.3", f"print({n})").json().get("id") for n in range(8)]
        for job in self.jobs:
            if job not in first:
                self.server.kill(job)
        said = [self.server.follow(job).stdout for job in first]
        self.assertEqual(said, [f"{n}\n" for n in range(8)])


class Slots(unittest.TestCase):
    def test_a_program_that_waits_or_sleeps_holds_no_compile_slot(self):
        server = Server("--compile-slots", "1", "--run-slots", "4")
        self.addCleanup(server.stop)
        waiting = [server.submit(language="c", code=code, interactive=True, source=f"127.0.0.{n + 1}")
                   for n, code in enumerate(("#include <stdio.h>\nint main(void) { return getchar(); }",
                                             "#include <unistd.h>\nint main(void) { return sleep(1000); }"))]
        for job in waiting:
            server.wait_state(job, "running")
        outcome = server.run(language="c", code="int main(void) { return 7; }", source="127.0.0.3")
        self.assertEqual(outcome.result["exit_code"], 7, str(outcome))
        self.assertEqual([server.peek(job)["state"] for job in waiting], ["running", "running"])
        for job in waiting:
            server.kill(job)
            server.wait_state(job, "ended")

    def test_no_more_run_at_once_than_there_are_slots(self):
        server = Server("--run-slots", "2")
        self.addCleanup(server.stop)
        jobs = [server.submit(language="python", code=WAIT, interactive=True,
                              source=f"127.0.0.{n + 1}") for n in range(6)]
        poll(lambda: [server.peek(j)["state"] for j in jobs].count("running") >= 2, "two to run")
        for _ in range(20):
            self.assertLessEqual([server.peek(j)["state"] for j in jobs].count("running"), 2)
        for job in jobs:
            server.kill(job)
        for job in jobs:
            self.assertEqual(server.follow(job).result["outcome"], "killed")
