/*
 * What a cell left of an action. Input: which kind of result (a text, an assembly text, 1 to 4
 * files), then the artefact. A text is bounded, files lie within it, one after the other to its
 * end.
 */
#include "fuzz.h"

#include <errno.h>
#include <unistd.h>

#include "base/fd.h"
#include "front/asm_filter.h"
#include "front/product.h"

static char **names_new(size_t count)
{
	char **names = calloc(count, sizeof(*names));

	FUZZ_ASSERT(names);
	for (size_t i = 0; i < count; i++)
		names[i] = fuzz_text((const uint8_t *)"name", 4);
	return names;
}

static void check_files(const struct product *product, size_t count)
{
	const char *at = product->file_count ? product->files[0].content : NULL;

	FUZZ_ASSERT(product->file_count == count);
	for (size_t i = 0; i < count; i++) {
		FUZZ_ASSERT(product->files[i].name && product->files[i].content == at);
		at += product->files[i].len;
	}
	FUZZ_ASSERT(at == product->text + product->len);
}

/* Filtering what was filtered leaves it as it is. */
static void check_filtered(const struct product *product)
{
	char *again;
	size_t len;

	FUZZ_ASSERT(asm_filter(product->text, product->len, NULL, &again, &len) == 0);
	FUZZ_ASSERT(len <= product->len);
	free(again);
	FUZZ_ASSERT(product->has_lines && product->line_count <= ASM_LINES_MAX);
	for (size_t i = 0; i < product->line_count; i++)
		FUZZ_ASSERT(product->lines[i].file == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct product *product = NULL;
	struct error err = {0};

	if (len < 1)
		return 0;
	size_t kind = data[0] % 6, count = kind > 1 ? kind - 1 : 0;
	size_t names = kind == 1 ? 1 : count;
	struct action_plan plan = {
		.result = count ? ACTION_FILES : ACTION_TEXT,
		.filters_asm = kind == 1,
		.links_lines = kind == 1,
		.file_names = names ? names_new(names) : NULL,
		.file_count = names,
	};
	int fd = memfd_new_sealed("artefact", data + 1, len - 1);
	FUZZ_ASSERT(fd >= 0);
	int r = product_read(&plan, fd, &product, &err);
	close(fd);
	FUZZ_ASSERT(r == 0 || (r == -EBADMSG && count && err.text[0]));
	if (r == 0 && count)
		check_files(product, count);
	else if (r == 0)
		FUZZ_ASSERT(product->len <= PRODUCT_MAX && !product->text[product->len]);
	if (r == 0 && kind == 1)
		check_filtered(product);
	product_free(product);
	for (size_t i = 0; i < names; i++)
		free(plan.file_names[i]);
	free(plan.file_names);
	return 0;
}
