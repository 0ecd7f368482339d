#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bundle.h"
#include "base/fd.h"
#include "front/api_files.h"
#include "front/collected.h"

#define PNG "\x89PNG\r\n\x1a\n"
#define SVG "<svg xmlns=\"http://www.w3.org/2000/svg\"/>"

static int read_bundle(struct bundle_writer *writer, struct product **ret_product)
{
	struct error err = {0};
	_cleanup_fd_ int fd = bundle_finish(writer);

	assert_true(fd >= 0);
	int r = collected_read(fd, ret_product, &err);
	assert_true(r == 0 || err.text[0]);
	return r;
}

static void add(struct bundle_writer *writer, const char *name, const char *text)
{
	bundle_add(writer, BUNDLE_FILE, name, text, strlen(text));
}

static void collected_read_of_a_bundle_is_its_files(void **state)
{
	struct bundle_writer writer = {0};
	struct product *product;
	uint32_t left_out = 3;

	(void)state;
	add(&writer, "a.svg", SVG);
	add(&writer, "b", "");
	bundle_add(&writer, BUNDLE_FILE, "c.bin", "\0\xff", 2);
	bundle_add(&writer, BUNDLE_LEFT_OUT, NULL, &left_out, sizeof(left_out));
	assert_int_equal(read_bundle(&writer, &product), 0);
	assert_true(product->is_collected);
	assert_int_equal(product->file_count, 3);
	assert_int_equal(product->left_out, 3);
	assert_string_equal(product->files[0].name, "a.svg");
	assert_string_equal(product->files[0].type, "image/svg+xml");
	assert_memory_equal(product->files[0].content, SVG, strlen(SVG));
	assert_int_equal(product->files[1].len, 0);
	assert_int_equal(product->files[2].len, 2);
	assert_memory_equal(product->files[2].content, "\0\xff", 2);
	product_free(product);
}

static void collected_read_of_nothing_has_no_files(void **state)
{
	_cleanup_fd_ int fd = memfd_new_sealed("artefact", "", 0);
	struct product *product;

	(void)state;
	assert_int_equal(collected_read(fd, &product, NULL), 0);
	assert_int_equal(product->file_count + product->left_out, 0);
	product_free(product);
}

static void collected_read_of_what_no_cell_hands_on_fails(void **state)
{
	static const struct {
		enum bundle_type type;
		const char *name, *body;
	} rows[] = {
		{BUNDLE_ARG, NULL, "/bin/sh"},
		{BUNDLE_PROGRAM, "a", ""},
		{BUNDLE_FILE, "../a", ""},
		{BUNDLE_COLLECT, "out", ""},
	};
	struct product *product;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bundle_writer writer = {0};
		add(&writer, "good.svg", SVG);
		bundle_add(&writer, rows[i].type, rows[i].name, rows[i].body, strlen(rows[i].body));
		assert_int_equal(read_bundle(&writer, &product), -EBADMSG);
	}
	_cleanup_fd_ int fd = memfd_new_sealed("artefact", "SLBNDL", 6);
	assert_int_equal(collected_read(fd, &product, NULL), -EBADMSG);
}

static void collected_read_of_too_many_or_ill_named_files_counts_them(void **state)
{
	struct bundle_writer writer = {0};
	struct product *product;
	char name[16];

	(void)state;
	add(&writer, "line\nbreak", "");
	add(&writer, "sub/folder", "");
	for (int i = 0; i < COLLECT_FILES_MAX + 2; i++) {
		snprintf(name, sizeof(name), "%d", i);
		add(&writer, name, "x");
	}
	assert_int_equal(read_bundle(&writer, &product), 0);
	assert_int_equal(product->file_count, COLLECT_FILES_MAX);
	assert_string_equal(product->files[0].name, "0");
	assert_int_equal(product->left_out, 4);
	product_free(product);
}

static void collected_name_is_valid_takes_plain_names_alone(void **state)
{
	static const char *const good[] = {"a",	       ".a",	   "a b", "<b>.svg", "\xe2\x82\xac",
					   "\xd7\x90", "\xc2\xa0", "%2F", "\"'"};
	static const char *const bad[] = {"",
					  ".",
					  "..",
					  "a/b",
					  "a\nb",
					  "\x1b[1m",
					  "\x7f",
					  "\xe2\x80\xaegvs.exe",
					  "\xe2\x81\xa6",
					  "\xd8\x9c",
					  "\xe2\x80\xa8",
					  "\xff",
					  "\xc2\x80",
					  "\xc2\x9f",
					  "\xc2"};
	char longest[COLLECT_NAME_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(collected_name_is_valid(good[i], strlen(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(collected_name_is_valid(bad[i], strlen(bad[i])));
	memset(longest, 'x', sizeof(longest));
	assert_true(collected_name_is_valid(longest, COLLECT_NAME_MAX));
	assert_false(collected_name_is_valid(longest, COLLECT_NAME_MAX + 1));
}

static void collected_type_goes_by_bytes(void **state)
{
	static const struct {
		const char *name, *data, *type;
	} rows[] = {
		{"a.png", PNG "more", "image/png"},
		{"no name", PNG, "image/png"},
		{"a.svg", PNG, "image/png"},
		{"a.png", "\x89PNG", COLLECTED_TYPE_OTHER},
		{"a.png", SVG, COLLECTED_TYPE_OTHER},
		{"a.svg", SVG, "image/svg+xml"},
		{"A.SVG", " \r\n\t" SVG, "image/svg+xml"},
		{"a.svg", "\xef\xbb\xbf<?xml version=\"1.0\"?>" SVG, "image/svg+xml"},
		{".svg", SVG, COLLECTED_TYPE_OTHER},
		{"a.svgz", SVG, COLLECTED_TYPE_OTHER},
		{"a.html", SVG, COLLECTED_TYPE_OTHER},
		{"a.svg", "", COLLECTED_TYPE_OTHER},
		{"a.svg", "<svg", COLLECTED_TYPE_OTHER},
		{"a.svg", "<svgx>", COLLECTED_TYPE_OTHER},
		{"a.svg", "<html><svg>", COLLECTED_TYPE_OTHER},
		{"a.svg", "<!DOCTYPE html><svg>", COLLECTED_TYPE_OTHER},
		{"a.svg", "<svg>\xff</svg>", COLLECTED_TYPE_OTHER},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(
			collected_type(rows[i].name, rows[i].data, strlen(rows[i].data)),
			rows[i].type);
	assert_string_equal(collected_type("a.svg", "<svg>\0</svg>", 12), COLLECTED_TYPE_OTHER);
}

static void api_file_name_undoes_what_api_file_url_does(void **state)
{
	static const char *const names[] = {"plot.svg", "a b", "<b>&\"'", "%41", "\xe2\x82\xac"};
	static const char *const bad[] = {"%", "%4", "%zz", "%+1", "%00"};
	char url[API_FILE_URL_SIZE], name[COLLECT_NAME_MAX + 1], longest[COLLECT_NAME_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		api_file_url("0123456789abcdef0123456789abcdef", names[i], url);
		const char *part = strrchr(url, '/') + 1;
		assert_int_equal(strspn(part, "abcdefghijklmnopqrstuvwxyzABCDEF0123456789%.-_~"),
				 strlen(part));
		assert_int_equal(api_file_name(part, name), 0);
		assert_string_equal(name, names[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(api_file_name(bad[i], name), -EINVAL);
	memset(longest, 'x', sizeof(longest));
	longest[COLLECT_NAME_MAX + 1] = '\0';
	assert_int_equal(api_file_name(longest, name), -EINVAL);
	memset(longest, '\xff', COLLECT_NAME_MAX);
	longest[COLLECT_NAME_MAX] = '\0';
	api_file_url("0123456789abcdef0123456789abcdef", longest, url);
	assert_int_equal(api_file_name(strrchr(url, '/') + 1, name), 0);
	assert_string_equal(name, longest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(collected_read_of_a_bundle_is_its_files),
		cmocka_unit_test(collected_read_of_nothing_has_no_files),
		cmocka_unit_test(collected_read_of_what_no_cell_hands_on_fails),
		cmocka_unit_test(collected_read_of_too_many_or_ill_named_files_counts_them),
		cmocka_unit_test(collected_name_is_valid_takes_plain_names_alone),
		cmocka_unit_test(collected_type_goes_by_bytes),
		cmocka_unit_test(api_file_name_undoes_what_api_file_url_does),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
