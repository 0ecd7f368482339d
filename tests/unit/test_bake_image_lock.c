/* lock.json: strictness, what it has for whom, and how differences are told. */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bake/json.h"
#include "bake/lock.h"

#define SUM_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SUM_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define PACKAGE(name, version, sum)                                                                \
	"{\"name\": \"" name "\", \"version\": \"" version                                         \
	"\", \"architecture\": \"amd64\", \"sha256\": \"" sum "\"}"

static const char good[] =
	"{\"schema\": 1, \"time\": \"20250520T000000Z\","
	"\"debian\": {\"suite\": \"bookworm\", \"architecture\": \"amd64\","
	" \"wanted\": [\"dash\", \"gcc\"],"
	" \"packages\": [" PACKAGE("dash", "1", SUM_A) ", " PACKAGE(
		"gcc", "4:1~b",
		SUM_B) "],"
		       " \"alternatives\": {\"rust.stable\": {\"wanted\": [\"rustc\"],"
		       "  \"packages\": [" PACKAGE("llvm", "14", SUM_A) ", " PACKAGE(
			       "rustc", "1",
			       SUM_A) "]}}},"
				      "\"rust\": {\"stable\": {\"source\": \"rustup\", "
				      "\"version\": \"1.95.0\", \"tree_sha256\": \"" SUM_A
				      "\"}, \"nightly\": {\"source\": \"dist\", \"date\": "
				      "\"2025-05-20\", \"manifest_sha256\": \"" SUM_A
				      "\", \"tree_sha256\": \"" SUM_B
				      "\"}, \"beta\": {\"source\": \"deb\"}},"
				      "\"tools\": {\"zig\": {\"source\": \"tar\", \"sha256\": "
				      "\"" SUM_A "\"}, \"own\": {\"source\": \"dir\", "
				      "\"tree_sha256\": \"" SUM_B "\"}}}";

static json_t *lock_of(const char *text)
{
	json_error_t at;
	json_t *lock = json_loads(text, JSON_REJECT_DUPLICATES, &at);

	if (!lock)
		fail_msg("%d: %s", at.column, at.text);
	return lock;
}

/* The value at a path of keys, "debian/alternatives"; "" is the top. */
static json_t *at(json_t *lock, const char *path)
{
	while (*path && lock) {
		char key[32];
		size_t len = strcspn(path, "/");
		snprintf(key, sizeof(key), "%.*s", (int)len, path);
		lock = json_object_get(lock, key);
		path += len + (path[len] == '/');
	}
	return lock;
}

static void assert_refused(const json_t *lock, const char *word)
{
	struct error err = {.code = 0};

	assert_int_equal(lock_check(lock, "lock.json", &err), -EINVAL);
	assert_non_null(strstr(err.text, "lock.json: "));
	if (!strstr(err.text, word))
		fail_msg("\"%s\" lacks \"%s\"", err.text, word);
}

static const char *const objects[] = {"",
				      "debian",
				      "debian/alternatives/rust.stable",
				      "rust/stable",
				      "rust/nightly",
				      "rust/beta",
				      "tools/zig",
				      "tools/own"};

static void lock_check_a_whole_lock_is_taken(void **state)
{
	json_auto_t *lock = lock_of(good);
	struct error err = {.code = 0};

	(void)state;
	if (lock_check(lock, "lock.json", &err) < 0)
		fail_msg("%s", err.text);
}

static void lock_check_unknown_keys_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
		json_auto_t *lock = lock_of(good);
		json_object_set_new(at(lock, objects[i]), "colour", json_string("red"));
		assert_refused(lock, "colour is an unknown key");
	}
}

static void lock_check_missing_keys_are_refused(void **state)
{
	static const char *const optional[] = {"time", "alternatives", "version"};

	(void)state;
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
		json_auto_t *whole = lock_of(good);
		const char *key;
		json_t *value;
		json_object_foreach (at(whole, objects[i]), key, value) {
			json_auto_t *lock = lock_of(good);
			int may = 0;
			for (size_t k = 0; k < sizeof(optional) / sizeof(optional[0]); k++)
				may |= strcmp(optional[k], key) == 0;
			json_object_del(at(lock, objects[i]), key);
			if (may)
				assert_int_equal(lock_check(lock, "lock.json", NULL), 0);
			else
				assert_refused(lock, "is missing");
		}
	}
}

static void lock_check_wrong_types_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
		json_auto_t *whole = lock_of(good);
		const char *key;
		json_t *value;
		json_object_foreach (at(whole, objects[i]), key, value) {
			json_auto_t *lock = lock_of(good);
			json_object_set_new(at(lock, objects[i]), key, json_real(1.5));
			assert_refused(lock, "must be");
		}
	}
}

static void lock_check_odd_values_are_refused(void **state)
{
	static const struct {
		const char *object, *key, *value, *word;
	} odd[] = {
		{"", "time", "2025-05-20", "YYYYMMDDTHHMMSSZ"},
		{"", "time", "20250520T000000Z/..", "YYYYMMDDTHHMMSSZ"},
		{"rust/nightly", "date", "../../etc", "YYYY-MM-DD"},
		{"rust/nightly", "date", "2025-05-200", "YYYY-MM-DD"},
		{"rust/nightly", "manifest_sha256", "abc", "64"},
		{"rust/stable", "source", "tar", "none here"},
		{"tools/zig", "source", "rustup", "none here"},
		{"tools/zig", "sha256", "", "64"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		json_auto_t *lock = lock_of(good);
		json_object_set_new(at(lock, odd[i].object), odd[i].key, json_string(odd[i].value));
		assert_refused(lock, odd[i].word);
	}
	json_auto_t *lock = lock_of(good);
	json_array_append_new(at(lock, "debian/wanted"), json_string("bash"));
	assert_refused(lock, "out of order");
}

static size_t count_for(const char *suite, const char *architecture, const char *wanted,
			const char *alternatives)
{
	json_auto_t *lock = lock_of(good);
	json_auto_t *names = lock_of(wanted);
	json_auto_t *others = lock_of(alternatives);
	json_auto_t *list = lock_packages(lock, suite, architecture, names, others);

	return list ? json_array_size(list) : 0;
}

static void lock_packages_are_those_of_the_same_wishes(void **state)
{
	static const char wanted[] = "[\"dash\", \"gcc\"]";
	static const char rust[] = "{\"rust.stable\": [\"rustc\"]}";

	(void)state;
	assert_int_equal(count_for("bookworm", "amd64", wanted, "{}"), 2);
	assert_int_equal(count_for("bookworm", "amd64", wanted, rust), 4);
	assert_int_equal(count_for("trixie", "amd64", wanted, "{}"), 0);
	assert_int_equal(count_for("bookworm", "arm64", wanted, "{}"), 0);
	assert_int_equal(count_for("bookworm", "amd64", "[\"dash\"]", "{}"), 0);
	assert_int_equal(count_for("bookworm", "amd64", wanted, "{\"rust.stable\": [\"ghc\"]}"), 0);
	assert_int_equal(count_for("bookworm", "amd64", wanted, "{\"tools.zig\": [\"zig\"]}"), 0);
}

static void note(void *owner, const char *line)
{
	char *text = owner;
	size_t used = strlen(text);

	snprintf(text + used, 2048 - used, "%s\n", line);
}

static void lock_compare_packages_every_kind_of_difference_is_told(void **state)
{
	json_auto_t *before = lock_of("[" PACKAGE("aa", "1", SUM_A) "," PACKAGE(
		"bb", "1", SUM_A) "," PACKAGE("cc", "1", SUM_A) "," PACKAGE("dd", "1", SUM_A) "]");
	json_auto_t *after = lock_of("[" PACKAGE("aa", "1", SUM_A) "," PACKAGE(
		"bb", "2", SUM_B) "," PACKAGE("cc", "1", SUM_B) "," PACKAGE("ee", "3", SUM_A) "]");
	char text[2048] = "";

	(void)state;
	assert_int_equal(lock_compare_packages(before, before, note, text), 0);
	assert_string_equal(text, "");
	assert_int_equal(lock_compare_packages(before, after, note, text), 4);
	assert_string_equal(text, "bb: 1 → 2\n"
				  "cc: 1, another file (sha256 aaaaaaaaaaaa… → bbbbbbbbbbbb…)\n"
				  "dd: gone, was 1\n"
				  "ee: new, 3\n");
	text[0] = '\0';
	assert_int_equal(lock_compare_packages(NULL, before, note, text), 4);
	assert_non_null(strstr(text, "aa: new, 1\n"));
}

static void lock_compare_parts_sources_and_hashes_are_told(void **state)
{
	json_auto_t *lock = lock_of(good);
	json_auto_t *other = lock_of(good);
	char text[2048] = "";

	(void)state;
	json_object_set_new(at(other, "rust/stable"), "tree_sha256", json_string(SUM_B));
	json_object_del(at(other, "rust"), "nightly");
	json_object_set_new(at(other, "rust"), "dev", json_pack("{s:s}", "source", "deb"));
	assert_int_equal(
		lock_compare_parts("Rust ", at(lock, "rust"), at(lock, "rust"), note, text), 0);
	assert_int_equal(
		lock_compare_parts("Rust ", at(lock, "rust"), at(other, "rust"), note, text), 3);
	assert_string_equal(
		text, "Rust stable: rustup 1.95.0 [aaaaaaaaaaaa] → rustup 1.95.0 [bbbbbbbbbbbb]\n"
		      "Rust nightly: dist [bbbbbbbbbbbb] → none\n"
		      "Rust dev: none → deb\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lock_check_a_whole_lock_is_taken),
		cmocka_unit_test(lock_check_unknown_keys_are_refused),
		cmocka_unit_test(lock_check_missing_keys_are_refused),
		cmocka_unit_test(lock_check_wrong_types_are_refused),
		cmocka_unit_test(lock_check_odd_values_are_refused),
		cmocka_unit_test(lock_packages_are_those_of_the_same_wishes),
		cmocka_unit_test(lock_compare_packages_every_kind_of_difference_is_told),
		cmocka_unit_test(lock_compare_parts_sources_and_hashes_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
