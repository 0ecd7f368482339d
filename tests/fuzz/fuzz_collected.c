/*
 * What a cell handed on of a program's folder. Input: the bundle. Files lie within it, are few, and
 * have names that can be shown, and one of three types.
 */
#include "fuzz.h"

#include <errno.h>
#include <unistd.h>

#include "base/bundle.h"
#include "base/fd.h"
#include "front/collected.h"

static void check_file(const struct product *product, const struct product_file *file)
{
	FUZZ_ASSERT(collected_name_is_valid(file->name, strlen(file->name)));
	FUZZ_ASSERT(!strchr(file->name, '/') && !strchr(file->name, '\x1b'));
	FUZZ_ASSERT(file->content >= product->text);
	FUZZ_ASSERT(file->len <= (size_t)(product->text + product->len - file->content));
	if (strcmp(file->type, "image/png") == 0)
		FUZZ_ASSERT(file->len >= 8 && memcmp(file->content, "\x89PNG", 4) == 0);
	else if (strcmp(file->type, "image/svg+xml") == 0)
		FUZZ_ASSERT(memmem(file->content, file->len, "<", 1) &&
			    !memchr(file->content, '\0', file->len));
	else
		FUZZ_ASSERT(strcmp(file->type, COLLECTED_TYPE_OTHER) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct product *product = NULL;
	struct error err = {0};
	int fd = memfd_new_sealed("artefact", data, len);

	FUZZ_ASSERT(fd >= 0);
	int r = collected_read(fd, &product, &err);
	close(fd);
	FUZZ_ASSERT(r == 0 || (r == -EBADMSG && err.text[0]));
	if (r < 0)
		return 0;
	FUZZ_ASSERT(product->is_collected && product->file_count <= COLLECT_FILES_MAX);
	for (size_t i = 0; i < product->file_count; i++)
		check_file(product, &product->files[i]);
	product_free(product);
	return 0;
}
