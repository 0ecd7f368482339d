#include "front/product.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "front/asm_filter.h"

int product_read_artefact(struct product *product, int fd, size_t most)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	product->truncated = (uint64_t)st.st_size > most;
	size_t size = product->truncated ? most : (size_t)st.st_size;
	product->text = malloc(size + 1);
	if (!product->text)
		return -ENOMEM;
	while (product->len < size) {
		ssize_t n = pread(fd, product->text + product->len, size - product->len,
				  (off_t)product->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		product->len += (size_t)n;
	}
	product->text[size] = '\0';
	return 0;
}

/* Lines that were cut off come from nowhere any more. */
static void lines_cut(struct product *product)
{
	const char *at = product->text, *end = at + product->len;
	size_t left = 0;

	for (; at < end; left++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		at = newline ? newline + 1 : end;
	}
	if (product->line_count > left)
		product->line_count = left;
}

/* Cuts to PRODUCT_MAX bytes, before the character that goes beyond. */
static void text_cut(struct product *product)
{
	size_t len = PRODUCT_MAX;

	if (product->len <= len)
		return;
	/* A UTF-8 character is continued by at most three bytes 10xxxxxx. */
	for (int i = 0; i < 3 && ((unsigned char)product->text[len] & 0xc0) == 0x80; i++)
		len--;
	product->text[len] = '\0';
	product->len = len;
	product->truncated = 1;
	lines_cut(product);
	char *smaller = realloc(product->text, len + 1);
	if (smaller)
		product->text = smaller;
}

static int text_filter(struct product *product, const struct action_plan *plan)
{
	struct asm_lines lines = {.names = plan->file_names, .name_count = plan->file_count};
	char *filtered;
	size_t len;

	int r = asm_filter(product->text, product->len, plan->links_lines ? &lines : NULL,
			   &filtered, &len);
	product->has_lines = plan->links_lines;
	product->lines = lines.noted;
	product->line_count = lines.count;
	if (r < 0)
		return r;
	free(product->text);
	product->text = filtered;
	product->len = len;
	return 0;
}

/* A number on a line of its own. Returns what follows, or NULL. */
static const char *size_read(const char *at, const char *end, size_t *ret_size)
{
	size_t size = 0;
	const char *start = at;

	for (; at < end && *at >= '0' && *at <= '9'; at++) {
		size = size * 10 + (size_t)(*at - '0');
		if (size > PRODUCT_READ_MAX)
			return NULL;
	}
	*ret_size = size;
	return at > start && at < end && *at == '\n' ? at + 1 : NULL;
}

static int files_read(struct product *product, struct action_plan *plan, struct error *err)
{
	const char *at = product->text, *end = at + product->len;

	if (product->len > PRODUCT_MAX || product->truncated)
		return error_set_plain(err, -EBADMSG, "action",
				       "The files it made are larger than %d KiB together.",
				       PRODUCT_MAX >> 10);
	product->files = calloc(plan->file_count, sizeof(*product->files));
	if (!product->files)
		return error_set(err, -ENOMEM, "action", "no memory for the files");
	for (size_t i = 0; at && i < plan->file_count; i++)
		at = size_read(at, end, &product->files[i].len);
	for (size_t i = 0; at && i < plan->file_count; i++) {
		struct product_file *file = &product->files[i];
		file->name = TAKE_PTR(plan->file_names[i]);
		file->content = at;
		at = file->len <= (size_t)(end - at) ? at + file->len : NULL;
		product->file_count++;
	}
	if (at != end)
		return error_set_plain(err, -EBADMSG, "action",
				       "It left something else than the files.");
	return 0;
}

int product_read(struct action_plan *plan, int fd, struct product **ret_product, struct error *err)
{
	struct product *product = calloc(1, sizeof(*product));

	if (!product)
		return error_set(err, -ENOMEM, "action", "no memory for the result");
	product->result = plan->result;
	int r = plan->result == ACTION_MESSAGES
			? 0
			: product_read_artefact(product, fd, PRODUCT_READ_MAX);
	if (r == 0 && plan->filters_asm)
		r = text_filter(product, plan);
	if (r < 0)
		error_set(err, r, "action", "cannot read the result");
	else if (plan->result == ACTION_FILES)
		r = files_read(product, plan, err);
	else if (plan->result == ACTION_TEXT)
		text_cut(product);
	if (r < 0) {
		product_free(product);
		return r;
	}
	*ret_product = product;
	return 0;
}

struct product *product_free(struct product *product)
{
	if (!product)
		return NULL;
	for (size_t i = 0; i < product->file_count; i++)
		free(product->files[i].name);
	free(product->files);
	free(product->lines);
	free(product->text);
	free(product);
	return NULL;
}
