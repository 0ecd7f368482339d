/* An image's record: what is taken has one form only, or it could be signed twice. */
#include "fuzz.h"

#include "image/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *copy = fuzz_copy(data, len), again[RECORD_BYTES];
	struct image_record record;
	struct error err = {0};

	if (record_decode(copy, len, &record, &err) == 0) {
		record_encode(&record, again); /* asserts that all is in range */
		FUZZ_ASSERT(len == sizeof(again) && memcmp(copy, again, len) == 0);
		FUZZ_ASSERT(record_name_is_valid(record.name));
	} else {
		FUZZ_ASSERT(err.text[0]);
	}
	free(copy);
	return 0;
}
