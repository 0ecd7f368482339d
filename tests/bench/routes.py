"""What the doors cost: the latency of each route, and the front end's memory under many small calls."""
import http.client
import json
import multiprocessing
import os
import re
import tempfile
import time

from harness import ROOT, Server
from jobs import RUST, limit, memory_kib, token_options
from rows import row
from spawn import alternate, summary
from websocket import WebSocket

CODE = "print(1)"
PICTURE = "open('out/picture.svg', 'w').write('<svg xmlns=\"http://www.w3.org/2000/svg\"/>')"
SNIPPET = {"language": "python", "code": CODE}
HELLO = {**RUST, "code": "fn main() {}"}
EVALUATE = {"version": "stable", "optimize": "0", "edition": "2021", "code": "fn main() {}"}
BEARER = {"Authorization": "Bearer for-the-bench"}
RATE_PER_SEC, CLIENTS, FIRST_SEC = 1000, 4, 5
SMALL = ("/api/v1/languages", "/meta/crates", "/meta/versions", "/api/v1/image", "/api/v2/runtimes", "/healthz")


class Route:
    """One request on a connection that is kept, until the reply is read.

    path, body, headers: as they are, or a function of the round's number, whose time does not count.
    """

    def __init__(self, server, method, path, body=None, want=200, headers=None):
        self.connection = http.client.HTTPConnection(server.host, server.port, 60)
        self.method, self.path, self.body, self.want, self.headers = method, path, body, want, headers or {}

    def __call__(self, number):
        path, body, headers = (part(number) if callable(part) else part for part in (self.path, self.body, self.headers))
        if isinstance(body, dict):
            body, headers = json.dumps(body).encode(), {**headers, "Content-Type": "application/json"}
        started = time.perf_counter()
        self.connection.request(self.method, path, body, headers)
        reply = self.connection.getresponse()
        data = reply.read()
        took = time.perf_counter() - started
        assert reply.status == self.want, (path, reply.status, data)
        return took


class Opening:
    """A WebSocket's opening handshake, on a connection of its own."""

    def __init__(self, server, path):
        self.server, self.path = server, path

    def __call__(self, number):
        started = time.perf_counter()
        session = WebSocket(self.server.host, self.server.port, self.path)
        took = time.perf_counter() - started
        assert session.status == 101, self.path
        session.close()
        return took


# ---- which routes there are ----

def routes_there_are():
    """As the routing table writes them: "GET /healthz", …"""
    with open(os.path.join(ROOT, "src/front/http_route.c"), encoding="utf-8") as file:
        return {" ".join(row) for row in re.findall(r'\{HTTP_(GET|POST|DELETE),\s+"([^"]+)"', file.read())}


def waiting_job(server):
    return server.submit(language="python", code="input()", interactive=True)


def snippet_and_token(server, number):
    """A snippet of its own, ready to be deleted."""
    receipt = server.post("/api/v1/snippets", {"language": "python", "code": f"# to be deleted {number}"}).json()
    return f"/api/v1/snippets/{receipt['id']}", {"Authorization": f"Bearer {receipt['delete_token']}"}


class Deletion(Route):
    """DELETE of a snippet that is shared for this, each time."""

    def __init__(self, server):
        super().__init__(server, "DELETE", None, want=204)
        self.server = server

    def __call__(self, number):
        self.path, self.headers = snippet_and_token(self.server, number)
        return super().__call__(number)


def read_routes(server, job, snippet):
    """What only reads: {row of the routing table: how to call it}."""
    found = {f"GET {path}": Route(server, "GET", path) for path in (
        "/healthz", "/api/v1/openapi.json", "/api/v1/languages", "/api/v1/crates", "/api/v1/image", "/api/v2/runtimes",
        "/api/v2/packages", "/meta/crates", "/meta/versions")}
    return found | {
        "GET /": Route(server, "GET", "/"),
        "GET /metrics": Route(server, "GET", "/metrics", headers=BEARER),
        "POST /meta/crates": Route(server, "POST", "/meta/crates", b""),
        "POST /nowebsocket": Route(server, "POST", "/nowebsocket", {"error": "x"}),
        "GET /api/v1/jobs/{id}": Route(server, "GET", f"/api/v1/jobs/{job}"),
        "GET /api/v1/jobs/{id}/files/{name}": Route(server, "GET", f"/api/v1/jobs/{job}/files/picture.svg"),
        "GET /api/v1/jobs/{id}/events": Route(server, "GET", f"/api/v1/jobs/{job}/events"),
        "GET /api/v1/snippets/{id}": Route(server, "GET", f"/api/v1/snippets/{snippet}"),
        "GET /meta/gist/{id}": Route(server, "GET", f"/meta/gist/{snippet}"),
        "GET /websocket": Opening(server, "/websocket"),
        "GET /api/v2/connect": Opening(server, "/api/v2/connect"),
        "GET /api/v1/jobs/{id}/socket": Opening(server, f"/api/v1/jobs/{job}/socket"),
    }


def write_routes(server):
    """What starts, keeps or ends something, another each time."""
    return {
        "POST /api/v1/jobs": Route(
            server, "POST", "/api/v1/jobs", lambda n: {"language": "python", "code": f"print({n})"}, 202),
        "POST /api/v1/jobs/{id}/stdin": Route(
            server, "POST", lambda _: f"/api/v1/jobs/{waiting_job(server)}/stdin", b"x\n", 204),
        "POST /api/v1/jobs/{id}/kill": Route(
            server, "POST", lambda _: f"/api/v1/jobs/{waiting_job(server)}/kill", b"", 202),
        "DELETE /api/v1/jobs/{id}": Route(server, "DELETE", lambda _: f"/api/v1/jobs/{waiting_job(server)}", want=202),
        "POST /api/v1/snippets": Route(
            server, "POST", "/api/v1/snippets", lambda n: {"language": "python", "code": f"# {n}"}, 201),
        "DELETE /api/v1/snippets/{id}": Deletion(server),
        "POST /meta/gist": Route(server, "POST", "/meta/gist", lambda n: {"code": f"// {n}"}),
        "POST /meta/gist/": Route(server, "POST", "/meta/gist/", lambda n: {"code": f"// / {n}"}),
        "POST /api/v2/execute": Route(
            server, "POST", "/api/v2/execute",
            lambda n: {"language": "python", "version": "*", "files": [{"content": f"print({n})"}]}),
    }


def compiler_routes(server):
    """What waits for Rust's tools, on another program each time."""
    def asked(fields):
        return lambda number: {**fields, "code": f"fn main() {{ println!(\"{number} {time.time_ns()}\"); }}"}

    edition = {"edition": "2021", "code": ""}
    found = {f"POST {path}": Route(server, "POST", path, asked(fields)) for path, fields in (
        ("/execute", HELLO), ("/compile", {**HELLO, "target": "asm"}), ("/format", edition),
        ("/clippy", {**edition, "crateType": "bin"}), ("/macro-expansion", edition), ("/evaluate.json", EVALUATE))}
    # The default image has no Miri: what is measured is being told so.
    return found | {"POST /miri": Route(server, "POST", "/miri", asked(edition), 500)}


def bench_routes(rounds):
    with tempfile.TemporaryDirectory() as folder:
        server = Server("--rate", "0", *token_options(folder))
        try:
            job = server.submit(language="python", code=PICTURE)
            server.follow(job)
            snippet = server.post("/api/v1/snippets", {"language": "rust", "code": "// read"}).json()["id"]
            taken = alternate(rounds, read_routes(server, job, snippet) | write_routes(server))
            taken |= alternate(max(5, rounds // 5), compiler_routes(server), 1)
        finally:
            server.stop()
    missing = sorted(routes_there_are() - set(taken))
    result = row("Latency of each route, one client, a connection that is kept", taken,
                 "GET /api/v1/languages", "GET /healthz")
    result["ratio"] = {"of": f"routes not measured {missing or ''}".strip(), "median": len(missing), "target": "at most 0",
                       "met": not missing}
    return result


# ---- many small calls ----

def call_steadily(server, seconds, late):
    """Calls the small routes in turn, RATE_PER_SEC / CLIENTS a second; adds the seconds of each to late."""
    calls = [Route(server, "GET", path) for path in SMALL]
    due = time.perf_counter()
    end = due + seconds
    number = 0
    while due < end:
        time.sleep(max(0, due - time.perf_counter()))
        late.append(calls[number % len(calls)](number))
        number += 1
        due += CLIENTS / RATE_PER_SEC


def client_main(server, seconds, pipe):
    late = []
    call_steadily(server, seconds, late)
    pipe.send(late)


def holdings(pid):
    return {"kib": memory_kib(pid), "fds": len(os.listdir(f"/proc/{pid}/fd"))}


def small_calls(server, seconds, look):
    """All clients, each a process, for so long; look() twice a second meanwhile. Returns (seconds of each call, per second)."""
    fork = multiprocessing.get_context("fork")
    pipes = [fork.Pipe(duplex=False) for _ in range(CLIENTS)]
    clients = [fork.Process(target=client_main, args=(server, seconds, there)) for _, there in pipes]
    started = time.perf_counter()
    for client in clients:
        client.start()
    for _, there in pipes:
        there.close()
    taken = []
    for here, _ in pipes:
        while not here.poll(0.5):
            look()
        taken += here.recv()  # EOFError when a client failed: not every call was answered 200
    took = time.perf_counter() - started
    for client in clients:
        client.join()
    return taken, round(len(taken) / took)


def bench_memory(seconds):
    """Growth is against what it held after the first seconds, when the workers of its clients have served each route."""
    server = Server("--rate", "0")
    held = []
    try:
        front = server.front()
        at_start, started = holdings(front), time.perf_counter()
        taken, rate = small_calls(
            server, FIRST_SEC + seconds, lambda: held.append((time.perf_counter() - started, holdings(front))))
        held.append((time.perf_counter() - started, holdings(front)))
        assert server.front() == front, "the front end has died"
    finally:
        server.stop()
    later = [one for when, one in held if when > FIRST_SEC]
    before, after = later[0], later[-1]
    peak = {name: max(one[name] for one in later) for name in before}
    growth = round(peak["kib"] / before["kib"], 3)
    numbers = {f"{name}_{when}": value for when, one in (
        ("at_start", at_start), ("before", before), ("peak", peak), ("after", after)) for name, value in one.items()}
    result = limit(f"The front end's memory under {RATE_PER_SEC} small calls a second for {seconds} s, against that after "
                   f"the first {FIRST_SEC} s", "its peak", growth, "times", 1.05, **numbers)
    result["contenders"] = {"calls": summary(taken) | {"per_sec": rate}} | result["contenders"]
    result["ratio"]["met"] = growth <= 1.05 and rate >= RATE_PER_SEC * 0.98
    result["ratio"]["target"] += f", {RATE_PER_SEC} a second, all of them 200"
    return result
