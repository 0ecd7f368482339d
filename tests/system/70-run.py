"""`sandlot run`: streaming, stdin, exit codes and errors, from a terminal's point of view."""
import hashlib
import os
import pty
import signal
import subprocess
import tempfile

from harness import SANDLOT, SANITIZER_OPTIONS, ServerCase, free_port, poll, run_command


class Run(ServerCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def run_text(self, name, text, *options, arguments=(), stdin=None):
        """Runs a file of this text; options go before it, arguments after --."""
        path = self.file(name, text)
        return run_command("run", "--server", self.server.url, *options, path,
                           *(["--", *arguments] if arguments else []), stdin=stdin)

    def start(self, name, text, *options, **streams):
        """Starts it with pipes and returns the process."""
        path = self.file(name, text)
        process = subprocess.Popen(
            [SANDLOT, "run", *options, path], cwd="/", bufsize=0,
            env={**os.environ, **SANITIZER_OPTIONS, "SANDLOT_SERVER": self.server.url},
            **{"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
               **streams})
        self.addCleanup(self.finish, process)
        return process

    @staticmethod
    def finish(process):
        if process.poll() is None:
            process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()

    def test_each_language_by_its_extension(self):
        for name, text in (
            ("a.rs", 'fn main() { println!("hi"); }'),
            ("a.c", '#include <stdio.h>\nint main(void) { puts("hi"); }'),
            ("a.cpp", '#include <iostream>\nint main() { std::cout << "hi\\n"; }'),
            ("a.cc", '#include <iostream>\nint main() { std::cout << "hi\\n"; }'),
            ("a.py", 'print("hi")'),
        ):
            with self.subTest(name):
                done = self.run_text(name, text)
                self.assertEqual((done.returncode, done.stdout), (0, b"hi\n"), done.stderr)

    def test_the_programs_exit_code_and_streams(self):
        done = self.run_text("a.py", "import sys\nprint('o')\nsys.stderr.write('e')\nsys.exit(42)")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (42, b"o\n", b"e"))

    def test_a_signal_is_128_and_its_number(self):
        done = self.run_text("a.py", "import os; os.kill(os.getpid(), 11)")
        self.assertEqual(done.returncode, 139)
        self.assertIn(b"SIGSEGV", done.stderr)

    def test_what_does_not_compile_is_1_with_messages_on_stderr(self):
        done = self.run_text("a.c", "int main(void) { return undeclared; }")
        self.assertEqual((done.returncode, done.stdout), (1, b""))
        self.assertIn(b"undeclared", done.stderr)
        self.assertEqual(self.run_text("a.rs", "fn main() { x }").returncode, 1)

    def test_too_long_is_124(self):
        done = self.run_text("a.py", "print('x', flush=True)\nwhile True: pass")
        self.assertEqual((done.returncode, done.stdout), (124, b"x\n"))
        # On a busy machine the clock on the wall may be the first to run out.
        self.assertRegex(done.stderr, b"processor time|longer than the time limit")

    def test_too_much_output_is_141(self):
        done = self.run_text("a.py", "while True: print('x' * 1000)")
        self.assertEqual((done.returncode, len(done.stdout)), (141, 1 << 20))

    def test_options_and_arguments(self):
        text = 'fn main() { println!("{} {:?}", cfg!(debug_assertions), std::env::args().nth(1)); }'
        done = self.run_text("a.rs", text, "--release", arguments=["--x"])
        self.assertEqual(done.stdout, b'false Some("--x")\n', done.stderr)
        done = self.run_text("a.rs", text, "--option", "mode=debug")
        self.assertEqual(done.stdout, b"true None\n", done.stderr)

    def test_the_source_from_stdin(self):
        done = run_command("run", "-s", self.server.url, "-l", "python", "-", stdin=b"print('hi')")
        self.assertEqual((done.returncode, done.stdout), (0, b"hi\n"), done.stderr)
        done = run_command("run", "-s", self.server.url, "-", stdin=b"print('hi')")
        self.assertEqual(done.returncode, 64)
        self.assertIn(b"--language", done.stderr)

    def test_stdin_from_a_pipe_a_file_and_nowhere(self):
        text = "import sys; print(repr(sys.stdin.buffer.read()))"
        self.assertEqual(self.run_text("a.py", text, stdin=b"a\0\xff").stdout, b"b'a\\x00\\xff'\n")
        self.assertEqual(self.run_text("a.py", text).stdout, b"b''\n")
        with open(self.file("in", "from a file\n"), "rb") as stdin:
            process = self.start("a.py", text, stdin=stdin)
            self.assertEqual(process.communicate(timeout=120)[0], b"b'from a file\\n'\n")

    def test_much_stdin_arrives_whole(self):
        data = os.urandom(3_000_000)
        done = self.run_text("a.py", "import sys, hashlib\n"
                             "print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())", stdin=data)
        self.assertEqual(done.stdout.decode().strip(), hashlib.sha256(data).hexdigest())

    def test_output_and_stdin_stream_both_ways(self):
        process = self.start("a.py", "print('name?', flush=True)\nprint('hello', input())")
        self.assertEqual(process.stdout.readline(), b"name?\n")
        process.stdin.write(b"Ada\n")
        self.assertEqual(process.stdout.readline(), b"hello Ada\n")
        self.assertEqual(process.wait(120), 0)

    def test_ctrl_c_kills_the_job(self):
        for signo in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(signo):
                process = self.start("a.py", "print('up', flush=True)\nimport time\ntime.sleep(9999)")
                self.assertEqual(process.stdout.readline(), b"up\n")
                process.send_signal(signo)
                self.assertEqual(process.wait(120), 128 + signo)
                poll(lambda: not self.server.cells(), "the job to be gone")

    def test_a_reader_that_leaves_ends_the_job(self):
        process = self.start("a.py", "import time\nwhile True:\n    print('x' * 100, flush=True)\n"
                                     "    time.sleep(0.01)")
        process.stdout.readline()
        process.stdout.close()
        self.assertEqual(process.wait(120), 141)
        poll(lambda: not self.server.cells(), "the job to be gone")

    def test_a_terminal_is_read_only_when_asked(self):
        text = "import sys\nprint(repr(sys.stdin.readline()))"
        for options, said in (((), b"''\n"), (("--stdin",), b"'typed\\n'\n")):
            with self.subTest(options):
                master, terminal = pty.openpty()
                self.addCleanup(os.close, master)
                process = self.start("a.py", text, *options, stdin=terminal)
                os.close(terminal)
                if options:
                    os.write(master, b"typed\n")
                self.assertEqual(process.stdout.readline(), said)
                self.assertEqual(process.wait(120), 0)

    def test_a_front_end_that_dies_is_told_as_such(self):
        process = self.start("a.py", "print('up', flush=True)\nimport time\ntime.sleep(9999)")
        self.assertEqual(process.stdout.readline(), b"up\n")
        os.kill(self.server.front(), signal.SIGKILL)
        stdout, stderr = process.communicate(timeout=120)
        self.assertEqual((process.returncode, stdout), (125, b""), stderr)
        self.assertTrue(stderr.startswith(b"sandlot run: "), stderr)
        poll(self.server.front, "another front end")

    def test_text_comes_out_as_it_went_in(self):
        done = self.run_text("a.py", "print('ü☃𝄞', end='')")
        self.assertEqual(done.stdout.decode(), "ü☃𝄞")

    def test_errors_of_the_server_are_125_with_a_sentence(self):
        done = self.run_text("a.py", "print(1)", "--language", "cobol")
        self.assertEqual(done.returncode, 125)
        self.assertIn(b"cobol", done.stderr)
        done = self.run_text("a.rs", "fn main() {}", "-o", "channel=beta")
        self.assertEqual(done.returncode, 125)
        self.assertIn(b"beta", done.stderr)
        done = self.run_text("a.py", "#" * (300 << 10))
        self.assertEqual(done.returncode, 125)

    def test_no_server_says_what_to_do(self):
        path = self.file("a.py", "print(1)")
        done = run_command("run", "--server", f"http://127.0.0.1:{free_port()}", path)
        self.assertEqual((done.returncode, done.stdout), (125, b""))
        self.assertIn(b"sandlot serve", done.stderr)

    def test_wrong_use(self):
        for words, status, word in (
            ((), 64, b"file"),
            (("--frob", "x.py"), 64, b"--frob"),
            (("/nowhere/x.py",), 66, b"/nowhere/x.py"),
            (("--server", "ftp://x", "/dev/null"), 125, b"ftp://x"),
            ((self.file("x.unknown", "x"),), 64, b"--language"),
        ):
            with self.subTest(words):
                done = run_command("run", *words, env={"SANDLOT_SERVER": self.server.url})
                self.assertEqual(done.returncode, status, done.stderr)
                self.assertIn(word, done.stderr)

    def test_a_source_that_is_not_utf8(self):
        path = self.file("a.py", "")
        with open(path, "wb") as file:
            file.write(b"\xff\xfe")
        done = run_command("run", "--server", self.server.url, path)
        self.assertEqual(done.returncode, 66)
        self.assertIn(b"UTF-8", done.stderr)
