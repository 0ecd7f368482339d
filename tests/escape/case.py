"""One attack: reading its header, running it, judging what came of it. `run` describes the header."""
import os
import re
import shutil
import struct
import tempfile
from pathlib import Path

# What `sandlot cell --without` can leave off.
LAYERS = ("seccomp landlock cgroup rlimits net-ns proc readonly uid-drop ipc-ns uts-ns pivot "
          "cgroup-ns").split()
KEYS = set("""claim layer args options expect expect-bytes outcome exit signal error program file-caps
    where stdin first-args after-args control control-args control-options control-expect
    control-expect-not control-expect-bytes control-artefact control-stdin absent-if absent-outcome
    needs vm alone alone-with alone-args alone-expect alone-outcome alone-exit alone-error
    alone-signal""".split())


class Failure(Exception):
    pass


class Absent(Exception):
    """This host or kernel has nothing to attack."""


def read_case(path):
    # A C comment or, in a script, the lines that begin with #.
    head = path.read_text().split("*/")[0] if path.suffix == ".c" else path.read_text()
    case = dict(re.findall(r"^(?: \*|#) ([a-z-]+): ?(.*)$", head, re.M))
    unknown = set(case) - KEYS
    if path.suffix == ".c":
        unknown |= {line for line in head.split("\n")[1:-1] if not re.match(r" \* [a-z-]+:", line)}
    if "claim" not in case or unknown:
        raise SystemExit(f"{path}: {f'unknown: {unknown}' if unknown else 'no claim'}")
    return case


def want(what, got, wanted, detail=""):
    """wanted: one text or several with | between."""
    if got not in wanted.split("|"):
        raise Failure(f"{what}: want {wanted!r}, got {got!r} {detail}".rstrip())


def without(kept):
    """Options that leave every layer off but these."""
    return [word for layer in LAYERS if layer not in kept for word in ("--without", layer)]


class Run:
    """One case on its way: the program and what it is given."""

    def __init__(self, world, source):
        self.world, self.case, self.source = world, read_case(source), source
        self.names = {}

    def fill(self, key, default=""):
        text = self.case.get(key, default)
        return [word.format(**self.names, **self.world.names) for word in text.split()]

    def prepare(self, scratch):
        self.scratch = scratch
        self.names = {"scratch": scratch, "pid": os.getpid()}
        os.chmod(scratch, 0o777)
        file = Path(scratch, "file")
        file.write_text("of the host\n")
        os.chmod(file, 0o666)
        if self.source.suffix == ".sh":
            if not self.world.image:
                raise Absent("no image that we may read")
            self.program, self.inside, self.image = self.source, ["bash", "./probe"], self.world.image
            return
        self.image = self.world.tree
        self.program = self.world.program(self.source.stem)
        self.inside = ["./probe"]
        if "program" in self.case:
            self.place_in_image()

    def place_in_image(self):
        path = self.case["program"]
        target = self.world.tree / path.lstrip("/")
        # A link: what is written while another thread forks cannot be executed for a moment.
        os.link(self.program, target)
        if not self.world.is_root:
            raise Absent("without root, no program of root's to put there")
        os.chmod(target, 0o4755)
        if "file-caps" in self.case:
            os.chmod(target, 0o755)
            # linux/capability.h: revision 2, effective; permitted: CAP_DAC_OVERRIDE
            words = (0x02000001, 1 << 1, 0, 0, 0)
            os.setxattr(target, "security.capability", struct.pack("<5I", *words))
        self.inside = [path]

    def cell(self, options, args, stdin=None):
        options = ["--file", f"{self.program}:probe", *options]
        return self.world.cell(options, [*self.inside, *args], image=self.image,
                               stdin=self.stdin() if stdin is None else stdin)

    def stdin(self):
        return self.fill("stdin")[0] if "stdin" in self.case else "/dev/null"

    def host(self, args, front=()):
        """Outside of any cell."""
        program = self.program
        if "program" in self.case:
            program = self.world.tree / self.case["program"].lstrip("/")
        return self.world.host([*front, program, *args], self.case.get("control") == "user",
                               self.scratch, self.stdin())


def judge(run, out, status, report, prefix=""):
    """An attack's end against what the header says of it."""
    case = run.case
    said = lambda key: case.get(prefix + key, case.get(key))
    what = f"{prefix}" if prefix else ""
    detail = f"({report})" if report else f"(status {status})"
    if report is not None or said("outcome") == "none":
        want(what + "outcome", report["outcome"] if report else "none", said("outcome") or "exited",
             detail)
    if said("exit") is not None:
        want(what + "exit status", str(status), said("exit"), detail)
    if said("signal") is not None:
        want(what + "signal", str(report["signal"]), said("signal"), detail)
    if said("error") is not None and said("error") not in report["error_text"]:
        raise Failure(f"{what}error text: want …{said('error')}…, got {report['error_text']!r}")
    if said("expect-bytes") is not None:
        want(what + "bytes of output", str(len(out)), said("expect-bytes"), detail)
    elif said("expect") is not None:
        want(what + "output", out.decode(errors="replace").strip(), said("expect"), detail)


def attack(run):
    """With every layer on."""
    if run.case.get("where") == "host":
        status, out = run.host(run.fill("args"))
        judge(run, out, status, None)
        return
    options = run.fill("options")
    if "first-args" in run.case:
        run.cell(options, run.fill("first-args"))
    status, out, report, stderr = run.cell(options, run.fill("args"))
    if report:
        report["stderr"] = stderr.strip()
    judge(run, out, status, report)


def alone(run):
    """With the layer it is about, and no other."""
    case = run.case
    if "layer" not in case or case.get("alone") == "none":
        return
    if "uid-drop" in f"{case['layer']} {case.get('alone-with', '')}".split() and \
            not run.world.has_user_ids:
        raise Absent("no user ids: the layer is a user namespace, which needs the others")
    args = run.fill("alone-args", case.get("args", ""))
    if case["layer"] == "seccomp" and case.get("control") in ("host", "user"):
        # The attack has got the host's whole privilege and nothing against it but the filter.
        profile = "compile" if "compile" in case.get("options", "") else "run"
        status, out = run.host(args, front=(run.world.program("only-seccomp"), profile))
        judge(run, out, status, None, "alone-")
        return
    options = [*run.fill("options"), *without([case["layer"], *run.fill("alone-with")])]
    if "first-args" in case:
        run.cell(options, run.fill("first-args"))
    status, out, report, stderr = run.cell(options, args)
    if report:
        report["stderr"] = stderr.strip()
    judge(run, out, status, report, "alone-")


def control_output(run):
    """With the layer off, or with none at all: what the attack says, and the report."""
    case = run.case
    args = run.fill("control-args", case.get("args", ""))
    if case.get("control") in ("host", "user"):
        if "first-args" in case:
            run.host(run.fill("first-args"))
        return run.host(args)[1], None
    if "control-options" in case:
        options = run.fill("control-options")
    elif "layer" in case and "control-args" not in case:
        options = [*run.fill("options"), *without([])]
    else:
        options = run.fill("options")
    if "first-args" in case:
        run.cell(options, run.fill("first-args"))
    stdin = "/dev/null" if "control-stdin" in case else None
    _, out, report, stderr = run.cell(options, args, stdin)
    if "absent-outcome" in case and report["outcome"] == case["absent-outcome"]:
        raise Absent(f"without the layer: {report['outcome']}")
    want("control: outcome", report["outcome"], "exited", f"({report} {stderr.strip()})")
    return out, report


def control(run):
    case = run.case
    try:
        out, report = control_output(run)
    except PermissionError as why:
        raise Absent(f"without root, no control: {why}") from why
    text = out.decode(errors="replace").strip()
    if not run.world.is_root and text in ("denied EPERM", "denied EACCES") and \
            text not in case.get("control-expect", "").split("|"):
        # What the attack wants, the host itself denies to who started the cell.
        raise Absent(f"without root, no control: {text}")
    if "absent-if" in case and text in case["absent-if"].split("|"):
        raise Absent(f"without the layer: {text}")
    if "control-artefact" in case:
        want("control: artefact", str(report["artefact_bytes"]), case["control-artefact"])
    if "control-expect-bytes" in case:
        want("control: bytes of output", str(len(out)), case["control-expect-bytes"])
    elif "control-expect-not" in case:
        if text in case["control-expect-not"].split("|"):
            raise Failure(f"control: {text!r} although the layer is off")
    else:
        want("control", text, case.get("control-expect", "done"))


def check_needs(run):
    kind, _, value = run.case.get("needs", "").partition(" ")
    layers = f"{run.case.get('layer', '')} {run.case.get('alone-with', '')}".split()
    if (kind == "cgroup" or "cgroup" in layers or "out_of_memory" in run.case.get("outcome", "")) \
            and not run.world.has_cgroups:
        raise Absent("no cgroups to be had")
    if kind == "landlock" and run.world.landlock < int(value):
        raise Absent(f"Landlock {run.world.landlock} and not {value}")
    if kind == "file" and not os.path.exists(value):
        raise Absent(f"no {value}")
    if kind == "sysctl":
        name, _, wanted = value.partition(" ")
        path = Path("/proc/sys", name)
        if not path.exists() or path.read_text().strip() not in wanted.split("|"):
            raise Absent(f"{name} is not {wanted}")


def run_case(world, source):
    """Returns (verdict, why)."""
    run = Run(world, source)
    if "vm" in run.case and not world.is_vm:
        return "vm only", run.case["vm"]
    try:
        check_needs(run)
        with tempfile.TemporaryDirectory(dir=world.dir) as scratch:
            run.prepare(scratch)
            try:
                attack(run)
                alone(run)
                control(run)
            finally:
                if "after-args" in run.case:
                    run.host(run.fill("after-args"))
    except Absent as why:
        return "absent", str(why)
    return "passed", ""
