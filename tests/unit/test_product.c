#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "front/product.h"

static int read_bytes(struct action_plan *plan, const char *bytes, size_t len,
		      struct product **ret_product, struct error *err)
{
	_cleanup_fd_ int fd = memfd_new_sealed("artefact", bytes, len);

	assert_true(fd >= 0);
	return product_read(plan, fd, ret_product, err);
}

static struct product *read_text(const char *bytes, size_t len, int filters_asm)
{
	struct action_plan plan = {.result = ACTION_TEXT, .filters_asm = filters_asm};
	struct product *product;
	struct error err = {0};

	if (read_bytes(&plan, bytes, len, &product, &err) < 0)
		fail_msg("%s", err.text);
	return product;
}

static void product_read_of_a_text_is_the_text(void **state)
{
	(void)state;
	struct product *product = read_text("a\0b", 3, 0);
	assert_int_equal(product->len, 3);
	assert_memory_equal(product->text, "a\0b", 4);
	assert_false(product->truncated);
	product_free(product);
	product = read_text("", 0, 0);
	assert_string_equal(product->text, "");
	product_free(product);
}

static void product_read_of_assembly_filters_it(void **state)
{
	(void)state;
	static const char text[] = "f:\n\t.cfi_startproc\n\tret\n";
	struct product *product = read_text(text, sizeof(text) - 1, 1);
	assert_string_equal(product->text, "f:\n\tret\n");
	product_free(product);
}

static void product_read_of_assembly_with_lines_notes_them_as_far_as_its_text_goes(void **state)
{
	static const char head[] = "\t.file 1 \"a.rs\"\nf:\n\t.loc 1 7\n";
	static char *names[] = {"a.rs"};
	struct action_plan plan = {.result = ACTION_TEXT,
				   .filters_asm = 1,
				   .links_lines = 1,
				   .file_names = names,
				   .file_count = 1};
	struct product *product;
	size_t len = 2 * (size_t)PRODUCT_MAX;
	char *text = malloc(len);

	(void)state;
	assert_non_null(text);
	assert_int_equal(read_bytes(&plan, head, sizeof(head) - 1, &product, NULL), 0);
	assert_int_equal(product->line_count, 1);
	product_free(product);
	/* 64-byte lines, of which half are cut off. */
	memset(text, 'x', len);
	for (size_t i = 0; i < len; i += 64)
		memcpy(text + i, "\n\t", 2);
	memcpy(text, head, sizeof(head) - 1);
	assert_int_equal(read_bytes(&plan, text, len, &product, NULL), 0);
	assert_true(product->has_lines && product->truncated);
	assert_in_range(product->line_count, PRODUCT_MAX / 64, PRODUCT_MAX / 64 + 2);
	assert_int_equal(product->lines[0].line, 0);
	assert_int_equal(product->lines[product->line_count - 1].line, 7);
	product_free(product);
	free(text);
}

/* A text of 2-byte characters from offset on, one byte over the limit and more. */
static void check_cut(size_t offset, size_t wanted)
{
	size_t len = PRODUCT_MAX + 7;
	char *text = malloc(len);

	assert_non_null(text);
	for (size_t i = 0; i < len; i++)
		text[i] = i < offset ? 'x' : (i - offset) % 2 ? (char)0xbc : (char)0xc3;
	struct product *product = read_text(text, len, 0);
	assert_int_equal(product->len, wanted);
	assert_true(product->truncated);
	product_free(product);
	free(text);
}

static void product_read_of_a_long_text_is_cut_on_a_character(void **state)
{
	(void)state;
	check_cut(0, PRODUCT_MAX);
	check_cut(1, PRODUCT_MAX - 1);
}

static void product_read_of_an_artefact_beyond_what_is_read_is_cut(void **state)
{
	(void)state;
	size_t len = (size_t)PRODUCT_READ_MAX + 1;
	char *text = calloc(1, len);

	assert_non_null(text);
	memset(text, '\n', len);
	memcpy(text, "\tret\n", 5);
	struct product *product = read_text(text, len, 1);
	assert_string_equal(product->text, "\tret\n");
	assert_true(product->truncated);
	product_free(product);
	free(text);
}

static struct action_plan files_plan(size_t count)
{
	struct action_plan plan = {.result = ACTION_FILES, .file_count = count};

	plan.file_names = calloc(count, sizeof(*plan.file_names));
	assert_non_null(plan.file_names);
	for (size_t i = 0; i < count; i++) {
		plan.file_names[i] = strdup("a.rs");
		plan.file_names[i][0] = (char)('a' + i);
	}
	return plan;
}

static void files_plan_fini(struct action_plan *plan)
{
	for (size_t i = 0; i < plan->file_count; i++)
		free(plan->file_names[i]);
	free(plan->file_names);
}

static void product_read_of_files_splits_them(void **state)
{
	(void)state;
	static const char bytes[] = "3\n0\n2\nabcde";
	struct action_plan plan = files_plan(3);
	struct product *product;

	assert_int_equal(read_bytes(&plan, bytes, sizeof(bytes) - 1, &product, NULL), 0);
	assert_int_equal(product->file_count, 3);
	assert_string_equal(product->files[0].name, "a.rs");
	assert_string_equal(product->files[2].name, "c.rs");
	assert_memory_equal(product->files[0].content, "abc", 3);
	assert_int_equal(product->files[1].len, 0);
	assert_memory_equal(product->files[2].content, "de", 2);
	product_free(product);
	files_plan_fini(&plan);
}

static void product_read_of_what_are_no_files_is_refused(void **state)
{
	(void)state;
	static const char *const wrong[] = {"",
					    "2",
					    "2\n",
					    "2\n3\nab",
					    "2\n\nab",
					    "2\n-1\nab",
					    "2\n 1\nabc",
					    "1\n1\nabc",
					    "x\n1\na",
					    "99999999999999999999999\n1\na",
					    "18446744073709551615\n3\nab"};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct action_plan plan = files_plan(2);
		struct product *product;
		struct error err = {0};
		assert_int_equal(read_bytes(&plan, wrong[i], strlen(wrong[i]), &product, &err),
				 -EBADMSG);
		assert_string_equal(err.text, "It left something else than the files.");
		files_plan_fini(&plan);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(product_read_of_a_text_is_the_text),
		cmocka_unit_test(product_read_of_assembly_filters_it),
		cmocka_unit_test(
			product_read_of_assembly_with_lines_notes_them_as_far_as_its_text_goes),
		cmocka_unit_test(product_read_of_a_long_text_is_cut_on_a_character),
		cmocka_unit_test(product_read_of_an_artefact_beyond_what_is_read_is_cut),
		cmocka_unit_test(product_read_of_files_splits_them),
		cmocka_unit_test(product_read_of_what_are_no_files_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
