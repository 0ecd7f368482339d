"""docs/openapi.json and the server say the same: every example is sent, every reply has the shape that is told."""
import json
import os
import re

from jsonschema import Draft202012Validator

from harness import ROOT, ServerCase, poll

METHODS = ("get", "post", "delete")


def document():
    with open(os.path.join(ROOT, "docs/openapi.json"), encoding="utf-8") as file:
        return json.load(file)


class OpenApi(ServerCase):
    document = document()

    def resolve(self, value):
        while "$ref" in value:
            found = self.document
            for part in value["$ref"].lstrip("#/").split("/"):
                found = found[part]
            value = found
        return value

    def check_schema(self, schema, value, what):
        whole = {**schema, "components": self.document["components"]}
        faults = [f"{list(fault.path)}: {fault.message}" for fault in
                  Draft202012Validator(whole).iter_errors(value)]
        self.assertFalse(faults, f"{what}: {value}")

    def check_reply(self, method, path, reply):
        """Status, type and body are among what the document says of this operation."""
        responses = self.document["paths"][path][method]["responses"]
        what = f"{method} {path} {reply.status}"
        self.assertIn(str(reply.status), responses, f"{what}: {reply.body[:300]}")
        told = self.resolve(responses[str(reply.status)])
        for name in told.get("headers", {}):
            self.assertIn(name, reply.headers, what)
        if "content" not in told:
            self.assertEqual(reply.body, b"", what)
            return None
        kind = reply.headers["Content-Type"].split(";")[0]
        self.assertIn(kind, told["content"], what)
        if kind != "application/json":
            return None
        self.check_schema(told["content"][kind]["schema"], reply.json(), what)
        return reply.json()

    def call(self, method, path, body=None, name="", **more):
        reply = self.server.request(method.upper(), path.replace("{id}", name), body, **more)
        return self.check_reply(method, path, reply)

    def examples(self, path, kind="application/json"):
        content = self.document["paths"][path]["post"]["requestBody"]["content"]
        for name, example in content[kind]["examples"].items():
            yield name, example["value"], example.get("x-status"), content[kind].get("schema")

    def test_no_example_is_where_nobody_runs_it(self):
        def places(value, path):
            if isinstance(value, dict):
                for key, inner in value.items():
                    if key in ("example", "examples"):
                        yield path
                    yield from places(inner, (*path, key))

        body = ("post", "requestBody", "content")
        self.assertEqual(set(places(self.document["paths"], ())), {
            ("/api/v1/jobs", *body, "application/json"), ("/api/v1/snippets", *body, "application/json"),
            ("/api/v1/jobs/{id}/stdin", *body, "application/octet-stream")})

    def test_the_document_is_served_and_well_formed(self):
        self.assertEqual(self.server.get("/api/v1/openapi.json").json(), self.document)
        self.assertRegex(self.document["openapi"], r"^3\.1\.")
        for name, schema in self.document["components"]["schemas"].items():
            with self.subTest(schema=name):
                Draft202012Validator.check_schema(schema)
        references = re.findall(r'"\$ref": ?"([^"]+)"', json.dumps(self.document))
        for reference in references:
            self.assertIsInstance(self.resolve({"$ref": reference}), dict)
        names = {reference.rpartition("/")[2] for reference in references}
        self.assertEqual(set(self.document["components"]["schemas"]) - names, set(), "nobody uses them")

    def test_the_document_has_every_route(self):
        with open(os.path.join(ROOT, "src/front/http_route.c"), encoding="utf-8") as file:
            rows = re.findall(r'\{HTTP_(GET|POST|DELETE), "(/healthz|/api/v1/[^"]*)"', file.read())
        told = {(method.upper(), path) for path, item in self.document["paths"].items()
                for method in METHODS if method in item}
        self.assertEqual({tuple(row) for row in rows}, told)
        ids = [item[method]["operationId"] for item in self.document["paths"].values()
               for method in METHODS if method in item]
        self.assertEqual(len(ids), len(set(ids)))

    def test_every_job_of_the_examples(self):
        events = self.document["paths"]["/api/v1/jobs/{id}/events"]["get"]["responses"]["200"]["content"]
        events = events["text/event-stream"]["x-events"]
        seen, fetched = set(), set()
        for name, body, status, schema in self.examples("/api/v1/jobs"):
            with self.subTest(example=name):
                reply = self.server.post("/api/v1/jobs", body)
                self.assertEqual(reply.status, status, reply.body)
                value = self.check_reply("post", "/api/v1/jobs", reply)
                if status != 202:
                    continue
                self.check_schema(schema, body, "the example itself")
                for event, data in self.server.events(value["id"]):
                    self.check_schema(events[event], data, f"event {event}")
                    seen.add(event)
                job = self.call("get", "/api/v1/jobs/{id}", name=value["id"])
                self.assertEqual(job["state"], "ended")
                for file in job["result"].get("files", []):
                    if "url" in file:
                        self.check_reply("get", "/api/v1/jobs/{id}/files/{name}", self.server.get(file["url"]))
                        fetched.add(file["type"])
        self.assertEqual(fetched, {"image/svg+xml", "application/octet-stream"})
        self.assertEqual(seen, {"state", "output", "step", "diagnostic", "result"})

    def test_a_repeated_request_is_one_job(self):
        body = {"language": "python", "code": "print('once')"}
        keyed = {"Idempotency-Key": "8e03978e-40d5-43e8-bc93-6894a57f9324"}
        first = self.call("post", "/api/v1/jobs", body, headers=keyed)
        again = self.call("post", "/api/v1/jobs", dict(reversed(body.items())), headers=keyed)
        self.assertEqual(first["id"], again["id"])
        self.assertEqual(self.server.follow(first["id"]).stdout, "once\n")
        self.assertEqual(self.call("post", "/api/v1/jobs", body, headers=keyed)["state"], "ended")
        for headers in ({}, {"Idempotency-Key": "another"}):
            other = self.call("post", "/api/v1/jobs", body, headers=headers)
            self.assertNotEqual(first["id"], other["id"])
        for key, code, status in (("8e03978e-40d5-43e8-bc93-6894a57f9324", "print(2)", 409),
                                  ("x" * 129, "print(2)", 400), ("two words", "print(2)", 400)):
            reply = self.server.post("/api/v1/jobs", {**body, "code": code},
                                     headers={"Idempotency-Key": key})
            self.assertEqual(reply.status, status)
            self.check_reply("post", "/api/v1/jobs", reply)

    def test_a_job_that_waits_is_fed_and_killed(self):
        body = {"language": "python", "code": "input(); input()", "interactive": True}
        name = self.call("post", "/api/v1/jobs", body)["id"]
        self.server.wait_state(name, "running")
        self.assertNotIn("result", self.call("get", "/api/v1/jobs/{id}", name=name))
        for _, text, _, _ in self.examples("/api/v1/jobs/{id}/stdin", "application/octet-stream"):
            self.call("post", "/api/v1/jobs/{id}/stdin", text.encode(), name=name)
        self.call("post", "/api/v1/jobs/{id}/kill", name=name)
        poll(lambda: self.server.peek(name)["state"] == "ended", "the end")
        self.call("delete", "/api/v1/jobs/{id}", name=name)
        reply = self.server.post(f"/api/v1/jobs/{name}/stdin", b"late")
        self.assertEqual(reply.status, 409)
        self.check_reply("post", "/api/v1/jobs/{id}/stdin", reply)

    def test_every_snippet_of_the_examples(self):
        for name, body, status, schema in self.examples("/api/v1/snippets"):
            with self.subTest(example=name):
                reply = self.server.post("/api/v1/snippets", body)
                self.assertEqual(reply.status, status, reply.body)
                receipt = self.check_reply("post", "/api/v1/snippets", reply)
                if status != 201:
                    continue
                self.check_schema(schema, body, "the example itself")
                path, name = "/api/v1/snippets/{id}", receipt["id"]
                self.call("get", path, name=name)
                self.call("delete", path, name=name)
                self.call("delete", path, name=name, headers={"Authorization": "Bearer x"})
                bearer = {"Authorization": f"Bearer {receipt['delete_token']}"}
                self.call("delete", path, name=name, headers=bearer)

    def test_what_takes_nothing_and_what_there_is_not(self):
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method not in item:
                    continue
                with self.subTest(path=path, method=method):
                    name = "0" * 32 if "jobs" in path else "A" * 16
                    reply = self.server.request(method.upper(), path.replace("{id}", name))
                    self.check_reply(method, path, reply)
                    if "{id}" in path:
                        self.assertIn(reply.status, (401, 404, 426))

    def test_the_schemas_can_refuse(self):
        """What the checks above rest on: a reply with a member less or more is no reply."""
        good = self.server.get("/api/v1/image").json()
        schema = self.document["components"]["schemas"]["Image"]
        self.check_schema(schema, good, "good")
        for wrong in ({**good, "more": 1}, {"id": good["id"]}, {**good, "generation": "1"}):
            with self.assertRaises(AssertionError):
                self.check_schema(schema, wrong, "wrong")
