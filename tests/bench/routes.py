"""What the doors cost: the latency of each route, and the front end's memory under many small calls."""
import http.client
import json
import threading
import time

from harness import Server
from rows import ratio_of, row
from spawn import alternate, summary

CODE = "print(1)"
RATE_PER_SEC, THREADS = 1000, 4
META = ("/healthz", "/api/v1/image", "/meta/versions", "/api/v2/runtimes")


class Route:
    """One request on a connection that is kept, until the reply is read."""

    def __init__(self, server, method, path, body=None, want=200):
        self.connection = http.client.HTTPConnection(server.host, server.port, 60)
        self.request = (method, path, body, want)

    def __call__(self, number):
        method, path, body, want = self.request
        text = None if body is None else json.dumps(body(number)).encode()
        headers = {"Content-Type": "application/json"} if text else {}
        started = time.perf_counter()
        self.connection.request(method, path, text, headers)
        reply = self.connection.getresponse()
        data = reply.read()
        took = time.perf_counter() - started
        assert reply.status == want, (path, reply.status, data)
        return took


def routes(server):
    job = server.submit(language="python", code=CODE)
    server.follow(job)
    snippet = server.post("/api/v1/snippets", {"language": "python", "code": CODE}).json()["id"]
    found = {f"GET {path}": Route(server, "GET", path) for path in (
        "/", *META, "/meta/crates", "/api/v1/languages", "/api/v1/crates", "/api/v1/openapi.json", "/api/v2/packages",
        f"/api/v1/jobs/{job}", f"/api/v1/jobs/{job}/events", f"/api/v1/snippets/{snippet}")}
    found["POST /api/v1/jobs"] = Route(
        server, "POST", "/api/v1/jobs", lambda number: {"language": "python", "code": f"print({number})"}, 202)
    found["POST /api/v1/snippets"] = Route(
        server, "POST", "/api/v1/snippets", lambda number: {"language": "python", "code": f"# {number}"}, 201)
    found["POST /api/v2/execute"] = Route(
        server, "POST", "/api/v2/execute",
        lambda number: {"language": "python", "version": "*", "files": [{"content": f"print({number})"}]})
    return {name.replace(job, "ID").replace(snippet, "ID"): route for name, route in found.items()}


def bench_routes(rounds):
    server = Server("--rate", "0")
    try:
        taken = alternate(rounds, routes(server))
    finally:
        server.stop()
    return row("Latency of each route, one client, a connection that is kept", taken,
               "GET /api/v1/languages", "GET /healthz")


def memory_kib(pid, key):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(key))


def call_steadily(server, until, late):
    """Calls the small routes in turn, RATE_PER_SEC / THREADS a second; adds the seconds of each to late."""
    calls = [Route(server, "GET", path) for path in META]
    due = time.perf_counter()
    number = 0
    while due < until:
        time.sleep(max(0, due - time.perf_counter()))
        late.append(calls[number % len(calls)](number))
        number += 1
        due += THREADS / RATE_PER_SEC


def bench_memory(seconds):
    server = Server("--rate", "0")
    try:
        front = server.front()
        call_steadily(server, time.perf_counter() + 1, [])
        before = memory_kib(front, "VmRSS")
        taken = [[] for _ in range(THREADS)]
        started = time.perf_counter()
        threads = [threading.Thread(target=call_steadily, args=[server, started + seconds, late]) for late in taken]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        calls = [took for late in taken for took in late]
        rate = len(calls) / (time.perf_counter() - started)
        after, most = memory_kib(front, "VmRSS"), memory_kib(front, "VmHWM")
        assert server.front() == front
    finally:
        server.stop()
    return {
        "title": f"The front end under {RATE_PER_SEC} small calls a second for {seconds} s",
        "contenders": {"calls": summary(calls) | {"per_sec": round(rate)},
                       "memory": {"before_kib": before, "after_kib": after, "most_kib": most}},
        "ratio": ratio_of("after", "before", {"after": after, "before": before}, at_most=1.25),
    }
