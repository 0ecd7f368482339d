"""A user who is not root, for servers that are started without root.

He exists in a mount namespace of his own and nowhere else: what /etc says there of users and their
ids is bound over the host's files, where image and programs are shown to him whoever may read them
on the host. When the account is closed, the kernel has undone all of it but one folder of ours.
"""
import itertools
import os
import shutil
import subprocess
import tempfile

from harness import BUILD, IMAGE, SANITIZER_OPTIONS, Server, ServerCase, poll

NAME = "sandlot-test"
RANGE_COUNT = 65536
NUMBERS = itertools.count()

# $1 the account's folder, $2 image, $3 programs; more: files to be bound over others. Read first:
# in a user namespace the ids must be mapped, and a program executed, before there is a capability.
ENTER = """read -r go; exec sh -c '
set -e
folder=$1; mount --make-rprivate /
mount --bind "$2" $folder/image
mount --bind "$3" $folder/build
for file in passwd group subuid subgid; do mount --bind $folder/etc/$file /etc/$file; done
shift 3
for path; do [ -e "$path" ] && mount --bind /dev/null "$path"; done
[ ! -e $folder/no-user-namespaces ] || echo 0 >/proc/sys/user/max_user_namespaces
echo ready
exec cat' sh "$@"
"""


def process_status(pid):
    """The lines of a process's status by name; {} when it has gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
            return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    except OSError:
        return {}


def process_uid(pid):
    return int(process_status(pid).get("Uid", "-1").split()[0])


class Account:
    """ids: "range" (in /etc/subuid and /etc/subgid), "single", or "none": no user namespaces either.

    count: how many ids the range has. groups: supplementary ones. hidden: files he has not got.
    shared: somebody else has been given the last id of the range, too.
    """

    def __init__(self, ids, count=RANGE_COUNT, groups=(), hidden=(), shared=False):
        self.folder = tempfile.mkdtemp(prefix="sandlot-account-", dir="/var/tmp")
        self.home = os.path.join(self.folder, "home")
        self.image = os.path.join(self.folder, "image")
        self.build = os.path.join(self.folder, "build")
        self.sandlot = os.path.join(self.build, "bin/sandlot")
        # Nobody's, and different ones for accounts that are there at the same time.
        number = os.getpid() * 16 + next(NUMBERS) % 16
        self.uid = 1_800_000_000 + number
        self.range = range(1_600_000_000 + number % 2500 * RANGE_COUNT, 0xffffffff)[:count]
        if ids != "range":
            self.range = range(0)
        self.holder = None
        try:
            self._write_files(groups, ids, shared)
            self._hold(ids == "none", hidden)
        except BaseException:
            self.close()
            raise

    def _write_files(self, groups, ids, shared):
        os.chmod(self.folder, 0o755)
        for name in ("home", "image", "build", "etc"):
            os.mkdir(os.path.join(self.folder, name))
        os.chown(self.home, self.uid, self.uid)
        os.chmod(self.home, 0o700)
        if ids == "none":
            self._write("no-user-namespaces", "")
        with open("/etc/passwd", encoding="utf-8") as users:
            self._write("etc/passwd", users.read() +
                        f"{NAME}:x:{self.uid}:{self.uid}::{self.home}:/bin/sh\n")
        with open("/etc/group", encoding="utf-8") as known:
            self._write("etc/group", known.read() + f"{NAME}:x:{self.uid}:\n" + "".join(
                f"{NAME}-{group}:x:{group}:{NAME}\n" for group in groups))
        for name in ("etc/subuid", "etc/subgid"):
            self._write(name, (f"{NAME}:{self.range.start}:{len(self.range)}\n" if self.range else "") +
                        (f"somebody:{self.range[-1]}:1\n" if shared else ""))

    def _write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def _hold(self, own_user_namespace, hidden):
        """Starts the process that keeps the namespaces, which are as long as it is."""
        kinds = ["--mount"] + (["--user"] if own_user_namespace else [])
        self.holder = subprocess.Popen(
            ["unshare", *kinds, "sh", "-c", ENTER, "sh", self.folder, os.path.realpath(IMAGE),
             os.path.realpath(BUILD), *hidden],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if own_user_namespace:
            own = os.stat("/proc/self/ns/user").st_ino
            poll(lambda: os.stat(f"/proc/{self.holder.pid}/ns/user").st_ino != own, "a namespace")
            for kind in ("uid", "gid"):
                with open(f"/proc/{self.holder.pid}/{kind}_map", "w", encoding="ascii") as table:
                    table.write("0 0 4294967295\n")
        self.holder.stdin.write(b"go\n")
        self.holder.stdin.flush()
        if self.holder.stdout.readline() != b"ready\n":
            raise AssertionError("the account's mounts could not be made")
        self.enter = ["nsenter", f"--mount=/proc/{self.holder.pid}/ns/mnt"]
        if own_user_namespace:
            self.enter.append(f"--user=/proc/{self.holder.pid}/ns/user")

    def command(self, *words, env=None, limits=()):
        """What runs these words as the user, in the process that runs this. limits: of prlimit(1)."""
        env = {**SANITIZER_OPTIONS, **(env or {})}
        return [*self.enter, "setpriv", f"--reuid={NAME}", f"--regid={NAME}", "--init-groups",
                "--inh-caps=-all", "--reset-env", *(["prlimit", *limits] if limits else []),
                "env", *(f"{name}={value}" for name, value in env.items()), *words]

    def run(self, *words, seconds=120, **more):
        return subprocess.run(self.command(*words, **more), stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=seconds, check=False, cwd="/")

    def mounts(self):
        """All that is mounted where he is."""
        with open(f"/proc/{self.holder.pid}/mountinfo", encoding="utf-8") as file:
            return file.read()

    def is_own(self, uid):
        return uid == self.uid or uid in self.range

    def processes(self):
        """Process ids of all that run, on the host, as him or under an id of his range."""
        return [int(name) for name in os.listdir("/proc")
                if name.isdigit() and self.is_own(process_uid(name))]

    def close(self):
        if self.holder:
            self.holder.stdin.close()
            self.holder.stdout.close()
            self.holder.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class UserServer(Server):
    """`sandlot serve`, started by an account."""

    def __init__(self, account, *options, env=None, limits=(), **more):
        self.account, self.env, self.limits = account, env, limits
        more.setdefault("data", os.path.join(account.home, f"data-{next(NUMBERS)}"))
        options += ("--stamps", os.path.join(account.home, "stamps"))
        super().__init__(*options, **{"image": account.image, **more})

    def command(self, *words):
        return self.account.command(self.account.sandlot, *words, env=self.env, limits=self.limits)


class UserCase(ServerCase):
    """Tests that share one server of an account with ids as in `ids`."""

    ids = None

    @classmethod
    def setUpClass(cls):
        cls.account = Account(cls.ids)
        cls.addClassCleanup(cls.account.close)
        cls.server = UserServer(cls.account, *cls.options)
