"""Cells made ready ahead: there when they are wanted, single use, gone with the server."""
import os
import signal
import unittest

from harness import Server, cgroups_of, children, descendants, poll, process_name, still_alive

SHOW = "import os; print(os.readlink('/proc/self/ns/mnt'), flush=True)"


def waiting(server):
    """Pids of cells that have no job: their pid 1 has no child."""
    return [pid for pid in children(server.pid)
            if process_name(pid) == "sandlot-cell" and not children(pid)]


class Ready(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(lambda: self.server.process.poll() is None and self.server.stop())
        # Its cell is one that has no job yet while it is made.
        poll(self.server.early, "the compiler that is started with the server")

    def show(self):
        outcome = self.server.run(language="python", code=SHOW)
        self.assertEqual(outcome.result["outcome"], "exited", outcome.result)
        return outcome.stdout

    def test_each_serves_one_job(self):
        self.assertEqual(waiting(self.server), [], "nobody has asked for anything yet")
        self.show()
        for _ in range(5):
            ready = poll(lambda: waiting(self.server), "a cell that waits")
            born = descendants(self.server.pid)
            cells = {os.readlink(f"/proc/{pid}/ns/mnt"): pid for pid in ready}
            mine = self.show().strip()
            self.assertIn(mine, cells, "the job ran in a cell that had waited for it")
            poll(lambda: not still_alive({cells[mine]: born[cells[mine]]}), "that cell's end")

    def test_without_one_a_cell_is_made_at_once(self):
        """Nothing has been asked for, so nothing is ready: the first jobs are served all the same, together."""
        self.assertEqual(waiting(self.server), [])
        jobs = [self.server.submit(language="python", code=f"print({n})") for n in range(4)]
        self.assertEqual([self.server.follow(job).stdout for job in jobs], [f"{n}\n" for n in range(4)])

    def test_one_that_dies_is_replaced(self):
        self.show()
        dead = poll(lambda: waiting(self.server), "a cell that waits")
        for pid in dead:
            os.kill(pid, signal.SIGKILL)
        poll(lambda: set(waiting(self.server)) - set(dead), "another cell that waits")
        self.show()

    def test_nothing_is_left(self):
        for signo in (signal.SIGTERM, signal.SIGKILL):
            with self.subTest(signo):
                if self.server.process.poll() is not None:
                    self.server = Server()
                self.show()
                poll(lambda: waiting(self.server), "a cell that waits")
                processes = descendants(self.server.pid)
                os.kill(self.server.pid, signo)
                self.server.process.wait()
                poll(lambda: not still_alive(processes), "all processes to be gone")
                if signo == signal.SIGTERM:
                    self.assertEqual(cgroups_of(self.server.pid), [])


if __name__ == "__main__":
    unittest.main()
