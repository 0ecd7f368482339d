#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bake/cargo_lock.h"
#include "bake/externs.h"
#include "bake/json.h"
#include "bake/selftest_crates.h"

#define SUM_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SUM_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define HEAD "# made by cargo\nversion = 3\n\n"
#define ROOT(dependencies)                                                                         \
	"[[package]]\nname = \"set\"\nversion = \"0.0.0\"\ndependencies = [\n" dependencies "]\n"  \
	"\n"
#define CRATE(name, version, sum)                                                                  \
	"[[package]]\nname = \"" name "\"\nversion = \"" version                                   \
	"\"\nsource = \"registry+index\"\nchecksum = \"" sum "\"\n\n"

static struct cargo_lock parse(const char *text)
{
	struct cargo_lock lock = {.packages = NULL};
	struct error err = {.code = 0};

	if (cargo_lock_parse(text, "Cargo.lock", &lock, &err) < 0)
		fail_msg("%s", err.text);
	return lock;
}

static void assert_refused(const char *text, const char *word)
{
	struct cargo_lock lock = {.packages = NULL};
	struct error err = {.code = 0};

	assert_int_equal(cargo_lock_parse(text, "Cargo.lock", &lock, &err), -EINVAL);
	assert_null(lock.packages);
	assert_non_null(strstr(err.text, "Cargo.lock"));
	if (!strstr(err.text, word))
		fail_msg("\"%s\" lacks \"%s\"", err.text, word);
}

static void cargo_lock_parse_packages_and_dependencies_are_read(void **state)
{
	struct cargo_lock lock =
		parse(HEAD ROOT(" \"rand 0.9.0\",\n \"serde\",\n") CRATE("rand", "0.8.0", SUM_A)
			      CRATE("rand", "0.9.0", SUM_B) CRATE("serde", "1.0.0+b", SUM_A));

	(void)state;
	assert_int_equal(lock.count, 4);
	const struct cargo_package *root = cargo_lock_root(&lock);
	assert_string_equal(root->name, "set");
	assert_int_equal(root->dependency_count, 2);
	const struct cargo_package *rand = cargo_lock_find(&lock, root->dependencies[0]);
	assert_string_equal(rand->version, "0.9.0");
	assert_string_equal(rand->sha256, SUM_B);
	assert_string_equal(cargo_lock_find(&lock, root->dependencies[1])->version, "1.0.0+b");
	assert_null(cargo_lock_find(&lock, "rand"));
	assert_null(cargo_lock_find(&lock, "rand 1.0.0"));
	assert_null(cargo_lock_find(&lock, "ran"));
	cargo_lock_fini(&lock);
}

static void cargo_lock_parse_names_that_lead_elsewhere_are_refused(void **state)
{
	(void)state;
	assert_refused(HEAD ROOT("") CRATE("../a", "1.0.0", SUM_A), "not allowed");
	assert_refused(HEAD ROOT("") CRATE("a", "1.0/..", SUM_A), "not allowed");
	assert_refused(HEAD ROOT("") CRATE("a\\\"", "1.0", SUM_A), "escapes");
}

static void cargo_lock_parse_missing_or_odd_checksums_are_refused(void **state)
{
	(void)state;
	assert_refused(HEAD ROOT("") "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n"
				     "source = \"registry+index\"\n",
		       "no checksum");
	assert_refused(HEAD ROOT("") CRATE("a", "1.0.0", "abc"), "64");
	assert_refused(HEAD ROOT("") "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n"
				     "source = \"git+somewhere\"\n",
		       "registry");
}

static void cargo_lock_parse_what_is_not_understood_is_refused(void **state)
{
	(void)state;
	assert_refused("version = 9\n", "versions 3 and 4");
	assert_refused(HEAD "[metadata]\n", "neither");
	assert_refused(HEAD ROOT("") "[[package]]\ncolour = \"red\"\n", "unknown key");
	assert_refused(HEAD "[[package]]\nname = \"set\"\nversion = \"0\"\ndependencies = [\n",
		       "not whole");
	assert_refused(HEAD, "exactly one");
	assert_refused(HEAD ROOT("") ROOT(""), "twice");
	assert_refused(HEAD ROOT("") CRATE("a", "1.0.0", SUM_A) CRATE("a", "1.0.0", SUM_B),
		       "twice");
}

static void cargo_lock_parse_random_damage_never_crashes(void **state)
{
	static const char good[] = HEAD ROOT(" \"a\",\n") CRATE("a", "1.0.0", SUM_A);
	uint64_t seed = 0x1234567;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char text[sizeof(good)];
		struct cargo_lock lock = {.packages = NULL};
		memcpy(text, good, sizeof(good));
		for (size_t k = unit_random_below(&seed, 4) + 1; k > 0; k--)
			text[unit_random_below(&seed, sizeof(good) - 1)] =
				(char)unit_random_below(&seed, 128);
		if (cargo_lock_parse(text, "Cargo.lock", &lock, NULL) == 0) {
			assert_non_null(cargo_lock_root(&lock));
			cargo_lock_fini(&lock);
		}
	}
}

#define ARTIFACT(folder, name, kind, file)                                                         \
	"{\"reason\":\"compiler-artifact\",\"manifest_path\":\"/in/vendor/" folder                 \
	"/Cargo.toml\",\"target\":{\"kind\":[\"" kind "\"],\"name\":\"" name                       \
	"\"},\"filenames\":[\"/t/deps/" file "\",\"/t/deps/x.rmeta\"]}\n"

static void externs_make_direct_crates_are_named(void **state)
{
	struct cargo_lock lock =
		parse(HEAD ROOT(" \"num-bigint\",\n \"m\",\n") CRATE("num-bigint", "0.4.8", SUM_A)
			      CRATE("m", "1.0.0", SUM_A) CRATE("other", "1.0.0", SUM_B));
	static const char messages[] = "{\"reason\":\"build-script-executed\"}\n" ARTIFACT(
		"num-bigint-0.4.8", "build-script-build", "custom-build", "b.so")
		ARTIFACT("num-bigint-0.4.8", "num-bigint", "lib", "libnum_bigint-1.rlib")
			ARTIFACT("m-1.0.0", "m", "proc-macro", "libm-2.so")
				ARTIFACT("other-1.0.0", "other", "lib", "libother-3.rlib");
	char *args = NULL;
	json_t *crates = NULL;
	struct error err = {.code = 0};

	(void)state;
	assert_int_equal(externs_make(messages, &lock, "/opt/c", &args, &crates, &err), 0);
	assert_string_equal(args, "-Ldependency=/opt/c\n"
				  "--extern=num_bigint=/opt/c/libnum_bigint-1.rlib\n"
				  "--extern=m=/opt/c/libm-2.so\n");
	assert_int_equal(json_array_size(crates), 2);
	assert_string_equal(json_text(json_array_get(crates, 0), "id"), "num_bigint");
	assert_string_equal(json_text(json_array_get(crates, 0), "version"), "0.4.8");
	json_decref(crates);
	free(args);
	cargo_lock_fini(&lock);
}

/* A crate that macros use, too, is compiled twice: programs get the one that is theirs. */
static void externs_make_libraries_of_macros_are_left_out(void **state)
{
	struct cargo_lock lock = parse(HEAD ROOT(" \"a\",\n") CRATE("a", "1.0.0", SUM_A));
	static const char host[] =
		ARTIFACT("a-1.0.0", "a", "lib", "../target/release/deps/a-1.rlib");
	static const char both[] =
		ARTIFACT("a-1.0.0", "a", "lib", "../target/release/deps/a-1.rlib")
			ARTIFACT("a-1.0.0", "a", "lib", "../target/x-linux/release/deps/a-2.rlib");
	char *args = NULL;
	json_t *crates = NULL;

	(void)state;
	assert_int_equal(externs_make(host, &lock, "/opt/c", &args, &crates, NULL), -EINVAL);
	assert_int_equal(externs_make(both, &lock, "/opt/c", &args, &crates, NULL), 0);
	assert_string_equal(args, "-Ldependency=/opt/c\n--extern=a=/opt/c/a-2.rlib\n");
	json_decref(crates);
	free(args);
	cargo_lock_fini(&lock);
}

static void externs_make_missing_crate_or_odd_output_is_refused(void **state)
{
	struct cargo_lock lock = parse(HEAD ROOT(" \"a\",\n") CRATE("a", "1.0.0", SUM_A));
	static const char *const bad[] = {
		"",
		"no json\n",
		ARTIFACT("a-1.0.1", "a", "lib", "liba.rlib"),
		ARTIFACT("a-1.0.0", "a", "lib", "liba rm.rlib"),
		ARTIFACT("a-1.0.0", "a b", "lib", "liba.rlib"),
		ARTIFACT("a-1.0.0", "a", "bin", "liba.rlib"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char *args = NULL;
		json_t *crates = NULL;
		assert_int_equal(externs_make(bad[i], &lock, "/opt/c", &args, &crates, NULL),
				 -EINVAL);
		assert_null(args);
	}
	cargo_lock_fini(&lock);
}

static void selftest_crates_code_every_crate_is_named(void **state)
{
	json_auto_t *crates = json_pack("[{s:s}, {s:s}]", "id", "serde", "id", "num_bigint");
	char *code = NULL;

	(void)state;
	assert_int_equal(selftest_crates_code("fn main() {}", crates, &code, NULL), 0);
	assert_ptr_equal(strstr(code, "fn main() {}\n"), code);
	assert_non_null(strstr(code, "\nuse ::serde as _;\n"));
	assert_non_null(strstr(code, "\nuse ::num_bigint as _;\n"));
	free(code);
	assert_int_equal(selftest_crates_code(NULL, crates, &code, NULL), 0);
	assert_ptr_equal(strstr(code, "fn main() {}\n"), code);
	free(code);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cargo_lock_parse_packages_and_dependencies_are_read),
		cmocka_unit_test(cargo_lock_parse_names_that_lead_elsewhere_are_refused),
		cmocka_unit_test(cargo_lock_parse_missing_or_odd_checksums_are_refused),
		cmocka_unit_test(cargo_lock_parse_what_is_not_understood_is_refused),
		cmocka_unit_test(cargo_lock_parse_random_damage_never_crashes),
		cmocka_unit_test(externs_make_direct_crates_are_named),
		cmocka_unit_test(externs_make_libraries_of_macros_are_left_out),
		cmocka_unit_test(externs_make_missing_crate_or_odd_output_is_refused),
		cmocka_unit_test(selftest_crates_code_every_crate_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
