"""Ends, wanted and unwanted: nothing stays behind, and a front end that dies comes back."""
import os
import signal
import tempfile
import unittest

from harness import Server, cgroups_of, descendants, mounts_of, poll, still_alive

BUSY = ("import os, time\n"
        "for _ in range(3):\n    if os.fork() == 0: os.setsid(); time.sleep(9999)\n"
        "print('up', flush=True)\ntime.sleep(9999)")


def busy(server, jobs=3):
    """Starts jobs of several processes each; returns their ids once all of them are up."""
    ids = [server.submit(language="python", code=BUSY, interactive=True) for _ in range(jobs)]
    for job in ids:
        for name, data in server.events(job):
            if name == "output":
                break
            assert name != "result", data
    return ids


class Stop(unittest.TestCase):
    def start(self, **more):
        self.server = Server(**more)
        self.addCleanup(lambda: self.server.process.poll() is None and self.server.stop())
        return self.server

    def nothing_left(self, server, processes, mounts):
        poll(lambda: not still_alive(processes), f"all of {len(processes)} processes to be gone")
        self.assertEqual(mounts_of(server.data, f"sandlot-{server.pid}"), mounts)

    def test_sigterm_ends_everything_at_once(self):
        for signo in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(signo):
                server = self.start()
                busy(server)
                processes = descendants(server.pid)
                self.assertGreaterEqual(len(processes), 10, "front end, and cells of 4 and more")
                self.assertTrue(cgroups_of(server.pid))
                self.assertEqual(server.stop(signo), 0)
                self.nothing_left(server, processes, [])
                self.assertEqual(cgroups_of(server.pid), [])

    def test_sigterm_while_compiling_and_queued(self):
        server = self.start()
        for n in range(8):
            server.submit(language="cpp", code=f"#include <regex>\nint main() {{ return {n}; }}")
        processes = descendants(server.pid)
        self.assertEqual(server.stop(), 0)
        self.nothing_left(server, processes, [])
        self.assertEqual(cgroups_of(server.pid), [])

    def test_open_jobs_end_in_a_clear_error_across_a_stop(self):
        with tempfile.TemporaryDirectory() as folder:
            data = os.path.join(folder, "data")
            server = self.start(data=data)
            jobs = busy(server)
            server.stop()
            server = self.start(data=data)
            for job in jobs:
                peek = server.peek(job)
                self.assertEqual(peek["state"], "ended")
                self.assertEqual(peek["result"]["outcome"], "internal_error")
                self.assertTrue(peek["result"]["sentence"])

    def test_sigkill_of_the_supervisor_ends_every_cell_and_the_front_end(self):
        server = self.start()
        busy(server)
        processes = descendants(server.pid)
        self.assertGreaterEqual(len(processes), 10)
        server.process.kill()
        server.process.wait()
        self.nothing_left(server, processes, [])
        # Cgroup folders cannot be removed by the dead: the next server does that.
        left = cgroups_of(server.pid)
        server.stop()
        after = self.start()
        after.works()
        self.assertEqual(cgroups_of(server.pid), [], left)


class FrontDies(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.stop)

    def kill_front(self):
        front = self.server.front()
        os.kill(front, signal.SIGKILL)
        poll(lambda: self.server.front() not in (None, front), "another front end")
        poll(self.healthy, "the server to answer again")

    def healthy(self):
        try:
            return self.server.get("/healthz").status == 200
        except OSError:
            return False

    def test_it_comes_back_at_the_same_address(self):
        for _ in range(3):
            self.kill_front()
        self.server.works()
        self.assertEqual(self.server.process.poll(), None)

    def test_its_cells_die_and_its_jobs_end_in_a_clear_error(self):
        jobs = busy(self.server)
        cells = self.server.cells()
        self.assertTrue(cells)
        self.kill_front()
        poll(lambda: not still_alive(cells), "the dead front end's cells to be gone")
        for job in jobs:
            peek = self.server.peek(job)
            self.assertEqual(peek["state"], "ended", peek)
            self.assertEqual(peek["result"]["outcome"], "internal_error")
            self.assertTrue(peek["result"]["sentence"])
            outcome = self.server.follow(job)
            self.assertEqual(outcome.result["outcome"], "internal_error")
        self.server.works()

    def test_a_result_that_was_given_stays(self):
        job = self.server.submit(language="python", code="print('kept')")
        before = self.server.follow(job).result
        self.kill_front()
        after = self.server.peek(job)["result"]
        self.assertEqual((after["outcome"], after["exit_code"]),
                         (before["outcome"], before["exit_code"]))

    def test_the_supervisor_keeps_no_fds_of_the_dead(self):
        self.server.works()
        self.kill_front()
        count = len(os.listdir(f"/proc/{self.server.pid}/fd"))
        for _ in range(3):
            busy(self.server)
            self.kill_front()
        poll(lambda: len(os.listdir(f"/proc/{self.server.pid}/fd")) <= count,
             "the supervisor's fds to be as many as before")


class Jail(unittest.TestCase):
    def test_the_front_end_has_no_privilege_left(self):
        server = Server()
        self.addCleanup(server.stop)
        with open(f"/proc/{server.front()}/status", encoding="utf-8") as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        self.assertNotIn("0", status["Uid"].split())
        self.assertNotIn("0", status["Gid"].split())
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(int(status[name], 16), 0, name)
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))
        self.assertEqual(status["Groups"].split(), [])
