/* The bill of materials and the words of provenance. */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bake/bom.h"
#include "bake/json.h"
#include "bake/provenance.h"
#include "bake/tree.h"

#define SUM "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const char lock_text[] =
	"version = 3\n\n[[package]]\nname = \"a\"\nversion = \"1.0.1+x\"\nsource = "
	"\"registry+index\"\nchecksum = \"" SUM "\"\ndependencies = [\n \"b\",\n]\n\n"
	"[[package]]\nname = \"b\"\nversion = \"2.0.0\"\nsource = \"registry+index\"\n"
	"checksum = \"" SUM "\"\n\n[[package]]\nname = \"set\"\nversion = \"0.0.0\"\n"
	"dependencies = [\n \"a\",\n]\n";

/* The component of this reference, or NULL. */
static const json_t *component(const json_t *bom, const char *ref)
{
	size_t i;
	json_t *found;

	json_array_foreach (json_object_get(bom, "components"), i, found)
		if (strcmp(json_text(found, "bom-ref"), ref) == 0)
			return found;
	return NULL;
}

static const char *text_at(const json_t *object, const char *array, const char *key)
{
	return json_text(json_array_get(json_object_get(object, array), 0), key);
}

static void bom_make_names_all_there_is(void **state)
{
	struct vet_state states[3] = {{.licence = "MIT", .audited = 1}, {.licence = ""}};
	const struct vet_result vetting = {.states = states, .count = 3};
	struct cargo_lock lock;
	json_auto_t *packages = json_pack("[{s:s, s:s, s:s, s:s}]", "name", "g++", "version",
					  "4:12.2.0-3", "architecture", "amd64", "sha256", SUM);
	json_auto_t *channels = json_pack("[{s:s, s:{s:s}, s:s}]", "channel", "stable", "rustc",
					  "version", "1.95.0", "files_sha256", SUM);
	json_auto_t *tools = json_pack("{s:{s:s, s:s}, s:{s:s, s:s}}", "one", "source", "tar",
				       "sha256", SUM, "two", "source", "dir", "tree_sha256", SUM);
	json_auto_t *bom = NULL;

	(void)state;
	assert_int_equal(cargo_lock_parse(lock_text, "Cargo.lock", &lock, NULL), 0);
	const struct bom_inputs inputs = {.name = "default",
					  .id = SUM,
					  .suite = "bookworm",
					  .packages = packages,
					  .channels = channels,
					  .tools = tools,
					  .lock = &lock,
					  .vetting = &vetting};
	assert_int_equal(bom_make(&inputs, &bom, NULL), 0);
	assert_int_equal(json_array_size(json_object_get(bom, "components")), 6);

	const json_t *debian =
		component(bom, "pkg:deb/debian/g%2B%2B@4:12.2.0-3?arch=amd64&distro=bookworm");
	assert_string_equal(text_at(debian, "hashes", "content"), SUM);
	const json_t *rust = component(bom, "rust-stable");
	assert_string_equal(json_text(rust, "version"), "1.95.0");
	assert_string_equal(text_at(component(bom, "tool-one"), "hashes", "content"), SUM);
	assert_string_equal(text_at(component(bom, "tool-two"), "properties", "value"), SUM);
	const json_t *a = component(bom, "pkg:cargo/a@1.0.1%2Bx");
	assert_string_equal(text_at(a, "licenses", "expression"), "MIT");
	assert_string_equal(text_at(a, "properties", "value"), VET_AUDITED);
	const json_t *b = component(bom, "pkg:cargo/b@2.0.0");
	assert_null(json_object_get(b, "licenses"));
	assert_string_equal(text_at(b, "properties", "value"), VET_EXEMPTED);

	const json_t *needs = json_object_get(bom, "dependencies");
	assert_int_equal(json_array_size(needs), 3);
	assert_string_equal(json_string_value(json_array_get(
				    json_object_get(json_array_get(needs, 0), "dependsOn"), 0)),
			    "pkg:cargo/b@2.0.0");
	assert_string_equal(json_text(json_array_get(needs, 2), "ref"), SUM); /* the image */
	cargo_lock_fini(&lock);
}

static void bom_make_an_image_without_crates_has_one_too(void **state)
{
	const struct vet_result vetting = {.states = NULL};
	const struct cargo_lock lock = {.packages = NULL};
	const struct bom_inputs inputs = {
		.name = "c", .id = SUM, .suite = "bookworm", .lock = &lock, .vetting = &vetting};
	json_auto_t *bom = NULL;

	(void)state;
	assert_int_equal(bom_make(&inputs, &bom, NULL), 0);
	assert_int_equal(json_array_size(json_object_get(bom, "components")), 0);
}

static void bom_purl_is_cut_not_overrun(void **state)
{
	char purl[24];

	(void)state;
	bom_purl("cargo", "++++++++++", "1.0.0", purl, sizeof(purl));
	assert_true(strlen(purl) < sizeof(purl));
	assert_int_equal(strncmp(purl, "pkg:cargo/%2B", 13), 0);
}

static void provenance_word_what_differs_is_left_out(void **state)
{
	static const struct {
		const char *word, *expected;
	} rows[] = {
		{"--wall=1", "--wall=1"},
		{"/var/c/tmp/aB3xY9/root", "{work}/root"},
		{"/var/c/tmp/aB3xY9:in", "{work}:in"},
		{"--bind=/var/c/vendor/k:/var/c/tmp/x", "--bind={cache}/vendor/k:{work}"},
		{"/usr/lib/p/sandlot-cell-run", "{programs}/sandlot-cell-run"},
		{"/var/cache/x", "/var/cache/x"},
		{"/var/c", "{cache}"},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *word = provenance_word(rows[i].word, "/var/c", "/usr/lib/p");
		assert_string_equal(word, rows[i].expected);
		free(word);
	}
}

/* Of a layer that does not say how it was made nothing is claimed. */
static void provenance_layer_without_its_commands_is_refused(void **state)
{
	char folder[] = "/tmp/sandlot-unit-XXXXXX";
	struct bake *bake = calloc(1, sizeof(*bake));
	struct error err = {.code = 0};
	struct path layer;

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(path_format(&layer, NULL, "%s", folder), 0);
	assert_int_equal(provenance_layer(bake, &layer, &err), -EBADMSG);
	assert_non_null(strstr(err.text, folder));
	assert_int_equal(json_array_size(bake->layers), 0);

	const char *const argv[] = {"/bin/true", NULL};
	assert_int_equal(provenance_command(bake, argv, 1, NULL), 0);
	assert_int_equal(provenance_keep(bake, folder, NULL), 0);
	assert_int_equal(provenance_layer(bake, &layer, NULL), 0);
	const json_t *kept = json_array_get(bake->layers, 0);
	assert_string_equal(json_text(kept, "layer"), strrchr(folder, '/') + 1);
	assert_int_equal(json_array_size(json_object_get(kept, "commands")), 1);
	json_decref(bake->layers);
	free(bake);
	assert_int_equal(tree_remove(folder, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bom_make_names_all_there_is),
		cmocka_unit_test(bom_make_an_image_without_crates_has_one_too),
		cmocka_unit_test(bom_purl_is_cut_not_overrun),
		cmocka_unit_test(provenance_word_what_differs_is_left_out),
		cmocka_unit_test(provenance_layer_without_its_commands_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
