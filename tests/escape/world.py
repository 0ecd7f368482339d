"""What the attacks are run in and against: a root tree, an image, things of the host to get at."""
import ctypes
import json
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TIMEOUT = 60
# An emulated machine is slow, and time it is made to wait counts as its processes': only what is about limits on
# time, and gives its own, shall meet one.
VM_LIMITS = ("--limit", "cpu=40s", "--limit", "wall=50s")
USER = 1000
TREE_FOLDERS = ("bin", "proc", "dev", "tmp", "playground", "open", "etc")


class World:
    def __init__(self, build):
        self.build = build
        self.command = (build / "bin/sandlot", "cell")
        self.cell_exe = build / "libexec/sandlot/sandlot-cell"
        self.is_root = os.geteuid() == 0
        self.has_user_ids = self.is_root or any(
            line.split(":")[0] in (str(os.geteuid()), pwd.getpwuid(os.geteuid()).pw_name)
            for line in Path("/etc/subuid").read_text().splitlines())
        self.is_vm = os.environ.get("SANDLOT_VM") == "1"
        self.is_full = os.environ.get("SANDLOT_TEST_FULL") == "1"
        image = ROOT / "build/image"
        self.image = image if os.access(image / "manifest.json", os.R_OK) else None
        # Not below /tmp: the cell's own /tmp would hide a path that leaked.
        self.dir = Path(tempfile.mkdtemp(prefix="sandlot-escape-", dir="/var/tmp"))
        os.chmod(self.dir, 0o755)
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.landlock = self.libc.syscall(444, None, 0, 1)
        self.make_tree()
        self.make_targets()
        self.programs = self.dir / "programs"
        shutil.copytree(build / "tests/escape", self.programs)
        for path in self.programs.iterdir():
            path.chmod(0o755)
        self.has_cgroups = "Delegate=yes" not in (warned := self.cell([], ["/none"])[3]) and \
            "no cgroup" not in warned and "no memory and pids cgroups" not in warned

    def make_tree(self):
        self.tree = self.dir / "tree"
        for name in TREE_FOLDERS:
            (self.tree / name).mkdir(parents=True)
        (self.tree / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\n")
        (self.tree / "open/file").write_text("of the image\n")
        os.chmod(self.tree / "open/file", 0o666)
        os.chmod(self.tree / "open", 0o777)

    def make_targets(self):
        self.secret = self.dir / "secret"
        self.secret.write_text("of the host\n")
        self.sleeper = subprocess.Popen(["sleep", "1000"])
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.datagrams.bind(("127.0.0.1", 0))
        self.listener6 = None
        if socket.has_dualstack_ipv6():
            self.listener6 = socket.create_server(("::1", 0), family=socket.AF_INET6)
        self.abstract = f"sandlot-escape-{os.getpid()}"
        self.unix = socket.socket(socket.AF_UNIX)
        self.unix.bind("\0" + self.abstract)
        self.unix.listen()
        self.shm_key = 0x53000000 + os.getpid()
        self.shm = self.libc.shmget(self.shm_key, 4096, 0o1666)
        self.names = {
            "secret": self.secret, "host_pid": self.sleeper.pid, "abstract": self.abstract,
            "port": self.listener.getsockname()[1], "udp_port": self.datagrams.getsockname()[1],
            "port6": self.listener6.getsockname()[1] if self.listener6 else 0,
            "shm_key": self.shm_key, "tree": self.tree, "cell_exe": self.cell_exe,
        }

    def close(self):
        self.libc.shmctl(self.shm, 0, None)
        self.sleeper.kill()
        self.sleeper.wait()
        shutil.rmtree(self.dir)

    def program(self, name):
        """What was made of NAME.c, on a copy: anybody may execute it."""
        return self.programs / name

    def cell(self, options, argv, image=None, stdin="/dev/null", **more):
        """Runs sandlot cell; returns exit status, output, report (None when there was none), stderr."""
        read_end, write_end = os.pipe()
        extra = os.open(self.secret, os.O_RDONLY)
        try:
            os.set_inheritable(extra, True)
            with open(stdin, "rb") as source:
                done = subprocess.run(
                    [*self.command, "--image", image or self.tree, "--report", str(write_end),
                     *(VM_LIMITS if self.is_vm else ()), *options, "--", *argv],
                    stdin=source, capture_output=True, timeout=TIMEOUT,
                    pass_fds=(write_end, extra), env={**os.environ, "SANDLOT_SECRET": "x"}, **more)
            os.close(write_end)
            write_end = -1
            with os.fdopen(os.dup(read_end)) as report:
                text = report.read()
        finally:
            os.close(extra)
            os.close(read_end)
            if write_end >= 0:
                os.close(write_end)
        return done.returncode, done.stdout, json.loads(text) if text else None, done.stderr.decode()

    def host(self, command, as_user, scratch, stdin="/dev/null"):
        """Runs an attack outside of any cell, with a descriptor too many."""
        extra = os.open(self.secret, os.O_RDONLY)
        ids = {}
        if as_user and self.is_root:
            ids = {"user": USER, "group": USER, "extra_groups": []}
        try:
            with open(stdin, "rb") as source:
                done = subprocess.run(command, stdin=source, capture_output=True, timeout=TIMEOUT,
                                      cwd=scratch, pass_fds=(extra,), **ids)
        finally:
            os.close(extra)
        return done.returncode, done.stdout
