"""What one compile of a session leaves for its next: who gets it, who never does, and what a hostile one can do."""
import json
import os
import tempfile
import unittest

from harness import Server, poll
from images import ImageCase, image_id, make_tree
from websocket import WebSocket

ONE, OTHER = "one-0123456789abcdef", "other-0123456789abcdef"
TOKEN = "a-token-for-tests"
PATIENT = ("--compile-limit", "wall=100s", "--compile-limit", "cpu=100s")
# It counts for longer than what makes a state worth keeping, and does as the visitor's script says: its compile is in
# the visitor's hands, as one is that he has taken over.
COMPILER = """
case $0 in /*) set -- $(cat $0); main=$1; words=$2;; *) main=$0; words=$1;; esac
i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done
say() { echo '#!/bin/sh' >program; echo "echo $*" >>program; chmod 755 program; }
make() { busybox mkdir -p $1; }
. ./$main
"""
COUNT = 'n=$(cat .state/n 2>/dev/null); n=$((n+1)); make .state; echo $n >.state/n; say $n $words'


def make_image(folder, mark):
    make_tree(folder, mark=mark)
    text = {"version": "1", "editor": "", "sample": ""}
    manifest = {"schema": 1, "name": f"test-{mark}", "id": image_id(mark), "languages": [{
        "id": "grow", "name": "Grow", "main_file": "main", **text,
        "options": {"kind": {"values": ["a", "b"], "default": "a", "label": "Kind"},
                    "carry": {"values": ["yes", "no"], "default": "yes", "label": "Carry"}},
        "compile": {"argv": ["/bin/sh", "-c", COMPILER.replace("{", "{{").replace("}", "}}"),
                             {"later": ".args", "as": "/playground/.args", "words": ["{main_file}"]}],
                    "artefact": "program",
                    "carries": {"folder": ".state", "words": ["carrying"], "when": {"carry": "yes"}}},
        "run": {"argv": ["/bin/sh", "./program"]}}]}
    with open(os.path.join(folder, "manifest.json"), "w", encoding="utf-8") as file:
        json.dump(manifest, file)


class CarryCase(ImageCase):
    number = 0

    def make(self, mark, *_):
        make_image(os.path.join(self.folder, mark), mark)

    def begin(self, *options, mark="a"):
        token = os.path.join(self.folder, "token")
        with open(token, "w", encoding="utf-8") as file:
            file.write(TOKEN + "\n")
        if not os.path.exists(os.path.join(self.folder, mark)):
            self.make(mark)
        return self.start(mark, "--metrics-token-file", token, *PATIENT, *options)

    def submit(self, code, session=ONE, **more):
        """Every source is another, unless `same` says which it is."""
        CarryCase.number += 1
        source = f"{code}\n# {more.pop('same', CarryCase.number)}\n"
        reply = self.server.post("/api/v1/jobs", {"language": "grow", "code": source, **more},
                                 headers={"Sandlot-Session": session} if session else {})
        self.assertEqual(reply.status, 202, reply.body)
        return reply.json()["id"]

    def grow(self, code=COUNT, session=ONE, **more):
        """What the program says, and whether its compile went on from another; the compile must be well."""
        outcome = self.server.follow(self.submit(code, session, **more))
        step = outcome.result["steps"][0]
        self.assertEqual((step["exit_code"], step["cached"]), (0, False), str(outcome))
        return outcome.stdout.strip(), step["carried"]

    def metrics(self):
        reply = self.server.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        rows = (line.rpartition(" ") for line in reply.body.decode().splitlines() if not line.startswith("#"))
        values = {name: float(value) for name, _, value in rows}
        counts = {what: int(values[f'sandlot_carried_states_total{{what="{what}"}}'])
                  for what in ("kept", "given", "dropped")}
        return {**counts, "states": int(values["sandlot_carried_states"]), "bytes": int(values["sandlot_carried_bytes"])}


class Carry(CarryCase):
    def test_a_session_goes_on_from_its_second_compile(self):
        self.begin()
        # With limits of its own a job takes no compiler that was started ahead.
        for more in ({}, {"limits": {"compile": {"wall_usec": 99_000_000}}}):
            session = f"{ONE}-{len(more)}"
            said = [self.grow(session=session, **more) for _ in range(4)]
            self.assertEqual(said, [("1", False), ("1 carrying", False), ("2 carrying", True), ("3 carrying", True)])
        counts = self.metrics()
        self.assertEqual((counts["kept"], counts["given"], counts["dropped"], counts["states"]), (6, 4, 0, 2))

    def test_only_that_session(self):
        self.begin()
        for _ in range(3):
            self.grow()
        self.assertEqual(self.grow(session=None), ("1", False))
        self.assertEqual([self.grow(session=OTHER) for _ in range(2)], [("1", False), ("1 carrying", False)])
        self.assertEqual(self.grow(), ("3 carrying", True))

    def test_only_the_same_options(self):
        self.begin()
        for _ in range(3):
            self.grow()
        self.assertEqual(self.grow(options={"kind": "b"}), ("1 carrying", False))
        self.assertEqual(self.grow(options={"kind": "b"}), ("2 carrying", True))
        self.assertEqual(self.grow(options={"carry": "no"}), ("1", False))
        self.assertEqual(self.grow(options={"kind": "b"}), ("3 carrying", True))

    def test_a_file_of_the_job_where_the_folder_would_be(self):
        self.begin()
        for _ in range(3):
            self.grow()
        files = [{"name": "main", "content": COUNT}, {"name": ".state/n", "content": "41"}]
        reply = self.server.post("/api/v1/jobs", {"language": "grow", "files": files},
                                 headers={"Sandlot-Session": ONE})
        self.assertEqual(self.server.follow(reply.json()["id"]).stdout, "42\n")
        self.assertEqual(self.grow(), ("3 carrying", True))

    def test_off(self):
        self.begin("--carry-memory", "0")
        self.assertEqual({self.grow() for _ in range(3)}, {("1", False)})

    def test_another_image_drops_it(self):
        self.begin()
        self.make("b")
        for _ in range(3):
            self.grow()
        self.change("b")
        self.assertEqual(self.metrics()["states"], 0)
        self.assertEqual([self.grow() for _ in range(2)], [("1", False), ("1 carrying", False)])

    def test_errors_of_a_program_leave_it_and_others_drop_it(self):
        self.begin()
        for _ in range(3):
            self.grow()
        self.server.follow(self.submit("echo 99 >.state/n; exit 1"))
        self.assertEqual(self.grow(), ("3 carrying", True))
        for end in ("exit 101", "kill -9 $$"):
            self.server.follow(self.submit(end))
            self.assertEqual(self.metrics()["states"], 0)
            self.assertEqual(self.grow(), ("1 carrying", False))

    def test_a_killed_one_leaves_it(self):
        self.begin()
        for _ in range(3):
            self.grow()
        job = self.submit("echo up; sleep 100")
        next(name for name, _ in self.server.events(job) if name == "output")
        self.server.kill(job)
        self.assertEqual(self.server.follow(job).result["outcome"], "killed")
        self.assertEqual(self.grow(), ("3 carrying", True))

    def test_two_at_once_and_one_has_it(self):
        self.begin()
        for _ in range(3):
            self.grow()
        held = self.submit("echo up; while [ ! -e /proc/2/x ]; do sleep 1; done")
        next(name for name, _ in self.server.events(held) if name == "output")
        self.assertEqual(self.grow(), ("1", False))
        self.server.kill(held)
        self.server.follow(held)
        self.assertEqual(self.grow(), ("3 carrying", True))

    def test_bounded(self):
        limit = 1 << 20
        self.begin("--carry-memory", str(limit))
        large = COUNT + "; busybox dd if=/dev/zero of=.state/large bs=1024 count=400 2>/dev/null"
        for n in range(4):
            for _ in range(2):
                self.grow(large, session=f"{ONE}-{n}")
            self.assertLessEqual(self.metrics()["bytes"], limit)
        counts = self.metrics()
        self.assertEqual((counts["kept"], counts["dropped"], counts["states"]), (4, 2, 2))
        self.assertEqual(self.grow(large, session=f"{ONE}-3"), ("2 carrying", True))

    def test_a_name_that_is_none(self):
        self.begin()
        for session in ("short", "x" * 65, "has a blank 0123456789", "0123456789abcde."):
            reply = self.server.post("/api/v1/jobs", {"language": "grow", "code": "say"},
                                     headers={"Sandlot-Session": session})
            self.assertEqual(reply.status, 400)
            self.assertIn(b"Sandlot-Session must be 16 to 64", reply.body)


class Hostile(CarryCase):
    """A visitor whose compile does what he likes harms nobody, and himself no longer than a compile."""

    def after(self, code, session=ONE):
        for _ in range(2):
            self.grow(session=session)
        self.grow(code, session)
        return self.grow(session=session)

    def test_what_is_no_file_stays_behind(self):
        self.begin()
        said = self.after("make .state/in/deep; cd .state; busybox ln -s /etc/passwd n2; busybox ln -s ../.. up; "
                          "busybox mkfifo fifo; busybox ln -s /mark n3; echo 7 >n; busybox ln n hard; cd ..; say x")
        self.assertEqual(said, ("8 carrying", True))
        self.assertEqual(self.grow("say $(ls -R .state)")[0], ".state: hard n")

    def test_what_is_no_folder(self):
        self.begin()
        for n, made in enumerate(("echo x >.state", "busybox ln -s / .state", "busybox ln -s .state .state",
                                  "busybox mkfifo .state", "true")):
            said = self.after("busybox rm -r .state; " + made + "; say x", f"{ONE}-{n}")
            self.assertEqual(said, ("1 carrying", False), made)

    def test_too_much(self):
        self.begin()
        for n, made in enumerate(("busybox dd if=/dev/zero of=.state/x bs=1M count=33 2>/dev/null",
                                  "i=0; while [ $i -lt 4200 ]; do >.state/$i; i=$((i+1)); done",
                                  "d=.state; for i in 1 2 3 4 5 6 7 8 9; do d=$d/d; make $d; done",
                                  "make .state/$(busybox printf %0200d 0)/$(busybox printf %0200d 0)")):
            said = self.after(made + "; say x", f"{ONE}-{n}")
            self.assertEqual(said, ("1 carrying", False), made)
        self.assertEqual(self.metrics()["dropped"], 4)

    def test_what_it_may_not_read_stays_behind(self):
        self.begin()
        self.assertEqual(self.after("make .state/shut; echo 1 >.state/shut/x; chmod 0 .state/shut; echo x >.state/y; "
                                    "chmod 0 .state/y; say x"), ("2 carrying", True))

    def test_a_state_that_was_tampered_with_hits_its_own_session_alone(self):
        self.begin()
        source = 'say $(cat .state/word 2>/dev/null || echo clean)'
        for _ in range(2):
            self.grow()
        self.grow("make .state; echo poison >.state/word; say x")
        self.assertEqual(self.grow(source, same="X"), ("poison", True))
        for session in (OTHER, None):
            outcome = self.server.follow(self.submit(source, session, same="X"))
            step = outcome.result["steps"][0]
            self.assertEqual((outcome.stdout, step["carried"]), ("clean\n", False))
            self.assertEqual(step["cached"], session is None, "what went without is everybody's")

    def test_the_same_source_again_is_the_sessions_alone(self):
        self.begin()
        for _ in range(2):
            self.grow()
        self.assertEqual(self.grow(same="X"), ("2 carrying", True))
        again = self.server.follow(self.submit(COUNT, same="X"))
        self.assertEqual((again.stdout, again.result["steps"][0]["cached"]), ("2 carrying\n", True))
        self.assertFalse(again.result["steps"][0]["carried"])
        self.assertEqual(self.grow(session=OTHER, same="X"), ("1", False))

    def test_a_job_of_another_session_does_not_wait_for_it(self):
        self.begin("--compile-slots", "2")
        source = "echo up; while [ -n \"$words\" ]; do sleep 1; done; say through"
        for _ in range(2):
            self.grow()
        held = self.submit(source, same="X")
        next(name for name, _ in self.server.events(held) if name == "output")
        self.assertEqual(self.grow(source, OTHER, same="X"), ("through", False))
        self.server.kill(held)
        self.assertEqual(self.server.follow(held).result["outcome"], "killed")


class Rust(unittest.TestCase):
    """The real compiler, which keeps its incremental state there."""

    code = """use std::collections::BTreeMap;
use regex::Regex;
fn main() {
    let words: BTreeMap<_, _> = Regex::new(r"(\\w)(\\w*)").unwrap().captures_iter("%s")
        .map(|c| (c[1].to_string(), c[2].to_string())).collect();
    let unused = 0;
    println!("{words:?}");
}"""

    def setUp(self):
        with tempfile.NamedTemporaryFile("w", suffix=".token") as token:
            token.write(TOKEN + "\n")
            token.flush()
            self.server = Server("--metrics-token-file", token.name, *PATIENT)
        self.addCleanup(self.server.stop)

    def run_once(self, text, **more):
        reply = self.server.post("/api/v1/jobs", {"language": "rust", "code": self.code % text, **more},
                                 headers={"Sandlot-Session": ONE})
        outcome = self.server.follow(reply.json()["id"])
        self.assertEqual(outcome.stdout, "{%s}\n" % ", ".join(
            f'"{word[0]}": "{word[1:]}"' for word in sorted(text.split())), str(outcome))
        self.assertIn("unused variable", outcome.compiler)
        return outcome.result["steps"][0]

    def test_edits_are_incremental(self):
        steps = [self.run_once(text) for text in ("castle bucket", "castle bucket toy", "shovel", "sand", "sand lot")]
        self.assertEqual([step["carried"] for step in steps], [False, False, True, True, True])
        # Less than half of what it takes from nothing is usual.
        cpu = [step["user_usec"] + step["system_usec"] for step in steps]
        self.assertLess(min(cpu[2:]), min(cpu[:2]), cpu)

    def test_an_error_comes_and_goes(self):
        for text in ("a b", "a c", "a d"):
            self.run_once(text)
        reply = self.server.post("/api/v1/jobs", {"language": "rust", "code": "fn main() { let x: u8 = 300; }"},
                                 headers={"Sandlot-Session": ONE})
        failed = self.server.follow(reply.json()["id"])
        self.assertEqual(failed.result["exit_code"], 1, str(failed))
        self.assertTrue(self.run_once("a e")["carried"])

    def test_each_socket_of_the_playgrounds_is_a_session(self):
        def count():
            return int(next(line.rpartition(" ")[2] for line in metrics().splitlines()
                            if line.startswith('sandlot_carried_states_total{what="given"}')))

        def metrics():
            return self.server.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).body.decode()

        def execute(socket, number):
            socket.send("output/execute/wsExecuteRequest", number, {
                "channel": "stable", "mode": "debug", "edition": "2021", "crateType": "bin", "tests": False,
                "backtrace": False, "code": self.code % f"number {number} {id(socket)}"})
            while not socket.receive()["type"].endswith("wsExecuteEnd"):
                pass

        for expected in (2, 4):
            socket = WebSocket(self.server.host, self.server.port, "/websocket")
            self.addCleanup(socket.close)
            socket.handshake()
            for number in range(4):
                execute(socket, number)
            poll(lambda: count() == expected, f"{expected} compiles that went on")


if __name__ == "__main__":
    unittest.main()
