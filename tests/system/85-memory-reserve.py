"""What happens when the host's memory runs short: programs run one at a time, and nobody is turned away for it."""
import unittest

from harness import Server, ServerCase, poll

SLEEP = "import time\nprint('up', flush=True)\ntime.sleep(100)\n# %d"


class Short(ServerCase):
    """More than any host has is to stay available: memory is short all the time."""

    options = ("--memory-reserve", "1024G")

    def tearDown(self):
        for job in self.jobs:
            self.server.kill(job)
            self.server.wait_state(job, "ended")

    def submit(self, number):
        self.jobs.append(self.server.submit(source=f"127.0.0.{2 + number}", language="python", code=SLEEP % number))
        return self.jobs[-1]

    def setUp(self):
        self.jobs = []
        first = self.submit(0)
        self.server.wait_state(first, "running")
        poll(lambda: "memory_short" in self.server.log(), "the server to see that memory is short")

    def test_programs_run_one_at_a_time(self):
        others = [self.submit(number) for number in (1, 2, 3)]
        for expected in (1, 1, 1):
            states = [self.server.peek(job)["state"] for job in self.jobs]
            self.assertEqual(states.count("running"), expected, states)
            running = self.jobs[states.index("running")]
            self.server.kill(running)
            self.server.wait_state(running, "ended")
            poll(lambda: any(self.server.peek(job)["state"] == "running" for job in others), "the next one to run")

    def test_who_waits_is_told_his_place(self):
        second = self.submit(1)
        self.submit(2)
        self.assertEqual(self.server.peek(second)["state"], "queued")
        self.assertEqual(self.server.peek(second)["position"], 1)
        self.assertEqual(self.server.peek(self.jobs[-1])["position"], 2)

    def test_compiling_goes_on(self):
        job = self.server.submit(language="c", code="int main(void) { return 0; }")
        self.jobs.append(job)
        self.server.wait_state(job, "waiting_to_run")


class Enough(unittest.TestCase):
    def test_with_enough_they_run_beside_each_other(self):
        server = Server("--memory-reserve", "0")
        self.addCleanup(server.stop)
        jobs = [server.submit(source=f"127.0.0.{2 + n}", language="python", code=SLEEP % n) for n in range(3)]
        for job in jobs:
            server.wait_state(job, "running")
        self.assertNotIn("memory_short", server.log())

    def test_a_wrong_size_is_refused(self):
        for word in ("-1", "many", "1T", "1024GG", ""):
            with self.assertRaises(AssertionError) as raised:
                Server("--memory-reserve", word)
            self.assertIn("--memory-reserve takes a number of bytes", str(raised.exception))


if __name__ == "__main__":
    unittest.main()
