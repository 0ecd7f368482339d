/* A bundle as the cell reads it. What is taken can be written again, byte for byte. */
#include "fuzz.h"

#include <errno.h>
#include <unistd.h>

#include "base/bundle.h"
#include "base/fd.h"

static void check_record(const struct bundle_record *record, const char *data, size_t len)
{
	FUZZ_ASSERT(record->type > BUNDLE_END && record->type < BUNDLE_TYPE_COUNT);
	FUZZ_ASSERT(record->name >= data && record->name + record->name_len <= data + len);
	FUZZ_ASSERT(record->body >= data && record->body + record->body_len <= data + len);
	FUZZ_ASSERT(record->name_len <= BUNDLE_PATH_MAX);
	if (record->name_len) {
		FUZZ_ASSERT(bundle_path_is_valid(record->name, record->name_len));
		FUZZ_ASSERT(record->name[0] != '/');
		FUZZ_ASSERT(!memmem(record->name, record->name_len, "/../", 4));
	}
}

static void write_again(struct bundle_writer *writer, const struct bundle_record *record)
{
	char name[BUNDLE_PATH_MAX + 1];

	memcpy(name, record->name, record->name_len);
	name[record->name_len] = '\0';
	bundle_add(writer, record->type, name, record->body, record->body_len);
}

static void compare(struct bundle_writer *writer, const char *data, size_t len)
{
	bundle_add(writer, BUNDLE_END, NULL, NULL, 0);
	FUZZ_ASSERT(!writer->failed && writer->used == len);
	FUZZ_ASSERT(memcmp(writer->data, data, len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct bundle_writer writer = {0};
	struct bundle_record record;
	struct error err = {0};
	char *copy = fuzz_copy(data, len);
	size_t offset = 0, before;
	int r;

	do {
		before = offset;
		r = bundle_next(copy, len, &offset, &record, &err);
		if (r == 1) {
			FUZZ_ASSERT(offset > before && offset <= len);
			check_record(&record, copy, len);
			write_again(&writer, &record);
		}
	} while (r == 1);
	if (r == 0)
		compare(&writer, copy, len);
	else
		FUZZ_ASSERT(r == -EBADMSG && err.text[0] && offset == before);
	free(writer.data);
	free(copy);
	return 0;
}
