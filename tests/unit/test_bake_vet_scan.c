/* What is found in a crate's files: the word unsafe, licences, build scripts, native files. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bake/json.h"
#include "bake/licence.h"
#include "bake/path.h"
#include "bake/tree.h"
#include "bake/vet_rust.h"
#include "bake/vet_scan.h"

static int setup(void **state)
{
	struct path *folder = calloc(1, sizeof(*folder));

	assert_int_equal(path_format(folder, NULL, "/tmp/sandlot-unit-XXXXXX"), 0);
	assert_non_null(mkdtemp(folder->text));
	*state = folder;
	return 0;
}

static int teardown(void **state)
{
	tree_remove(((struct path *)*state)->text, NULL);
	free(*state);
	return 0;
}

/* A file of the crate. */
static void put(void **state, const char *name, const char *text)
{
	struct path path, folder;

	assert_int_equal(path_format(&path, NULL, "%s/%s", ((struct path *)*state)->text, name), 0);
	folder = path;
	*strrchr(folder.text, '/') = '\0';
	assert_int_equal(path_make_folders(folder.text, NULL), 0);
	assert_int_equal(path_write_file(path.text, 0644, text, strlen(text), NULL), 0);
}

#define PACKAGE "[package]\nname = \"a\"\nversion = \"1.0.0\"\n"

static struct vet_facts scan(void **state)
{
	struct vet_facts facts = {.licence = ""};
	struct error err = {.code = 0};

	if (vet_scan(((struct path *)*state)->text, "a", "1.0.0", &facts, &err) < 0)
		fail_msg("%s", err.text);
	return facts;
}

static void assert_refused(void **state, const char *manifest, const char *why)
{
	struct vet_facts facts = {.licence = ""};
	struct error err = {.code = 0};

	put(state, "Cargo.toml", manifest);
	assert_int_equal(vet_scan(((struct path *)*state)->text, "a", "1.0.0", &facts, &err),
			 -EBADMSG);
	if (!strstr(err.text, why))
		fail_msg("\"%s\" lacks \"%s\"", err.text, why);
}

static uint64_t count(const char *text)
{
	return vet_rust_unsafe(text, strlen(text));
}

static void vet_rust_unsafe_words_are_counted(void **state)
{
	(void)state;
	assert_int_equal(count("unsafe fn f() { unsafe { g() } }"), 2);
	assert_int_equal(count("unsafe impl<'a> Send for T<'a> {}"), 1);
	assert_int_equal(count("#![forbid(unsafe_code)] fn unsafely() { not_unsafe() }"), 0);
	assert_int_equal(count("let r#unsafe = 1; r#unsafe"), 0);
	assert_int_equal(count("unsafe"), 1);
	assert_int_equal(count("x.0unsafe"), 0);
}

static void vet_rust_unsafe_comments_and_texts_are_not(void **state)
{
	(void)state;
	assert_int_equal(count("// unsafe\nunsafe {}"), 1);
	assert_int_equal(count("/* unsafe /* unsafe */ unsafe */ unsafe {}"), 1);
	assert_int_equal(count("/// # Safety: unsafe\n/** unsafe */ fn f() {}"), 0);
	assert_int_equal(count("\"unsafe \\\" unsafe\" unsafe"), 1);
	assert_int_equal(count("b\"unsafe\" c\"unsafe\" b'\\'' unsafe"), 1);
	assert_int_equal(count("r\"unsafe\\\" unsafe"), 1);
	assert_int_equal(count("r#\"unsafe \" unsafe\"# unsafe"), 1);
	assert_int_equal(count("br##\"unsafe\"# unsafe\"## cr\"unsafe\" unsafe"), 1);
	assert_int_equal(count("'\"' unsafe '\"'"), 1);
	assert_int_equal(count("'\\'' unsafe '\\\\' unsafe"), 2);
	assert_int_equal(count("'ä' unsafe '\"'"), 1);
	assert_int_equal(count("fn f<'unsafe_like>(x: &'a str) -> &'static str { unsafe {} }"), 1);
}

static void vet_rust_unsafe_what_is_cut_short_ends_there(void **state)
{
	static const char *const cut[] = {"/* unsafe",	  "\"unsafe", "\"unsafe\\", "r#\"unsafe",
					  "r#\"unsafe\"", "'\\",      "'",	    "b'",
					  "// unsafe",	  "r#"};

	(void)state;
	for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++)
		assert_int_equal(count(cut[i]), 0);
}

static void licence_accepted_terms_must_be_met(void **state)
{
	static const struct {
		const char *expression;
		int accepted;
	} rows[] = {
		{"MIT", 1},
		{"mit", 1},
		{"GPL-3.0-only", 0},
		{"GPL-3.0-only OR MIT", 1},
		{"GPL-3.0-only AND MIT", 0},
		{"MIT AND (GPL-3.0-only OR Zlib)", 1},
		{"(MIT OR GPL-3.0-only) AND GPL-3.0-only", 0},
		{"MIT OR GPL-3.0-only AND GPL-3.0-only", 1},
		{"MIT/GPL-3.0-only", 1},
		{"GPL-3.0-only / MIT", 1},
		{"Apache-2.0", 0},
		{"Apache-2.0 WITH LLVM-exception", 1},
		{"Apache-2.0 WITH Other-exception", 0},
		{"LicenseRef-mine", 0},
		{"", -EINVAL},
		{"MIT OR", -EINVAL},
		{"OR MIT", -EINVAL},
		{"MIT MIT", -EINVAL},
		{"(MIT", -EINVAL},
		{"MIT)", -EINVAL},
		{"MIT WITH", -EINVAL},
		{"MIT; rm", -EINVAL},
		{"((((((((((((((((((MIT))))))))))))))))))", -EINVAL},
	};
	json_auto_t *accepted =
		json_pack("[s, s, s]", "MIT", "Zlib", "Apache-2.0 WITH LLVM-exception");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (licence_accepted(rows[i].expression, accepted) != rows[i].accepted)
			fail_msg("%s: not %d", rows[i].expression, rows[i].accepted);
}

static void licence_normalise_slashes_become_or(void **state)
{
	char text[LICENCE_SIZE], large[2 * LICENCE_SIZE];

	(void)state;
	assert_int_equal(licence_normalise("MIT/Apache-2.0", text), 0);
	assert_string_equal(text, "MIT OR Apache-2.0");
	assert_int_equal(licence_normalise(" MIT / Zlib ", text), 0);
	assert_string_equal(text, "MIT OR Zlib");
	assert_int_equal(licence_normalise("MIT//Zlib", text), -EINVAL);
	for (size_t i = 0; i + 4 < sizeof(large); i += 4)
		memcpy(large + i, "A/A/", 5);
	memcpy(large + strlen(large) - 1, "", 1);
	assert_int_equal(licence_normalise(large, text), -ENAMETOOLONG);
}

static void vet_scan_facts_of_a_crate_are_found(void **state)
{
	put(state, "Cargo.toml",
	    PACKAGE "license = \"MIT/Apache-2.0\"\nlinks = \"z\"\nbuild = \"build/main.rs\"\n"
		    "[lib]\nproc-macro = true\n");
	put(state, "build/main.rs", "fn main() {}");
	put(state, "src/lib.rs", "unsafe fn f() {} // unsafe\n");
	put(state, "tests/t.rs", "unsafe {}");
	put(state, "LICENSE-MIT", "text");
	put(state, "docs/LICENSE", "elsewhere");
	put(state, "src/z.C", "int z;");
	put(state, "data/blob", "\177ELF and so on");
	put(state, "README.md", "ELF");
	struct vet_facts facts = scan(state);

	assert_string_equal(facts.licence, "MIT OR Apache-2.0");
	assert_string_equal(facts.links, "z");
	assert_int_equal(facts.build_script, 1);
	assert_int_equal(facts.proc_macro, 1);
	assert_int_equal(facts.unsafe_occurrences, 2);
	assert_int_equal(facts.rust_files, 3);
	assert_int_equal(facts.native_files, 2);
	assert_int_equal(json_array_size(facts.natives), 2);
	assert_string_equal(json_text(json_array_get(facts.natives, 0), "path"), "data/blob");
	assert_int_equal(json_array_size(facts.licence_files), 1);
	/* sha256 of "text" */
	assert_string_equal(json_text(json_array_get(facts.licence_files, 0), "sha256"),
			    "982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1");
	assert_string_equal(json_text(json_array_get(facts.build_scripts, 0), "path"),
			    "build/main.rs");
	vet_facts_fini(&facts);
}

static void vet_scan_a_build_script_without_a_key_is_found(void **state)
{
	put(state, "Cargo.toml", PACKAGE);
	put(state, "build.rs", "fn main() {}");
	struct vet_facts facts = scan(state);
	assert_int_equal(facts.build_script, 1);
	vet_facts_fini(&facts);

	put(state, "Cargo.toml", PACKAGE "build = false\n");
	facts = scan(state);
	assert_int_equal(facts.build_script, 0);
	assert_string_equal(facts.licence, "");
	vet_facts_fini(&facts);
}

static void vet_scan_what_lies_about_itself_is_refused(void **state)
{
	assert_refused(state, "[package]\nname = \"b\"\nversion = \"1.0.0\"\n", "another crate");
	assert_refused(state, "[package]\nname = \"a\"\nversion = \"1.0.1\"\n", "another crate");
	assert_refused(state, "", "another crate");
	assert_refused(state, PACKAGE "license = \"no; licence\"\n", "no licence expression");
	assert_refused(state, PACKAGE "license = 1\n", "package.license");
	assert_refused(state, PACKAGE "build = \"../b.rs\"\n", "names no file");
	assert_refused(state, PACKAGE "build = 1\n", "package.build");
	assert_refused(state, PACKAGE "links = []\n", "package.links");
	assert_refused(state, "[package\n", "Cargo.toml:1");
}

static void vet_is_native_names_and_heads_tell(void **state)
{
	static const char *const native[] = {"a.c", "b/c.S", "x.hpp", "l.so", "w.wasm", "o.O"};
	static const char *const others[] = {"a.rs", "c", "b.c/d", "Cargo.toml", "x.txt"};

	(void)state;
	for (size_t i = 0; i < sizeof(native) / sizeof(native[0]); i++)
		assert_int_equal(vet_is_native(native[i], "", 0), 1);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(vet_is_native(others[i], "text", 4), 0);
	assert_int_equal(vet_is_native("a.txt", "!<arch>\n", 8), 1);
	assert_int_equal(vet_is_native("a.txt", "!<arch>", 7), 0);
	assert_int_equal(vet_is_native("a.txt", "\0asm\1\0\0\0", 8), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vet_rust_unsafe_words_are_counted),
		cmocka_unit_test(vet_rust_unsafe_comments_and_texts_are_not),
		cmocka_unit_test(vet_rust_unsafe_what_is_cut_short_ends_there),
		cmocka_unit_test(licence_accepted_terms_must_be_met),
		cmocka_unit_test(licence_normalise_slashes_become_or),
		cmocka_unit_test_setup_teardown(vet_scan_facts_of_a_crate_are_found, setup,
						teardown),
		cmocka_unit_test_setup_teardown(vet_scan_a_build_script_without_a_key_is_found,
						setup, teardown),
		cmocka_unit_test_setup_teardown(vet_scan_what_lies_about_itself_is_refused, setup,
						teardown),
		cmocka_unit_test(vet_is_native_names_and_heads_tell),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
