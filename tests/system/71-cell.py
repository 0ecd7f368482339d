"""`sandlot cell`: one command in a cell, its exit status and its report; nothing is left behind."""
import json
import os
import signal
import subprocess
import tempfile
import unittest

from harness import IMAGE, SANDLOT, cgroups_of, descendants, mounts_of, poll, still_alive


class Cell(unittest.TestCase):
    def cell(self, *words, stdin=None, options=(), image=IMAGE):
        """Runs a command in a cell; the report is in .report, or None."""
        with tempfile.TemporaryFile() as report:
            done = subprocess.run(
                [SANDLOT, "cell", "--image", image, "--report", str(report.fileno()), *options, "--",
                 *words],
                input=stdin, stdin=subprocess.DEVNULL if stdin is None else None,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, check=False,
                pass_fds=[report.fileno()])
            report.seek(0)
            text = report.read()
        done.report = json.loads(text) if text else None
        return done

    def python(self, code, *options, **more):
        return self.cell("/usr/bin/python3", "-c", code, options=options, **more)

    def expect(self, done, status, outcome):
        self.assertEqual((done.returncode, done.report and done.report["outcome"]),
                         (status, outcome), (done.report, done.stderr))

    def test_the_commands_own_status_and_streams(self):
        done = self.cell("/bin/sh", "-c", "cat; echo e >&2; exit 7", stdin=b"in\n")
        self.expect(done, 7, "exited")
        self.assertEqual((done.stdout, done.stderr), (b"in\n", b"e\n"))
        self.assertEqual(done.report["exit_code"], 7)
        self.expect(self.cell("/bin/true"), 0, "exited")

    def test_signals(self):
        self.expect(self.cell("/bin/sh", "-c", "kill -SEGV $$"), 139, "signaled")
        self.expect(self.cell("/bin/sh", "-c", "kill -KILL $$"), 137, "signaled")

    def test_time(self):
        self.expect(self.cell("/bin/sleep", "99", options=["--limit", "wall=300ms"]), 124,
                    "wall_timeout")
        self.expect(self.python("while True: pass", "--limit", "cpu=300ms"), 124, "cpu_timeout")

    def test_memory(self):
        self.expect(self.python("x = b'x' * (200 << 20)\nprint(len(x))\nx += x", "--limit",
                                "memory=64M"), 137, "out_of_memory")

    def test_files(self):
        done = self.python("f = open('/tmp/x', 'wb')\nwhile True: f.write(b'x' * 65536)",
                           "--limit", "files=2M")
        self.assertEqual(done.report["outcome"], "file_limit", done.report)
        self.assertNotEqual(done.returncode, 0)

    def test_output(self):
        done = self.python("while True: print('x' * 1000)", "--limit", "output=5000")
        self.expect(done, 141, "output_limit")
        self.assertEqual(len(done.stdout), 5000)
        self.assertTrue(done.report["truncated"])

    def test_processes(self):
        done = self.python("import os, time\nn = 0\ntry:\n    while True:\n"
                           "        if os.fork() == 0: time.sleep(60)\n        n += 1\n"
                           "except OSError: print(n)", "--limit", "processes=8")
        self.expect(done, 0, "exited")
        self.assertLessEqual(int(done.stdout), 8)

    def test_a_program_that_is_not_there(self):
        done = self.cell("/bin/nowhere")
        self.assertEqual(done.returncode, 125, done.report)
        self.assertIn(b"/bin/nowhere", done.stderr)

    def test_wrong_use_is_64(self):
        for words in (["--limit", "wall=never"], ["--limit", "x=1"], ["--frobnicate"],
                      ["--without", "everything"], ["--profile", "x"]):
            with self.subTest(words):
                done = self.cell("/bin/true", options=words)
                self.assertEqual(done.returncode, 64, done.stderr)
                self.assertTrue(done.stderr)
        done = subprocess.run([SANDLOT, "cell", "--image", IMAGE], capture_output=True, check=False)
        self.assertEqual(done.returncode, 64)

    def test_a_missing_image(self):
        done = self.cell("/bin/true", image="/nowhere/at/all")
        self.assertIn(done.returncode, (64, 125))
        self.assertIn(b"/nowhere/at/all", done.stderr)

    def test_inside_it_is_somebody_else_and_alone(self):
        done = self.python(
            "import os\nprint(os.getuid(), os.getgid(), os.getgroups())\n"
            "print(sorted(os.listdir('/dev')))\nprint(os.path.exists('/sys'))\nprint(os.getcwd())\n"
            "print([l for l in open('/proc/self/status') if l.startswith(('CapEff','NoNewPrivs','Seccomp:'))])")
        self.expect(done, 0, "exited")
        lines = done.stdout.decode().splitlines()
        self.assertEqual(lines[0].split()[:2], ["1000", "1000"])
        self.assertNotIn("kmsg", lines[1])
        self.assertEqual(lines[3], "/playground")
        self.assertIn("CapEff:\\t0000000000000000", lines[4])
        self.assertIn("NoNewPrivs:\\t1", lines[4])
        self.assertIn("Seccomp:\\t2", lines[4])

    def test_the_image_cannot_be_written(self):
        done = self.python("try: open('/etc/x', 'w')\nexcept OSError as e: print(e.errno)")
        self.assertIn(done.stdout.strip(), (b"30", b"13"), done)

    def test_files_go_in_and_an_artefact_comes_out(self):
        with tempfile.TemporaryDirectory() as folder:
            source, artefact = os.path.join(folder, "in.txt"), os.path.join(folder, "out.txt")
            with open(source, "w", encoding="utf-8") as file:
                file.write("handed in\n")
            done = self.cell("/bin/sh", "-c", "tr a-z A-Z < in.txt > out.txt",
                             options=["--file", f"{source}:in.txt", "--artefact",
                                      f"out.txt:{artefact}", "--limit", "artefact=1M"])
            self.expect(done, 0, "exited")
            with open(artefact, encoding="utf-8") as file:
                self.assertEqual(file.read(), "HANDED IN\n")

    def test_killing_it_leaves_nothing(self):
        for signo in (signal.SIGTERM, signal.SIGKILL, signal.SIGINT):
            with self.subTest(signo):
                process = subprocess.Popen(
                    [SANDLOT, "cell", "--image", IMAGE, "--limit", "wall=60s", "--", "/bin/sh", "-c",
                     "sleep 999 & echo up; exec sleep 999"],
                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
                self.assertEqual(process.stdout.readline(), b"up\n")
                inside = poll(lambda: len(d := descendants(process.pid)) >= 2 and d, "the cell's processes")
                process.send_signal(signo)
                process.wait(60)
                process.stdout.close()
                poll(lambda: not still_alive(inside), "the cell's processes to be gone")
                if signo != signal.SIGKILL:  # that leaves its folders to the next one
                    self.assertEqual(cgroups_of(process.pid), [])
                self.assertEqual(mounts_of(IMAGE), [])

    def test_failing_at_any_step_is_clean(self):
        steps = subprocess.run([SANDLOT, "cell", "--list-steps"], capture_output=True, check=True)
        count = len(steps.stdout.splitlines())
        self.assertGreater(count, 10)
        for step in range(count - 1):
            with self.subTest(step):
                done = self.cell("/bin/true", options=["--fail-at", str(step)])
                if done.returncode == 64:
                    break
                self.assertEqual(done.returncode, 125, (done.report, done.stderr))
        self.assertEqual(mounts_of(IMAGE), [])
