"""Rows of many visitors at once."""
import multiprocessing
import os
import statistics
import subprocess
import tempfile
import threading
import time

from harness import Server, descendants, process_name
from jobs import Execute, address, bare_rustc, execute_from, in_threads, is_text, limit, metrics_of, token_options, unique
from rows import ratio_of
from spawn import summary

# ---- a room ----

def sandlot_batch(server, programs, clients):
    left = list(programs)
    lock = threading.Lock()

    def client(i):
        while True:
            with lock:
                if not left:
                    return
                text, code = left.pop()
            execute_from(server, address(i), code, text + "\n")

    started = time.perf_counter()
    in_threads(clients, client)
    return time.perf_counter() - started


def bare_batch(folder, programs):
    rustc = bare_rustc()
    for i, (_, code) in enumerate(programs):
        with open(os.path.join(folder, f"p{i}.rs"), "w", encoding="utf-8") as file:
            file.write(code)
    names = "\n".join(f"p{i}" for i in range(len(programs)))
    started = time.perf_counter()
    subprocess.run(["xargs", "-P2", "-I{}", "sh", "-c", f"{rustc} -o {{}} {{}}.rs && ./{{}} > {{}}.out"], cwd=folder,
                   input=names.encode(), check=True)
    return time.perf_counter() - started


def bench_throughput(programs, repeats=3):
    """Programs per second: as many different ones, 50 clients at once."""
    rates = {"sandlot": [], "bare": []}
    server = Server("--rate", "0")
    try:
        for turn in range(repeats):
            batch = [unique(f"{turn}-{i}") for i in range(programs)]
            rates["sandlot"].append(programs / sandlot_batch(server, batch, 50))
            with tempfile.TemporaryDirectory() as folder:
                rates["bare"].append(programs / bare_batch(folder, batch))
    finally:
        server.stop()
    medians = {name: statistics.median(values) for name, values in rates.items()}
    contenders = {name: {"n": len(v), "median_per_sec": round(medians[name], 1), "min_per_sec": round(min(v), 1),
                         "max_per_sec": round(max(v), 1)} for name, v in rates.items()}
    return {"title": f"{programs} different Rust programs, 50 clients at once, against xargs -P2 rustc and run",
            "contenders": contenders, "ratio": ratio_of("sandlot", "bare", medians, at_least=1.1)}


def bench_room(clients):
    """All press Run on the same program within a second."""
    took = []
    with tempfile.TemporaryDirectory() as folder:
        server = Server("--rate", "0", *token_options(folder))
        try:
            execute_from(server, None, unique(0)[1])
            _, code = unique("room")
            before = int(metrics_of(server)['sandlot_compiles_total{how="done"}'])

            def client(i):
                time.sleep(i / clients)  # their fingers, not ours
                took.append(execute_from(server, address(i), code))

            in_threads(clients, client)
            compiles = int(metrics_of(server)['sandlot_compiles_total{how="done"}']) - before
        finally:
            server.stop()
    assert compiles == 1 and len(took) == clients, (compiles, len(took))
    numbers = summary(took)
    return limit(f"{clients} clients press Run on the same program within a second: one compile", "all answered",
                 numbers["p95_ms"], "p95_ms", 2000, **numbers)


# ---- one client beside others ----

LOOP = "fn main() { loop {} } // "
LOOPS, PRESSING, BURNT_SEC = 20, 200, 0.25


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Loops:
    """Endless loops, each of a client of its own, that have burnt what makes them step behind."""

    def __init__(self, server):
        self.server = server
        self.jobs = [server.submit(source=address(i), language="rust", code=LOOP + str(time.time_ns()))
                     for i in range(LOOPS)]
        for job in self.jobs:
            server.wait_state(job, "running")
        while sum(processor_seconds(pid) > BURNT_SEC for pid in descendants(server.pid)
                  if process_name(pid) == "playground") < LOOPS:
            time.sleep(0.1)

    def stop(self):
        for job in self.jobs:
            self.server.kill(job)
            self.server.wait_state(job, "ended")


    def beside(self, one, rounds):
        return [one(f"beside-{i}") for i in range(rounds)]


class Room:
    """Clients who press Run on one program within a second, in a process of their own."""

    def __init__(self, server):
        self.process = multiprocessing.get_context("fork").Process(target=self.press, args=(server, unique("room")[1]))
        self.process.start()

    @staticmethod
    def press(server, code):
        def client(i):
            time.sleep(i / PRESSING)
            execute_from(server, address(i), code)

        in_threads(PRESSING, client)

    def beside(self, one, _):
        taken = []
        while self.process.is_alive():
            taken.append(one(f"beside-{len(taken)}"))
        assert self.process.exitcode == 0
        return taken

    def stop(self):
        self.process.kill()
        self.process.join()


def bench_beside(rounds, crowd, what, turns):
    """One client's hello while others keep the processors busy, in turns with an idle machine."""
    taken = {"idle": [], what: []}
    server = Server("--rate", "0", "--run-limit", "cpu=100s", "--run-limit", "wall=100s")
    try:
        one = Execute(server, unique, is_text)
        for turn in range(turns):
            for i in range(5):
                one(f"warm-{i}")
            taken["idle"] += [one(f"idle-{i}") for i in range(rounds)]
            others = crowd(server)
            try:
                taken[what] += others.beside(one, rounds)
            finally:
                others.stop()
    finally:
        server.stop()
    contenders = {name: summary(seconds) for name, seconds in taken.items()}
    value = round(contenders[what]["p95_ms"] / contenders["idle"]["p95_ms"], 3)
    return {"title": f"Rust hello world beside {what}: its 95th percentile against idle", "contenders": contenders,
            "ratio": {"of": f"p95 beside {what} / idle", "median": value, "target": "at most 3", "met": value <= 3}}


def bench_loops(rounds):
    return bench_beside(rounds, Loops, f"{LOOPS} endless loops", 3)


def bench_burst(rounds):
    return bench_beside(rounds // 3 + 1, Room, f"a room of {PRESSING} pressing Run within a second", 10)


# ---- latency over concurrency ----

LEVELS = (1, 2, 4, 8, 16, 32)


def bench_concurrency(rounds):
    """Medians and 95th percentiles of hello, with so many clients at once."""
    points = {}
    server = Server("--rate", "0")
    try:
        execute_from(server, None, unique(0)[1])
        for level in LEVELS:
            taken = []
            in_threads(level, lambda i: taken.extend(
                execute_from(server, address(i), unique(f"{level}-{i}-{n}")[1]) for n in range(max(3, rounds // level))))
            points[level] = summary(taken)
    finally:
        server.stop()
    first, last = points[LEVELS[0]]["median_ms"], points[LEVELS[-1]]["median_ms"]
    return {"title": "Rust hello world, over so many clients at once",
            "contenders": {f"{level} clients": numbers for level, numbers in points.items()},
            "ratio": {"of": f"{LEVELS[-1]} clients / 1", "median": round(last / first, 3)},
            "plot": [[level, points[level]["median_ms"], points[level]["p95_ms"]] for level in LEVELS]}
