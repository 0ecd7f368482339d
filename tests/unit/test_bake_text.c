/* The parts of the bake that only read text: apt sources, package names, versions, templates,
 * paths, hashes. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bake/apt_sources.h"
#include "image/digest.h"
#include "bake/json.h"
#include "bake/path.h"
#include "bake/template.h"
#include "bake/versions.h"
#include "base/fd.h"

static char *sources(const char *text, int deb822)
{
	json_auto_t *suites = json_pack("[s, s]", "bookworm", "bookworm-security");
	const struct apt_wanted wanted = {.suites = suites, .keyring = "/k.gpg"};
	char *out = NULL;

	assert_int_equal(apt_sources_select(text, deb822, &wanted, &out, NULL), 0);
	return out;
}

static void assert_sources(const char *text, int deb822, const char *expected)
{
	char *out = sources(text, deb822);

	if (expected)
		assert_string_equal(out, expected);
	else
		assert_null(out);
	free(out);
}

#define STANZA(uri, suites)                                                                        \
	"Types: deb\nURIs: " uri "\nSuites: " suites "\nComponents: main\nSigned-By: /k.gpg\n\n"

static void apt_sources_select_debian_stanza_is_taken_and_pinned(void **state)
{
	(void)state;
	assert_sources("Types: deb deb-src\n# a note\nURIs: http://m/debian\n"
		       "Suites: bookworm\n bookworm-updates\nComponents: main contrib\n"
		       "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n",
		       1, STANZA("http://m/debian", "bookworm"));
	assert_sources("types: deb\nuris: http://m/s\nsuites: bookworm-security\n"
		       "components: main\n\n\nTypes: deb\nURIs: http://m/d\nSuites: bookworm\n"
		       "Components: main\n",
		       1,
		       STANZA("http://m/s", "bookworm-security") STANZA("http://m/d", "bookworm"));
}

static void apt_sources_select_other_stanzas_are_left_out(void **state)
{
	(void)state;
	assert_sources("Types: deb\nURIs: http://x\nSuites: nodistro\nComponents: main\n", 1, NULL);
	assert_sources("Types: deb\nURIs: http://x\nSuites: bookworm\nComponents: stable\n", 1,
		       NULL);
	assert_sources("Types: deb-src\nURIs: http://x\nSuites: bookworm\nComponents: main\n", 1,
		       NULL);
	assert_sources("Enabled: no\nTypes: deb\nURIs: http://x\nSuites: bookworm\n"
		       "Components: main\n",
		       1, NULL);
	assert_sources("Types: deb\nURIs: http://x\nSuites: bookworm\nComponents: main\n"
		       "Signed-By: /usr/share/keyrings/vendor.gpg\n",
		       1, NULL);
}

static void apt_sources_select_one_line_entries_are_read(void **state)
{
	(void)state;
	assert_sources("deb http://m/debian bookworm main contrib # note\n"
		       "deb-src http://m/debian bookworm main\n"
		       "# deb http://off bookworm main\n"
		       "deb [arch=amd64 signed-by=/k/vendor.gpg] http://x bookworm main\n"
		       "deb [trusted=yes] http://y bookworm extra\n",
		       0, STANZA("http://m/debian", "bookworm"));
	assert_sources("deb [ signed-by=/k/debian-archive-keyring.gpg ] http://m "
		       "bookworm-security main",
		       0, STANZA("http://m", "bookworm-security"));
}

static void apt_sources_select_trust_is_never_taken_over(void **state)
{
	char *out;

	(void)state;
	out = sources("deb [trusted=yes] http://y bookworm main\n", 0);
	assert_non_null(out);
	assert_null(strstr(out, "trusted"));
	assert_null(strstr(out, "Trusted"));
	assert_non_null(strstr(out, "Signed-By: /k.gpg"));
	free(out);
}

static void apt_sources_read_only_the_file_that_is_named(void **state)
{
	static const char entry[] = "deb http://m/debian bookworm main\n";
	json_auto_t *suites = json_pack("[s]", "bookworm");
	char folder[] = "/tmp/sandlot-unit-XXXXXX";
	struct apt_wanted wanted = {.suites = suites, .keyring = "/k.gpg"};
	struct error err = {.code = 0};
	struct path file;
	char *out = NULL;

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(path_format(&file, NULL, "%s/own.list", folder), 0);
	wanted.file = file.text;
	assert_int_equal(apt_sources_read(&wanted, &out, &err), -ENOENT);
	assert_non_null(strstr(err.text, file.text));
	assert_int_equal(path_write_file(file.text, 0644, entry, strlen(entry), NULL), 0);
	assert_int_equal(apt_sources_read(&wanted, &out, NULL), 0);
	assert_string_equal(out, STANZA("http://m/debian", "bookworm"));
	free(out);
	unlink(file.text);
	rmdir(folder);
}

static void apt_sources_add_snapshot_is_pinned_and_may_be_old(void **state)
{
	json_auto_t *suites = json_pack("[s, s]", "bookworm", "bookworm-updates");
	char *out = NULL;

	(void)state;
	assert_int_equal(apt_sources_add_snapshot("http://s", suites, "/k.gpg", &out, NULL), 0);
	assert_string_equal(out, "Types: deb\nURIs: http://s\nSuites: bookworm bookworm-updates\n"
				 "Components: main\nSigned-By: /k.gpg\nCheck-Valid-Until: no\n\n");
	free(out);
}

static void apt_options_select_only_how_to_reach_a_mirror_is_taken(void **state)
{
	char *out = NULL;

	(void)state;
	assert_int_equal(apt_options_select("APT \"\";\nAcquire::http::Proxy \"http://p:1\";\n"
					    "Acquire::AllowInsecureRepositories \"true\";\n"
					    "APT::Get::AllowUnauthenticated \"1\";\n"
					    "Acquire::Check-Valid-Until \"false\";\n"
					    "DPkg::Post-Invoke:: \"rm\";\n",
					    &out, NULL),
			 0);
	assert_string_equal(out, "Acquire::http::Proxy \"http://p:1\";\n"
				 "Acquire::Check-Valid-Until \"false\";\n");
	free(out);
}

static void versions_compilers_output_is_taken_apart(void **state)
{
	json_auto_t *rustc =
		versions_rustc("rustc 1.9 (x)\ncommit-hash: abc\ncommit-date: 2026-01-02\n"
			       "release: 1.95.0\n");
	json_auto_t *tool = versions_tool("rustfmt 1.9.0-stable (59807616e1 2026-04-14)\n");
	json_auto_t *bare = versions_tool("clippy 0.1.85\n");
	char *python = versions_find("Python 3.11.2\n", "Python ");

	(void)state;
	assert_string_equal(json_text(rustc, "version"), "1.95.0");
	assert_string_equal(json_text(rustc, "hash"), "abc");
	assert_string_equal(json_text(rustc, "date"), "2026-01-02");
	assert_string_equal(json_text(tool, "version"), "1.9.0-stable");
	assert_string_equal(json_text(tool, "hash"), "59807616e1");
	assert_string_equal(json_text(tool, "date"), "2026-04-14");
	assert_string_equal(json_text(bare, "version"), "0.1.85");
	assert_string_equal(json_text(bare, "hash"), "");
	assert_string_equal(python, "3.11.2");
	assert_null(versions_find("nothing\n", "Python "));
	assert_null(versions_rustc(""));
	assert_null(versions_tool("odd"));
	free(python);
}

static json_t *language(void)
{
	return json_pack("{s:{s:{s:[s,s],s:s}}}", "options", "mode", "values", "debug", "release",
			 "default", "debug");
}

static void template_argv_conditions_and_args_are_followed(void **state)
{
	json_auto_t *own = language();
	json_auto_t *chosen = json_pack("{s:s}", "mode", "release");
	json_auto_t *argv = json_loads("[\"/cc\", {\"when\": {\"mode\": [\"release\"]}, \"words\": "
				       "[\"-O\", \"{{{mode}}}\"]}, \"{main_file}\", \"{args}\"]",
				       0, NULL);
	struct template_values values = {.language = own, .main_file = "m.c"};
	char **words = NULL;

	(void)state;
	assert_int_equal(template_argv(argv, &values, &words, NULL), 0);
	assert_string_equal(words[1], "m.c");
	assert_null(words[2]);
	template_argv_free(words);
	values.chosen = chosen;
	assert_int_equal(template_argv(argv, &values, &words, NULL), 0);
	assert_string_equal(words[1], "-O");
	assert_string_equal(words[2], "{release}");
	assert_string_equal(words[3], "m.c");
	assert_null(words[4]);
	template_argv_free(words);
}

static void template_argv_later_words_follow(void **state)
{
	json_auto_t *own = language();
	json_auto_t *argv = json_loads("[\"/cc\", {\"later\": \".args\", \"as\": \"@.args\", "
				       "\"words\": [\"-o\", {\"when\": {\"mode\": \"debug\"}, "
				       "\"words\": [\"-g\"]}, \"{main_file}\"]}]",
				       0, NULL);
	struct template_values values = {.language = own, .main_file = "m.c"};
	char **words = NULL;

	(void)state;
	assert_int_equal(template_argv(argv, &values, &words, NULL), 0);
	assert_string_equal(words[1], "-o");
	assert_string_equal(words[2], "-g");
	assert_string_equal(words[3], "m.c");
	assert_null(words[4]);
	template_argv_free(words);
}

static void template_fill_faults_are_refused(void **state)
{
	json_auto_t *own = language();
	const struct template_values values = {.language = own, .main_file = "m.c"};
	static const char *const bad[] = {"{", "}", "{mode", "{none}", "a{}b", "{mo{de}"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char *text = NULL;
		assert_int_equal(template_fill(bad[i], &values, &text, NULL), -EINVAL);
		assert_null(text);
	}
}

static void path_is_below_only_plain_relative_paths_are(void **state)
{
	(void)state;
	assert_true(path_is_below("a"));
	assert_true(path_is_below("a/b.c/..d/...") == 1);
	static const char *const bad[] = {"",	 "/a",	  "a/",	  "a//b", ".",	  "..",
					  "./a", "a/./b", "a/..", "../a", "a\\b", "a\nb"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(path_is_below(bad[i]));
}

static void json_write_rows_small_things_are_lines(void **state)
{
	json_auto_t *value =
		json_pack("{s:i, s:[{s:s}, {s:s}], s:{}, s:[s, s], s:s}", "one", 1, "rows", "a",
			  "\"", "b", "\xc3\xa4", "none", "words", "x", "y", "last", "z");
	char path[] = "/tmp/sandlot-unit-XXXXXX";
	json_t *again = NULL;
	int fd = mkstemp(path);
	char *text = NULL;

	(void)state;
	assert_int_equal(json_write_rows(path, value, NULL), 0);
	assert_int_equal(json_read_file(path, &again, NULL), 0);
	assert_true(json_equal(value, again));
	close(fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(fd_read_all(fd, 4096, &text, NULL), 0);
	assert_string_equal(text, "{\n  \"one\": 1,\n  \"rows\": [\n    {\"a\": \"\\\"\"},\n"
				  "    {\"b\": \"\xc3\xa4\"}\n  ],\n  \"none\": {},\n"
				  "  \"words\": [\"x\", \"y\"],\n  \"last\": \"z\"\n}\n");
	json_decref(again);
	free(text);
	close(fd);
	unlink(path);
}

static void digest_field_boundaries_matter(void **state)
{
	char one[DIGEST_HEX_SIZE], two[DIGEST_HEX_SIZE];
	struct digest digest;

	(void)state;
	digest_begin(&digest);
	assert_int_equal(digest_end(&digest, one, NULL), 0);
	assert_string_equal(one,
			    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	digest_begin(&digest);
	digest_field_text(&digest, "a", "bc");
	assert_int_equal(digest_end(&digest, one, NULL), 0);
	digest_begin(&digest);
	digest_field_text(&digest, "ab", "c");
	assert_int_equal(digest_end(&digest, two, NULL), 0);
	assert_string_not_equal(one, two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(apt_sources_select_debian_stanza_is_taken_and_pinned),
		cmocka_unit_test(apt_sources_select_other_stanzas_are_left_out),
		cmocka_unit_test(apt_sources_select_one_line_entries_are_read),
		cmocka_unit_test(apt_sources_select_trust_is_never_taken_over),
		cmocka_unit_test(apt_options_select_only_how_to_reach_a_mirror_is_taken),
		cmocka_unit_test(apt_sources_read_only_the_file_that_is_named),
		cmocka_unit_test(apt_sources_add_snapshot_is_pinned_and_may_be_old),
		cmocka_unit_test(versions_compilers_output_is_taken_apart),
		cmocka_unit_test(template_argv_conditions_and_args_are_followed),
		cmocka_unit_test(template_argv_later_words_follow),
		cmocka_unit_test(template_fill_faults_are_refused),
		cmocka_unit_test(path_is_below_only_plain_relative_paths_are),
		cmocka_unit_test(json_write_rows_small_things_are_lines),
		cmocka_unit_test(digest_field_boundaries_matter),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
