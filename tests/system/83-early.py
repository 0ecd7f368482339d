"""Compilers started ahead of their jobs: taken when a job comes, replaced, gone when nobody wants them."""
import os
import signal
import threading
import unittest

from harness import Server, cgroups_of, descendants, manifest, poll, still_alive
from images import ImageCase


def hello(text):
    return f'fn main() {{ println!("{text}"); }}'


def opens_fifo(pid):
    """Does it wait for another to open a FIFO?"""
    with open(f"/proc/{pid}/wchan", encoding="ascii") as file:
        return "partner" in file.read()


class Early(unittest.TestCase):
    options = ()

    def setUp(self):
        self.server = Server(*self.options)
        self.addCleanup(lambda: self.server.process.poll() is None and self.server.stop())

    def waiting(self):
        return poll(self.server.early, "a compiler that waits")

    def compile(self, text, **more):
        outcome = self.server.run(language="rust", code=hello(text), **more)
        self.assertEqual((outcome.result["outcome"], outcome.stdout), ("exited", text + "\n"), str(outcome))
        self.assertEqual(outcome.compiler, "", str(outcome))
        return outcome

    def gone(self, processes):
        poll(lambda: not still_alive(processes), "those compilers to be gone")

    def test_the_first_job_finds_one(self):
        waiting = self.waiting()
        self.compile("first")
        self.gone(waiting)
        self.assertTrue(self.waiting().keys().isdisjoint(waiting), "and the next finds another")

    def test_the_same_process_compiles(self):
        """Its end comes with the job's, not before: a program that compiles for long keeps it alive."""
        waiting = self.waiting()
        job = self.server.submit(language="rust", code=LONG)
        pid = poll(lambda: [p for p in waiting if not os.path.exists(f"/proc/{p}/root/playground/.args")
                            and os.path.exists(f"/proc/{p}/root/playground/src/main.rs")],
                   "the compiler that waited to have the job's file")[0]
        self.assertEqual(still_alive({pid: waiting[pid]}), [pid])
        self.server.kill(job)
        outcome = self.server.follow(job)
        self.assertEqual(outcome.result["outcome"], "killed", str(outcome))
        self.gone({pid: waiting[pid]})

    def test_options_that_it_does_not_depend_on(self):
        for options in ({"mode": "release"}, {"edition": "2018"}):
            waiting = self.waiting()
            self.compile(" ".join(options.values()), options=options)
            poll(lambda: set(still_alive(waiting)) < set(waiting), "one of those compilers to be gone")

    def test_another_channel_gets_one_of_its_own(self):
        channels = [c for c in ("stable", "nightly") if c in
                    next(l for l in manifest()["languages"] if l["id"] == "rust")["options"]["channel"]["values"]]
        if len(channels) < 2:
            self.skipTest("the image has one channel")
        first = self.waiting()
        self.compile("nightly", options={"channel": "nightly"})
        poll(lambda: len({os.readlink(f"/proc/{pid}/exe") for pid in self.server.early()}) == 2, "one of each")
        self.assertTrue(set(still_alive(first)), "the other one was not taken for it")

    def test_many_at_once(self):
        self.waiting()
        failures = []

        def one(number):
            try:
                self.compile(f"number {number}")
            except Exception as error:  # pylint: disable=broad-exception-caught
                failures.append(error)

        threads = [threading.Thread(target=one, args=(number,)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        poll(lambda: len(self.server.early()) > 1, "more than one to wait after so many")

    def test_errors_and_warnings_are_as_ever(self):
        for how in ("early", "cold"):
            limits = {} if how == "early" else {"limits": {"compile": {"wall_usec": 9_000_000}}}
            self.waiting()
            outcome = self.server.run(language="rust", code=f"fn main() {{ let {how} = 1; nothing() }}", **limits)
            self.assertEqual(outcome.result["exit_code"], 1, str(outcome))
            self.assertIn("src/main.rs:1:", outcome.compiler)
            self.assertIn("cannot find function", outcome.compiler)

    def test_one_killed_while_it_waits_is_unseen(self):
        """Killed from outside, at any time: the next job compiles all the same."""
        for turn in range(4):
            for pid in self.waiting():
                os.kill(pid, signal.SIGKILL)
            self.compile(f"after the kill {turn}")

    def test_one_that_cannot_be_fed_is_not_waited_for(self):
        """Its FIFO is gone: the feeder fails, and the compiler would wait for ever."""
        waiting = self.waiting()
        poll(lambda: all(opens_fifo(pid) for pid in waiting), "them to wait at their FIFOs")
        for pid in waiting:
            os.unlink(f"/proc/{pid}/root/playground/.args")
        self.compile("without its FIFO")

    def test_stopped_while_it_waits_and_killed_with_the_job(self):
        """It has the job and cannot go on: killed then, it has done nothing of it, and it is done anew."""
        stopped = self.waiting()
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        job = self.server.submit(language="rust", code=hello("anew"))
        fed = poll(lambda: [p for p in stopped if os.path.exists(f"/proc/{p}/root/playground/src/main.rs")],
                   "a stopped compiler to have the job's file")
        for pid in fed:
            os.kill(pid, signal.SIGKILL)
        outcome = self.server.follow(job)
        self.assertEqual((outcome.result["outcome"], outcome.stdout), ("exited", "anew\n"), str(outcome))

    def test_a_job_killed_as_it_gets_one(self):
        stopped = self.waiting()
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        job = self.server.submit(language="rust", code=hello("killed"))
        poll(lambda: [p for p in stopped if os.path.exists(f"/proc/{p}/root/playground/src/main.rs")],
             "a stopped compiler to have the job's file")
        self.server.kill(job)
        outcome = self.server.follow(job)
        self.assertEqual(outcome.result["outcome"], "killed", str(outcome))
        self.compile("the next one")

    def test_a_file_in_the_way_of_the_fifo(self):
        self.waiting()
        outcome = self.server.run(language="rust", files=[
            {"name": "src/main.rs", "content": 'fn main() { print!("{}", include_str!("../.args")); }'},
            {"name": ".args", "content": "mine"}])
        self.assertEqual(outcome.stdout, "mine", str(outcome))

    def test_no_fifo_is_left_for_the_job(self):
        self.waiting()
        outcome = self.server.run(language="rust", code='fn main() { print!("{}", include_str!("../.args")); }')
        self.assertEqual(outcome.result["exit_code"], 1, str(outcome))
        self.assertIn("couldn't read", outcome.compiler)

    def test_limits_hold(self):
        """A job that never ends to compile is ended, as one in a cell of its own is; memory likewise."""
        waiting = self.waiting()
        outcome = self.server.run(language="rust", code=LONG)
        self.assertIn(outcome.result["outcome"], ("cpu_timeout", "wall_timeout"), str(outcome))
        self.gone(waiting)
        self.waiting()
        outcome = self.server.run(language="rust", code=LARGE)
        self.assertNotEqual((outcome.result["outcome"], outcome.result["exit_code"]), ("exited", 0), str(outcome))
        self.compile("the next one")

    def test_other_limits_than_the_default_take_none(self):
        waiting = self.waiting()
        self.compile("of its own", limits={"compile": {"memory_bytes": 900 << 20}})
        self.assertEqual(set(still_alive(waiting)), set(waiting))

    def test_nothing_is_left(self):
        for signo in (signal.SIGTERM, signal.SIGKILL):
            with self.subTest(signo):
                if self.server.process.poll() is not None:
                    self.server = Server()
                self.waiting()
                processes = descendants(self.server.pid)
                os.kill(self.server.pid, signo)
                self.server.process.wait()
                self.gone(processes)
                if signo == signal.SIGTERM:
                    self.assertEqual(cgroups_of(self.server.pid), [])

    def test_a_front_end_that_dies_takes_them_along(self):
        waiting, front = self.waiting(), self.server.front()
        os.kill(front, signal.SIGKILL)
        self.gone(waiting)
        poll(lambda: self.server.front() not in (None, front), "another front end")
        poll(lambda: set(self.server.early()) - set(waiting), "another compiler that waits")
        self.compile("with the next front end")


class Change(ImageCase):
    def marks(self):
        """{pid: mark of the image it is on} of those that wait."""
        found = {}
        for pid in self.server.early():
            try:
                with open(f"/proc/{pid}/root/mark", encoding="utf-8") as file:
                    found[pid] = file.read()
            except OSError:
                continue
        return found

    def test_another_image_has_its_own(self):
        """Those of the image before end with it, though nobody took them."""
        self.make("a", "tree")
        self.make("b", "tree")
        self.start("a")
        first = poll(self.server.early, "a compiler that waits")
        self.assertEqual(set(self.marks().values()), {"a"})
        self.change("b")
        poll(lambda: not still_alive(first), "those of the first image to be gone")
        poll(lambda: "b" in self.marks().values(), "one on the second")
        self.expect_one_image()
        self.expect_marks("b")


# Minutes of work for the compiler, a little at a time.
LONG = """const fn spin(n: u64) -> u64 { let mut i = 0; let mut x = n; while i < 1_000_000_000_000 {
x = x.wrapping_mul(31).wrapping_add(i); i += 1; } x }
#[allow(long_running_const_eval)]
const X: u64 = spin(1);
fn main() { println!("{}", X); }
"""

# More than a compiler may have.
LARGE = """const fn fill() -> [u64; 1 << 29] { let mut a = [1; 1 << 29]; let mut i = 0; while i < 1 << 29 { a[i] = i as u64; i += 1; } a }
static A: [u64; 1 << 29] = fill();
fn main() { println!("{}", A[3]); }
"""

if __name__ == "__main__":
    unittest.main()
