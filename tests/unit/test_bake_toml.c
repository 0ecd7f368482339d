/* TOML as cargo and cargo-vet write it: what is taken, and every way to be refused. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bake/toml.h"

/* The text as compact JSON with sorted keys. */
static void assert_reads(const char *text, const char *json)
{
	json_t *top = NULL;
	struct error err = {.code = 0};

	if (toml_parse(text, strlen(text), "a.toml", &top, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	char *got = json_dumps(top, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(6));
	assert_string_equal(got, json);
	free(got);
	json_decref(top);
}

static void assert_refused(const char *text, const char *why)
{
	json_t *top = NULL;
	struct error err = {.code = 0};

	if (toml_parse(text, strlen(text), "a.toml", &top, &err) != -EINVAL)
		fail_msg("taken: %s", text);
	assert_null(top);
	if (!strstr(err.text, why) || !strstr(err.text, "a.toml"))
		fail_msg("%s: \"%s\" lacks \"%s\"", text, err.text, why);
}

static void toml_parse_values_are_read(void **state)
{
	(void)state;
	assert_reads("", "{}");
	assert_reads("# nothing\r\n\r\n", "{}");
	assert_reads("a = \"b\"\nc = 'd\\e'\n", "{\"a\":\"b\",\"c\":\"d\\\\e\"}");
	assert_reads("a = true # yes\nb = false", "{\"a\":true,\"b\":false}");
	assert_reads("a = -1_000\nb = +7\nc = 0\n", "{\"a\":-1000,\"b\":7,\"c\":0}");
	assert_reads("a = 1.5\nb = -2e3\n", "{\"a\":1.5,\"b\":-2000.0}");
	assert_reads("a = [1, [2], \"x\", # more\n  { b = 3 },\n]\n",
		     "{\"a\":[1,[2],\"x\",{\"b\":3}]}");
	assert_reads("a = {}\nb = { c.d = 1, \"e f\" = 2 }\n",
		     "{\"a\":{},\"b\":{\"c\":{\"d\":1},\"e f\":2}}");
}

static void toml_parse_texts_are_read(void **state)
{
	(void)state;
	assert_reads("a = \"\\\"\\\\\\t\\u00e4\\U0001F980\"\n", "{\"a\":\"\\\"\\\\\\tä🦀\"}");
	assert_reads("a = \"\"\"\none\ntwo \"quoted\"\"\"\"\n",
		     "{\"a\":\"one\\ntwo \\\"quoted\\\"\"}");
	assert_reads("a = \"\"\"one \\\n   two\"\"\"\n", "{\"a\":\"one two\"}");
	assert_reads("a = '''\nc:\\d'''\n", "{\"a\":\"c:\\\\d\"}");
	assert_reads("a = \"\"\nb = ''\nc = \"\"\"\"\"\"\n", "{\"a\":\"\",\"b\":\"\",\"c\":\"\"}");
}

static void toml_parse_tables_are_read(void **state)
{
	(void)state;
	assert_reads("[a.b]\nc = 1\n[a]\nd = 2\n", "{\"a\":{\"b\":{\"c\":1},\"d\":2}}");
	assert_reads("[[a.b]]\nc = 1\n[[a.b]]\n[a.b.d]\ne = 2\n",
		     "{\"a\":{\"b\":[{\"c\":1},{\"d\":{\"e\":2}}]}}");
	assert_reads("[target.'cfg(unix)'.dependencies]\nlibc = \"1\"\n",
		     "{\"target\":{\"cfg(unix)\":{\"dependencies\":{\"libc\":\"1\"}}}}");
	assert_reads("[ a . \"b\" ]\nx.y = 1\nx.z = 2\n",
		     "{\"a\":{\"b\":{\"x\":{\"y\":1,\"z\":2}}}}");
}

static void toml_parse_what_is_there_twice_is_refused(void **state)
{
	(void)state;
	assert_refused("a = 1\na = 2\n", "twice");
	assert_refused("[a]\n[b]\n[a]\n", "twice");
	assert_refused("[a]\nb = 1\n[a.b]\n", "name of a value");
	assert_refused("a = [1]\n[[a]]\n", "something else");
	assert_refused("[[a]]\n[a]\n", "name of an array");
	assert_refused("a = {b = 1}\n[a.c]\n", "name of a value");
	assert_refused("a = {b = 1}\na.c = 2\n", "name of a value");
	assert_refused("a = [{b = 1}]\n[a.c]\n", "name of a value");
	assert_refused("[a.b]\n[a]\nb.c = 1\n", "complete");
}

static void toml_parse_what_is_no_toml_is_refused_with_its_line(void **state)
{
	(void)state;
	assert_refused("x = 1\n\na =\n", "a.toml:3: a value is expected");
	assert_refused("a\n", "without =");
	assert_refused("a = 1 b = 2\n", "should end");
	assert_refused("a = \"b\n", "not closed");
	assert_refused("a = \"\"\"b\n", "not closed");
	assert_refused("a = \"\\q\"\n", "escape");
	assert_refused("a = \"\\ud800\"\n", "no character");
	assert_refused("a = \"\\u0000\"\n", "no character");
	assert_refused("a = \"\\u12\"\n", "hex digits");
	assert_refused("a = \"\x01\"\n", "control character");
	assert_refused("a = \"\xff\"\n", "UTF-8");
	assert_refused("\"\xff\" = 1\n", "UTF-8");
	assert_refused("a = [1, 2\n", "array is not closed");
	assert_refused("a = {b = 1\n", "inline table is not closed");
	assert_refused("a = {b = 1,}\n", "comma");
	assert_refused("[a\n", "name is not closed");
	assert_refused("[[a]\n", "name is not closed");
	assert_refused("[]\n", "key is expected");
	assert_refused("a = tru\n", "neither");
	assert_refused("a = 2024-01-01\n", "not well formed");
	assert_refused("a = 0x10\n", "should end");
	assert_refused("a = 007\n", "not well formed");
	assert_refused("a = 1__0\n", "not well formed");
	assert_refused("a = 99999999999999999999\n", "not well formed");
}

static void toml_parse_what_is_too_deep_or_long_is_refused(void **state)
{
	char text[1024], key[TOML_KEY_MAX + 8];

	(void)state;
	memset(text, '[', sizeof(text));
	memcpy(text, "a = ", 4);
	text[sizeof(text) - 1] = '\0';
	assert_refused(text, "values in values");
	for (size_t i = 0; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "a.", 3);
	assert_refused(text, "tables in tables");
	memset(key, 'k', sizeof(key));
	memcpy(key + sizeof(key) - 5, " = 1", 5);
	assert_refused(key, "too long");
}

static void toml_parse_nul_and_size_are_refused(void **state)
{
	struct error err = {.code = 0};
	json_t *top = NULL;
	char *large = calloc(1, TOML_BYTES_MAX + 1);

	(void)state;
	assert_int_equal(toml_parse("a\0", 2, "a.toml", &top, &err), -EINVAL);
	assert_non_null(strstr(err.text, "NUL"));
	assert_int_equal(toml_parse(large, TOML_BYTES_MAX + 1, "a.toml", &top, &err), -EFBIG);
	free(large);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(toml_parse_values_are_read),
		cmocka_unit_test(toml_parse_texts_are_read),
		cmocka_unit_test(toml_parse_tables_are_read),
		cmocka_unit_test(toml_parse_what_is_there_twice_is_refused),
		cmocka_unit_test(toml_parse_what_is_no_toml_is_refused_with_its_line),
		cmocka_unit_test(toml_parse_what_is_too_deep_or_long_is_refused),
		cmocka_unit_test(toml_parse_nul_and_size_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
