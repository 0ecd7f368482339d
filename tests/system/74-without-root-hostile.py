"""Programs that use what they share with a server that their own user on the host has started."""
import os
import signal
import subprocess
import threading
import unittest

from account import Account, UserCase, UserServer
from harness import poll, process_name

SECRET = "of the user's alone"

# Each line it reads is a path; says what becomes of opening that, and of the same from other roots.
READER = """
import sys
for line in sys.stdin:
    for root in ("", "/proc/1/root", "/proc/1/cwd/../../../../..", "/proc/self/root", "/proc/self/cwd/../../.."):
        try: print("opened", root, open(root + line.strip(), "rb").read(100), flush=True)
        except OSError as e: print(type(e).__name__, flush=True)
print("end")
"""
# Each line it reads is a process; says what becomes of everything one does to processes.
TORMENTOR = """
import ctypes, os, signal, sys
libc = ctypes.CDLL(None, use_errno=True)
SEIZE, PIDFD_OPEN, VM_READV = 0x4206, 434, 310
def call(name, function, *words):
    ctypes.set_errno(0)
    print(name, "done" if function(*words) >= 0 else os.strerror(ctypes.get_errno()), flush=True)
for line in sys.stdin:
    pid = int(line)
    for number in (0, signal.SIGSTOP, signal.SIGKILL): call("kill", libc.kill, pid, number)
    call("group", libc.kill, -pid, signal.SIGKILL)
    call("seize", libc.ptrace, SEIZE, pid, None, None)
    call("pidfd", libc.syscall, PIDFD_OPEN, pid, 0)
    call("read", libc.syscall, VM_READV, pid, None, 0, None, 0, 0)
    call("limit", libc.prlimit, pid, 7, None, None)
    try: print("mem", open(f"/proc/{pid}/mem").fileno(), flush=True)
    except OSError as e: print("mem", e.strerror, flush=True)
print("end")
"""
TORMENTED = [f"{name} {why}" for name, why in (
    ("kill", "No such process"), ("kill", "No such process"), ("kill", "No such process"),
    ("group", "No such process"), ("seize", "Operation not permitted"), ("pidfd", "No such process"),
    ("read", "Operation not permitted"), ("limit", "Operation not permitted"),
    ("mem", "No such file or directory"))]
# As many processes as it may have, or the user.
FORKER = """
import os, time
n = 0
try:
    while True:
        if os.fork() == 0: time.sleep(9999)
        n += 1
except OSError as e: print(n, e.strerror, flush=True)
time.sleep(9999)
"""
# As many descriptors on their way through sockets as the kernel takes from this user.
SENDER = """
import array, os, socket, sys, time
rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0] * 250))]
def fill(keep):
    for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 100):
        keep.append(socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET))
        keep[-1][0].setblocking(False)
        try:
            while True: keep[-1][0].sendmsg([b"x"], rights)
        except BlockingIOError: continue
        except OSError as e: return e.strerror
    return "enough"
ready, say = os.pipe()
for _ in range(4):
    if os.fork() == 0:
        keep = []
        os.write(say, fill(keep)[:1].encode())
        time.sleep(9999)
for _ in range(4): os.read(ready, 1)
print("full", flush=True)
time.sleep(9999)
"""


class Hostile:
    def setUp(self):
        self.pids = (self.server.pid, self.server.front())
        self.addCleanup(self.unharmed)

    def unharmed(self):
        poll(lambda: not self.server.cells(), "every cell to be gone")
        self.assertEqual((self.server.pid, self.server.front()), self.pids)
        self.server.works()

    def fed(self, code, lines):
        """What a program says to the lines it is fed."""
        outcome = self.server.python(code, stdin="".join(f"{line}\n" for line in lines))
        self.assertOutcome(outcome, "exited")
        self.assertEqual(outcome.stdout.splitlines()[-1:], ["end"], str(outcome))
        return outcome.stdout.splitlines()[:-1]

    def test_it_torments_the_server(self):
        self.assertEqual(self.fed(TORMENTOR, self.pids), TORMENTED * 2)
        # Control: to the user himself that process is no stranger.
        self.assertEqual(self.account.run("kill", "-0", str(self.server.pid)).returncode, 0)

    def test_it_reads_what_is_the_users_own(self):
        secret = os.path.join(self.account.home, "secret")
        with open(secret, "w", encoding="utf-8") as file:
            file.write(SECRET)
        os.chmod(secret, 0o600)
        os.chown(secret, self.account.uid, self.account.uid)
        paths = [secret, *(os.path.join(self.server.data, name) for name in os.listdir(self.server.data)),
                 os.path.join(self.account.image, "manifest.json"), self.account.sandlot,
                 f"/proc/{self.server.pid}/environ"]
        for path in paths:  # control
            done = self.account.run("cat", path)
            self.assertEqual(done.returncode, 0, done.stderr)
        answers = self.fed(READER, paths)
        self.assertEqual(len(answers), 5 * len(paths))
        self.assertLessEqual(set(answers), {"FileNotFoundError", "PermissionError"})

    def test_the_compiler_reads_what_is_the_users_own(self):
        secret = os.path.join(self.account.home, "include")
        with open(secret, "w", encoding="utf-8") as file:
            file.write(SECRET)
        os.chmod(secret, 0o644)
        for language, code in (
                ("c", f"#include \"{secret}\"\nint main(void) {{}}"),
                ("cpp", f"asm(\".incbin \\\"{secret}\\\"\");\nint main() {{}}"),
                ("rust", f"fn main() {{ println!(\"{{}}\", include_str!(\"{secret}\")); }}")):
            with self.subTest(language):
                outcome = self.server.run(language=language, code=code)
                self.assertEqual([s["step"] for s in outcome.result["steps"]], ["compile"])
                self.assertIn(secret, outcome.compiler, "it says what it does not find")
                self.assertNotIn(SECRET, str(outcome))

    def test_a_host_out_of_memory_ends_jobs_first(self):
        job = self.server.submit(language="python", interactive=True, code=(
            "import os, time\nos.fork()\n"
            "try: open('/proc/self/oom_score_adj', 'w')\n"
            "except OSError as e: print(type(e).__name__, flush=True)\ntime.sleep(9999)"))
        self.addCleanup(self.server.kill, job)
        said = ""
        for _, data in self.server.events(job):
            said += data.get("text", "")
            if said.count("PermissionError") == 2:
                break
        for pid in self.account.processes():
            with open(f"/proc/{pid}/oom_score_adj", encoding="ascii") as file:
                first = process_name(pid) in ("python3", "rustc")  # the latter waits for a job
                self.assertEqual(file.read().strip(), "1000" if first else "0", process_name(pid))


class HostileWithRange(Hostile, UserCase):
    ids = "range"


class HostileWithoutRange(Hostile, UserCase):
    ids = "single"


class Hoarders(unittest.TestCase):
    """What the kernel counts for each user is used up, and the server goes on."""

    def start(self, ids, *limits):
        self.account = Account(ids)
        self.addCleanup(self.account.close)
        self.server = UserServer(self.account, limits=limits)
        self.addCleanup(self.server.stop)

    def answer(self):
        try:
            return self.server.get("/healthz").status
        except OSError as why:
            return why

    def fork_all(self, ids):
        self.start(ids, "--nproc=1400")
        jobs = [self.server.submit(language="python", code=FORKER, interactive=True,
                                   source=f"127.0.0.{n + 1}") for n in range(20)]
        # All that run have got all they can, and the others wait.
        for job in jobs:
            if self.server.peek(job)["state"] == "running":
                said = next(data["text"] for name, data in self.server.events(job) if name == "output")
                self.assertTrue(said.startswith("63"), said)
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(self.answer())) for _ in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(set(answers), {200}, answers)
        os.kill(self.server.front(), signal.SIGKILL)
        poll(lambda: self.answer() == 200, "another front end")
        self.server.works()

    def test_processes_with_a_range(self):
        self.fork_all("range")

    def test_processes_without(self):
        self.fork_all("single")

    def test_descriptors_on_their_way_in_a_job(self):
        self.start("single", "--nofile=1024:1024")
        front = self.server.front()
        job = self.server.submit(language="python", code=SENDER, interactive=True)
        for name, data in self.server.events(job):
            self.assertNotEqual(name, "result", data)
            if "full" in data.get("text", ""):
                break
        self.server.works()
        self.assertEqual((self.server.peek(job)["state"], self.server.front()), ("running", front))

    def test_descriptors_on_their_way_outside(self):
        self.start("single", "--nofile=1024:1024")
        front = self.server.front()
        running = self.server.submit(language="python", code="print('up', flush=True)\ninput()",
                                     interactive=True)
        events = self.server.events(running)
        while "up" not in str(next(events)):
            pass
        hoarder = subprocess.Popen(
            self.account.command("python3", "-c", SENDER, "20", limits=["--nofile=8192"]),
            cwd="/", stdout=subprocess.PIPE)
        try:
            self.assertEqual(hoarder.stdout.readline(), b"full\n")
            waiting = self.server.submit(language="python", code="print('waited')")
            self.server.post(f"/api/v1/jobs/{running}/stdin", "\n")
            poll(lambda: not self.server.cells(), "the job that ran to have ended")
            self.assertEqual([self.server.peek(job)["state"] for job in (running, waiting)],
                             ["running", "running"], "neither's end nor its start can be told")
        finally:
            for pid in self.account.processes():
                if process_name(pid) == "python3":
                    os.kill(pid, signal.SIGKILL)
            hoarder.wait()
            hoarder.stdout.close()
        self.assertEqual(list(events)[-1][1]["outcome"], "exited")
        self.assertEqual(self.server.follow(waiting).stdout, "waited\n")
        self.assertEqual(self.server.front(), front)
