"""--web-root: another page from the same server, and nothing but what lies in its folder."""
import gzip
import os
import shutil
import tempfile
import unittest

from harness import IMAGE, SANDLOT, UNSIGNED, Server, run_command

PAGE = b"<!doctype html><title>Another page</title><script src=/assets/app.js></script>"
SCRIPT = b"document.title = 'it runs';" * 100


def make_page():
    folder = tempfile.mkdtemp(prefix="sandlot-web-")
    os.chmod(folder, 0o755)
    os.makedirs(os.path.join(folder, "assets/deep"))
    for name, data in (("index.html", PAGE), ("assets/app.js", SCRIPT),
                       ("assets/app.js.gz", gzip.compress(SCRIPT)), ("assets/style.css", b"a{}"),
                       ("assets/deep/logo.svg", b"<svg/>"), ("robots.txt", b"x"),
                       ("assets/odd.name", b"\0\1"), ("empty.json", b""),
                       ("languages", b"not an interface")):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)
    return folder


class WebRoot(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = make_page()
        cls.secret = tempfile.NamedTemporaryFile()  # pylint: disable=consider-using-with
        cls.secret.write(b"secret")
        cls.secret.flush()
        os.chmod(cls.secret.name, 0o644)
        os.symlink(cls.secret.name, os.path.join(cls.folder, "link.txt"))
        os.symlink("/etc", os.path.join(cls.folder, "etc"))
        os.symlink("index.html", os.path.join(cls.folder, "inside.html"))
        os.mkfifo(os.path.join(cls.folder, "pipe"))
        cls.server = Server("--web-root", cls.folder)

    @classmethod
    def tearDownClass(cls):
        status = cls.server.stop()
        shutil.rmtree(cls.folder)
        cls.secret.close()
        if status != 0:
            raise AssertionError(f"the server ended with status {status}")

    def test_the_page_and_its_files_with_their_types(self):
        for path, data, kind in (("/", PAGE, "text/html; charset=utf-8"),
                                 ("/help", PAGE, "text/html; charset=utf-8"),
                                 ("/index.html", PAGE, "text/html; charset=utf-8"),
                                 ("/assets/app.js", SCRIPT, "text/javascript; charset=utf-8"),
                                 ("/assets/style.css", b"a{}", "text/css; charset=utf-8"),
                                 ("/assets/deep/logo.svg", b"<svg/>", "image/svg+xml"),
                                 ("/robots.txt", b"x", "text/plain; charset=utf-8"),
                                 ("/empty.json", b"", "application/json"),
                                 ("/assets/odd.name", b"\0\1", "application/octet-stream")):
            with self.subTest(path):
                reply = self.server.get(path)
                self.assertEqual((reply.status, reply.body), (200, data))
                self.assertEqual(reply.headers["content-type"], kind)
                self.assertEqual(reply.headers["x-content-type-options"], "nosniff")
                self.assertEqual(reply.headers["cache-control"], "no-cache")
                again = self.server.get(path, headers={"If-None-Match": reply.headers["etag"]})
                self.assertEqual((again.status, again.body), (304, b""))

    def test_files_that_differ_have_other_etags(self):
        tags = [self.server.get(path).headers["etag"] for path in ("/", "/index.html", "/robots.txt")]
        self.assertEqual(tags[0], tags[1])
        self.assertNotEqual(tags[0], tags[2])

    def test_what_lies_there_compressed_is_sent_so(self):
        reply = self.server.get("/assets/app.js", headers={"Accept-Encoding": "gzip"})
        self.assertEqual(reply.headers["content-encoding"], "gzip")
        self.assertEqual(gzip.decompress(reply.body), SCRIPT)
        self.assertEqual(reply.headers["content-type"], "text/javascript; charset=utf-8")

    def test_the_page_may_use_what_it_wants_but_not_be_framed(self):
        policy = self.server.get("/").headers["content-security-policy"]
        self.assertEqual(policy, "frame-ancestors 'none'")
        self.assertIn("default-src 'none'",
                      self.server.get("/healthz").headers["content-security-policy"])
        self.assertIn("default-src 'none'",
                      self.server.get("/no-such").headers["content-security-policy"])

    def test_links_and_what_is_no_file_are_not_there(self):
        for path in ("/link.txt", "/etc/hostname", "/etc", "/inside.html", "/pipe"):
            reply = self.server.get(path)
            self.assertEqual(reply.status, 404, path)
            self.assertNotIn(b"secret", reply.body)

    def raw(self, path):
        return self.server.exchange(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode(), is_all=False)

    def test_nothing_outside_can_be_reached_and_no_folder_is_listed(self):
        name = os.path.basename(self.secret.name)
        for path in (f"/../{name}", f"/assets/../../{name}", f"/%2e%2e/{name}", f"/..%2f{name}",
                     f"/assets/%2e%2e/%2e%2e/{name}", "/assets", "/assets/", "/assets/deep",
                     "//etc/passwd", "/assets//app.js", "/assets/app.js/", "/assets\\app.js",
                     "/data/sandlot.db", "/web/index.html", "/proc/self/environ"):
            with self.subTest(path):
                reply = self.raw(path)
                status = reply.split(b" ", 2)[1]
                self.assertIn(status, (b"400", b"404"), reply[:200])
                self.assertNotIn(b"Location:", reply)
                self.assertNotIn(b"secret", reply)
                self.assertNotIn(b"it runs", reply)

    def test_our_own_page_is_not_there_and_the_interfaces_are(self):
        self.assertNotIn(b"Sandlot", self.server.get("/").body)
        self.assertEqual(self.server.get("/healthz").json(), {"status": "ok"})
        self.assertIn("languages", self.server.get("/api/v1/languages").json())
        self.assertEqual(self.server.post("/").status, 405)
        self.server.works()

    def test_files_are_read_at_the_start_only(self):
        with open(os.path.join(self.folder, "late.txt"), "w", encoding="utf-8") as file:
            file.write("late")
        self.assertEqual(self.server.get("/late.txt").status, 404)


class Refused(unittest.TestCase):
    def refuse(self, folder, *words):
        done = run_command("serve", "--listen", "127.0.0.1:0", "--image", IMAGE, *UNSIGNED, "--web-root", folder,
                           "--data", tempfile.mkdtemp(prefix="sandlot-test-"), seconds=60)
        self.assertNotEqual(done.returncode, 0)
        said = done.stderr.decode()
        for word in words:
            self.assertIn(word, said)

    def test_folders_that_are_no_page(self):
        self.assertTrue(os.access(SANDLOT, os.X_OK))
        self.refuse("/no/such/folder", "/no/such/folder")
        self.refuse("/etc/hostname", "/etc/hostname")
        folder = make_page()
        try:
            os.unlink(os.path.join(folder, "index.html"))
            self.refuse(folder, "index.html")
            os.mkfifo(os.path.join(folder, "index.html"))
            self.refuse(folder, "index.html")
            os.unlink(os.path.join(folder, "index.html"))
            with open(os.path.join(folder, "index.html"), "wb") as file:
                file.write(PAGE)
            os.chmod(os.path.join(folder, "assets/style.css"), 0o600)
            self.refuse(folder, "/assets/style.css", "everybody")
        finally:
            shutil.rmtree(folder)
