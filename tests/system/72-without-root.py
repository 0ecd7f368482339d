"""A server that a user started who is not root: with a range of ids, and with his own id alone."""
import os

from account import UserCase, process_status, process_uid
from harness import poll, process_name, still_alive
from websocket import WebSocket

HELLO = {
    "rust": "fn main() { println!(\"hello\"); }",
    "c": "#include <stdio.h>\nint main(void) { puts(\"hello\"); }",
    "cpp": "#include <iostream>\nint main() { std::cout << \"hello\" << std::endl; }",
    "python": "print('hello')",
}
MIB = 1 << 20
# Answers each number it reads with what becomes of a signal to that process.
PROBE = ("import os, sys\nprint('up', flush=True)\nfor line in sys.stdin:\n"
         "    try: os.kill(int(line), 0); print('reached', flush=True)\n"
         "    except OSError as e: print(e.strerror, flush=True)\nprint('end')")
NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")


def namespaces(pid, names=NAMESPACES):
    return {name: os.readlink(f"/proc/{pid}/ns/{name}") for name in names}


class Jobs:
    def setUp(self):
        self.addCleanup(poll, lambda: not self.server.cells(), "every cell to be gone")

    def read_until(self, events, word):
        text = ""
        for name, data in events:
            if name == "output":
                text += data["text"]
                if word in text:
                    return text
            self.assertNotEqual(name, "result", (word, text, data))
        self.fail(f"the events end before {word}: {text}")

    def start(self, code=PROBE):
        """An interactive job that is up: its id, its events, and its processes on the host."""
        before = self.server.cells()
        job = self.server.submit(language="python", code=code, interactive=True)
        self.addCleanup(self.server.kill, job)
        events = self.server.events(job)
        self.read_until(events, "up\n")
        cells = {p: born for p, born in self.server.cells().items() if p not in before}
        self.assertEqual(sorted(process_name(pid) for pid in cells), ["python3", "sandlot-cell"])
        return job, events, cells

    def feed(self, job, text, close=False):
        reply = self.server.post(f"/api/v1/jobs/{job}/stdin" + ("?close=1" if close else ""), text)
        self.assertEqual(reply.status, 204)

    def test_hello_in_every_language(self):
        for language, code in HELLO.items():
            with self.subTest(language):
                outcome = self.server.run(language=language, code=code)
                self.assertOutcome(outcome, "exited")
                self.assertEqual((outcome.stdout, outcome.result["exit_code"]), ("hello\n", 0))

    def test_a_session_goes_on_from_what_it_compiled(self):
        carried = []
        for number in range(4):
            code = f'fn main() {{ println!("{{:?}}", regex::Regex::new("{number}").unwrap()); }}'
            reply = self.server.post("/api/v1/jobs", {"language": "rust", "code": code},
                                     headers={"Sandlot-Session": "0123456789abcdef"})
            outcome = self.server.follow(reply.json()["id"])
            self.assertEqual(outcome.stdout, f'Regex("{number}")\n', str(outcome))
            carried.append(outcome.result["steps"][0]["carried"])
        self.assertEqual(carried, [False, False, True, True])

    def test_what_does_not_compile(self):
        for language, code in (("rust", "fn main() { nothing }"), ("c", "int main(void) { nothing; }")):
            with self.subTest(language):
                outcome = self.server.run(language=language, code=code)
                self.assertOutcome(outcome, "exited")
                self.assertEqual([s["step"] for s in outcome.result["steps"]], ["compile"])
                self.assertEqual(outcome.result["exit_code"], 1)
                self.assertIn("error", outcome.compiler)
                self.assertIn("nothing", outcome.compiler)

    def test_time(self):
        outcome = self.server.python("import time; time.sleep(9999)",
                                     limits={"run": {"wall_usec": 1_000_000}})
        self.assertOutcome(outcome, "wall_timeout")
        outcome = self.server.python("while True: pass", limits={"run": {"cpu_usec": 1_000_000}})
        self.assertOutcome(outcome, "cpu_timeout")
        self.assertGreater(outcome.result["user_usec"] + outcome.result["system_usec"], 0)

    def test_memory_is_refused_to_a_process_where_no_cgroup_counts_a_jobs(self):
        limits = {"run": {"memory_bytes": 64 * MIB}}
        outcome = self.server.python("print(len(bytearray(32 << 20)))", limits=limits)
        self.assertEqual(outcome.stdout, f"{32 * MIB}\n", str(outcome))
        outcome = self.server.python("print(len(bytearray(128 << 20)))", limits=limits)
        self.assertOutcome(outcome, "exited")
        self.assertEqual((outcome.result["exit_code"], outcome.stdout), (1, ""))
        self.assertIn("MemoryError", outcome.stderr)

    def test_output(self):
        outcome = self.server.python("while True: print('x' * 1000)",
                                     limits={"run": {"output_bytes": 5000}})
        self.assertOutcome(outcome, "output_limit")
        self.assertEqual(len(outcome.stdout), 5000)

    def test_files(self):
        outcome = self.server.python("f = open('/tmp/x', 'wb')\nwhile True: f.write(b'x' * 65536)",
                                     limits={"run": {"files_bytes": 4 * MIB}})
        self.assertOutcome(outcome, "file_limit")

    def test_files_that_a_program_leaves(self):
        outcome = self.server.python("import os\nopen('out/a', 'w').write('left')\n"
                                     "os.symlink('/etc/passwd', 'out/b')\nos.chmod('out/a', 0)")
        self.assertOutcome(outcome, "exited")
        (file,) = outcome.result["files"]
        self.assertEqual((file["name"], outcome.result["files_left_out"]), ("a", 1))
        self.assertEqual(self.server.get(file["url"]).body, b"left")

    def test_processes(self):
        outcome = self.server.python(
            "import os, time\nn = 0\ntry:\n    while True:\n"
            "        if os.fork() == 0: time.sleep(60)\n        n += 1\n"
            "except OSError as e: print(n, e.strerror)", limits={"run": {"processes": 16}})
        self.assertOutcome(outcome, "exited")
        count, _, why = outcome.stdout.strip().partition(" ")
        self.assertIn(int(count), range(8, 17))
        self.assertEqual(why, "Resource temporarily unavailable")

    def test_stdin_and_kill_over_the_api(self):
        job, events, _ = self.start()
        self.feed(job, "2\n")  # itself: pid 1 is the cell's
        self.assertIn("reached", self.read_until(events, "reached"))
        self.feed(job, "", close=True)
        self.assertEqual(list(events)[-1][1]["exit_code"], 0)
        job, events, cells = self.start()
        self.assertEqual(self.server.kill(job).status, 202)
        self.assertEqual(list(events)[-1][1]["outcome"], "killed")
        poll(lambda: not still_alive(cells), "the cell to be gone")

    def test_stdin_and_kill_over_the_websocket(self):
        socket = WebSocket(self.server.host, self.server.port, "/websocket")
        self.addCleanup(socket.close)
        socket.handshake()
        socket.send("output/execute/wsExecuteRequest", 1, {
            "channel": "stable", "mode": "debug", "edition": "2021", "crateType": "bin",
            "tests": False, "backtrace": False,
            "code": "fn main() { for line in std::io::stdin().lines() "
                    "{ println!(\"<{}>\", line.unwrap()); } }"})

        def until(kind, text=""):
            while (message := socket.receive())["type"].rpartition("/")[2] != kind or \
                    text not in message["payload"]:
                self.assertNotEqual(message["type"], "websocket/error", message)
            return message["payload"]

        socket.send("output/execute/wsExecuteStdin", 1, "word\n")
        until("wsExecuteStdout", "<word>")
        cells = self.server.cells()
        socket.send("output/execute/wsExecuteKill", 1)
        self.assertFalse(until("wsExecuteEnd", "success")["success"])
        poll(lambda: not still_alive(cells), "the cell to be gone")


class Walls:
    def test_two_jobs_do_not_reach_each_other_nor_the_server(self):
        (first, first_events, first_cells), (second, events, cells) = self.start(), self.start()
        others = [*first_cells, self.server.pid, self.server.front()]
        self.feed(second, "".join(f"{pid}\n" for pid in others), close=True)
        answers = self.read_until(events, "end\n").split("\n")
        self.assertEqual(answers, ["No such process"] * len(others) + ["end", ""])
        # Those are processes that it could reach, were they in its namespace.
        for pid in others:
            os.kill(pid, 0)
        poll(lambda: not still_alive(cells), "the cell to be gone")
        everybody = self.server.python("import os\ntry: os.kill(-1, 9)\n"
                                       "except OSError as e: print(e.strerror)")
        self.assertEqual(everybody.stdout, "No such process\n", "beside itself and pid 1")
        self.feed(first, "", close=True)
        self.read_until(first_events, "end")

    def test_two_jobs_share_no_namespace(self):
        (_, _, first), (_, _, second) = self.start(), self.start()
        seen = [namespaces(pid) for cells in (first, second) for pid in cells
                if process_name(pid) == "python3"]
        seen += [namespaces("self"), namespaces(self.server.pid)]
        for name in NAMESPACES:
            # The supervisor has the host's, but for files and users.
            count = 4 if name in ("mnt", "user") else 3
            self.assertEqual(len({one[name] for one in seen}), count, (name, seen))

    def test_a_job_has_no_privilege(self):
        _, _, cells = self.start()
        status = process_status(next(p for p in cells if process_name(p) == "python3"))
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(int(status[name], 16), 0, name)
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))

    def test_the_front_end_is_jailed(self):
        front = self.server.front()
        status = process_status(front)
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(int(status[name], 16), 0, name)
        self.assertNotEqual(int(process_status(self.server.pid)["CapEff"], 16), 0)
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))
        self.assertEqual(set(status["Uid"].split()), {str(self.account.uid)})
        self.assertEqual(os.listdir(f"/proc/{front}/root"), ["data"])
        own = ("ipc", "mnt", "user", "uts")
        for other in ("self", self.server.pid):
            different = {name for name, link in namespaces(front, own).items()
                         if link != namespaces(other, own)[name]}
            self.assertEqual(different, set(own))
        for kind in ("uid", "gid"):
            with open(f"/proc/{front}/{kind}_map", encoding="ascii") as table:
                self.assertEqual(table.read().split(), ["1879048192", str(self.account.uid), "1"])


class WithRange(Jobs, Walls, UserCase):
    ids = "range"

    def test_each_cell_has_host_users_of_its_own(self):
        (_, _, first), (_, _, second) = self.start(), self.start()
        users = [{process_uid(pid) for pid in cells} for cells in (first, second)]
        self.assertEqual([len(one) for one in users], [2, 2], "pid 1's and the job's")
        self.assertFalse(users[0] & users[1])
        for uid in users[0] | users[1]:
            self.assertIn(uid, self.account.range)


class WithoutRange(Jobs, Walls, UserCase):
    ids = "single"

    def test_each_job_has_a_user_namespace_below_its_cells(self):
        _, _, cells = self.start()
        self.assertEqual({process_uid(pid) for pid in cells}, {self.account.uid})
        self.assertEqual(len({namespaces(pid)["user"] for pid in cells}), 2)
        job = next(pid for pid in cells if process_name(pid) == "python3")
        with open(f"/proc/{job}/uid_map", encoding="ascii") as table:
            self.assertEqual(table.read().split(), ["1000", str(self.account.uid), "1"])
