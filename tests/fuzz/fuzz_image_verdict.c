/* What root reads of sandlot-verify, should that have been taken over. */
#include "fuzz.h"

#include "image/verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *copy = fuzz_copy(data, len), again[VERDICT_BYTES];
	char sentence[VERDICT_SENTENCE_MAX];
	struct verdict verdict;
	struct error err = {0};

	if (verdict_decode(copy, len, &verdict, &err) == 0) {
		verdict_encode(&verdict, again); /* asserts that all is in range */
		FUZZ_ASSERT(len == sizeof(again) && memcmp(copy, again, len) == 0);
		FUZZ_ASSERT(verdict.code != VERDICT_OK ||
			    (verdict.has_record && record_is_signed(&verdict.record)));
		verdict_sentence(&verdict, "image", sentence);
		for (const char *at = sentence; *at; at++)
			FUZZ_ASSERT(*at >= ' ' && *at <= '~');
		FUZZ_ASSERT(verdict_word(verdict.code)[0]);
	} else {
		FUZZ_ASSERT(err.text[0]);
	}
	free(copy);
	return 0;
}
