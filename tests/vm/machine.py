"""The test VM as its programs share it: where it is kept, what it is made from, how QEMU is started and spoken to.

KVM is not to be had on every machine that runs these tests, so the VM is emulated (TCG). It is booted once: `build`
saves the state of the running machine, `run` restores it for each job, which takes two seconds and begins each job from the
same state. That needs the very same machine both times; so everything about it is here, and QEMU's version and the
processor, whose clock runs in the VM as it did when that was booted, are part of the key under which it is kept.
"""
import contextlib
import fcntl
import hashlib
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
GUEST = HERE / "guest"
QEMU = "qemu-system-x86_64"
INPUTS = ("machine.py", "rootdisk.py", "build")

DISK_BYTES = 3 << 30
JOB_BYTES = 256 << 20
RESULT_BYTES = 64 << 20
MEMORY_MIB = 1536
LOCK_SEC = 2400

# Landlock is built into Debian's kernel; only what lsm= names is switched on. Without tsc=reliable the kernel asks
# the HPET for the time, and waits for QEMU's one lock each time.
KERNEL_OPTIONS = (
    "console=ttyS0 root=/dev/vda rootfstype=ext4 rw fsck.mode=skip quiet panic=-1 mitigations=off "
    "tsc=reliable systemd.show_status=0 lsm=landlock,lockdown,yama,integrity,apparmor,bpf"
)


class VmError(Exception):
    """Why the VM cannot do its work; one line."""


def say(text):
    print(f"vm: {text}", file=sys.stderr, flush=True)


def exit_on_signals():
    """A signal ends the program by an exception, so that what it started is ended too."""
    def leave(number, _frame):
        sys.exit(128 + number)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, leave)


def bound_to_us(words):
    """The command, to be killed by the kernel should this process die in whatever way."""
    return ["setpriv", "--pdeathsig", "KILL", "--", *words]


def cache_folder():
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.environ.get("HOME", "/root"), ".cache")
    return Path(os.environ.get("SANDLOT_CACHE") or os.path.join(home, "sandlot")).absolute() / "vm"


def key():
    """Names a VM by what it is made from."""
    digest = hashlib.sha256()
    try:
        version = subprocess.run([QEMU, "--version"], capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as why:
        raise VmError(f"cannot run {QEMU}: {why}") from why
    digest.update(version)
    processors = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
    digest.update(next((line for line in processors if line.startswith("model name")), "").encode())
    for path in [HERE / name for name in INPUTS] + sorted(GUEST.iterdir()):
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:32]


class Lock:
    """One VM at a time on this cache: two would only slow each other down."""

    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        self.file = open(folder / "lock", "w", encoding="ascii")

    def __enter__(self):
        deadline = time.monotonic() + LOCK_SEC
        told = False
        while True:
            try:
                fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return self
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise VmError(f"another VM is still at work after {LOCK_SEC} s") from None
                if not told:
                    say("waiting for another VM to end")
                told = True
                time.sleep(0.2)

    def __exit__(self, *_why):
        self.file.close()


def remove(path):
    """Removes a folder; of this file system only, whatever may be mounted below."""
    subprocess.run(["rm", "-rf", "--one-file-system", "--", str(path)], check=False)


@contextlib.contextmanager
def scratch(cache):
    """A folder for as long as it is needed. Only under the lock: others that are there were left by what was killed."""
    for path in cache.glob("tmp-*"):
        remove(path)
    folder = tempfile.mkdtemp(prefix="tmp-", dir=cache)
    try:
        yield Path(folder)
    finally:
        remove(folder)


def make_empty(path, size):
    with open(path, "wb") as file:
        file.truncate(size)


class Machine:
    """A running QEMU: its monitor and its second serial port over socket pairs, its console in a file."""

    def __init__(self, vm, job_image, result_image, console, *, keep_disk, incoming):
        self.console = console
        self.monitor, monitor_theirs = socket.socketpair()
        self.port, port_theirs = socket.socketpair()
        self.monitor_rest = self.port_rest = b""
        with monitor_theirs, port_theirs:
            fds = (monitor_theirs.fileno(), port_theirs.fileno())
            words = self.words(vm, job_image, result_image, console, fds, keep_disk)
            if incoming:
                words += ["-incoming", "defer"]
            self.process = subprocess.Popen(bound_to_us(words), stdin=subprocess.DEVNULL,
                                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, pass_fds=fds)

    @staticmethod
    def words(vm, job_image, result_image, console, fds, keep_disk):
        def drive(path, *more):
            path = str(path).replace(",", ",,")
            return ["-drive", ",".join([f"file={path}", "format=raw,if=virtio,cache=unsafe", *more])]

        return [
            QEMU, "-M", "q35", "-accel", "tcg,thread=multi",
            # Without host support, a 16 byte compare and exchange stops all other processors.
            "-cpu", "qemu64,-cx16", "-smp", "2", "-m", str(MEMORY_MIB),
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-nic", "none",
            "-kernel", str(vm / "vmlinuz"), "-initrd", str(vm / "initrd.img"), "-append", KERNEL_OPTIONS,
            *drive(vm / "disk.raw", *([] if keep_disk else ["snapshot=on"])),
            *drive(job_image, "readonly=on"), *drive(result_image),
            "-chardev", f"socket,id=monitor,fd={fds[0]}", "-mon", "chardev=monitor,mode=control",
            "-chardev", f"socket,id=port,fd={fds[1]}",
            "-serial", f"file:{console}", "-serial", "chardev:port",
        ]

    def __enter__(self):
        return self

    def __exit__(self, *_why):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        self.monitor.close()
        self.port.close()

    def dead(self, doing):
        """What to raise when QEMU has closed a line."""
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
        why = self.process.stderr.read().decode(errors="replace").strip().replace("\n", "; ")
        said = self.console.read_text(errors="replace").split("\n") if self.console.exists() else []
        said = [line.strip() for line in said if line.strip()][-1:]
        return VmError(f"QEMU ended with status {self.process.wait()} while {doing}"
                       + (f": {why[-300:]}" if why else "")
                       + (f"; last on its console: {said[0][-200:]}" if said else ""))

    def line(self, which, deadline, doing):
        """The next line from the monitor or the port."""
        sock = getattr(self, which)
        rest = getattr(self, f"{which}_rest")
        while b"\n" not in rest:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            sock.settimeout(left)
            try:
                more = sock.recv(65536)
            except ConnectionError:
                more = b""
            if not more:
                raise self.dead(doing)
            rest += more
            if len(rest) > 1 << 20:
                raise VmError(f"too long a line while {doing}")
        line, _, rest = rest.partition(b"\n")
        setattr(self, f"{which}_rest", rest)
        return line.strip()

    def event(self, wanted, deadline, doing):
        """The next message of the monitor that wanted(message) is true for."""
        while True:
            message = json.loads(self.line("monitor", deadline, doing))
            if wanted(message):
                return message

    def command(self, name, seconds=60, **arguments):
        """Sends the monitor a command and returns its answer."""
        request = {"execute": name, "arguments": arguments}
        try:
            self.monitor.sendall(json.dumps(request).encode() + b"\n")
        except ConnectionError:
            raise self.dead(f"sending {name}") from None
        answer = self.event(lambda m: "return" in m or "error" in m, time.monotonic() + seconds, name)
        if "error" in answer:
            raise VmError(f"QEMU refused {name}: {answer['error'].get('desc')}")
        return answer["return"]

    def hello(self):
        self.command("qmp_capabilities")
        self.command("migrate-set-capabilities", capabilities=[{"capability": "events", "state": True}])

    def migrated(self, seconds, doing):
        """Waits for the state to be saved or restored."""
        message = self.event(
            lambda m: m.get("event") == "MIGRATION" and m["data"]["status"] in ("completed", "failed"),
            time.monotonic() + seconds, doing)
        if message["data"]["status"] == "failed":
            raise VmError(f"QEMU failed while {doing}")

    def save(self, path, seconds):
        self.command("stop")
        self.command("migrate-set-parameters", **{"max-bandwidth": 1 << 40})
        self.command("migrate", uri=f"exec:exec zstd -q -3 -o {shlex.quote(str(path))}")
        self.migrated(seconds, "saving the machine's state")
        self.command("quit")
        self.process.wait(60)

    def restore(self, path, seconds):
        # QEMU may wait for ever for a state that does not come.
        if subprocess.run(["zstd", "-tq", path], check=False, capture_output=True).returncode != 0:
            raise VmError(f"{path} is missing or damaged; tests/vm/build --refresh makes it anew")
        self.command("migrate-incoming", uri=f"exec:exec zstd -dcq {shlex.quote(str(path))}")
        self.migrated(seconds, "restoring the machine's state")
        self.command("cont")
