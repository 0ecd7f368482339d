"""Programs that misbehave: the right outcome each time, and the next job is unaffected."""
import threading

from harness import ServerCase, poll

SHORT = {"run": {"wall_usec": 10_000_000, "cpu_usec": 1_000_000}}
MIB = 1 << 20


class Hostile(ServerCase):
    def tearDown(self):
        poll(lambda: not self.server.cells(), "every cell to be gone")
        self.server.works()

    def test_it_never_ends(self):
        outcome = self.server.python("while True: pass", limits=SHORT)
        self.assertOutcome(outcome, "cpu_timeout")
        self.assertGreaterEqual(outcome.result["user_usec"] + outcome.result["system_usec"], 900_000)

    def test_it_sleeps_forever(self):
        outcome = self.server.python("import time\nprint('zz', flush=True)\ntime.sleep(9999)",
                                     limits={"run": {"wall_usec": 1_000_000}})
        self.assertOutcome(outcome, "wall_timeout")
        self.assertEqual(outcome.stdout, "zz\n", "what it printed before is kept")
        self.assertGreaterEqual(outcome.result["wall_usec"], 1_000_000)

    def test_it_ignores_signals_and_sleeps(self):
        outcome = self.server.python(
            "import signal, time\n"
            "for s in range(1, 65):\n"
            "    try: signal.signal(s, signal.SIG_IGN)\n"
            "    except (OSError, ValueError): pass\n"
            "while True: time.sleep(60)", limits={"run": {"wall_usec": 1_000_000}})
        self.assertOutcome(outcome, "wall_timeout")

    def test_many_processes_burn_time_together(self):
        outcome = self.server.python("import os\nfor _ in range(3): os.fork()\nwhile True: pass",
                                     limits={"run": {"wall_usec": 10_000_000, "cpu_usec": 1_000_000}})
        self.assertOutcome(outcome, "cpu_timeout")

    def test_the_compiler_never_ends(self):
        # A file that includes itself twice, 60 deep: 2^60 inclusions.
        outcome = self.server.run(
            language="c", limits={"compile": {"wall_usec": 2_000_000, "cpu_usec": 1_000_000}},
            code="#if __INCLUDE_LEVEL__ < 60\n#include __FILE__\n#include __FILE__\n#endif\n")
        self.assertIn(outcome.result["outcome"], ("cpu_timeout", "wall_timeout"), str(outcome))
        self.assertEqual([s["step"] for s in outcome.result["steps"]], ["compile"])

    def test_it_forks_without_end(self):
        outcome = self.server.python(
            "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass", limits=SHORT)
        self.assertIn(outcome.result["outcome"], ("cpu_timeout", "wall_timeout", "signaled",
                                                  "out_of_memory"), str(outcome))

    def test_forking_fails_at_the_limit_in_the_program(self):
        outcome = self.server.python(
            "import os, time\nn = 0\ntry:\n    while True:\n"
            "        if os.fork() == 0: time.sleep(60)\n        n += 1\n"
            "except OSError as e: print(n, e.strerror)",
            limits={"run": {"processes": 16}})
        self.assertOutcome(outcome, "exited")
        count, _, why = outcome.stdout.strip().partition(" ")
        self.assertLessEqual(int(count), 16)
        self.assertGreaterEqual(int(count), 8)
        self.assertEqual(why, "Resource temporarily unavailable")

    def test_what_it_leaves_in_the_background_dies_with_it(self):
        outcome = self.server.python(
            "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
            "        os.close(1); os.close(2)\n        time.sleep(9999)\n    os._exit(0)\n"
            "os.wait()\nprint('parent ends')")
        self.assertOutcome(outcome, "exited")
        self.assertEqual(outcome.stdout, "parent ends\n")

    def test_it_prints_without_end(self):
        outcome = self.server.python("while True: print('x' * 1000)")
        self.assertOutcome(outcome, "output_limit")
        self.assertTrue(outcome.result["truncated"])
        self.assertEqual(len(outcome.stdout), MIB, "as much as it may is kept")

    def test_it_prints_without_end_on_stderr(self):
        outcome = self.server.python("import sys\nwhile True: sys.stderr.write('x' * 1000)",
                                     limits={"run": {"output_bytes": 5000}})
        self.assertOutcome(outcome, "output_limit")
        self.assertEqual(len(outcome.stderr), 5000)

    def test_it_prints_as_much_as_it_may(self):
        outcome = self.server.python("import sys\nsys.stdout.write('x' * 5000)",
                                     limits={"run": {"output_bytes": 5000}})
        self.assertOutcome(outcome, "exited")
        self.assertFalse(outcome.result["truncated"])

    def test_it_fills_memory(self):
        outcome = self.server.python("x = bytearray()\nwhile True: x += b'x' * (1 << 20)",
                                     limits={"run": {"memory_bytes": 64 * MIB}})
        self.assertOutcome(outcome, "out_of_memory")
        self.assertLessEqual(outcome.result["memory_peak_bytes"], 80 * MIB)

    def test_it_fills_memory_from_many_processes(self):
        outcome = self.server.python(
            "import os, time\nfor _ in range(8):\n    if os.fork() == 0:\n"
            "        x = bytearray(os.urandom(1 << 20) * 30)\n        time.sleep(60)\n"
            "while True: os.wait()", limits={"run": {"memory_bytes": 64 * MIB}})
        self.assertIn(outcome.result["outcome"], ("out_of_memory", "wall_timeout"), str(outcome))

    def test_it_fills_the_disk(self):
        outcome = self.server.python("with open('/playground/full', 'wb') as f:\n"
                                     "    while True: f.write(b'x' * (1 << 20))",
                                     limits={"run": {"files_bytes": 8 * MIB}})
        self.assertOutcome(outcome, "file_limit")

    def test_it_fills_tmp_and_shared_memory(self):
        for folder in ("/tmp", "/dev/shm"):
            with self.subTest(folder):
                outcome = self.server.python(
                    f"with open('{folder}/full', 'wb') as f:\n"
                    "    while True: f.write(b'x' * (1 << 20))",
                    limits={"run": {"files_bytes": 8 * MIB}})
                self.assertOutcome(outcome, "file_limit")

    def test_it_makes_files_without_end(self):
        outcome = self.server.python("n = 0\nwhile True:\n    open(f'/tmp/{n}', 'w').close()\n"
                                     "    n += 1")
        self.assertOutcome(outcome, "file_limit")

    def test_it_kills_itself(self):
        for number, name in ((9, "SIGKILL"), (11, "SIGSEGV"), (15, "SIGTERM"), (6, "SIGABRT")):
            with self.subTest(name):
                outcome = self.server.python(f"import os\nos.kill(os.getpid(), {number})")
                self.assertOutcome(outcome, "signaled")
                self.assertEqual(outcome.result["signal"], number)
                self.assertEqual(outcome.result["signal_name"], name)
                self.assertIsNone(outcome.result["exit_code"])

    def test_it_kills_everybody(self):
        outcome = self.server.python("import os, signal\nos.kill(-1, signal.SIGKILL)\nprint('alive')")
        self.assertIn(outcome.result["outcome"], ("exited", "signaled"), str(outcome))

    def test_it_kills_its_first_process(self):
        outcome = self.server.python("import os\ntry: os.kill(1, 9)\n"
                                     "except PermissionError: print('refused')")
        self.assertIn(outcome.result["outcome"], ("exited", "signaled"), str(outcome))

    def test_it_stops_itself(self):
        outcome = self.server.python("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
                                     limits={"run": {"wall_usec": 1_000_000}})
        self.assertOutcome(outcome, "wall_timeout")

    def test_it_reads_stdin_that_never_comes(self):
        outcome = self.server.python("import sys\nprint(repr(sys.stdin.read()))")
        self.assertOutcome(outcome, "exited")
        self.assertEqual(outcome.stdout, "''\n", "without stdin it reads the end at once")
        outcome = self.server.python("input()", interactive=True,
                                     limits={"run": {"wall_usec": 1_000_000}})
        self.assertOutcome(outcome, "wall_timeout")

    def test_it_closes_its_streams_and_goes_on(self):
        outcome = self.server.python("import os, time\nprint('x', flush=True)\n"
                                     "for fd in (0, 1, 2): os.close(fd)\ntime.sleep(0.3)\nos._exit(7)")
        self.assertOutcome(outcome, "exited")
        self.assertEqual((outcome.result["exit_code"], outcome.stdout), (7, "x\n"))

    def test_no_network_but_its_own_loopback(self):
        outcome = self.server.python(
            "import socket\n"
            "a = socket.socket(); a.bind(('127.0.0.1', 0)); a.listen()\n"
            "b = socket.create_connection(a.getsockname()); print('loopback')\n"
            "try: socket.create_connection(('192.0.2.1', 80), 2)\n"
            "except OSError as e: print(type(e).__name__, e)\n"
            f"try: socket.create_connection(('127.0.0.1', {self.server.port}), 2)\n"
            "except ConnectionRefusedError: print('refused')")
        self.assertOutcome(outcome, "exited")
        lines = outcome.stdout.splitlines()
        self.assertEqual((lines[0], lines[-1]), ("loopback", "refused"), str(outcome))
        self.assertIn("unreachable", lines[1])

    def test_an_endless_loop_does_not_starve_the_others(self):
        loops = [self.server.submit(language="python", code="while True: pass", interactive=True,
                                    limits={"run": {"cpu_usec": 4_000_000}}) for _ in range(4)]
        for job in loops:
            self.server.wait_state(job, "running", "ended")
        outcome = self.server.python("print(sum(range(1000)))")
        self.assertEqual(outcome.stdout, "499500\n")
        for job in loops:
            self.server.kill(job)
            self.assertIn(self.server.follow(job).result["outcome"], ("killed", "cpu_timeout"))

    def test_jobs_side_by_side_do_not_see_each_other(self):
        first = self.server.submit(language="python", interactive=True,
                                   code="open('/tmp/mark', 'w').write('x')\nprint('made', flush=True)\n"
                                        "input()")
        events = self.server.events(first)
        while "made" not in str(next(events)):
            pass
        outcome = self.server.python("import os\nprint(os.path.exists('/tmp/mark'), "
                                     "len([p for p in os.listdir('/proc') if p.isdigit()]))")
        self.assertIn(outcome.stdout, ("False 2\n", "False 1\n"))
        self.server.kill(first)
        list(events)


class Together(ServerCase):
    def test_a_crowd_of_everything_at_once(self):
        codes = {"cpu_timeout": "while True: pass", "output_limit": "while True: print('x' * 9999)",
                 "out_of_memory": "x = b'x' * (1 << 30)\nprint(len(x))",
                 "exited": "print('fine')"}
        limits = {"run": {"cpu_usec": 500_000, "memory_bytes": 64 * MIB}}
        results = []

        def one(name, code):
            results.append((name, self.server.python(code, limits=limits)))

        threads = [threading.Thread(target=one, args=item) for item in list(codes.items()) * 4]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(results), 16)
        for name, outcome in results:
            allowed = (name, "exited") if name == "out_of_memory" else (name,)
            self.assertIn(outcome.result["outcome"], allowed, str(outcome))
        self.server.works()
