"""What a cell costs: by itself, to whoever launches it, after a pause, in numbers, and in the end.

All but `sandlot cell` is measured by build/tests/bench/launch_bench, a launcher that lives as long as the
supervisor does, with its peer, the floor, in the same process.
"""
import os
import re
import shutil
import statistics
import struct
import subprocess

from harness import BUILD, IMAGE, SANDLOT
from rows import ratio_of, row
from spawn import alternate, timed_spawn

TREE = os.path.join(IMAGE, "root")
CELL_EXE = os.path.join(BUILD, "libexec/sandlot/sandlot-cell")
LAUNCH_BENCH = os.path.join(BUILD, "tests/bench/launch_bench")
PROBE_TREE = os.path.join(BUILD, "tests/bench/tree")
INSTRUCTION = re.compile(r"\{\s*(0x[0-9a-f]+|\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*,\s*(0x[0-9a-f]+|\d+)\s*\}")
RATE_SEC = 2
RATE_WORKERS = 2
MEMORY_GROWTH_MAX_KIB = 1024
STATUS_LINES = re.compile(r"(Uid|Gid|Groups|Cap\w+|NoNewPrivs|Seccomp\w*|Umask|Threads):")


# ---- sandlot cell against bubblewrap ----

def filter_file():
    """The run policy's BPF program as bubblewrap takes it, in a memfd."""
    with open(os.path.join(BUILD, "gen/cell_policy_table.h"), encoding="utf-8") as file:
        table = re.search(r"cell_policy_run\[\]\s*=\s*\{(.*?)\n\};", file.read(), re.DOTALL)
    program = b"".join(
        struct.pack("=HBBI", *(int(word, 0) for word in match.groups()))
        for match in INSTRUCTION.finditer(table[1])
    )
    assert len(program) >= 8 * 50, "the run policy is not understood"
    fd = os.memfd_create("filter", 0)
    os.write(fd, program)
    os.set_inheritable(fd, True)
    return fd


class Bubblewrap:
    """The same namespaces, the same tree, the same filter."""

    def __init__(self):
        self.path = shutil.which("bwrap")
        self.filter_fd = filter_file()
        self.arguments = [
            "bwrap", "--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc",
            "--unshare-uts", "--unshare-cgroup", "--uid", "1000", "--gid", "1000", "--cap-drop",
            "ALL", "--die-with-parent", "--ro-bind", TREE, "/", "--proc", "/proc", "--dev", "/dev",
            "--tmpfs", "/tmp", "--tmpfs", "/playground", "--chdir", "/playground", "--clearenv",
            "--seccomp", str(self.filter_fd), "/bin/true",
        ]

    def __call__(self, _):
        os.lseek(self.filter_fd, 0, os.SEEK_SET)
        return timed_spawn(self.path, self.arguments)


class Cell:
    """`sandlot cell -- /bin/true`, without the layers named."""

    def __init__(self, *layers):
        without = [word for layer in layers for word in ("--without", layer)]
        self.arguments = ["sandlot", "cell", "--image", TREE, *without, "--", "/bin/true"]

    def __call__(self, _):
        return timed_spawn(SANDLOT, self.arguments)


def bench_cell(rounds):
    true = os.path.realpath("/bin/true")
    contenders = {"sandlot": Cell(), "bubblewrap": Bubblewrap(),
                  "fork+exec": lambda _: timed_spawn(true, ["true"])}
    return row("sandlot cell -- /bin/true against bubblewrap", alternate(rounds, contenders, 20),
               "sandlot", "bubblewrap", at_most=0.8)


LAYERS = ("net-ns", "cgroup", "seccomp", "landlock")


def bench_layers(rounds):
    """What the dearest walls cost, each left off in turn; none of them is ever left off for a visitor."""
    contenders = {"all": Cell(), **{f"less {layer}": Cell(layer) for layer in LAYERS},
                  "less all four": Cell(*LAYERS)}
    return row("sandlot cell -- /bin/true, what single layers cost", alternate(rounds, contenders, 10),
               "less net-ns", "all")


# ---- the launcher against the floor ----

def launch_bench(mode, number, *program, image=PROBE_TREE):
    done = subprocess.run([LAUNCH_BENCH, CELL_EXE, image, mode, str(number), *program],
                          stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def samples(text):
    """{name: seconds of each time} from lines of names and nanoseconds."""
    taken = {}
    for line in text.splitlines():
        name, nsec = line.rsplit(" ", 1)
        taken.setdefault(name, []).append(int(nsec) / 1e9)
    return dict(sorted(taken.items()))


def walls(contender):
    """What a program sees around itself, less the numbers that differ from cell to cell."""
    lines, section = [], ""
    for line in launch_bench("show", contender, "/bin/probe", "show").splitlines():
        if line.startswith("=="):
            section = line
        elif "status" in section and not STATUS_LINES.match(line):
            continue
        elif "mountinfo" in section:
            line = re.sub(r"^\d+ \d+ \d+:\d+|,[ug]id=\d+", "", line)
        lines.append(line)
    return lines


def same_walls():
    """A floor that left something off would prove nothing."""
    ours = walls("cell")
    assert len(ours) > 40, ours
    for contender in ("floor", "floor+init"):
        other = walls(contender)
        assert ours == other, f"{contender} differs: {set(ours) ^ set(other)}"


def bench_launch(rounds):
    same_walls()
    taken = samples(launch_bench("launch", rounds, "/bin/probe"))
    return row("launch to exit of a static true, within a launcher, against the same layers bare",
               taken, "cell", "floor", at_most=1.4)


def bench_gap(rounds):
    taken = samples(launch_bench("gap", rounds, "/bin/probe"))
    return row("cells 50 ms apart against back to back (the floor alike)", taken,
               "cell,apart", "cell,close", at_most=1.3)


# ---- two at a time ----

def rate_commands():
    """{name: command of one worker, which prints how many and in how many nanoseconds}."""
    bubblewrap = Bubblewrap()
    spawn = lambda fd, arguments: [LAUNCH_BENCH, str(fd), "-", "spawn", str(RATE_SEC), *arguments]
    return {
        "ready cell": [LAUNCH_BENCH, CELL_EXE, TREE, "ready", str(RATE_SEC), "/bin/true"],
        "cell": [LAUNCH_BENCH, CELL_EXE, TREE, "rate", str(RATE_SEC), "/bin/true"],
        "sandlot cell": spawn(-1, [SANDLOT, *Cell().arguments[1:]]),
        "bubblewrap": spawn(bubblewrap.filter_fd, [bubblewrap.path, *bubblewrap.arguments[1:]]),
    }


def filter_of(command):
    """Each worker reads a filter of its own: they share no file position."""
    if command[1].isdigit():
        fd = filter_file()
        return [str(fd) if word == command[1] else word for word in command], [fd]
    return command, []


def rate(command):
    """How many a second, all workers together."""
    workers = []
    for _ in range(RATE_WORKERS):
        words, fds = filter_of(command)
        workers.append(subprocess.Popen(words, stdout=subprocess.PIPE, text=True, pass_fds=fds))
        for fd in fds:
            os.close(fd)
    total = 0.0
    for worker in workers:
        out, _ = worker.communicate()
        assert worker.returncode == 0, f"{command} failed"
        count, nsec = (int(word) for word in out.split())
        total += count / (nsec / 1e9)
    return total


def bench_rate(rounds):
    commands = rate_commands()
    rates = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            rates[name].append(rate(command))
    contenders = {
        name: {"n": len(found), "median_per_sec": round(statistics.median(found), 1),
               "min_per_sec": round(min(found), 1), "max_per_sec": round(max(found), 1)}
        for name, found in rates.items()
    }
    medians = {name: numbers["median_per_sec"] for name, numbers in contenders.items()}
    return {"title": "/bin/true a second, two at a time, as the server works (the next cell made ready) against bubblewrap",
            "contenders": contenders,
            "ratio": ratio_of("ready cell", "bubblewrap", medians, at_least=1.5)}


# ---- what is left ----

def bench_soak(cells):
    counts = {}
    for line in launch_bench("soak", cells, "/bin/probe").splitlines():
        when, *words = line.split()
        counts[when] = {name: int(number) for name, number in zip(words[::2], words[1::2])}
    before, after = counts["before"], counts["after"]
    growth = after["memory_kib"] - before["memory_kib"]
    left = {name: after[name] - before[name] for name in before if name != "memory_kib"}
    return {"title": f"after {cells} cells in one launcher",
            "contenders": counts,
            "ratio": {"of": "growth of memory in KiB", "median": growth,
                      "target": f"at most {MEMORY_GROWTH_MAX_KIB}, and nothing left",
                      "met": growth <= MEMORY_GROWTH_MAX_KIB and not any(left.values()),
                      "left": left}}
