"""What needs more than one command: ends from outside, leftovers, faults in every step."""
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from case import Failure

HERE = Path(__file__).resolve().parent
PATIENCE = 10  # seconds until something that must happen has to have happened


def fail(why):
    raise Failure(why)


def until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            fail(f"{what} within {PATIENCE} s")
        time.sleep(0.01)


def processes_with(word):
    """Pids of processes that have this word in their command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if word.encode() in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
        except OSError:
            pass
    return found


def cgroup_folders(name):
    return [path for path in Path("/sys/fs/cgroup").rglob(name) if path.is_dir()]


def orphaned_cells():
    """Cells whose launcher is gone. Others' cells, with a launcher, may well be running on this host."""
    found = []
    for pid in processes_with("sandlot-cell"):
        try:
            parent = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1]
            name = Path(f"/proc/{parent}/comm").read_text()
        except OSError:
            continue  # just gone
        if not name.startswith("sandlot"):
            found.append(pid)
    return found


def state():
    """What a cell could leave behind on the host, apart from cgroups, which carry names."""
    return len(Path("/proc/self/mountinfo").read_text().splitlines()), orphaned_cells()


def started(world, options, argv, **more):
    """A cell with the sleeper in it, which is known to be running."""
    program = world.compile(HERE / "sleeper.c")
    process = subprocess.Popen(
        [world.exe, "--image", world.tree, "--file", f"{program}:probe", *options, "--", "./probe", *argv],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
    if process.stdout.readline() != b"started\n":
        fail(f"the sleeper did not start: {process.stderr.read()}")
    return process


def orphan_dies(world):
    """What the program leaves running dies with it."""
    seconds = str(40000 + os.getpid())
    program = world.compile(HERE / "sleeper.c")
    begin = time.monotonic()
    status, _, report, _ = world.cell(["--file", f"{program}:probe", "--limit", "wall=20s"],
                                      ["./probe", seconds, "detach"])
    if status != 0 or report["outcome"] != "exited" or time.monotonic() - begin > PATIENCE:
        fail(f"ended with {status} {report}")
    if processes_with(seconds):
        fail("the daemon is still there")
    # Control: on the host the same program leaves its daemon behind.
    subprocess.run([program, seconds, "detach"], stdout=subprocess.DEVNULL, check=True)
    left = processes_with(seconds)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    if not left:
        fail("control: the daemon did not survive on the host either")
    return "passed", ""


def ends_by(number, expected):
    def flow(world):
        seconds = str(50000 + os.getpid())
        process = started(world, ["--limit", "wall=60s"], [seconds])
        if not processes_with(seconds):
            fail("control: the sleeper is not seen while it runs")
        process.send_signal(number)
        status = process.wait(PATIENCE)
        process.stdout.close()
        process.stderr.close()
        if status != expected:
            fail(f"exit status: want {expected}, got {status}")
        until(lambda: not processes_with(seconds), "every process of the cell is gone")
        if number != signal.SIGKILL and cgroup_folders(f"sandlot-{process.pid}"):
            fail("its cgroups are left")
        return "passed", ""
    return flow


def stale_cgroups(world):
    """What a killed launcher leaves in the cgroups, the next one removes; a living one's it does not."""
    seconds = str(60000 + os.getpid())
    killed = started(world, [], [seconds])
    living = started(world, ["--limit", "wall=60s"], [seconds])
    killed.kill()
    killed.wait()
    if not cgroup_folders(f"sandlot-{killed.pid}"):
        fail("control: the killed launcher left nothing")

    def removed():
        world.cell([], ["/nothing"])
        return not cgroup_folders(f"sandlot-{killed.pid}")

    until(removed, "the next launcher removes what the killed one left")
    if not cgroup_folders(f"sandlot-{living.pid}"):
        fail("a living launcher's cgroups were removed")
    living.terminate()
    living.wait(PATIENCE)
    for process in (killed, living):
        process.stdout.close()
        process.stderr.close()
    return "passed", ""


def missing_mount_point(world):
    """A tree without a mount point is refused with its name."""
    for name in ("proc", "dev", "tmp", "playground"):
        folder = world.tree / name
        hidden = world.dir / f"hidden-{name}"
        folder.rename(hidden)
        try:
            status, _, report, stderr = world.cell([], ["/nothing"])
        finally:
            hidden.rename(folder)
        if status != 125 or f"no folder /{name} " not in report["error_text"] or name not in stderr:
            fail(f"without {name}: {status} {report} {stderr}")
    return "passed", ""


def ipc_leftover(world):
    """Shared memory made in one cell is not there in the next. Control: without the IPC namespace it is."""
    source = world.dir / "leave.c"
    source.write_text(
        '#include <sys/shm.h>\n#include "probe.h"\nint main(int argc, char **argv)\n{\n\t(void)argc;\n'
        "\treturn probe_say(shmget((key_t)strtol(argv[1], NULL, 10), 4096, "
        "(int)strtol(argv[2], NULL, 8)));\n}\n")
    program = world.compile(source)
    key = str(world.shm_key + 1)

    def both(options):
        texts = []
        for flags in ("1666", "0"):  # IPC_CREAT and all may read and write; then: only find
            _, out, _, _ = world.cell(["--file", f"{program}:probe", *options], ["./probe", key, flags])
            texts.append(out.decode().strip())
        return texts

    if both([]) != ["done", "denied ENOENT"]:
        fail("shared memory outlived its cell")
    seen = both(["--without", "ipc-ns"])
    world.libc.shmctl(world.libc.shmget(int(key), 0, 0), 0, None)
    if seen != ["done", "done"]:
        fail(f"control: {seen}")
    return "passed", ""


def fault_in_every_step(world):
    """Each step is made to fail, by name; nothing is left behind. Control: without a fault it works."""
    program = world.compile(HERE / "sleeper.c")
    steps = [line.split() for line in
             subprocess.run([world.exe, "--list-steps"], capture_output=True, text=True,
                            check=True).stdout.splitlines()]
    folders = set(cgroup_folders("sandlot-*"))
    before = state()
    for line in steps:
        number = line[0]
        status, _, report, _ = world.cell(["--file", f"{program}:probe", "--fail-at", number],
                                          ["./probe", "0"])
        if status != 125 or report["outcome"] != "refused" or report["error_step"] not in line:
            fail(f"step {number}: {status} {report}")
    status, out, _, _ = world.cell(["--file", f"{program}:probe"], ["./probe", "0"])
    if status != 0 or b"started" not in out:
        fail(f"control: {status} {out}")
    until(lambda: state() == before, f"processes and mounts are as before ({before}, {state()})")
    until(lambda: not set(cgroup_folders("sandlot-*")) - folders, "no cgroup is left")
    return "passed", ""


def fault_in_one_process(world):
    """The same in one long-lived launcher, where descriptors, slots and children could leak."""
    root = HERE.parent.parent
    out = world.dir / "fault_test"
    shutil.copy(world.compile(HERE / "sleeper.c"), world.tree / "bin/sleeper")
    sources = [path for path in root.glob("sandbox/*.c")
               if not path.name.startswith(("cell_", "cli_", "policy_compile"))]
    subprocess.run(["gcc", "-std=gnu11", "-O1", "-g", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror",
                    "-static", f"-I{root}/src", f"-I{root}", "-o", out, HERE / "fault_test.c", *sources,
                    *root.glob("src/base/*.c")], check=True)
    done = subprocess.run([out, world.cell_exe, world.tree], capture_output=True,
                          text=True, timeout=60)
    if done.returncode != 0:
        fail(done.stdout + done.stderr)
    return "passed", ""


FLOWS = [
    ("f001-orphan-dies", orphan_dies),
    ("f002-sigterm-ends-cell", ends_by(signal.SIGTERM, 128 + signal.SIGTERM)),
    ("f003-sigint-ends-cell", ends_by(signal.SIGINT, 128 + signal.SIGINT)),
    ("f004-killed-launcher-ends-cell", ends_by(signal.SIGKILL, -signal.SIGKILL)),
    ("f005-stale-cgroups", stale_cgroups),
    ("f006-missing-mount-point", missing_mount_point),
    ("f007-ipc-leftover", ipc_leftover),
    ("f008-fault-in-every-step", fault_in_every_step),
    ("f009-fault-in-one-process", fault_in_one_process),
]
