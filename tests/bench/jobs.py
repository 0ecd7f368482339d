"""What a visitor waits for, and a room full of them: against the same compilers bare, on the same machine."""
import hashlib
import http.client
import json
import os
import secrets
import subprocess
import tempfile
import threading
import time

from harness import IMAGE, Server, descendants, process_name
from rows import row
from spawn import alternate, summary, timed_spawn
from websocket import WebSocket

RUST = {"channel": "stable", "mode": "debug", "edition": "2021", "crateType": "bin", "tests": False, "backtrace": False}
CLOCK = """use std::time::{SystemTime, UNIX_EPOCH};
fn main() { println!("{}", SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()); }
"""
SERDE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "serde.rs")
SAME_AGAIN_MS, IDLE_MIB, SESSIONS, SESSIONS_MIB = 6, 40, 300, 64


def limit(title, name, value, unit, at_most, **more):
    """A row whose target is a number of its own, not a ratio."""
    return {"title": title, "contenders": {name: more or {unit: value}},
            "ratio": {"of": f"{name}, {unit}", "median": value, "target": f"at most {at_most}", "met": value <= at_most}}


def unique(number):
    """A program nobody has compiled before: a kept compile must not help."""
    text = f"Hello, world! {time.time_ns()} {number}"
    return text, f'fn main() {{\n    println!("{text}");\n}}\n'


def unique_line(number):
    text, code = unique(number)
    return text + "\n", code


def same_file(path, inside):
    """The machine's own program is the image's, to the byte."""
    def digest(name):
        with open(name, "rb") as file:
            return hashlib.sha256(file.read()).digest()
    path, inside = os.path.realpath(path), os.path.realpath(os.path.join(IMAGE, "root") + inside)
    assert digest(path) == digest(inside), f"{path} is not the image's {inside}"
    return path


def bare_rustc():
    """The compiler itself, not rustup's proxy for it."""
    sysroot = subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, text=True, check=True).stdout.strip()
    return same_file(os.path.join(sysroot, "bin/rustc"), "/opt/rust/stable/bin/rustc")


# ---- one visitor ----

class Request:
    """One POST on a connection that is kept, until the reply is read. code: of the round's number, a pair of what is
    to be printed and the program."""

    path = None
    headers = {"Content-Type": "application/json"}

    def __init__(self, server, code):
        self.connection = http.client.HTTPConnection(server.host, server.port, 60)
        self.code = code

    def __call__(self, number):
        text, code = self.code(number)
        body = json.dumps(self.body(code))
        started = time.perf_counter()
        self.connection.request("POST", self.path, body, self.headers)
        reply = json.loads(self.connection.getresponse().read())
        took = time.perf_counter() - started
        assert self.is_right(reply, text), reply
        return took


class Execute(Request):
    """A Rust program, as the Rust Playground's page sends it. check: (stdout, what was to be printed)."""

    path = "/execute"

    def __init__(self, server, code, check):
        super().__init__(server, code)
        self.check = check

    def body(self, code):
        return {**RUST, "code": code}

    def is_right(self, reply, text):
        return self.check(reply["stdout"], text)


class Job(Request):
    """A program in any language, as Piston's clients send it."""

    path = "/api/v2/execute"

    def __init__(self, server, language, code):
        super().__init__(server, code)
        self.language = language

    def body(self, code):
        return {"language": self.language, "version": "*", "files": [{"content": code}]}

    def is_right(self, reply, text):
        return reply["run"]["stdout"] == text


class Bare:
    """Writes a source, runs commands one after the other, and looks at what the last printed."""

    def __init__(self, folder, name, code, *commands):
        self.source, self.output = os.path.join(folder, name), os.path.join(folder, "output")
        self.code, self.commands = code, commands

    def __call__(self, number):
        text, code = self.code(number)
        with open(self.source, "w", encoding="utf-8") as file:
            file.write(code)
        to_file = [(os.POSIX_SPAWN_OPEN, 1, self.output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)]
        took = 0
        for command in self.commands:
            took += timed_spawn(command[0], list(command), actions=to_file)
        with open(self.output, encoding="utf-8") as file:
            assert file.read() == text
        return took


def is_text(stdout, text):
    return stdout == text + "\n"


def bench_hello(rounds):
    rustc = bare_rustc()
    with tempfile.TemporaryDirectory() as folder:
        source, program = os.path.join(folder, "hello.rs"), os.path.join(folder, "hello")
        bare = Bare(folder, "hello.rs", unique_line, (rustc, "-o", program, source), (program,))
        server = Server("--rate", "0")
        try:
            taken = alternate(rounds, {"sandlot": Execute(server, unique, is_text), "bare": bare}, 8)
        finally:
            server.stop()
    return row("Rust hello world, another each time: POST /execute against bare rustc and the program", taken,
               "sandlot", "bare", at_most=0.75)


def bench_again(rounds):
    seen = set()

    def is_new(stdout, _):
        new = stdout not in seen and stdout.strip().isdigit()
        seen.add(stdout)
        return new

    server = Server("--rate", "0")
    try:
        taken = alternate(rounds * 3, {"again": Execute(server, lambda _: (None, CLOCK), is_new)}, 8)["again"]
    finally:
        server.stop()
    numbers = summary(taken)
    return limit("The same source again, which prints the clock: POST /execute", "again", numbers["median_ms"],
                 "median_ms", SAME_AGAIN_MS, **numbers)


def serde_program(number):
    with open(SERDE, encoding="utf-8") as file:
        code = file.read()
    mark = f"{time.time_ns()}-{number}"
    return None, code.replace("@MARK@", mark)


def bench_serde(rounds):
    """cargo's project is prepared: its dependencies are fetched and built before."""
    with open(os.path.join(IMAGE, "manifest.json"), encoding="utf-8") as file:
        rust = next(one for one in json.load(file)["languages"] if one["id"] == "rust")
    versions = {crate["name"]: crate["version"] for crate in rust["channels"]["stable"]["crates"]}
    cargo = os.path.join(os.path.dirname(bare_rustc()), "cargo")
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, "src"))
        with open(os.path.join(folder, "Cargo.toml"), "w", encoding="utf-8") as file:
            file.write('[package]\nname = "playground"\nversion = "0.0.1"\nedition = "2021"\n[dependencies]\n'
                       f'serde = {{ version = "={versions["serde"]}", features = ["derive"] }}\n'
                       f'serde_json = "={versions["serde_json"]}"\n')
        source = os.path.join(folder, "src/main.rs")
        with open(source, "w", encoding="utf-8") as file:
            file.write(serde_program(-1)[1])
        environment = {**os.environ, "PATH": os.path.dirname(cargo) + ":" + os.environ["PATH"], "CARGO_TERM_QUIET": "true"}
        subprocess.run([cargo, "build"], cwd=folder, env=environment, check=True)
        program = os.path.join(folder, "target/debug/playground")

        def bare(number):
            with open(source, "w", encoding="utf-8") as file:
                file.write(serde_program(number)[1])
            started = time.perf_counter()
            subprocess.run([cargo, "build"], cwd=folder, env=environment, check=True)
            took = time.perf_counter() - started
            return took + timed_spawn(program, [program], actions=[(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)])

        server = Server("--rate", "0")
        try:
            ours = Execute(server, serde_program, lambda stdout, _: "total" in stdout)
            # As the page does: both sides go on from what they compiled before.
            ours.headers = {**ours.headers, "Sandlot-Session": secrets.token_hex(16)}
            for number in (-3, -2):
                ours(number)
            taken = alternate(max(5, rounds // 2), {"sandlot": ours, "bare": bare})
        finally:
            server.stop()
    return row("55 lines with serde_json, debug, edited and run again: POST /execute in a session against bare cargo build and the program", taken,
               "sandlot", "bare", at_most=0.6)


def python_hello(number):
    text = f"hello {time.time_ns()} {number}\n"
    return text, f"print({text[:-1]!r})\n"


def c_hello(number):
    text = f"hello {time.time_ns()} {number}\n"
    return text, f'#include <stdio.h>\nint main(void) {{ puts("{text[:-1]}"); return 0; }}\n'


def image_python():
    """The image's interpreter with the image's libraries, which need not be the machine's."""
    root = os.path.realpath(os.path.join(IMAGE, "root"))
    libraries = os.path.join(root, "usr/lib/x86_64-linux-gnu")
    os.environ["PYTHONHOME"] = os.path.join(root, "usr")
    return (os.path.join(libraries, "ld-linux-x86-64.so.2"), "--library-path", libraries,
            os.path.realpath(os.path.join(root, "usr/bin/python3")))


def bench_python(rounds):
    with tempfile.TemporaryDirectory() as folder:
        bare = Bare(folder, "hello.py", python_hello, (*image_python(), os.path.join(folder, "hello.py")))
        server = Server("--rate", "0")
        try:
            taken = alternate(rounds, {"sandlot": Job(server, "python", python_hello), "bare": bare}, 8)
        finally:
            server.stop()
    return row("Python hello: one HTTP request against bare python3", taken, "sandlot", "bare", at_most=1.3)


def bench_c(rounds):
    gcc = same_file("/usr/bin/gcc", "/usr/bin/gcc")
    with tempfile.TemporaryDirectory() as folder:
        source, program = os.path.join(folder, "hello.c"), os.path.join(folder, "a.out")
        bare = Bare(folder, "hello.c", c_hello, (gcc, source, "-o", program), (program,))
        server = Server("--rate", "0")
        try:
            taken = alternate(rounds, {"sandlot": Job(server, "c", c_hello), "bare": bare}, 8)
        finally:
            server.stop()
    return row("C hello: one HTTP request against bare gcc hello.c && ./a.out", taken, "sandlot", "bare", at_most=1.05)


# ---- several clients ----

def in_threads(count, work):
    """Runs work(i) count times at once; raises what one of them raised."""
    faults = []

    def guarded(i):
        try:
            work(i)
        except BaseException as fault:  # noqa: BLE001 (told below)
            faults.append(fault)

    threads = [threading.Thread(target=guarded, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]


def execute_from(server, source, code, want=None):
    """One request as a client of its own address. Returns its seconds."""
    started = time.perf_counter()
    reply = server.post("/execute", {**RUST, "code": code}, source=source)
    took = time.perf_counter() - started
    assert reply.status == 200 and reply.json()["success"], (reply.status, reply.body)
    assert want is None or reply.json()["stdout"] == want, reply.body
    return took


def address(i):
    return f"127.0.{1 + i // 200}.{2 + i % 200}"


# ---- what it takes ----

def metrics_of(server):
    reply = server.get("/metrics", headers={"Authorization": "Bearer for-the-bench"})
    return dict(line.rsplit(" ", 1) for line in reply.body.decode().splitlines() if not line.startswith("#"))


def token_options(folder):
    path = os.path.join(folder, "token")
    with open(path, "w", encoding="utf-8") as file:
        file.write("for-the-bench\n")
    return "--metrics-token-file", path


def memory_kib(pid, field="VmRSS"):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(field + ":"))


def wakeups(pid):
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/status", encoding="utf-8") as file:
            total += sum(int(line.split()[1]) for line in file if "ctxt_switches" in line)
    return total


def bench_idle(seconds):
    server = Server()
    try:
        execute_from(server, None, unique(0)[1])
        pids = [server.pid, server.front()]
        end = time.monotonic() + 150
        while time.monotonic() < end and any(
                process_name(pid).startswith("sandlot-cell") for pid in descendants(server.pid)):
            time.sleep(1)
        before = sum(wakeups(pid) for pid in pids)
        time.sleep(seconds)
        rate = round((sum(wakeups(pid) for pid in pids) - before) / seconds, 2)
        mib = round(sum(memory_kib(pid) for pid in pids) / 1024, 1)
    finally:
        server.stop()
    result = limit("Front end and supervisor, idle, nothing ready any more", "both", mib, "MiB", IDLE_MIB,
                   MiB=mib, wakeups_per_sec=rate)
    result["ratio"]["met"] = mib <= IDLE_MIB and rate <= 2
    result["ratio"]["target"] += ", 2 wake-ups a second"
    return result


def session_open(server, source):
    session = WebSocket(server.host, server.port, "/websocket", source=source)
    assert session.status == 101
    session.handshake()
    return session


def bench_sessions(count):
    """Idle WebSocket sessions: the front end's memory, and a new run beside them."""
    server = Server("--rate", "0")
    sessions = []
    try:
        one = Execute(server, unique, is_text)
        alone = summary([one(i) for i in range(15)][5:])
        for i in range(count):
            sessions.append(session_open(server, address(i)))
        mib = round(memory_kib(server.front()) / 1024, 1)
        beside = summary([one(100 + i) for i in range(10)])
    finally:
        for session in sessions:
            session.close()
        server.stop()
    slower = round(beside["median_ms"] / alone["median_ms"], 3)
    result = limit(f"{count} idle WebSocket sessions: the front end", "front end", mib, "MiB", SESSIONS_MIB, MiB=mib,
                   a_new_run_takes=slower)
    result["ratio"]["met"] = mib <= SESSIONS_MIB and slower <= 1.5
    result["ratio"]["target"] += ", a new run at most 1.5 times"
    return result


def holdings(server):
    pids = (server.pid, server.front())
    return {
        "fds": sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in pids),
        "mounts": len(open(f"/proc/{server.pid}/mountinfo", encoding="utf-8").readlines()),
        "cgroups": sum(name.startswith("sandlot") or name.startswith("cell-")
                       for folder, names, _ in os.walk("/sys/fs/cgroup") for name in names if str(server.pid) in folder + name),
        "kib": sum(memory_kib(pid) for pid in pids),
    }


def grown(before, after):
    return [name for name in ("fds", "mounts", "cgroups") if after[name] > before[name]]


def bench_jobs(count):
    server = Server("--rate", "0")
    try:
        connection = [Job(server, "python", python_hello) for _ in range(2)]

        def some(number):
            in_threads(2, lambda i: [connection[i](n) for n in range(number // 2)])

        some(max(200, min(count, 5000)))  # as many results as are kept, so that those do not count as growth
        before = holdings(server)
        some(count)
        after = holdings(server)
        end = time.monotonic() + 10
        while grown(before, after) and time.monotonic() < end:  # ready cells come and go
            time.sleep(0.1)
            after = holdings(server)
    finally:
        server.stop()
    growth = round(after["kib"] / before["kib"], 3)
    result = limit(f"After {count} jobs: memory against that before", "growth", growth, "times", 1.05,
                   **{f"{name}_before": value for name, value in before.items()},
                   **{f"{name}_after": value for name, value in after.items()})
    result["ratio"]["met"] = growth <= 1.05 and not grown(before, after)
    return result
