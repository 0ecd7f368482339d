"""Clients in other languages, written from the description of the interfaces alone."""
import os
import subprocess

from harness import DEADLINE_SEC, ROOT, ServerCase


class Node(ServerCase):
    def test_a_client_of_the_rust_playground_and_of_piston(self):
        client = os.path.join(ROOT, "tests/clients/playground.mjs")
        done = subprocess.run(["node", client, self.server.url], capture_output=True, text=True,
                              timeout=DEADLINE_SEC, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        with open(client, encoding="utf-8") as file:
            steps = file.read().count("  async '")
        said = [line for line in done.stdout.splitlines() if line.startswith("ok ")]
        self.assertEqual(len(said), steps, done.stdout)
