"""Compiles that are not done twice: kept ones, ones that several jobs share, and what is told about them."""
import os
import re
import shutil
import tempfile
import threading
import unittest

from harness import Server, ServerCase, poll

CLOCK = """
use std::time::{SystemTime, UNIX_EPOCH};
fn main() { println!("{}", SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()); }
// %s
"""
# The compiler counts for a while before there is a program.
SLOW = """
#![allow(long_running_const_eval)]
const LONG: u64 = { let mut i = 0u64; while i < %d { i += 1; } i };
fn main() { println!("{} {}", LONG, std::process::id()); }
"""
LONG_ENOUGH, TOO_LONG = 1_500_000, 2_000_000_000
PATIENT = ("--compile-limit", "wall=100s", "--compile-limit", "cpu=100s")
TOKEN = "a-token-for-tests"


def compile_step(outcome):
    return next(step for step in outcome.result["steps"] if step["step"] == "compile")


class Metrics:
    """A server's metrics, as they stand now."""

    def __init__(self, server):
        reply = server.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert reply.status == 200, (reply.status, reply.body)
        self.text = reply.body.decode()
        self.values = {}
        for line in self.text.splitlines():
            if not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                self.values[name] = float(value)

    def compiles(self):
        return {how: int(self.values[f'sandlot_compiles_total{{how="{how}"}}']) for how in ("done", "cached", "shared")}


class SharedCase(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="sandlot-test-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.data = os.path.join(self.folder, "data")
        self.token = os.path.join(self.folder, "token")
        with open(self.token, "w", encoding="utf-8") as file:
            file.write(TOKEN + "\n")
        self.server = None

    def begin(self, *options):
        if self.server:
            self.server.stop()
        else:
            self.addCleanup(lambda: self.server.stop())
        self.server = Server("--metrics-token-file", self.token, *options, data=self.data)
        return self.server

    def rust(self, code, **more):
        return self.server.run(language="rust", code=code, **more)


class Kept(SharedCase):
    def test_the_same_is_compiled_once_and_run_each_time(self):
        self.begin()
        outcomes = [self.rust(CLOCK % "same") for _ in range(4)]
        self.assertEqual([compile_step(o)["cached"] for o in outcomes], [False, True, True, True])
        self.assertEqual(len({o.stdout for o in outcomes}), 4)
        self.assertEqual(compile_step(outcomes[1])["wall_usec"], 0)
        self.assertEqual(Metrics(self.server).compiles(), {"done": 1, "cached": 3, "shared": 0})

    def test_what_the_compiler_said_comes_again(self):
        self.begin()
        warned = 'fn main() { let unused = 1; println!("hello"); }'
        wrong = 'fn main() { let x: u8 = "text"; }'
        for code in (warned, wrong):
            first, again = self.rust(code), self.rust(code)
            self.assertTrue(compile_step(again)["cached"])
            self.assertEqual(first.compiler, again.compiler)
            self.assertTrue(first.compiler)
            for key in ("outcome", "exit_code"):
                self.assertEqual(first.result[key], again.result[key])

    def test_what_differs_is_compiled(self):
        self.begin()
        self.rust(CLOCK % "same")
        for more in ({"options": {"mode": "release"}}, {"options": {"edition": "2018"}},
                     {"limits": {"compile": {"wall_usec": 9000000}}}):
            self.assertFalse(compile_step(self.rust(CLOCK % "same", **more))["cached"], more)
        self.assertFalse(compile_step(self.rust(CLOCK % "other"))["cached"])

    def test_outlives_the_server(self):
        self.begin()
        first = self.rust(CLOCK % "kept")
        self.begin()
        again = self.rust(CLOCK % "kept")
        self.assertEqual([compile_step(o)["cached"] for o in (first, again)], [False, True])
        self.assertNotEqual(first.stdout, again.stdout)

    def test_a_damaged_file_is_begun_anew(self):
        path = os.path.join(self.data, "compiles.db")
        self.begin()
        self.rust(CLOCK % "kept")
        self.server.stop()
        size = os.path.getsize(path)
        for at, length in ((0, 64), (size // 2, 4096)):
            with open(path, "r+b") as file:
                file.seek(at)
                file.write(os.urandom(length))
            self.server = Server("--metrics-token-file", self.token, data=self.data)
            outcome = self.rust(CLOCK % "kept")
            self.assertEqual(outcome.result["outcome"], "exited")
            self.assertRegex(outcome.stdout, r"^\d+\n$")
            if (at, length) != (size // 2, 4096):
                self.server.stop()

    def test_none_are_kept_where_none_are_wanted(self):
        self.begin("--cache-memory", "0")
        outcomes = [self.rust(CLOCK % "same") for _ in range(2)]
        self.assertEqual([compile_step(o)["cached"] for o in outcomes], [False, False])
        self.assertFalse(os.path.exists(os.path.join(self.data, "compiles.db")))

    def test_a_time_out_is_not_kept(self):
        self.begin()
        for _ in range(2):
            outcome = self.rust(SLOW % TOO_LONG, limits={"compile": {"wall_usec": 700000}})
            self.assertEqual(outcome.result["outcome"], "wall_timeout", str(outcome))
            self.assertFalse(compile_step(outcome)["cached"])


class Shared(SharedCase):
    def submit_all(self, count, code):
        """As so many clients at once; their jobs."""
        jobs = [None] * count

        def one(i):
            jobs[i] = self.server.submit(source=f"127.0.0.{2 + i % 100}", language="rust", code=code)

        threads = [threading.Thread(target=one, args=(i,)) for i in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return jobs

    def test_many_at_once_share_one_compile(self):
        self.begin(*PATIENT)
        outcomes = [self.server.follow(job) for job in self.submit_all(40, SLOW % LONG_ENOUGH)]
        for outcome in outcomes:
            self.assertEqual(outcome.stdout.split()[0], str(LONG_ENOUGH), str(outcome))
        compiles = Metrics(self.server).compiles()
        self.assertEqual(compiles["done"], 1, compiles)
        self.assertEqual(sum(compiles.values()), 40)

    def test_killing_the_one_that_compiles_kills_no_other(self):
        self.begin("--compile-slots", "1", *PATIENT)
        code = SLOW % LONG_ENOUGH
        leader = self.server.submit(source="127.0.0.2", language="rust", code=code)
        self.server.wait_state(leader, "compiling")
        followers = self.submit_all(5, code)
        for job in followers:
            self.server.wait_state(job, "compiling")
        self.server.kill(leader)
        self.assertEqual(self.server.follow(leader).result["outcome"], "killed")
        for job in followers:
            outcome = self.server.follow(job)
            self.assertEqual(outcome.result["outcome"], "exited", str(outcome))
            self.assertEqual(outcome.stdout.split()[0], str(LONG_ENOUGH))
        self.assertEqual(Metrics(self.server).compiles()["done"], 2)

    def test_killing_one_that_waits_kills_no_other(self):
        self.begin("--compile-slots", "1", *PATIENT)
        code = SLOW % LONG_ENOUGH
        leader = self.server.submit(source="127.0.0.2", language="rust", code=code)
        self.server.wait_state(leader, "compiling")
        one, other = self.submit_all(2, code)
        self.server.wait_state(one, "compiling")
        self.server.kill(one)
        self.assertEqual(self.server.follow(one).result["outcome"], "killed")
        for job in (leader, other):
            self.assertEqual(self.server.follow(job).result["outcome"], "exited")
        self.assertEqual(Metrics(self.server).compiles(), {"done": 1, "cached": 0, "shared": 1})

    def test_who_waits_for_a_compile_holds_no_slot(self):
        self.begin("--compile-slots", "2", *PATIENT)
        jobs = self.submit_all(10, SLOW % LONG_ENOUGH)
        poll(lambda: all(self.server.peek(job)["state"] != "queued" for job in jobs), "all to share")
        other = self.rust(CLOCK % "other")
        self.assertEqual(other.result["outcome"], "exited")
        self.assertIn("compiling", {self.server.peek(job)["state"] for job in jobs})
        for job in jobs:
            self.assertEqual(self.server.follow(job).result["outcome"], "exited")

    def test_a_time_out_is_everybodys(self):
        self.begin("--compile-limit", "wall=2s")
        for job in self.submit_all(6, SLOW % TOO_LONG):
            self.assertEqual(self.server.follow(job).result["outcome"], "wall_timeout")
        self.assertLess(Metrics(self.server).compiles()["done"], 6)


class Told(SharedCase):
    def test_the_metrics_are_for_who_has_the_token(self):
        self.begin()
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN},
                        {"Authorization": f"Basic {TOKEN}"}, {"Authorization": f"Bearer {TOKEN}x"}):
            reply = self.server.get("/metrics", headers=headers)
            self.assertEqual(reply.status, 401, headers)
            self.assertEqual(reply.headers["WWW-Authenticate"], "Bearer")
        self.assertEqual(Metrics(self.server).compiles()["done"], 0)

    def test_histograms_add_up(self):
        self.begin()
        self.rust(CLOCK % "one")
        self.server.python("print(1)")
        self.server.post("/execute", {"channel": "stable", "mode": "debug", "edition": "2021", "crateType": "bin",
                                      "tests": False, "backtrace": False, "code": CLOCK % "one"})
        values = Metrics(self.server).values
        self.assertEqual(values['sandlot_jobs_total{outcome="exited"}'], 3)
        for stage, count in (("queue", 3), ("compile", 1), ("run", 3), ("cell", 4), ("total", 3)):
            self.assertEqual(values[f'sandlot_stage_seconds_count{{stage="{stage}"}}'], count, stage)
            buckets = [value for name, value in values.items()
                       if name.startswith(f'sandlot_stage_seconds_bucket{{stage="{stage}",')]
            self.assertEqual(buckets, sorted(buckets))
            self.assertEqual(buckets[-1], count)
        self.assertGreater(values['sandlot_cpu_seconds_total{step="compile"}'], 0)
        self.assertEqual(values['sandlot_cells_total{how="ready"}'] + values['sandlot_cells_total{how="made"}'], 4)
        self.assertEqual(values['playground_request_duration_seconds_count{endpoint="/execute"}'], 1)
        self.assertGreater(values["sandlot_compile_cache_bytes"], 0)


class Untold(ServerCase):
    def test_without_a_token_the_metrics_are_nobodys(self):
        reply = self.server.get("/metrics", headers={"Authorization": "Bearer "})
        self.assertEqual(reply.status, 401)
        self.assertTrue(re.search("--metrics-token-file", reply.error()))


if __name__ == "__main__":
    unittest.main()
