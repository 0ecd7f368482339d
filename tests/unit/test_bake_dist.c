/* The manifest of Rust's official distribution. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bake/dist_manifest.h"

#define SUM_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SUM_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define TARGET "x86_64-unknown-linux-gnu"
#define HEAD "manifest-version = \"2\"\ndate = \"2025-05-15\"\n\n"
#define PACKAGE(name, target, more)                                                                \
	"[pkg." name "]\nversion = \"1.87.0 (17067e9ac 2025-05-09)\"\n\n[pkg." name                \
	".target." target "]\navailable = true\n" more "\n"
#define ADDRESS(file) "https://server/dist/2025-05-15/" file
#define RUSTC                                                                                      \
	PACKAGE("rustc", TARGET,                                                                   \
		"url = \"" ADDRESS(                                                                \
			"rustc-1.87.0-" TARGET                                                     \
			".tar.gz") "\"\nhash = \"" SUM_B                                           \
				   "\"\nxz_url = \"" ADDRESS("rustc-1.87.0-" TARGET                \
							     ".tar.xz") "\"\nxz_hash = \"" SUM_A   \
									"\"\ncomponents = []\n")
#define SOURCE                                                                                     \
	PACKAGE("rust-src", "\"*\"",                                                               \
		"url = \"" ADDRESS("rust-src-1.87.0.tar.gz") "\"\nhash = \"" SUM_B "\"\n")

static int parse(const char *text, const char *component, struct dist_manifest *ret,
		 struct error *err)
{
	json_auto_t *wanted = component ? json_pack("[s]", component) : json_array();
	return dist_manifest_parse(text, strlen(text), TARGET, wanted, ret, err);
}

static void dist_manifest_parse_components_are_found(void **state)
{
	static const char text[] = HEAD RUSTC SOURCE "[renames.source]\nto = \"rust-src\"\n";
	struct dist_manifest manifest;
	struct error err = {.code = 0};

	(void)state;
	if (parse(text, "rustc", &manifest, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(manifest.date, "2025-05-15");
	assert_string_equal(manifest.version, "1.87.0 (17067e9ac 2025-05-09)");
	assert_int_equal(manifest.component_count, 1);
	assert_string_equal(manifest.components[0].path,
			    "2025-05-15/rustc-1.87.0-" TARGET ".tar.xz");
	assert_string_equal(manifest.components[0].top, "rustc-1.87.0-" TARGET);
	assert_string_equal(manifest.components[0].sha256, SUM_A);

	/* For any machine, under another name, and without xz. */
	assert_int_equal(parse(text, "source", &manifest, NULL), 0);
	assert_string_equal(manifest.components[0].path, "2025-05-15/rust-src-1.87.0.tar.gz");
	assert_string_equal(manifest.components[0].sha256, SUM_B);
	assert_int_equal(parse(text, NULL, &manifest, NULL), 0);
	assert_int_equal(manifest.component_count, 0);
}

static void dist_manifest_parse_missing_component_is_named(void **state)
{
	static const char *const texts[] = {
		HEAD RUSTC,
		HEAD PACKAGE("cargo", "aarch64-unknown-linux-gnu", ""),
		HEAD "[pkg.cargo]\n[pkg.cargo.target." TARGET "]\navailable = false\n",
		HEAD "[renames.cargo]\nto = \"nothing\"\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct dist_manifest manifest;
		struct error err = {.code = 0};
		assert_int_equal(parse(texts[i], "cargo", &manifest, &err), -ENOENT);
		assert_non_null(strstr(err.text, "no component cargo for " TARGET));
	}
}

static void dist_manifest_parse_what_is_odd_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"manifest-version = \"1\"\ndate = \"2025-05-15\"\n" RUSTC,
		"manifest-version = \"2\"\n" RUSTC,
		HEAD "[pkg",
		HEAD PACKAGE("rustc", TARGET,
			     "url = \"https://server/rustc.tar.gz\"\nhash = \"" SUM_A "\"\n"),
		HEAD PACKAGE("rustc", TARGET,
			     "url = \"https://server/dist/../../rustc.tar.gz\"\nhash = \"" SUM_A
			     "\"\n"),
		HEAD PACKAGE("rustc", TARGET,
			     "url = \"https://server/dist/rustc\"\nhash = \"" SUM_A "\"\n"),
		HEAD PACKAGE("rustc", TARGET,
			     "url = \"" ADDRESS("rustc.tar.gz") "\"\nhash = \"abc\"\n"),
		HEAD PACKAGE("rustc", TARGET, "url = \"" ADDRESS("rustc.tar.gz") "\"\n"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct dist_manifest manifest;
		if (parse(texts[i], "rustc", &manifest, NULL) != -EINVAL)
			fail_msg("%s is taken", texts[i]);
	}
}

static void dist_manifest_parse_random_damage_never_crashes(void **state)
{
	static const char good[] = HEAD RUSTC SOURCE;
	uint64_t seed = 0xd157;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		char text[sizeof(good)];
		struct dist_manifest manifest;
		memcpy(text, good, sizeof(good));
		for (size_t k = unit_random_below(&seed, 4) + 1; k > 0; k--)
			text[unit_random_below(&seed, sizeof(good) - 1)] =
				(char)(unit_random_below(&seed, 127) + 1);
		if (parse(text, "rustc", &manifest, NULL) == 0)
			assert_int_equal(manifest.component_count, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dist_manifest_parse_components_are_found),
		cmocka_unit_test(dist_manifest_parse_missing_component_is_named),
		cmocka_unit_test(dist_manifest_parse_what_is_odd_is_refused),
		cmocka_unit_test(dist_manifest_parse_random_damage_never_crashes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
