"""Limits: a request may lower them, never raise them; the server's own flags are the ceiling."""
from harness import ServerCase, descendants, poll

MIB = 1 << 20


class Limits(ServerCase):
    options = ("--run-limit", "wall=3s", "--run-limit", "memory=96M", "--run-limit", "output=2000",
               "--run-limit", "files=4M", "--run-limit", "processes=8", "--interactive-wall", "4s")

    def test_more_than_the_server_allows_is_lowered(self):
        high = {"run": {"wall_usec": 80_000_000_000, "memory_bytes": 1 << 39, "output_bytes": 1 << 31,
                        "files_bytes": 1 << 39, "processes": 30000}}
        outcome = self.server.python("import time; time.sleep(9999)", limits=high)
        self.assertOutcome(outcome, "wall_timeout")
        self.assertLess(outcome.result["wall_usec"], 60_000_000)
        outcome = self.server.python("x = bytearray(1 << 30)\nprint(len(x))", limits=high)
        self.assertIn(outcome.result["outcome"], ("out_of_memory", "exited"))
        self.assertNotEqual(outcome.result["exit_code"], 0, str(outcome))
        outcome = self.server.python("print('x' * 9999)", limits=high)
        self.assertOutcome(outcome, "output_limit")
        self.assertEqual(len(outcome.stdout), 2000)
        outcome = self.server.python("open('/tmp/x', 'wb').write(b'x' * (1 << 24))", limits=high)
        self.assertOutcome(outcome, "file_limit")

    def test_the_interactive_limit_holds_for_interactive_jobs(self):
        outcome = self.server.python("input()", interactive=True)
        self.assertOutcome(outcome, "wall_timeout")
        self.assertGreaterEqual(outcome.result["wall_usec"], 4_000_000)

    def test_measurements_are_plausible(self):
        outcome = self.server.python("import time\nx = bytearray(b'x' * (40 << 20))\n"
                                     "end = time.process_time() + 0.3\n"
                                     "while time.process_time() < end: pass\ntime.sleep(0.2)")
        self.assertOutcome(outcome, "exited")
        result = outcome.result
        self.assertGreaterEqual(result["user_usec"] + result["system_usec"], 250_000)
        self.assertGreaterEqual(result["wall_usec"], 500_000)
        self.assertGreaterEqual(result["memory_peak_bytes"], 40 * MIB)
        self.assertLessEqual(result["memory_peak_bytes"], 97 * MIB)
        self.assertGreaterEqual(result["total_usec"], result["wall_usec"])
        self.assertGreaterEqual(result["queued_usec"], 0)


class CompileLimits(ServerCase):
    options = ("--compile-limit", "artefact=1M")

    def test_an_artefact_that_is_too_large(self):
        outcome = self.server.run(language="c", code="char x[4 << 20] = {1};\nint main(void) {}")
        self.assertEqual([s["step"] for s in outcome.result["steps"]], ["compile"], str(outcome))
        self.assertNotEqual((outcome.result["outcome"], outcome.result["exit_code"]), ("exited", 0),
                            str(outcome))
        self.server.works()


class Behind(ServerCase):
    """Endless loops step behind programs that only wait (cpu.idle is there since Linux 5.15)."""

    def idle_of(self, word):
        """cpu.idle of the cell in which a program with this word on its command line runs; "" while there is none."""
        for pid in descendants(self.server.pid):
            try:
                with open(f"/proc/{pid}/cmdline", encoding="utf-8") as file:
                    if word not in file.read().split("\0"):
                        continue
                with open(f"/proc/{pid}/cgroup", encoding="utf-8") as file:
                    of = {controllers: path for _, controllers, path in (line.rstrip().split(":", 2) for line in file)}
                folder = "/sys/fs/cgroup/cpu" + of["cpu"] if "cpu" in of else "/sys/fs/cgroup" + of[""]
                with open(f"{folder}/cpu.idle", encoding="utf-8") as file:
                    return file.read().strip()
            except (FileNotFoundError, ProcessLookupError):
                continue
        return ""

    def test_who_burns_steps_behind_and_who_waits_does_not(self):
        waits = self.server.submit(language="python", code="input()", args=["waits"], interactive=True)
        poll(lambda: self.idle_of("waits") == "0", "the one that waits to run")
        burns = self.server.submit(language="python", code="while True: pass", args=["burns"])
        poll(lambda: self.idle_of("burns") == "1", "the one that burns to step behind")
        self.assertEqual(self.idle_of("waits"), "0")
        for job in (waits, burns):
            self.server.kill(job)
            self.server.wait_state(job, "ended")
