"""`sandlot doctor`: what it says of a host is what the server then does there, with and without root."""
import json
import os
import subprocess
import unittest

from account import Account, UserServer
from harness import SANDLOT, mounts_of, poll, run_command

KEYS = {"section", "name", "found", "verdict", "needed", "cost", "remedy"}
NAMESPACES = [f"{kind} namespace" for kind in ("user", "mount", "pid", "net", "ipc", "uts", "cgroup")]
IDS = ("/etc/subuid", "/etc/subgid", "newuidmap")


class Doctor(unittest.TestCase):
    def rows(self, done, status):
        """Its rows by name; what must hold of each row, holds."""
        self.assertEqual((done.returncode, done.stderr), (status, b""), done.stdout)
        rows = json.loads(done.stdout)
        for row in rows:
            self.assertEqual(set(row), KEYS)
            self.assertIn(row["verdict"], ("ok", "degraded", "missing"))
            self.assertIs(type(row["needed"]), bool)
            for key in ("section", "name", "found"):
                self.assertTrue(row[key], row)
            for key in ("cost", "remedy"):
                self.assertEqual(row[key] is None, row["verdict"] == "ok", row)
                self.assertNotEqual(row[key], "", row)
        by_name = {row["name"]: row for row in rows}
        self.assertEqual(len(by_name), len(rows), "names are unique")
        return by_name

    def verdicts(self, rows, *names):
        return [rows[name]["verdict"] for name in names]


class AsRoot(Doctor):
    def test_every_row_in_both_forms_and_nothing_left(self):
        folders, mounts = set(os.listdir("/tmp")), len(mounts_of(""))
        rows = self.rows(run_command("doctor", "--json"), 0)
        self.assertEqual(set(self.verdicts(rows, *NAMESPACES, "mounts", "/proc", "seccomp")), {"ok"})
        self.assertIn("a host user of its own", rows["a real cell"]["found"])
        text = run_command("doctor")
        self.assertEqual((text.returncode, text.stderr), (0, b""))
        lines = text.stdout.decode().splitlines()
        for name in rows:
            self.assertTrue(any(line[12:].startswith(name + " ") for line in lines), name)
        self.assertIn("Cells can run here as root.", text.stdout.decode())
        left = set(os.listdir("/tmp")) - folders
        self.assertFalse([name for name in left if name.startswith("sandlot-doctor")])
        self.assertEqual(len(mounts_of("")), mounts)

    def test_wrong_use(self):
        done = run_command("doctor", "--frobnicate")
        self.assertEqual((done.returncode, done.stdout), (64, b""))
        self.assertIn(b"--frobnicate", done.stderr)
        self.assertEqual(run_command("doctor", "--help").returncode, 0)

    def test_an_output_that_cannot_be_written(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([SANDLOT, "doctor", "--json"], stdout=full, stderr=subprocess.PIPE,
                                  check=False)
        self.assertEqual(done.returncode, 74, done.stderr)


class AsUser(Doctor):
    def ask(self, ids, status=0, limits=(), **more):
        """The rows, and the warnings of a server that is started there."""
        account = Account(ids, **more)
        self.addCleanup(account.close)
        mounts = account.mounts()
        rows = self.rows(account.run(account.sandlot, "doctor", "--json", limits=limits), status)
        poll(lambda: not account.processes(), "all that it tried to be gone")
        self.assertEqual(account.mounts(), mounts)
        if status:
            done = account.run(account.sandlot, "serve", "--image", account.image)
            self.assertNotEqual(done.returncode, 0)
            return rows, done.stderr.decode()
        server = UserServer(account, limits=limits)
        server.works()
        log = server.log()
        server.stop()
        # What is said of control groups is what the server finds, whatever this host gives.
        lacking = "missing" in self.verdicts(rows, "own folders", "controllers")
        self.assertEqual(" no_cgroups " in log, lacking, log)
        self.assertEqual("memory and processor time are limited for each process" in
                         (rows["a real cell"]["cost"] or ""), lacking)
        return rows, log

    def test_with_a_range(self):
        rows, log = self.ask("range")
        self.assertEqual(self.verdicts(rows, *NAMESPACES, "without root", *IDS), ["ok"] * 11)
        self.assertIn("a host user of its own", rows["a real cell"]["found"])
        for warning in ("no_user_ids", "user_ids_shared", "slots_lowered"):
            self.assertNotIn(warning, log)

    def test_without_a_range(self):
        rows, log = self.ask("single")
        self.assertEqual(self.verdicts(rows, *IDS, "a real cell"), ["missing", "missing", "ok", "degraded"])
        self.assertIn("--add-subuids", rows["/etc/subuid"]["remedy"])
        self.assertIn("the host user that started it", rows["a real cell"]["found"])
        self.assertIn("user ids do not", rows["a real cell"]["cost"])
        self.assertIn(" no_user_ids ", log)

    def test_without_what_maps_a_range(self):
        for program in ("newuidmap", "newgidmap"):
            with self.subTest(program):
                rows, log = self.ask("range", hidden=[f"/usr/bin/{program}"])
                self.assertEqual(self.verdicts(rows, *IDS), ["ok", "ok", "missing"])
                self.assertIn(program, rows["newuidmap"]["found"])
                self.assertIn("the host user that started it", rows["a real cell"]["found"])
                self.assertIn(f"there is no {program}", log)

    def test_a_range_that_is_not_his_alone(self):
        rows, log = self.ask("range", shared=True)
        for name in ("/etc/subuid", "/etc/subgid"):
            self.assertEqual(rows[name]["verdict"], "degraded")
            self.assertIn("somebody", rows[name]["found"])
        self.assertIn(" user_ids_shared ", log)
        self.assertIn("somebody", log)

    def test_few_ids_and_few_processes(self):
        for limit, degraded, more in (((), "/etc/subuid", {"count": 20}),
                                      (["--nproc=1400"], "processes", {})):
            with self.subTest(degraded):
                rows, log = self.ask("range", limits=limit, **more)
                self.assertEqual([name for name in ("/etc/subuid", "processes")
                                  if rows[name]["verdict"] == "degraded"], [degraded])
                self.assertIn(" slots_lowered ", log)

    def test_without_user_namespaces(self):
        rows, said = self.ask("none", status=1)
        self.assertEqual(set(self.verdicts(rows, *NAMESPACES, "without root", "mounts",
                                           "user.max_user_namespaces", "a real cell")), {"missing"})
        self.assertTrue(all(rows[name]["needed"] for name in (*NAMESPACES, "a real cell")))
        self.assertIn("user.max_user_namespaces", rows["user.max_user_namespaces"]["remedy"])
        self.assertIn("user.max_user_namespaces", said)
        self.assertIn(said.strip().partition(": ")[2][:60], rows["a real cell"]["found"])
