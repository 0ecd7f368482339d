/* An exported image as an import reads it. What is taken is what the head announced, and no more.
 */
#include "fuzz.h"

#include <errno.h>
#include <unistd.h>

#include "base/fd.h"
#include "store/archive_read.h"

struct taken {
	struct archive_head head;
	uint32_t documents, size;
	uint64_t data, plain, read;
};

static int take_head(void *owner, const struct archive_head *head, struct error *err)
{
	struct taken *taken = owner;

	(void)err;
	FUZZ_ASSERT(head->documents > 0 && head->documents <= DOCUMENTS_MAX);
	FUZZ_ASSERT(head->erofs_bytes > 0 && head->erofs_bytes <= ARCHIVE_EROFS_MAX);
	FUZZ_ASSERT(head->chunks == archive_chunks(head->erofs_bytes));
	taken->head = *head;
	return 0;
}

static int take_document(void *owner, const char *name, uint32_t size, struct error *err)
{
	struct taken *taken = owner;

	(void)err;
	FUZZ_ASSERT(taken->data == taken->size); /* of the one before */
	FUZZ_ASSERT(name[0] != '.' && !strchr(name, '/') && strlen(name) > 5);
	FUZZ_ASSERT(strcmp(name + strlen(name) - 5, ".json") == 0);
	taken->documents++;
	taken->size = size;
	taken->data = 0;
	return 0;
}

static int take_data(void *owner, const void *data, size_t len, struct error *err)
{
	struct taken *taken = owner;

	(void)err;
	FUZZ_ASSERT(data && len > 0);
	taken->data += len;
	FUZZ_ASSERT(taken->data <= taken->size);
	return 0;
}

static int take_plain(void *owner, const void *data, size_t len, uint64_t read, struct error *err)
{
	struct taken *taken = owner;

	(void)err;
	FUZZ_ASSERT(data && taken->documents == taken->head.documents);
	taken->plain += len;
	FUZZ_ASSERT(taken->plain <= taken->head.erofs_bytes);
	FUZZ_ASSERT(read > taken->read);
	taken->read = read;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct taken taken = {.documents = 0};
	const struct archive_sink sink = {take_head, take_document, take_data, take_plain, &taken};
	struct error err = {0};
	int fd = memfd_new("export");

	FUZZ_ASSERT(fd >= 0 && fd_write_all(fd, data, len) == 0);
	FUZZ_ASSERT(lseek(fd, 0, SEEK_SET) == 0);
	int r = archive_read(fd, &sink, &err);
	if (r == 0)
		FUZZ_ASSERT(taken.plain == taken.head.erofs_bytes &&
			    taken.documents == taken.head.documents && taken.read < len);
	else
		FUZZ_ASSERT(r == -EBADMSG && err.text[0]);
	close(fd);
	return 0;
}
