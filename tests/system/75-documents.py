"""What an image says about itself: vetting.json, bom.json, provenance.json."""
import glob
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import tomllib
import unittest

from harness import IMAGE, ROOT, SANDLOT

SET = os.path.join(ROOT, "toolchains/rust/crates")


def document(name):
    with open(os.path.join(IMAGE, name), encoding="utf-8") as file:
        return json.load(file)


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def locked():
    """{(name, version): sha256} of the lock's crates, by another reader of TOML than the bake's."""
    with open(os.path.join(SET, "Cargo.lock"), "rb") as file:
        return {(package["name"], package["version"]): package["checksum"]
                for package in tomllib.load(file)["package"] if "source" in package}


class Vetting(unittest.TestCase):
    def setUp(self):
        self.vetting = document("vetting.json")
        self.crates = self.vetting["crates"]

    def test_every_crate_has_a_record(self):
        self.assertEqual({(c["name"], c["version"]): c["sha256"] for c in self.crates}, locked())
        for crate in self.crates:
            self.assertTrue(crate["licence"], crate["name"])
            for file in crate["licence_files"] + crate["build_scripts"] + crate["native"]["files"]:
                self.assertRegex(file["sha256"], "^[0-9a-f]{64}$")

    def test_counts_are_those_of_the_records(self):
        audited = sum(crate["vetting"] == "audited" for crate in self.crates)
        self.assertEqual(self.vetting["counts"], {
            "crates": len(self.crates),
            "audited": audited,
            "exempted_unreviewed": len(self.crates) - audited,
        })
        rust = next(l for l in document("manifest.json")["languages"] if l["id"] == "rust")
        for channel in rust["channels"].values():
            self.assertEqual(channel["vetting"],
                             {"audited": audited, "exempted": len(self.crates) - audited})

    def test_no_record_claims_an_audit_that_no_file_holds(self):
        """Each audit that is named stands, word by word, in a file that was imported."""
        files = {}
        for source in self.vetting["sources"]:
            path = os.path.join(SET, source["file"])
            self.assertEqual(sha256(path), source["sha256"])
            with open(path, "rb") as file:
                files[source["file"]] = tomllib.load(file)
        for crate in self.crates:
            self.assertEqual(crate["vetting"] == "audited", bool(crate["audits"]), crate["name"])
            before = None
            for audit in crate["audits"]:
                rows = files[audit["file"]]["audits"]
                if audit["set"]:
                    rows = rows[audit["set"]]["audits"]
                delta = f"{audit['from']} -> {audit['version']}"
                self.assertTrue(
                    any(row.get("who") == audit["who"] and row["criteria"] == audit["criteria"] and
                        (row.get("delta") == delta if audit["from"]
                         else row.get("version") == audit["version"]) for row in rows[crate["name"]]),
                    f"{crate['name']}: {audit}")
                self.assertEqual(audit["from"], before)
                before = audit["version"]
            if crate["audits"]:
                self.assertEqual(before, crate["version"])

    def test_made_again_it_is_the_same(self):
        done = subprocess.run([SANDLOT, "bake", "vet", "--document"], cwd=ROOT, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=300, check=False)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        with open(os.path.join(IMAGE, "vetting.json"), "rb") as file:
            self.assertEqual(done.stdout, file.read())

    def test_the_list_is_of_those_without_audit(self):
        done = subprocess.run([SANDLOT, "bake", "vet"], cwd=ROOT, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=300, check=False, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)
        listed = {tuple(line.split()[:2]) for line in done.stdout.splitlines()[1:-1]}
        self.assertEqual(listed, {(c["name"], c["version"]) for c in self.crates
                                  if c["vetting"] != "audited"})

    def test_no_violation_is_known(self):
        done = subprocess.run([SANDLOT, "bake", "vet", "check", IMAGE], cwd=ROOT, timeout=60,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, text=True)
        self.assertEqual((done.returncode, done.stdout), (0, "0 violations\n"))


class VetCommand(unittest.TestCase):
    """What an operator does, on a copy of the project's files."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        for name in ("images", "toolchains"):
            shutil.copytree(os.path.join(ROOT, name), os.path.join(self.folder, name))
        self.set = os.path.join(self.folder, "toolchains/rust/crates")

    def bake(self, status, *words):
        done = subprocess.run([SANDLOT, "bake", *words], cwd=self.folder, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300,
                              check=False)
        self.assertEqual(done.returncode, status, done.stdout)
        return done.stdout

    def record(self, status, *words, who="Ann Example <ann@example.org>", criteria="safe-to-run"):
        return self.bake(status, "vet", "record", *words, "--who", who, "--criteria", criteria,
                         "--notes", "For this test; nobody looked at anything.")

    def test_help_has_examples_and_mistakes_are_named(self):
        self.assertIn("Examples:", self.bake(0, "vet", "--help"))
        self.assertIn("list, import, record and check", self.bake(64, "vet", "trust"))
        self.assertIn("--source", self.bake(64, "vet", "import", "file"))
        self.assertIn("a crate, and a version", self.record(64, "itoa"))
        self.assertIn("--criteria is", self.record(1, "itoa", "1.0.0", criteria="fine"))
        self.assertIn("say who", self.record(1, "itoa", "1.0.0", who=""))
        self.assertIn("cannot open none", self.bake(1, "vet", "import", "none", "--source", "a, b, 2026-01-01"))
        self.assertFalse(os.path.exists(os.path.join(self.set, "audits.toml")))

    def test_an_own_audit_counts_and_a_violation_stops(self):
        name, version = next(pair for pair in sorted(locked()) if f"\n{pair[0]} " in "\n" + self.bake(0, "vet"))
        self.record(0, name, "0.0.1")
        self.assertIn(f"{name} ", self.bake(0, "vet"))
        self.record(0, name, f"0.0.1 -> {version}")
        listed = self.bake(0, "vet").splitlines()
        self.assertFalse([line for line in listed if line.split()[:2] == [name, version]])
        with open(os.path.join(self.set, "audits.toml"), "rb") as file:
            self.assertEqual([sorted(row) for row in tomllib.load(file)["audits"][name]],
                             [["criteria", "notes", "version", "who"], ["criteria", "delta", "notes", "who"]])
        self.record(0, name, "--violation", f"={version}")
        said = self.bake(1, "vet")
        self.assertIn("does not accept the crates as they are, for 1 reason", said)
        self.assertIn(f"{name} {version} violates", said)
        self.assertIn(f"{name} {version}: audits.toml says a violation",
                      self.bake(1, "vet", "check", os.path.abspath(IMAGE)))

    def test_the_policy_decides_and_is_checked_first(self):
        path = os.path.join(self.set, "policy.json")
        with open(path, encoding="utf-8") as file:
            policy = json.load(file)
        self.write(path, {**policy, "unreviewed": "refuse", "exceptions": policy["exceptions"][1:]})
        said = self.bake(1, "vet")
        self.assertIn("has no audit for safe-to-run, and unreviewed crates are refused", said)
        self.assertIn("native files", said)
        self.write(path, {**policy, "links": "perhaps"})
        self.assertIn('links must be "accept" or "refuse"', self.bake(1, "check", "default"))
        os.unlink(path)
        self.assertIn("a set of crates needs a policy", self.bake(1, "check", "default"))

    def test_an_import_is_kept_as_it_was(self):
        theirs = os.path.join(self.folder, "theirs.toml")
        with open(theirs, "w", encoding="utf-8") as file:
            file.write('[[audits.itoa]]\nwho = "Ben"\ncriteria = "safe-to-run"\nversion = "0.0.1"\n')
        said = self.bake(0, "vet", "import", theirs, "--source", "Ben, ben.example/audits.toml, 2026-01-31")
        self.assertIn("kept; audits: 1, violations: 0", said)
        kept = os.path.join(self.set, "imports/theirs.toml")
        self.assertEqual(sha256(kept), sha256(theirs))
        with open(kept, "a", encoding="utf-8") as file:
            file.write("\n")
        self.assertIn("theirs.toml is not the file that was imported", self.bake(1, "vet"))

    @staticmethod
    def write(path, value):
        with open(path, "w", encoding="utf-8") as file:
            json.dump(value, file)


class BillOfMaterials(unittest.TestCase):
    def setUp(self):
        self.bom = document("bom.json")

    def test_it_is_what_cyclonedx_says_it_must_be(self):
        import jsonschema

        cache = os.environ.get("SANDLOT_CACHE") or os.path.join(
            os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "sandlot")
        modules = subprocess.run(
            [os.path.join(ROOT, "scripts/web-modules"), os.path.join(ROOT, "tests/schemas"),
             os.path.join(cache, "schemas")],
            stdout=subprocess.PIPE, text=True, timeout=300, check=True).stdout.strip()
        folder = os.path.join(modules, "@cyclonedx/cyclonedx-library/res/schema")
        schemas = {}
        for path in glob.glob(os.path.join(folder, "*.schema.json")):
            with open(path, encoding="utf-8") as file:
                schema = json.load(file)
            schemas[schema.get("$id", path)] = schema
        schema = next(s for name, s in schemas.items() if name.endswith("bom-1.5.schema.json"))
        # The library's copies have other names than those by which they refer to each other.
        store = {**schemas, **{name.replace(".schema.json", ".SNAPSHOT.schema.json"): s
                               for name, s in schemas.items()}}
        resolver = jsonschema.RefResolver.from_schema(schema, store=store)
        validator = jsonschema.Draft7Validator(schema, resolver=resolver)
        self.assertEqual([f"{list(e.path)}: {e.message[:200]}" for e in validator.iter_errors(self.bom)], [])
        # It does tell: the same document with one wrong word is refused.
        wrong = json.loads(json.dumps(self.bom))
        wrong["components"][0]["hashes"][0]["alg"] = "SHA-255"
        self.assertFalse(validator.is_valid(wrong))

    def test_it_names_everything_there_is(self):
        components = self.bom["components"]
        hashes = {c["purl"]: c["hashes"][0]["content"] for c in components if "purl" in c}
        packages = document("packages.json")["packages"]
        self.assertEqual({h for purl, h in hashes.items() if purl.startswith("pkg:deb/")},
                         {package["sha256"] for package in packages})
        self.assertEqual(sorted(h for purl, h in hashes.items() if purl.startswith("pkg:cargo/")),
                         sorted(locked().values()))
        rust = next(l for l in document("manifest.json")["languages"] if l["id"] == "rust")
        self.assertEqual({c["version"] for c in components if c["name"] == "rust" and "purl" not in c},
                         {channel["rustc"]["version"] for channel in rust["channels"].values()})
        refs = [component["bom-ref"] for component in components]
        self.assertEqual(len(refs), len(set(refs)))
        for dependency in self.bom["dependencies"]:
            self.assertLessEqual(set(dependency["dependsOn"]), set(refs))


class Provenance(unittest.TestCase):
    def setUp(self):
        self.provenance = document("provenance.json")

    def test_files_are_those_of_the_project(self):
        files = self.provenance["inputs"]["files"]
        for file in files:
            path = re.sub("^image/", "images/default/", file["path"])
            self.assertEqual(sha256(os.path.join(ROOT, path)), file["sha256"], file["path"])
        paths = {file["path"] for file in files}
        for name in ("image/image.json", "toolchains/rust/recipe.json", "toolchains/rust/build-crates.sh",
                     "toolchains/rust/crates/Cargo.lock", "toolchains/rust/crates/policy.json"):
            self.assertIn(name, paths)

    def test_crates_packages_and_documents_are_named_by_hash(self):
        inputs = self.provenance["inputs"]
        self.assertEqual({(c["name"], c["version"]): c["sha256"] for c in inputs["crates"]}, locked())
        self.assertEqual(inputs["packages"], document("packages.json")["packages"])
        for name, digest in self.provenance["documents"].items():
            self.assertEqual(sha256(os.path.join(IMAGE, name)), digest, name)

    def test_commands_tell_how_it_was_made(self):
        layers = self.provenance["layers"]
        kinds = [layer["layer"].split("-")[0] for layer in layers]
        self.assertEqual(kinds[0], "debian")
        self.assertIn("crates", kinds)
        self.assertTrue(layers[0]["commands"])
        for layer in layers:
            # Nothing that was fetched runs on the host, and nothing else needs to.
            self.assertTrue(all(command["cell"] for command in layer["commands"]), layer["layer"])
            if layer["layer"].startswith("crates-"):
                self.assertIn("/playground/build-crates.sh", layer["commands"][0]["argv"])
        tests = [command["argv"] for command in self.provenance["image"]["commands"]]
        self.assertTrue([argv for argv in tests if argv[-1] == "main.py"])

    def test_it_says_nothing_of_when_and_where(self):
        text = json.dumps(self.provenance)
        image = os.path.realpath(IMAGE)
        for path in (os.path.dirname(os.path.dirname(image)), ROOT, os.path.expanduser("~/")):
            self.assertNotIn(path, text)
        self.assertFalse(re.search(r"/tmp/\w{6}\b", text), "the name of a temporary folder")


if __name__ == "__main__":
    unittest.main()
