/* The stream of events as `sandlot run` reads it: in pieces the same as whole. Input: the size of
 * the pieces, then the bytes. */
#include "fuzz.h"

#include "cli/run_sse.h"

struct seen {
	char *text;
	size_t len;
	FILE *out;
};

static int take(void *owner, const char *name, const char *data, size_t len)
{
	struct seen *seen = owner;

	FUZZ_ASSERT(strlen(name) < SSE_NAME_MAX && !data[len]);
	fprintf(seen->out, "%s %zu ", name, len);
	fwrite(data, 1, len, seen->out);
	return 0;
}

static struct seen feed(const uint8_t *data, size_t len, size_t piece)
{
	struct seen seen = {0};
	struct sse_parser parser = {.callback = take, .owner = &seen};

	seen.out = open_memstream(&seen.text, &seen.len);
	FUZZ_ASSERT(seen.out);
	for (size_t at = 0; at < len; at += piece) {
		size_t n = len - at < piece ? len - at : piece;
		FUZZ_ASSERT(sse_feed(&parser, (const char *)data + at, n) == 0);
	}
	sse_fini(&parser);
	fclose(seen.out);
	return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len < 2)
		return 0;
	uint8_t *copy = fuzz_copy(data + 1, len - 1);
	struct seen whole = feed(copy, len - 1, len - 1);
	struct seen pieces = feed(copy, len - 1, (size_t)data[0] % 8 + 1);

	FUZZ_ASSERT(whole.len == pieces.len && memcmp(whole.text, pieces.text, whole.len) == 0);
	free(whole.text);
	free(pieces.text);
	free(copy);
	return 0;
}
