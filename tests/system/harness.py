"""What system tests stand on: a real server, HTTP by hand, and looking at what it leaves behind.

Environment: SANDLOT_BUILD (build), SANDLOT_IMAGE (build/image), SANDLOT_TEST_FULL.
Nothing sleeps to let something happen: poll() asks until it has, up to a generous deadline.
"""
import fcntl
import http.client
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import termios
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("SANDLOT_BUILD", "build"))
IMAGE = os.path.join(ROOT, os.environ.get("SANDLOT_IMAGE", "build/image"))
SANDLOT = os.path.join(BUILD, "bin/sandlot")
# What servers of earlier tests have verified need not be hashed again.
STAMPS = os.path.join(BUILD, "tests/stamps")
FULL = os.environ.get("SANDLOT_TEST_FULL") == "1"
SANITIZED = "asan" in os.path.basename(BUILD)
DEADLINE_SEC = 120

# Inside its jail the front end may not be traced, which is how leaks are looked for.
SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=0",
    "UBSAN_OPTIONS": "print_stacktrace=1",
}
SANITIZER_REPORT = re.compile(r".*(?:AddressSanitizer|runtime error:|Assertion .* failed).*")


def full_only(test):
    """Marks a test that takes long: it belongs to `make test-full`."""
    test.full_only = True
    return test


def poll(condition, what, seconds=DEADLINE_SEC):
    """Asks condition() until it gives something true, and returns that."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


def manifest():
    with open(os.path.join(IMAGE, "manifest.json"), encoding="utf-8") as file:
        return json.load(file)


def process_stat(pid):
    """(parent, start time, state) of a live process, or None."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return None
    return int(fields[1]), int(fields[19]), fields[0]


def process_name(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


def descendants(root):
    """{pid: start time} of every process below root, as it stands now."""
    children, born = {}, {}
    for name in os.listdir("/proc"):
        stat = process_stat(name) if name.isdigit() else None
        if stat:
            children.setdefault(stat[0], []).append(int(name))
            born[int(name)] = stat[1]
    found, todo = {}, [root]
    while todo:
        for pid in children.get(todo.pop(), []):
            found[pid] = born[pid]
            todo.append(pid)
    return found


def children(parent):
    """Pids of the living children of a process."""
    return [pid for pid in descendants(parent) if (process_stat(pid) or (0,))[0] == parent]


def still_alive(processes):
    """Which of {pid: start time} still run (a zombie does not)."""
    alive = []
    for pid, born in processes.items():
        stat = process_stat(pid)
        if stat and stat[1] == born and stat[2] not in "ZX":
            alive.append(pid)
    return alive


def cgroups_of(pid):
    """Cgroup folders that carry the server's process id in their name."""
    found = []
    for folder, names, _ in os.walk("/sys/fs/cgroup"):
        found += [os.path.join(folder, n) for n in names if n.startswith("sandlot") and str(pid) in n]
    return found


def mounts_of(*paths):
    """Mounts of this namespace that lie in, or come from, one of the paths."""
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        return [line for line in file if any(path in line for path in paths)]


class Reply:
    """An HTTP reply, read to its end."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)

    def error(self):
        """The message of an /api/v1 error."""
        return self.json()["error"]["message"]


class Outcome:
    """A job followed to its end."""

    def __init__(self, events):
        self.events = events
        self.result = events[-1][1]
        self.stdout = self.text("stdout", "run")
        self.stderr = self.text("stderr", "run")
        self.compiler = self.text("stderr", "compile") + self.text("stdout", "compile")

    def text(self, stream, step):
        return "".join(
            data["text"]
            for name, data in self.events
            if name == "output" and data["stream"] == stream and data["step"] == step
        )

    def __str__(self):
        return f"{self.result}\nstdout: {self.stdout[:2000]}\nstderr: {self.stderr[:2000]}\n" + (
            f"compiler: {self.compiler[:2000]}"
        )


UNSIGNED = ("--allow-unsigned", "--stamps", STAMPS)


class Server:
    """`sandlot serve` on a port of its own, with a data folder of its own.

    It takes unsigned images, and has the tests' stamps, unless the options say whom it trusts (--keys). terminal: the fd
    of one that is to be its stdin and its controlling terminal.
    """

    def __init__(self, *options, data=None, image=IMAGE, listen="127.0.0.1:0", terminal=None):
        if "--keys" not in options:
            options = UNSIGNED + options
        self.folder = tempfile.mkdtemp(prefix="sandlot-test-")
        self.data = data or os.path.join(self.folder, "data")
        self.log_path = os.path.join(self.folder, "log")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                self.command("serve", "--listen", listen, "--image", image, "--data", self.data,
                             *options),
                cwd="/",
                env={**os.environ, **SANITIZER_OPTIONS},
                stdin=subprocess.DEVNULL if terminal is None else terminal,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=terminal is not None,
                preexec_fn=None if terminal is None else lambda: fcntl.ioctl(0, termios.TIOCSCTTY),
            )
        self.pid = self.process.pid
        self.line = self._first_line()
        match = re.fullmatch(r"listening on http://(.*):(\d+)\n", self.line)
        if not match:
            text = self.log()
            self.stop()
            raise AssertionError(f"the server says {self.line!r} at its start; its log:\n{text}")
        self.host, self.port = match[1].strip("[]"), int(match[2])
        self.url = self.line.split()[-1]

    def command(self, *words):
        return [SANDLOT, *words]

    def _first_line(self):
        ready, _, _ = select.select([self.process.stdout], [], [], DEADLINE_SEC)
        return self.process.stdout.readline().decode() if ready else ""

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def front(self):
        """The front end's process id, or None while there is none."""
        for pid in descendants(self.pid):
            if process_name(pid).startswith("sandlot-front"):
                return pid
        return None

    def early(self):
        """{pid: start time} of compilers that were started ahead and wait for a job at their FIFO."""
        return {pid: born for pid, born in descendants(self.pid).items()
                if os.path.exists(f"/proc/{pid}/root/playground/.args")
                and (process_stat(pid) or (self.pid,))[0] != self.pid}

    def cells(self):
        """Processes of cells that have a job: what waits for one is alone, as the front end is."""
        found = descendants(self.pid)
        parents = {pid: (process_stat(pid) or (0,))[0] for pid in found}
        early = self.early()
        waiting = set(early) | {parents.get(pid) for pid in early}
        return {pid: born for pid, born in found.items()
                if pid not in waiting and (parents[pid] != self.pid or pid in parents.values())}

    def stop(self, signo=signal.SIGTERM):
        """Ends the server, clears up after it and returns its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signo)
        try:
            status = self.process.wait(DEADLINE_SEC)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
            raise AssertionError(f"the server does not end; its log:\n{self.log()}") from None
        finally:
            self.process.stdout.close()
            reports = SANITIZER_REPORT.findall(self.log())
            if reports:
                reports.append(self.log()[-6000:])
            shutil.rmtree(self.folder, ignore_errors=True)
        if reports:
            raise AssertionError("the server's log has a report:\n" + "\n".join(reports))
        return status

    # ---- HTTP ----

    def connect(self, source=None, seconds=DEADLINE_SEC):
        address = (source, 0) if source else None
        return http.client.HTTPConnection(self.host, self.port, seconds, source_address=address)

    def request(self, method, path, body=None, headers=None, source=None):
        """One request on a connection of its own. body: bytes, text, or something to send as JSON."""
        headers = dict(headers or {})
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        if isinstance(body, str):
            body = body.encode()
        connection = self.connect(source)
        try:
            connection.request(method, path, body, headers)
            return Reply(connection.getresponse())
        finally:
            connection.close()

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def post(self, path, body=b"", **more):
        return self.request("POST", path, body, **more)

    def exchange(self, data, source=None, is_all=True):
        """Sends bytes as they are; gives all that comes until the server closes. is_all: says that no more will come."""
        with socket.create_connection((self.host, self.port), 60, (source, 0) if source else None) as peer:
            try:
                peer.sendall(data)
                if is_all:
                    peer.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # the server may close before it has read all; its answer is there all the same
            answer = b""
            try:
                while piece := peer.recv(65536):
                    answer += piece
            except ConnectionError:
                pass
        return answer

    # ---- jobs ----

    def submit(self, source=None, **job):
        """Submits a job and returns its id."""
        reply = self.post("/api/v1/jobs", job, source=source)
        assert reply.status == 202, (reply.status, reply.body)
        return reply.json()["id"]

    def events(self, job, seconds=DEADLINE_SEC):
        """Yields (name, data) of a job's events as they come, up to its result."""
        connection = self.connect(seconds=seconds)
        try:
            connection.request("GET", f"/api/v1/jobs/{job}/events")
            response = connection.getresponse()
            if response.status != 200:
                raise AssertionError((response.status, response.read()))
            name, data = None, []
            for raw in iter(response.readline, b""):
                line = raw.decode().rstrip("\r\n")
                field, _, value = line.partition(":")
                value = value[1:] if value.startswith(" ") else value
                if field == "event":
                    name = value
                elif field == "data":
                    data.append(value)
                elif not line and data:
                    yield name, json.loads("\n".join(data))
                    name, data = None, []
        finally:
            connection.close()

    def follow(self, job):
        events = list(self.events(job))
        names = [name for name, _ in events]
        assert names.count("result") == 1 and names[-1] == "result", names
        return Outcome(events)

    def run(self, **job):
        """Submits a job and follows it to its end."""
        return self.follow(self.submit(**job))

    def python(self, code, **job):
        return self.run(language="python", code=code, **job)

    def peek(self, job):
        return self.get(f"/api/v1/jobs/{job}").json()

    def wait_state(self, job, *states):
        return poll(lambda: self.peek(job)["state"] in states, f"job {job} to be {states}")

    def kill(self, job):
        return self.post(f"/api/v1/jobs/{job}/kill")

    def works(self):
        """The next job is unaffected: a small one comes out right."""
        outcome = self.python("print('still here')")
        assert outcome.stdout == "still here\n", str(outcome)
        assert outcome.result["outcome"] == "exited", str(outcome)


class ServerCase(unittest.TestCase):
    """Tests that share one server, started with `options`."""

    options = ()
    server = None

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.options)

    @classmethod
    def tearDownClass(cls):
        status = cls.server.stop()
        if status != 0:
            raise AssertionError(f"the server ended with status {status}")

    def assertOutcome(self, outcome, name):
        self.assertEqual(outcome.result["outcome"], name, str(outcome))
        self.assertTrue(outcome.result["sentence"].endswith("."), outcome.result)


def run_command(*arguments, stdin=None, seconds=DEADLINE_SEC, env=None):
    """Runs `sandlot ARGUMENTS…` to its end; status, stdout and stderr in the answer."""
    return subprocess.run(
        [SANDLOT, *arguments],
        cwd="/",
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=seconds,
        check=False,
        env={**os.environ, **SANITIZER_OPTIONS, **(env or {})},
    )


def free_port():
    """A port nobody listens on, as far as one can tell."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
