/* A public key's text: what is taken is exactly what would be written. */
#include "fuzz.h"

#include "image/key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *copy = fuzz_copy(data, len), again[KEY_TEXT_MAX];
	struct public_key key;
	struct error err = {0};

	if (key_decode("a.pub", copy, len, &key, &err) == 0) {
		size_t again_len = key_encode(&key, again);
		FUZZ_ASSERT(again_len == len && memcmp(copy, again, len) == 0);
		FUZZ_ASSERT(!key_is_expired(&key, key.created_sec));
	} else {
		FUZZ_ASSERT(strncmp(err.text, "a.pub:", 6) == 0);
	}
	free(copy);
	return 0;
}
