"""`sandlot bake`: its command line, and what an image is made from."""
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from baking import Once, World, read_json, run, sha256_of, tree_of, version_in, write
from harness import ROOT, SANDLOT


def bake(*words, cwd=ROOT, **more):
    """Runs it; stdout and stderr are one text."""
    return subprocess.run([SANDLOT, "bake", *words], cwd=cwd, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False,
                          **more)


class CommandLine(unittest.TestCase):
    def expect(self, words, status, *parts, cwd=ROOT):
        done = bake(*words, cwd=cwd)
        self.assertEqual(done.returncode, status, done.stdout)
        for part in parts:
            self.assertIn(part, done.stdout)

    def test_help_lists_the_verbs_and_has_examples(self):
        self.expect(["--help"], 0, "Examples:", "sandlot bake check")
        self.expect(["check", "--help"], 0, "Examples:")

    def test_what_is_wrong_is_named(self):
        self.expect([], 64, "name an image")
        self.expect(["one", "two"], 64, "two is one word too many")
        self.expect(["--colour", "red", "default"], 64, "--colour is no option")
        self.expect(["default", "--cache"], 64, "--cache wants an argument")
        self.expect(["--form", "iso", "default"], 64, "tree or erofs")
        for jobs in ("0", "-1", "many", "1025"):
            self.expect(["--jobs", jobs, "default"], 64, "1 to 1024")

    def test_an_image_is_a_name_or_a_folder(self):
        with tempfile.TemporaryDirectory() as folder:
            # The program finds the tree it was built in; the working folder comes first.
            self.expect(["check", "default"], 0, "default: good", cwd=folder)
            self.expect(["check", os.path.join(ROOT, "images/default")], 0, "good", cwd=folder)
            self.expect(["check", "none"], 1, "there is no image none", cwd=folder)
            self.expect(["check", "./default"], 1, "./default has no image.json", cwd=folder)
            shutil.copytree(os.path.join(ROOT, "images/default"), os.path.join(folder, "images/default"))
            with open(os.path.join(folder, "images/default/image.json"), "w", encoding="utf-8") as file:
                file.write("{}")
            self.expect(["check", "default"], 1, "images/default/image.json: schema is missing", cwd=folder)


class Locked(unittest.TestCase):
    """Debian's packages: those of the lock for as long as they can be had."""

    def setUp(self):
        self.world = World()

    def tearDown(self):
        self.world.close()

    def move_on(self):
        """The mirror goes from version 1.0 to 2.0."""
        self.world.archive.remove("sandlot-say", "1.0")
        self.world.add_say("2.0")
        self.world.archive.publish()

    def test_the_same_lock_makes_the_same_image(self):
        world = self.world
        before, _ = world.image()
        tree = tree_of(os.path.join(before, "root"))
        self.assertEqual(tree["etc/link"][3], "base")
        self.assertEqual(tree["bin"][3], "usr/bin")
        self.assertIn("usr/bin/say", tree)
        self.assertNotIn("usr/share/doc", tree)
        self.assertEqual({owner for _, owner, _, _ in tree.values()}, {0})

        lock = world.lock()
        self.assertEqual(lock["debian"]["wanted"], ["sandlot-base", "sandlot-say"])
        self.assertEqual(lock["debian"]["packages"], read_json(os.path.join(before, "packages.json"))["packages"])
        again, said = world.image(cache="another")
        self.assertEqual(os.path.basename(again), os.path.basename(before))
        self.assertEqual(tree_of(os.path.join(again, "root")), tree)
        self.assertNotIn("differs", said)
        self.assertEqual(read_json(os.path.join(again, "lock.json")),
                         read_json(os.path.join(before, "lock.json")))

        # Nothing is asked for when all is there.
        world.web.asked.clear()
        self.assertEqual(world.image(cache="another")[0], again)
        self.assertEqual(world.web.asked, [])

    def test_what_a_recipe_does_not_want_is_not_there(self):
        world = self.world
        world.archive.add("sandlot-more", "1", {"etc/more/one.a": "1\n", "etc/more/two.b": "2\n"})
        world.archive.publish()
        world.recipe["packages"].append("sandlot-more")
        world.write()
        self.assertEqual(set(os.listdir(os.path.join(world.image()[0], "root/etc/more"))), {"one.a", "two.b"})
        world.recipe["remove"] = ["etc/*/*.a"]
        world.write()
        self.assertEqual(os.listdir(os.path.join(world.image()[0], "root/etc/more")), ["two.b"])
        world.recipe["remove"] = ["../etc"]
        world.write()
        self.assertIn('remove has "../etc", no path below', world.bake().stdout)

    def test_newer_packages_wait_for_an_update(self):
        world = self.world
        world.lock()
        world.add_say("2.0")
        world.archive.publish()
        first, said = world.image()
        self.assertEqual(version_in(first, "sandlot-say"), "1.0", said)
        refreshed, said = world.image("--refresh")
        self.assertEqual(version_in(refreshed, "sandlot-say"), "2.0", said)
        self.assertIn("sandlot-say: 1.0 → 2.0", said)
        self.assertEqual(world.image()[0], first)

        text = open(world.path("images/tiny/lock.json"), encoding="utf-8").read()
        for words in (["--dry-run"], []):
            done = world.bake("update", *words)
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertIn("sandlot-say: 1.0 → 2.0", done.stdout)
            self.assertEqual(open(world.path("images/tiny/lock.json"), encoding="utf-8").read(), text)
        self.assertIn("not written", done.stdout)
        lock = world.lock()
        self.assertEqual(lock["debian"]["packages"][1]["version"], "2.0")
        self.assertEqual(world.image()[0], refreshed)
        done = world.bake("update", "--yes")
        self.assertIn("has the newest there is", done.stdout)

    def test_a_version_that_is_gone_comes_from_the_cache(self):
        world = self.world
        world.lock()
        first, _ = world.image()
        self.move_on()
        world.forget("layers", "images", "memo")
        world.web.asked.clear()
        again, said = world.image()
        self.assertEqual(os.path.basename(again), os.path.basename(first), said)
        self.assertEqual(world.web.asked, [])

    def test_a_damaged_file_in_the_cache_is_fetched_again(self):
        world = self.world
        world.lock()
        first, _ = world.image()
        world.forget("layers", "images", "memo")
        debs = world.path("cache/debs")
        for name in os.listdir(debs):
            write(os.path.join(debs, name), "damaged")
        again, said = world.image()
        self.assertEqual(os.path.basename(again), os.path.basename(first), said)

    def test_a_version_that_is_gone_comes_from_a_snapshot(self):
        world = self.world
        lock = world.lock()
        first, _ = world.image()
        # The archive as it was when the lock was made, at an address that has the time in it.
        shutil.copytree(world.path("web/debian"), world.path("web/snapshot/" + lock["time"]))
        self.move_on()
        world.forget("layers", "images", "memo", "debs")
        world.config["snapshots"] = [{"address": world.web.address + "/snapshot/{time}", "suites": ["test"]}]
        world.write()
        again, said = world.image()
        self.assertEqual(os.path.basename(again), os.path.basename(first), said)
        self.assertNotIn("locking", said)

    def test_a_version_that_is_nowhere_is_locked_again_and_told(self):
        world = self.world
        world.lock()
        text = open(world.path("images/tiny/lock.json"), encoding="utf-8").read()
        self.move_on()
        world.config["snapshots"] = [{"address": world.web.address + "/none/{time}", "suites": ["test"]}]
        world.write()
        image, said = world.image()
        self.assertEqual(version_in(image, "sandlot-say"), "2.0", said)
        self.assertIn("sandlot-say 1.0, which lock.json names, is neither", said)
        self.assertIn("the configured snapshots cannot be used", said)
        self.assertIn("sandlot-say: 1.0 → 2.0", said)
        self.assertEqual(open(world.path("images/tiny/lock.json"), encoding="utf-8").read(), text)
        # It is remembered: nothing is asked for again, and nothing newer comes by itself.
        world.add_say("3.0")
        world.archive.publish()
        world.web.asked.clear()
        self.assertEqual(world.image()[0], image)
        self.assertEqual(world.web.asked, [])

    def test_another_file_of_the_same_version_is_another(self):
        world = self.world
        world.lock()
        world.archive.remove("sandlot-say", "1.0")
        world.add_say("1.0", more=" at all")
        world.archive.publish()
        _, said = world.image()
        self.assertIn("sandlot-say: 1.0, another file", said)

    def test_other_wishes_are_locked_again(self):
        world = self.world
        world.lock()
        world.archive.add("sandlot-more", "1", {"etc/more": "more\n"})
        world.archive.publish()
        world.recipe["packages"].append("sandlot-more")
        world.write()
        image, said = world.image()
        self.assertIn("lock.json is for other Debian packages", said)
        self.assertIn("sandlot-more: new, 1", said)
        self.assertTrue(os.path.exists(os.path.join(image, "root/etc/more")))

    def test_an_index_of_another_signer_is_refused(self):
        world = self.world
        base = read_json(world.path("toolchains/debian/base.json"))
        self.assertEqual(world.bake().returncode, 0)  # the control
        base["keyring"] = "/usr/share/keyrings/debian-archive-keyring.gpg"
        write(world.path("toolchains/debian/base.json"), json.dumps(base))
        done = world.bake(cache="another")
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("apt-get", done.stdout)

    def test_a_mirror_that_has_another_file_than_its_index_says_is_refused(self):
        world = self.world
        pool = world.path("web/debian/pool")
        name = next(name for name in os.listdir(pool) if name.startswith("sandlot-say_"))
        with open(os.path.join(pool, name), "r+b") as file:
            file.seek(-1, os.SEEK_END)
            byte = file.read(1)
            file.seek(-1, os.SEEK_END)
            file.write(bytes([byte[0] ^ 1]))
        done = world.bake()
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("apt-get failed", done.stdout)
        self.assertEqual(os.listdir(world.path("cache/images")), [])


class SelfTests(unittest.TestCase):
    """What a recipe says of its language must be so."""

    def setUp(self):
        self.world = World()

    def tearDown(self):
        self.world.close()

    def test_an_image_whose_language_does_otherwise_is_not_made(self):
        world = self.world
        check = {"name": "prints itself", "code": "one\ntwo\n", "options": {}, "stdout": "one\ntwo\n"}
        world.recipe["checks"] = [check]
        world.write()
        image, _ = world.image()
        self.assertEqual(read_json(os.path.join(image, "manifest.json"))["languages"][0]["checks"], [check])

        world.recipe["checks"] = [{**check, "stdout": "one\ntoo\n"}]
        world.write()
        done = world.bake()
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn('Say, prints itself {}: line 2 of its output is "two" instead of "too"', done.stdout)
        self.assertEqual({name for name in os.listdir(world.path("cache/images")) if len(name) == 64},
                         {os.path.basename(image)})


class Tools(unittest.TestCase):
    """What an operator adds: tarballs and folders by their hash, Debian's packages in their place."""

    def setUp(self):
        self.world = World()
        self.tarball = self.world.path("toolchains/say/tool-1.tar.xz")
        with tempfile.TemporaryDirectory() as top:
            write(os.path.join(top, "tool-1/bin/tool"), "tool one\n")
            os.chmod(os.path.join(top, "tool-1/bin/tool"), 0o711)
            os.symlink("tool", os.path.join(top, "tool-1/bin/link"))
            run("tar", "-C", top, "-cJf", self.tarball, "tool-1")
        self.folder = self.world.path("images/tiny/own")
        write(os.path.join(self.folder, "sub/data"), "data\n")
        os.symlink("sub/data", os.path.join(self.folder, "link"))

    def tearDown(self):
        self.world.close()

    def tar(self, **more):
        return {"kind": "tar", "file": "tool-1.tar.xz", "sha256": sha256_of(self.tarball), "top": "tool-1",
                **more}

    def refused(self, *parts, cache="cache"):
        done = self.world.bake(cache=cache)
        self.assertEqual(done.returncode, 1, done.stdout)
        for part in parts:
            self.assertIn(part, done.stdout)
        return done.stdout

    def add(self, *sources, to="opt/tool"):
        self.world.recipe["tools"] = [{"name": "the-tool", "to": to, "sources": list(sources)}]
        self.world.write()

    def test_a_tarball_is_unpacked_where_it_belongs(self):
        self.add(self.tar())
        image, _ = self.world.image()
        tool = os.path.join(image, "root/opt/tool/bin/tool")
        with open(tool, encoding="utf-8") as file:
            self.assertEqual(file.read(), "tool one\n")
        self.assertEqual(os.stat(tool).st_mode & 0o7777, 0o755)
        self.assertEqual(os.stat(tool).st_uid, 0)
        self.assertEqual(os.readlink(os.path.join(image, "root/opt/tool/bin/link")), "tool")
        self.assertEqual(read_json(os.path.join(image, "lock.json"))["tools"],
                         {"the-tool": {"source": "tar", "sha256": sha256_of(self.tarball)}})
        lock = self.world.lock()
        self.assertEqual(lock["tools"]["the-tool"]["source"], "tar")

    def test_a_tarball_that_changed_is_refused(self):
        source = self.tar()
        self.add(source)
        self.world.image()  # the control: it is in the cache from now on
        with open(self.tarball, "ab") as file:
            file.write(b"more")
        self.refused("the-tool: tool-1.tar.xz has the sha256 " + sha256_of(self.tarball)[:16],
                     source["sha256"][:16])

    def test_a_tarball_comes_from_the_configured_address_alone(self):
        source = self.tar()
        self.add(source)
        os.makedirs(self.world.path("web/tars"))
        os.rename(self.tarball, self.world.path("web/tars/tool-1.tar.xz"))
        self.refused("the-tool: none of its sources can be had", "no address is configured")
        self.assertFalse([path for path in self.world.web.asked if "tars" in path])

        self.world.config["tars"] = self.world.web.address + "/tars"
        self.world.write()
        image, _ = self.world.image()
        self.assertTrue(os.path.exists(os.path.join(image, "root/opt/tool/bin/tool")))
        os.unlink(self.world.path("web/tars/tool-1.tar.xz"))
        self.world.forget("layers", "images", "memo")
        self.world.image()  # from the cache
        self.refused("the-tool: none of its sources can be had", "there is no such file", cache="another")

        write(self.world.path("web/tars/tool-1.tar.xz"), "something else")
        self.refused("the-tool: ", "/tars/tool-1.tar.xz has the sha256", cache="another")

    def test_a_tarball_that_leads_out_is_refused(self):
        with tempfile.TemporaryDirectory() as top:
            os.mkdir(os.path.join(top, "tool-1"))
            os.symlink("../../../etc", os.path.join(top, "tool-1/out"))
            run("tar", "-C", top, "-cJf", self.tarball, "tool-1")
        self.add(self.tar())
        self.refused('"tool-1/out" is a link that leads out')

    def test_a_folder_is_copied_by_its_tree_hash(self):
        source = {"kind": "dir", "path": "own", "tree_sha256": "0" * 64}
        self.world.image_json["tools"] = [{"name": "own", "to": "srv/own", "sources": [source]}]
        self.world.write()
        said = self.refused("own: the folder own has the tree_sha256 ")
        source["tree_sha256"] = re.search(r"has the tree_sha256 ([0-9a-f]{64})", said)[1]
        self.world.write()
        image, _ = self.world.image()
        with open(os.path.join(image, "root/srv/own/link"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "data\n")
        write(os.path.join(self.folder, "sub/data"), "others\n")
        self.refused("own: the folder own has the tree_sha256 ", source["tree_sha256"][:16])

    def test_the_first_source_that_can_be_had_is_taken(self):
        none = {"kind": "dir", "path": "/nonexistent", "tree_sha256": "0" * 64}
        self.world.archive.add("sandlot-tool", "1", {"opt/tool/bin/tool": "from Debian\n"})
        self.world.archive.publish()
        deb = {"kind": "deb", "packages": ["sandlot-tool"]}
        self.add(none, self.tar(), deb)
        lock = self.world.lock()
        self.assertEqual(lock["tools"]["the-tool"]["source"], "tar")
        self.assertEqual([package["name"] for package in
                          lock["debian"]["alternatives"]["tools.the-tool"]["packages"]], ["sandlot-tool"])
        image, _ = self.world.image()
        self.assertIsNone(version_in(image, "sandlot-tool"))

        # Without the tarball: Debian's, which the lock has, too.
        os.unlink(self.tarball)
        image, said = self.world.image(cache="another")
        self.assertEqual(version_in(image, "sandlot-tool"), "1", said)
        self.assertIn("tool the-tool: tar", said)
        self.assertNotIn("locking", said)
        self.assertTrue(os.path.exists(os.path.join(image, "root/opt/tool/bin/tool")))

    def test_a_place_that_is_taken_is_refused(self):
        write(self.world.path("toolchains/say/tool/bin/say"), "another")
        self.add({"kind": "dir", "path": "tool", "tree_sha256": "0" * 64}, to="usr")
        said = self.refused("tree_sha256")
        sum_of = re.search(r"has the tree_sha256 ([0-9a-f]{64})", said)[1]
        self.add({"kind": "dir", "path": "tool", "tree_sha256": sum_of}, to="usr")
        self.refused("root/usr/bin/say", "File exists")


class RustDistribution(unittest.TestCase):
    """A Rust channel from a signed distribution."""

    def setUp(self):
        self.world = World()
        self.dist = self.world.add_rust()
        self.publish("1.0.0", "2025-01-01")

    def tearDown(self):
        self.world.close()

    def publish(self, version, date):
        self.rustc = self.dist.add("rustc", version, date, {
            "bin/rustc": Once.program(version), "lib/dropped": "x", "share/doc/readme": "x"})
        self.std = self.dist.add("rust-std", version, date, {"lib/libstd.rlib": f"std {version}"})
        self.manifest = self.dist.publish("stable", date)

    def refused(self, *parts, cache="cache"):
        done = self.world.bake(cache=cache)
        self.assertEqual(done.returncode, 1, done.stdout)
        for part in parts:
            self.assertIn(part, done.stdout)
        self.assertEqual(os.listdir(self.world.path(cache + "/images")), [])

    @staticmethod
    def flip(path, offset=-10):
        """Changes one bit of a file."""
        with open(path, "r+b") as file:
            file.seek(offset, os.SEEK_END)
            byte = file.read(1)
            file.seek(offset, os.SEEK_END)
            file.write(bytes([byte[0] ^ 1]))

    def test_components_are_laid_together_and_filtered(self):
        world = self.world
        image, _ = world.image()
        tree = tree_of(os.path.join(image, "root/opt/rust/stable"))
        self.assertEqual(sorted(tree), ["bin", "bin/rustc", "lib", "lib/libstd.rlib", "link.args"])
        self.assertEqual(tree["bin/rustc"][0] & 0o7777, 0o755)
        self.assertFalse(os.path.exists("/tmp/sandlot-installer-ran"))
        manifest = read_json(os.path.join(image, "manifest.json"))
        self.assertEqual(manifest["languages"][1]["version"], "1.0.0")
        part = read_json(os.path.join(image, "lock.json"))["rust"]["stable"]
        self.assertEqual((part["source"], part["date"], part["version"]),
                         ("dist", "2025-01-01", "1.0.0 (abc 2025-01-01)"))
        self.assertEqual(part["manifest_sha256"], sha256_of(self.manifest))

        # Nothing is asked for again, and the same comes out elsewhere.
        world.web.asked.clear()
        self.assertEqual(world.image()[0], image)
        self.assertEqual(world.web.asked, [])
        self.assertEqual(os.path.basename(world.image(cache="another")[0]), os.path.basename(image))

    def test_the_locked_manifest_is_taken_while_it_can_be_had(self):
        world = self.world
        world.lock()
        first, _ = world.image()
        self.publish("2.0.0", "2025-02-02")
        again, said = world.image(cache="another")  # from the folder of its day
        self.assertEqual(os.path.basename(again), os.path.basename(first), said)

        done = world.bake("update", "--dry-run")
        self.assertIn("Rust stable: dist 1.0.0 (abc 2025-01-01)", done.stdout)
        self.assertIn("→ dist 2.0.0 (abc 2025-02-02)", done.stdout)

        shutil.rmtree(world.path("web/dist/2025-01-01"))
        newer, said = world.image(cache="third")
        self.assertIn("of 2025-01-01, which lock.json names, cannot be had", said)
        self.assertIn("→ dist 2.0.0", said)
        self.assertEqual(read_json(os.path.join(newer, "lock.json"))["rust"]["stable"]["date"], "2025-02-02")
        self.assertEqual(world.image()[0], first)  # the first cache has it still

    def test_a_changed_byte_of_the_manifest_is_refused(self):
        self.flip(self.manifest)
        self.refused("channel-rust-stable.toml is not the file that channel-rust-stable.toml.sha256 names")
        # Whoever can change one file can change the other.
        write(self.manifest + ".sha256", f"{sha256_of(self.manifest)}  channel-rust-stable.toml\n")
        self.refused("the signature of channel-rust-stable.toml is not good", "gpgv")

    def test_a_signature_by_another_key_is_refused(self):
        Once.signer("stranger").sign(self.manifest)
        self.refused("the signature of channel-rust-stable.toml is not good")

    def test_a_missing_or_damaged_signature_is_refused(self):
        with open(self.manifest + ".asc", encoding="utf-8") as file:
            lines = file.read().splitlines()
        lines[3] = lines[3].swapcase()
        write(self.manifest + ".asc", "\n".join(lines) + "\n")
        self.refused("the signature of channel-rust-stable.toml is not good")
        os.unlink(self.manifest + ".asc")
        self.refused("channel-rust-stable.toml: cannot get", ".asc")

    def test_a_changed_byte_of_a_component_is_refused(self):
        self.flip(self.std)
        self.refused("the component rust-std: ", "has the sha256")

    def test_a_component_that_is_missing_is_refused(self):
        os.unlink(self.std)
        self.refused("the component rust-std: cannot get", "there is no such file")
        del self.dist.components["rust-std"]
        self.dist.publish("stable", "2025-01-01")
        self.refused("channel-rust-stable.toml: it has no component rust-std for", cache="another")

    def test_a_manifest_whose_files_are_gone_is_locked_again(self):
        world = self.world
        world.lock()
        self.publish("2.0.0", "2025-02-02")
        os.unlink(world.path("web/dist/2025-01-01/" + os.path.basename(self.rustc).replace("2.0.0", "1.0.0")))
        world.forget("files", "layers", "memo")
        image, said = world.image()
        self.assertIn("there is no such file; locking it again", said)
        self.assertEqual(read_json(os.path.join(image, "lock.json"))["rust"]["stable"]["date"], "2025-02-02")

    def test_without_a_distribution_the_next_source_is_taken(self):
        world = self.world
        world.archive.add("sandlot-rustc", "3.0", {"usr/bin/rustc": Once.program("3.0")})
        world.archive.publish()
        recipe = read_json(world.path("toolchains/rust/recipe.json"))
        recipe["rust"]["channels"]["stable"]["sources"].append(
            {"kind": "deb", "packages": ["sandlot-rustc"], "links": {"bin/rustc": "/usr/bin/rustc"}})
        write(world.path("toolchains/rust/recipe.json"), json.dumps(recipe))
        lock = world.lock()
        self.assertEqual(lock["rust"]["stable"]["source"], "dist")
        image, _ = world.image()
        self.assertIsNone(version_in(image, "sandlot-rustc"))

        address = world.config["dist"]["address"]
        world.config["dist"]["address"] = address + "/none"  # it says so, and goes on
        world.write()
        image, said = world.image(cache="another")
        self.assertIn("Rust's distribution: cannot get", said)
        self.assertIn("→ deb", said)
        self.assertNotIn("locking the Debian packages again", said)
        self.assertEqual(version_in(image, "sandlot-rustc"), "3.0")
        self.assertEqual(os.readlink(os.path.join(image, "root/opt/rust/stable/bin/rustc")), "/usr/bin/rustc")

        del world.config["dist"]  # nothing is asked for that is not configured
        world.write()
        world.web.asked.clear()
        world.image(cache="third")
        self.assertFalse([path for path in world.web.asked if "dist" in path.split("/")[1]])
