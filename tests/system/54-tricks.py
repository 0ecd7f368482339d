"""Requests and programs that try to be taken for something else."""
import socket

from harness import DEADLINE_SEC, ServerCase, poll

ONE_SECOND = {"run": {"wall_usec": 1_000_000}}
SMUGGLED = (b"POST /execute HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
ENDLESS_CHUNK = (b"POST /execute HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                 b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\nabc")


class Tricks(ServerCase):
    def tearDown(self):
        poll(lambda: not self.server.cells(), "every cell to be gone")
        self.server.works()

    def files(self, language, *names):
        body = {"language": language,
                "files": [{"name": name, "content": "fn main() { println!(\"own\"); }"}
                          for name in names]}
        return self.server.post("/api/v1/jobs", body)

    def test_a_file_in_the_compilers_place_is_not_run(self):
        outcome = self.server.run(language="rust", files=[
            {"name": "src/main.rs", "content": "fn main() { println!(\"compiled\"); }"},
            {"name": "target/debug/playground", "content": "#!/bin/sh\necho planted\n"}])
        self.assertOutcome(outcome, "exited")
        self.assertEqual(outcome.stdout, "compiled\n")

    def test_a_file_that_is_a_folder_too_is_refused(self):
        response = self.files("rust", "src", "src/main.rs")
        self.assertEqual(response.status, 400)
        self.assertIn("src/main.rs", response.error())

    def test_file_names_that_are_options_are_refused(self):
        for name in ("-o/tmp/x", "@arguments", "--version"):
            response = self.files("rust", name)
            self.assertEqual(response.status, 400, name)
            self.assertIn(name, response.error())

    def test_a_daemon_ends_with_its_job(self):
        outcome = self.server.python(
            "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
            "        time.sleep(9999)\n    os._exit(0)\nprint('bye')")
        self.assertOutcome(outcome, "exited")
        self.assertEqual(outcome.stdout, "bye\n")

    def test_closed_streams_do_not_end_the_watch(self):
        outcome = self.server.python("import os, time\nfor n in range(3): os.close(n)\n"
                                     "time.sleep(9999)", limits=ONE_SECOND)
        self.assertOutcome(outcome, "wall_timeout")

    def test_a_stopped_program_still_times_out(self):
        outcome = self.server.python("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
                                     limits=ONE_SECOND)
        self.assertOutcome(outcome, "wall_timeout")

    def test_the_compiler_is_fed_a_device(self):
        outcome = self.server.run(language="rust", code=(
            "const X: &[u8] = include_bytes!(\"/dev/zero\"); fn main() { println!(\"{}\", X.len()) }"))
        self.assertOutcome(outcome, "out_of_memory")

    def raw(self, request):
        address = (self.server.host, self.server.port)
        with socket.create_connection(address, DEADLINE_SEC) as stream:
            stream.sendall(request)
            return stream.recv(4096)

    def test_two_lengths_in_one_request_are_refused(self):
        self.assertTrue(self.raw(SMUGGLED).startswith(b"HTTP/1.1 400 "))

    def test_a_chunk_without_end_is_refused(self):
        self.assertTrue(self.raw(ENDLESS_CHUNK).startswith(b"HTTP/1.1 400 "))
