#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "bake/rust_link.h"
#include "bake/tree.h"

/* An image of empty files, as rustup and Debian lay them out. */
static struct bake *make_image(const char *without)
{
	static const struct {
		const char *before, *behind; /* the machine's name */
	} files[] = {
		{"usr/lib", "linux-gnu/Scrt1.o"},
		{"usr/lib/gcc", "linux-gnu/12/crtbeginS.o"},
		{"opt/rust/stable/lib/rustlib", "unknown-linux-gnu/lib/libstd-0123.so"},
		{"opt/rust/stable/lib/rustlib", "unknown-linux-gnu/bin/rust-lld"},
	};
	struct bake *bake = calloc(1, sizeof(*bake));
	struct utsname host;

	assert_non_null(bake);
	assert_int_equal(uname(&host), 0);
	snprintf(bake->image.text, sizeof(bake->image.text), "/tmp/sandlot-link-XXXXXX");
	assert_non_null(mkdtemp(bake->image.text));
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct path path;
		assert_int_equal(path_format(&path, NULL, "%s/root/%s/%s-%s", bake->image.text,
					     files[i].before, host.machine, files[i].behind),
				 0);
		char *slash = strrchr(path.text, '/');
		*slash = '\0';
		assert_int_equal(path_make_folders(path.text, NULL), 0);
		*slash = '/';
		if (!strstr(path.text, without))
			assert_int_equal(path_write_file(path.text, 0644, "", 0, NULL), 0);
	}
	return bake;
}

static void read_args(struct bake *bake, char *text, size_t size)
{
	struct channel channel = {.name = "stable"};
	struct path path;

	assert_int_equal(rust_link_write(bake, &channel, NULL), 0);
	assert_int_equal(
		path_format(&path, NULL, "%s/root/opt/rust/stable/link.args", bake->image.text), 0);
	FILE *file = fopen(path.text, "r");
	assert_non_null(file);
	size_t n = fread(text, 1, size - 1, file);
	text[n] = '\0';
	fclose(file);
	assert_int_equal(tree_remove(bake->image.text, NULL), 0);
	free(bake);
}

static void rust_link_write_of_a_whole_tool_chain_names_its_parts_as_cells_see_them(void **state)
{
	char text[4096];

	(void)state;
	read_args(make_image("nothing"), text, sizeof(text));
	assert_non_null(strstr(text, "-Clinker=rust-lld\n"));
	assert_non_null(strstr(text, "-Cprefer-dynamic\n"));
	assert_non_null(strstr(text, "-Clink-arg=-rpath=/opt/rust/stable/lib/rustlib/"));
	assert_non_null(strstr(text, "-linux-gnu/12/crtbeginS.o\n"));
	assert_null(strstr(text, "/tmp/"));
}

static void rust_link_write_with_a_part_missing_is_empty(void **state)
{
	static const char *const parts[] = {"Scrt1.o", "crtbeginS.o", "libstd-", "rust-lld"};
	char text[4096];

	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		read_args(make_image(parts[i]), text, sizeof(text));
		assert_string_equal(text, "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			rust_link_write_of_a_whole_tool_chain_names_its_parts_as_cells_see_them),
		cmocka_unit_test(rust_link_write_with_a_part_missing_is_empty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
