"""What needs more than one command: ends from outside, leftovers, faults in every step."""
import os
import re
import shutil
import signal
import subprocess
import time
from fnmatch import fnmatch
from pathlib import Path

from case import Absent, Failure

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
    """Folders of cgroups come and go: os.walk passes over what has gone meanwhile."""
    return [Path(folder, child) for folder, children, _ in os.walk("/sys/fs/cgroup")
            for child in children if fnmatch(child, name)]


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
    return len(Path("/proc/self/mountinfo").read_text().splitlines()), set(orphaned_cells())


def nothing_new(before):
    """Others' leftovers may go meanwhile; none may come."""
    mounts, orphans = state()
    return mounts == before[0] and orphans <= before[1]


def started(world, options, argv, **more):
    """A cell with the sleeper in it, which is known to be running."""
    program = world.program("sleeper")
    process = subprocess.Popen(
        [*world.command, "--image", world.tree, "--file", f"{program}:probe", *options, "--", "./probe", *argv],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
    if process.stdout.readline() != b"started\n":
        fail(f"the sleeper did not start: {process.stderr.read()}")
    return process


def orphan_dies(world):
    """What the program leaves running dies with it."""
    seconds = str(40000 + os.getpid())
    program = world.program("sleeper")
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
    if not world.has_cgroups:
        raise Absent("no cgroups to be had")
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
    program = world.program("leave")
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
    program = world.program("sleeper")
    steps = [line.split() for line in
             subprocess.run([*world.command, "--list-steps"], capture_output=True, text=True,
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
    until(lambda: nothing_new(before), f"processes and mounts are as before ({before}, {state()})")
    until(lambda: not set(cgroup_folders("sandlot-*")) - folders, "no cgroup is left")
    return "passed", ""


def launcher(world, name, *arguments, **more):
    """A long-lived launcher of the test's own, which counts what it holds. Returns its output."""
    shutil.copy(world.program("sleeper"), world.tree / "bin/sleeper")
    program = world.program(name)
    before = state()
    process = subprocess.Popen([program, world.cell_exe, world.tree, *arguments], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)
    try:
        text, _ = process.communicate(timeout=1200)
    finally:
        process.kill()
    if process.returncode != 0:
        fail(f"status {process.returncode}: {text}")
    until(lambda: not cgroup_folders(f"sandlot-{process.pid}"), "no cgroup is left")
    until(lambda: nothing_new(before), "no cell and no mount is left")
    return text.strip()


def fault_in_one_process(world):
    """The same in one long-lived launcher, where descriptors, slots and children could leak."""
    launcher(world, "fault_test")
    return "passed", ""


def started_early(world):
    """A program that was started early gets its words once, and leaves nothing when it does not."""
    launcher(world, "early_test")
    return "passed", ""


def cells_in_a_row(world):
    """After thousands of cells a launcher holds what it held before, its memory within 1 MiB."""
    count = 20000 if world.is_full else 300 if world.is_vm else 2000  # emulated, a cell takes 70 ms
    return "passed", f"{count} cells, {launcher(world, 'churn_test', str(count))}"


def pids_cgroup():
    """A cgroup with a limit of processes: (its folder, the one to put a launcher in), or None.

    On v2 the launcher's cells come beside it, below the nearest cgroup that gives its children
    controllers: that is the one to limit.
    """
    for hierarchy, leaf in (("/sys/fs/cgroup/pids", "."), ("/sys/fs/cgroup", "launcher")):
        folder = Path(hierarchy) / f"sandlot-test-short-{os.getpid()}"
        try:
            folder.mkdir()
            if leaf != ".":
                (folder / "cgroup.subtree_control").write_text("+memory +pids")
                (folder / leaf).mkdir()
        except OSError:
            remove_folder(folder)
            continue
        if (folder / "pids.max").exists():
            return folder, folder / leaf
        remove_folder(folder)
    return None


def short_of_everything(world):
    """A host out of descriptors, memory or processes refuses cells, and nothing is left of them."""
    made = pids_cgroup()
    if not made:
        launcher(world, "short_test", "-1")
        return "passed", "without a pids cgroup: not out of processes"
    folder, leaf = made
    limit_fd = os.open(folder / "pids.max", os.O_WRONLY)
    try:
        launcher(world, "short_test", str(limit_fd), pass_fds=[limit_fd],
                 preexec_fn=lambda: (leaf / "cgroup.procs").write_text("0"))
    finally:
        os.close(limit_fd)
        until(lambda: remove_folder(leaf) and remove_folder(folder), "the test's cgroup is empty")
    return "passed", ""


def remove_folder(folder):
    try:
        folder.rmdir()
    except OSError:
        return not folder.exists()
    return True


def pending_signals():
    """How many signals of this user wait on the host: every timer there is counts as one."""
    return int(re.search(r"SigQ:\t(\d+)/", Path("/proc/self/status").read_text())[1])


def charged_to_nobody(world):
    """What is used in a cell does not count against the host's root."""
    if not world.is_root:
        raise Absent("without root: a user's cells count against him")
    program = world.program("timers")

    def counted(command, **more):
        before = pending_signals()
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **more)
        if process.stdout.readline() != b"made\n":
            fail("the timers were not made")
        grown = pending_signals() - before
        process.communicate()
        return grown

    # Other processes of this user come and go: what counts is whether it is hundreds.
    if counted([*world.command, "--image", world.tree, "--file", f"{program}:probe", "--", "./probe"]) > 200:
        fail("a cell's timers are root's")
    if counted([program]) < 500:
        fail("control: timers of the host's root are not seen")
    return "passed", ""


def processor_time(world):
    """User and system time add up to what the cgroup's precise clock says, however short."""
    program = world.program("sleeper")
    for _ in range(5):
        _, _, report, _ = world.cell(["--file", f"{program}:probe"], ["./probe", "0"])
        used = report["user_usec"] + report["system_usec"]
        # Never nothing, as ticks would have it, nor more than both processors can do.
        if not 50 <= used <= 4 * report["wall_usec"]:
            fail(f"{used} us of processor time in {report['wall_usec']}")
    return "passed", ""


def report_of_output(world):
    """The report tells bytes and truncation of each stream by itself."""
    program = world.program("streams")
    keys = ("stdout_bytes", "stderr_bytes", "truncated_stdout", "truncated_stderr", "outcome")
    for limit, expected in (("1M", [30000, 3, False, False, "exited"]),
                            ("30000", [30000, 3, False, False, "exited"]),
                            ("29999", [29999, 3, True, False, "output_limit"])):
        _, out, report, err = world.cell(["--file", f"{program}:probe", "--limit", f"output={limit}"],
                                         ["./probe"])
        got = [report[key] for key in keys]
        # The kill may come before the other stream is written, or after the whole has ended.
        got[1], got[4] = expected[1] if limit == "29999" else got[1], (
            expected[4] if limit == "29999" else got[4])
        if got != expected or len(out) != expected[0]:
            fail(f"limit {limit}: want {expected}, got {got}, {len(out)} bytes")
    return "passed", ""


def report_of_files(world):
    """The report says whether it was bytes or inodes that ran out."""
    for case, limit, inodes in (("e062-disk-fill", "files=16M", False), ("e063-inode-fill", "inodes=100", True)):
        program = world.program(case)
        _, _, report, _ = world.cell(["--file", f"{program}:probe", "--limit", limit], ["./probe"])
        if not report["files_full"] or report["inodes_full"] != inodes:
            fail(f"{limit}: {report}")
    _, _, report, _ = world.cell(["--file", f"{program}:probe", "--limit", "inodes=1000"], ["./probe"])
    if report["files_full"] or report["inodes_full"]:
        fail(f"control: {report}")
    return "passed", ""


def supervisor_has_no_switch(_world):
    """No way leads from the supervisor, or what it is sent, to a layer left off."""
    root = HERE.parent.parent
    if not (root / "src/supervisor").is_dir():
        return "absent", "its sources are not here"
    named = [path.name for folder in ("src/supervisor", "src/ipc", "src/front")
             for path in (root / folder).glob("*")
             if re.search(r"CELL_WITHOUT|\.without\b|\bfail_at_step = [^-]", path.read_text())]
    if named:
        fail(f"{named} name what only `sandlot cell` may leave off")
    # Control: the same pattern finds the place where it is used.
    if not re.search(r"\.without\b", (root / "sandbox/cli_main.c").read_text()):
        fail("control: not found where it is used")
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
    ("f009-started-early", started_early),
    ("f010-cells-in-a-row", cells_in_a_row),
    ("f011-short-of-everything", short_of_everything),
    ("f012-charged-to-nobody", charged_to_nobody),
    ("f013-processor-time", processor_time),
    ("f014-report-of-output", report_of_output),
    ("f015-supervisor-has-no-switch", supervisor_has_no_switch),
    ("f016-report-of-files", report_of_files),
]
