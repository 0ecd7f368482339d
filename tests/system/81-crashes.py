"""Many jobs while the front end is killed at random: what was accepted ends exactly once."""
import http.client
import os
import random
import signal
import threading
import time
import unittest

from harness import SANITIZED, Server, poll

JOBS = 100 if SANITIZED else 500
THREADS = 8
KILLS = 5 if SANITIZED else 20
ERRORS = (OSError, http.client.HTTPException, ValueError)


class Crashes(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.stop)
        self.lock = threading.Lock()
        self.accepted = []
        self.wanted = JOBS
        self.killed = 0
        # After how many accepted jobs the front end is killed, with others in every state.
        self.kill_after = set(random.Random(0).sample(range(1, JOBS), KILLS))

    def submit_some(self, seed):
        """Submits until enough are accepted. What was cut off before its 202 counts for nothing."""
        choose = random.Random(seed)
        while True:
            with self.lock:
                if self.wanted == 0:
                    return
                self.wanted -= 1
            job = choose.choice((
                {"language": "python", "code": "print('done')"},
                {"language": "python", "code": "import time; time.sleep(0.2); print('done')"},
                {"language": "c", "code": "#include <stdio.h>\nint main(void) { puts(\"done\"); }"},
                {"language": "python", "code": "raise SystemExit(3)"},
            ))
            accepted = poll(lambda j=job: self.try_submit(j, f"127.0.0.{seed + 1}"),
                            "a job to be accepted", 600)
            with self.lock:
                self.accepted.append(accepted)
                if len(self.accepted) in self.kill_after:
                    self.kill_front()
            if choose.random() < 0.8:  # most clients wait for their result before they come again
                poll(lambda j=accepted: self.result_of(j), f"job {accepted} to end", 300)

    def try_submit(self, job, source):
        try:
            reply = self.server.post("/api/v1/jobs", job, source=source)
            return reply.json()["id"] if reply.status == 202 else None
        except ERRORS:
            return None

    def kill_front(self):
        front = poll(self.server.front, "a front end to kill")
        os.kill(front, signal.SIGKILL)
        self.killed += 1

    def result_of(self, job):
        """The job's result, from both ways of asking, once it has ended."""
        try:
            reply = self.server.get(f"/api/v1/jobs/{job}")
            self.assertEqual(reply.status, 200, f"accepted job {job} is not known: {reply.body}")
            peek = reply.json()
            return peek["result"] if peek["state"] == "ended" else None
        except ERRORS:
            return None

    def test_accepted_is_results_and_errors(self):
        submitters = [threading.Thread(target=self.submit_some, args=[n]) for n in range(THREADS)]
        for thread in submitters:
            thread.start()
        for thread in submitters:
            thread.join()
        poll(self.healthy, "the server to answer")

        started = time.monotonic()
        self.assertEqual(len(self.accepted), JOBS)
        self.assertEqual(len(set(self.accepted)), JOBS, "no id is given twice")
        results = errors = 0
        for job in self.accepted:
            result = poll(lambda j=job: self.result_of(j), f"job {job} to end", 300)
            if result["outcome"] == "internal_error":
                self.assertTrue(result["sentence"])
                errors += 1
            else:
                self.assertEqual(result["outcome"], "exited", result)
                self.assertIn(result["exit_code"], (0, 3))
                results += 1
        self.assertEqual(self.killed, KILLS)
        self.assertGreater(results, JOBS // 4)
        self.assertGreater(errors, 0)
        self.assertEqual(results + errors, JOBS)
        # What was said stays said.
        for job in random.Random(1).sample(self.accepted, 50):
            self.assertIsNotNone(self.result_of(job))
        print(f"      {JOBS} accepted = {results} results + {errors} errors, the front end killed "
              f"{self.killed} times; all told {time.monotonic() - started:.1f} s after the last")
        poll(lambda: not self.server.cells(), "every cell to be gone")
        self.server.works()

    def healthy(self):
        try:
            return self.server.get("/healthz").status == 200
        except ERRORS:
            return False
