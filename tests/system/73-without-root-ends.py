"""A server without root: what it says at its start, what it refuses, and that its end is the end of all."""
import os
import re
import signal
import tempfile
import unittest

from account import Account, UserServer, process_status, process_uid
from harness import cgroups_of, descendants, poll, still_alive

BUSY = ("import os, time\n"
        "for _ in range(3):\n    if os.fork() == 0: os.setsid(); time.sleep(9999)\n"
        "print('up', flush=True)\ntime.sleep(9999)")


class UserTest(unittest.TestCase):
    def account(self, ids, **more):
        account = Account(ids, **more)
        self.addCleanup(account.close)
        return account

    def start(self, account, *options, **more):
        server = UserServer(account, *options, **more)
        self.addCleanup(lambda: server.process.poll() is None and server.stop())
        return server

    def busy(self, server, jobs=3):
        """Starts jobs of several processes each; returns their ids once all of them are up."""
        ids = [server.submit(language="python", code=BUSY, interactive=True) for _ in range(jobs)]
        for job in ids:
            for name, data in server.events(job):
                if name == "output":
                    break
                self.assertNotEqual(name, "result", data)
        return ids

    def refused(self, account, *options, mentions, env=None):
        """`sandlot serve` with these options ends at once, with a line that has these words."""
        before = set(account.processes())
        done = account.run(account.sandlot, "serve", "--listen", "127.0.0.1:0", *options, env=env)
        text = done.stderr.decode()
        self.assertEqual((done.returncode, done.stdout), (1, b""), text)
        self.assertRegex(text.splitlines()[-1], f"^sandlot serve: .*{re.escape(mentions)}")
        self.assertFalse(set(account.processes()) - before, "nothing of it is left")


class Ends:
    ids = None

    def setUp(self):
        self.user = self.account(self.ids)
        self.mounts = self.user.mounts()

    def nothing_left(self, server, processes):
        poll(lambda: not still_alive(processes), f"all of {len(processes)} processes to be gone")
        poll(lambda: not self.user.processes(), "every process of the user's to be gone")
        self.assertEqual(self.user.mounts(), self.mounts)
        self.assertEqual(cgroups_of(server.pid), [])

    def everything(self, server):
        processes = descendants(server.pid)
        self.assertGreaterEqual(len(processes), 16, "front end, and three cells of five")
        self.assertEqual(set(self.user.processes()), {server.pid, *processes})
        return processes

    def test_sigterm_and_sigint_leave_nothing(self):
        for signo in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(signo):
                server = self.start(self.user)
                self.busy(server)
                processes = self.everything(server)
                self.assertEqual(server.stop(signo), 0)
                self.nothing_left(server, processes)

    def test_sigkill_of_the_supervisor_ends_all(self):
        server = self.start(self.user)
        self.busy(server)
        processes = self.everything(server)
        server.process.kill()
        server.process.wait()
        self.nothing_left(server, processes)
        server.stop()
        self.start(self.user, data=server.data).works()

    def test_a_front_end_that_is_killed_comes_back(self):
        server = self.start(self.user)
        before = server.log()
        jobs, cells, front = self.busy(server), server.cells(), server.front()
        for _ in range(2):
            front = server.front()
            os.kill(front, signal.SIGKILL)
            poll(lambda front=front: server.front() not in (None, front), "another front end")
        poll(lambda: not still_alive(cells), "the dead front end's cells to be gone")

        def healthy():
            try:
                return server.get("/healthz").status == 200
            except OSError:
                return False

        poll(healthy, "the server to answer at its address again")
        for job in jobs:
            self.assertEqual(server.peek(job)["result"]["outcome"], "internal_error")
        server.works()
        for name in re.findall(r"warning (\w+) ", before):
            self.assertEqual(server.log().count(f" warning {name} "), 1, "said once")


class EndsWithRange(Ends, UserTest):
    ids = "range"


class EndsWithoutRange(Ends, UserTest):
    ids = "single"


class Together(UserTest):
    """Servers of one user at the same time."""

    @staticmethod
    def elsewhere(account):
        """Variables that send programs somewhere else."""
        return {name: os.path.join(account.home, "other") for name in ("HOME", "XDG_RUNTIME_DIR")}

    def users(self, *servers):
        """The host users of a cell of each, while all of them run."""
        jobs = [(server, *self.busy(server, jobs=1)) for server in servers]
        users = [{process_uid(pid) for pid in server.cells()} for server in servers]
        for server, job in jobs:
            server.kill(job)
        return users

    def test_two_never_use_the_same_ids(self):
        account = self.account("range")
        users = self.users(*[self.start(account) for _ in range(2)])
        self.assertEqual([len(one) for one in users], [2, 2])
        self.assertFalse(users[0] & users[1])

    def test_ids_that_one_has_claimed_no_other_takes_whatever_its_environment(self):
        account = self.account("range", count=40)  # fewer than a server claims where it can
        first = self.start(account)
        data = os.path.join(account.home, "second")
        self.refused(account, "--image", account.image, "--data", data,
                     mentions="all host user ids for cells", env=self.elsewhere(account))
        first.works()
        first.stop()
        self.start(account, data=data, env=self.elsewhere(account)).works()

    def test_two_without_a_range_run_side_by_side(self):
        account = self.account("single")
        servers = [self.start(account) for _ in range(2)]
        self.assertEqual(self.users(*servers), [{account.uid}, {account.uid}])
        self.busy(servers[1], jobs=1)
        servers[0].stop()
        self.assertTrue(servers[1].cells())

    def test_two_on_one_data_folder_are_refused(self):
        account = self.account("range")
        server = self.start(account)
        poll(server.early, "the compiler that is started with the server")
        self.refused(account, "--image", account.image, "--data", server.data, mentions=server.data)
        server.works()


class Start(UserTest):
    def warnings(self, server):
        """{name: line} of the warnings of the start, each of which is said once."""
        lines = re.findall(r"warning (\w+) (.*)", server.log())
        self.assertEqual(len({name for name, _ in lines}), len(lines), lines)
        return dict(lines)

    def test_what_is_missing_with_a_range(self):
        server = self.start(self.account("range"))
        server.works()
        self.assertEqual(set(self.warnings(server)), {"no_cgroups"})

    def test_what_is_missing_without(self):
        server = self.start(self.account("single"))
        server.works()
        warnings = self.warnings(server)
        self.assertEqual(set(warnings), {"no_cgroups", "no_user_ids"})
        self.assertIn("/etc/subgid gives no range", warnings["no_user_ids"])

    def test_a_range_without_what_maps_it_is_none(self):
        account = self.account("range", hidden=["/usr/bin/newuidmap"])
        server = self.start(account)
        self.assertIn("there is no newuidmap", self.warnings(server)["no_user_ids"])
        self.busy(server, jobs=1)
        self.assertEqual({process_uid(pid) for pid in server.cells()}, {account.uid})

    def test_groups_are_given_up_where_they_can_be(self):
        group = 1_750_000_000
        for ids, kept in (("range", False), ("single", True)):
            with self.subTest(ids):
                server = self.start(self.account(ids, groups=[group]))
                self.busy(server, jobs=1)
                self.assertEqual("jail_layer_missing" in self.warnings(server), kept)
                for pid in descendants(server.pid):
                    self.assertEqual(str(group) in process_status(pid)["Groups"].split(), kept)

    def test_few_ids_or_processes_lower_the_slots(self):
        few = self.start(self.account("range", count=20))
        self.assertRegex(self.warnings(few)["slots_lowered"], r"run=\d .*/etc/subuid")
        # Many runs at once: cells are made ready for more. They must leave ids to compilers.
        for job in [few.submit(language="python", code="print('ran')") for _ in range(12)]:
            self.assertEqual(few.follow(job).stdout, "ran\n")
        running = self.busy(few)
        compiling = [few.submit(language="c", code=f"int main(void) {{ return {n}; }}") for n in range(6)]
        for job in compiling:
            few.wait_state(job, "waiting_to_run", "running", "ended")
        for job in running:
            few.kill(job)
        for n, job in enumerate(compiling):
            self.assertEqual(few.follow(job).result["exit_code"], n)
        few = self.start(self.account("single"), "--run-slots", "1000", limits=["--nproc=1400"])
        self.assertRegex(self.warnings(few)["slots_lowered"], r"run=\d+ .*ulimit -u")
        few.works()

    def test_the_record_is_kept_in_the_home_unless_told_otherwise(self):
        account = self.account("range")

        class Default(UserServer):
            def command(self, *words):
                at = words.index("--data")
                return super().command(*words[:at], *words[at + 2:])

        server = Default(account)
        self.addCleanup(server.stop)
        server.works()
        folder = os.path.join(account.home, ".local/state/sandlot")
        self.assertTrue(os.listdir(folder))
        self.assertEqual(os.stat(folder).st_mode & 0o777, 0o700)

    def test_an_image_the_user_cannot_read_is_refused(self):
        account = self.account("range")
        with tempfile.TemporaryDirectory() as folder:
            self.refused(account, "--image", folder, mentions=folder)

    def test_a_data_folder_of_somebody_elses_is_refused(self):
        account = self.account("single")
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            self.refused(account, "--image", account.image, "--data", folder, mentions=folder)

    def test_without_user_namespaces_it_says_what_to_set(self):
        account = self.account("none")
        self.refused(account, "--image", account.image, mentions="user.max_user_namespaces")
