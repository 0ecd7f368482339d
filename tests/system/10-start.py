"""Starting the server: what it says, what it refuses, that it ends cleanly."""
import json
import os
import socket
import tempfile
import unittest

from harness import IMAGE, UNSIGNED, Server, free_port, run_command


class Start(unittest.TestCase):
    def test_it_prints_one_line_serves_and_ends_with_status_0(self):
        server = Server()
        try:
            self.assertEqual(server.host, "127.0.0.1")
            self.assertGreater(server.port, 0)
            reply = server.get("/healthz")
            self.assertEqual((reply.status, reply.json()), (200, {"status": "ok"}))
        finally:
            status = server.stop()
        self.assertEqual(status, 0)

    def test_it_listens_on_the_port_it_is_told(self):
        port = free_port()
        server = Server(listen=f"127.0.0.1:{port}")
        try:
            self.assertEqual(server.port, port)
            self.assertEqual(server.get("/healthz").status, 200)
        finally:
            server.stop()

    def test_it_listens_on_ipv6_or_says_why_not(self):
        with open("/proc/net/if_inet6", encoding="utf-8") as addresses:
            if not any("00000000000000000000000000000001" in line for line in addresses):
                self.skipTest("this machine has no IPv6 loopback")
        try:
            server = Server(listen="[::1]:0")
        except AssertionError as fault:
            # Debian builds its civetweb without IPv6: that must be said in words.
            self.assertIn("built without IPv6", str(fault))
            return
        try:
            self.assertEqual(server.line, f"listening on http://[::1]:{server.port}\n")
            self.assertEqual(server.get("/healthz").status, 200)
        finally:
            server.stop()

    def test_the_page_is_served(self):
        server = Server()
        try:
            for path in ("/", "/help"):
                reply = server.get(path)
                self.assertEqual(reply.status, 200, path)
                self.assertIn("text/html", reply.headers["Content-Type"])
                self.assertIn(b"<html", reply.body)
        finally:
            server.stop()

    def test_a_second_start_on_the_same_data_keeps_working(self):
        with tempfile.TemporaryDirectory() as folder:
            data = os.path.join(folder, "data")
            for _ in range(2):
                server = Server(data=data)
                try:
                    server.works()
                finally:
                    server.stop()


class Refused(unittest.TestCase):
    def refuse(self, *words, mentions):
        """`sandlot serve` with these words ends at once, with one clear line and no output."""
        with tempfile.TemporaryDirectory() as folder:
            data = os.path.join(folder, "data")
            done = run_command("serve", "--data", data, *UNSIGNED, *words)
        text = done.stderr.decode()
        self.assertNotEqual(done.returncode, 0, words)
        self.assertGreater(done.returncode, 0, f"{words}: a signal ended it: {text}")
        self.assertEqual(done.stdout, b"", words)
        self.assertIn(mentions, text, words)

    def test_bad_listen_values(self):
        for value in ("", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
                      "127.0.0.1:80x", ":8080", "nowhere.invalid:80", "[::1]", "[::1:80",
                      "127.0.0.1:8080 ", "256.0.0.1:80"):
            with self.subTest(value=value):
                self.refuse("--image", IMAGE, "--listen", value, mentions="--listen")

    def test_unknown_options_and_missing_values(self):
        self.refuse("--frobnicate", mentions="--frobnicate")
        self.refuse("--listen", mentions="--listen")
        self.refuse("stray", mentions="stray")
        self.refuse("--run-limit", "wall=never", mentions="wall")

    def test_a_missing_image(self):
        self.refuse("--listen", "127.0.0.1:0", "--image", "/nowhere/at/all",
                    mentions="/nowhere/at/all")

    def test_a_folder_that_is_no_image(self):
        with tempfile.TemporaryDirectory() as folder:
            self.refuse("--listen", "127.0.0.1:0", "--image", folder, mentions=folder)

    def test_a_manifest_that_is_wrong(self):
        texts = {"not json": "{", "no object": "[]", "another schema": '{"schema": 99}',
                 "no languages": json.dumps({"schema": 1, "name": "x", "id": "0" * 64})}
        for name, text in texts.items():
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                os.chmod(folder, 0o755)
                os.mkdir(os.path.join(folder, "root"))
                for mount_point in ("proc", "dev", "tmp", "playground"):
                    os.mkdir(os.path.join(folder, "root", mount_point))
                with open(os.path.join(folder, "manifest.json"), "w", encoding="utf-8") as file:
                    file.write(text)
                self.refuse("--listen", "127.0.0.1:0", "--image", folder, mentions="manifest")

    def test_a_port_that_is_taken(self):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            port = listener.getsockname()[1]
            self.refuse("--image", IMAGE, "--listen", f"127.0.0.1:{port}", mentions=str(port))

    def test_a_second_server_on_the_same_data(self):
        server = Server()
        try:
            done = run_command("serve", "--image", IMAGE, "--listen", "127.0.0.1:0", "--data",
                               server.data, *UNSIGNED)
            self.assertGreater(done.returncode, 0)
            self.assertIn(server.data, done.stderr.decode())
            server.works()
        finally:
            server.stop()


class Dispatcher(unittest.TestCase):
    def test_help_names_every_command(self):
        done = run_command("--help")
        self.assertEqual(done.returncode, 0)
        for command in (b"serve", b"run", b"cell", b"bake", b"key"):
            self.assertIn(command, done.stdout)

    def test_help_of_each_command(self):
        for command in ("serve", "run", "cell", "bake", "key"):
            with self.subTest(command):
                done = run_command("help", command)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn(f"sandlot {command}", done.stdout.decode())

    def test_version_and_unknown_commands(self):
        self.assertEqual(run_command("--version").returncode, 0)
        done = run_command("frobnicate")
        self.assertEqual(done.returncode, 64)
        self.assertIn(b"frobnicate", done.stderr)
        self.assertEqual(run_command().returncode, 64)
