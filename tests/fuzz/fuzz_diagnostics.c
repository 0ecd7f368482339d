/*
 * A compiler's stderr into text and diagnostics. Input: the form and the size of the pieces, the
 * source up to a NUL, then what the compiler printed. What is told is the same in pieces as whole;
 * diagnostics are objects with a place, and bounded.
 */
#include "fuzz.h"

#include <jansson.h>

#include "front/diagnostics.h"
#include "front/job.h"

struct told {
	char *text;
	size_t len, room, count;
	size_t bytes;
	uint64_t sum; /* of the diagnostics */
};

static void tell_text(void *owner, const char *data, size_t len)
{
	struct told *told = owner;

	if (told->len + len > told->room) {
		told->room = (told->len + len) * 2;
		told->text = realloc(told->text, told->room);
		FUZZ_ASSERT(told->text);
	}
	if (len)
		memcpy(told->text + told->len, data, len);
	told->len += len;
}

static void tell_event(void *owner, const char *json, size_t len)
{
	static const char *const numbers[] = {"line", "column", "end_line", "end_column"};
	struct told *told = owner;
	json_t *event = json_loadb(json, len, JSON_ALLOW_NUL, NULL);

	FUZZ_ASSERT(json_is_object(event));
	for (size_t i = 0; i < 4; i++)
		FUZZ_ASSERT(json_integer_value(json_object_get(event, numbers[i])) > 0);
	FUZZ_ASSERT(json_is_string(json_object_get(event, "message")));
	FUZZ_ASSERT(json_is_array(json_object_get(event, "fixes")));
	json_decref(event);
	told->count++;
	told->bytes += len;
	for (size_t i = 0; i < len; i++)
		told->sum = told->sum * 31 + (unsigned char)json[i];
}

static struct told read_all(enum diagnostics_format format, const char *source, const char *data,
			    size_t len, size_t piece)
{
	const struct job_file file = {"a", source, strlen(source)};
	const char *name = "a";
	struct diagnostics *diagnostics = diagnostics_new(format, &file, &name, 1);
	struct told told = {0};
	const struct diagnostics_sink sink = {tell_text, tell_event, &told};

	FUZZ_ASSERT(diagnostics);
	for (size_t at = 0; at < len; at += piece)
		diagnostics_feed(diagnostics, data + at, len - at < piece ? len - at : piece, 0,
				 &sink);
	diagnostics_feed(diagnostics, "", 0, 1, &sink);
	diagnostics_free(diagnostics);
	FUZZ_ASSERT(told.count <= DIAGNOSTICS_MAX && told.bytes <= DIAGNOSTICS_BYTES_MAX);
	return told;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len < 1)
		return 0;
	enum diagnostics_format format = data[0] & 1 ? DIAGNOSTICS_GCC : DIAGNOSTICS_RUSTC;
	char *source = fuzz_text(data + 1, len - 1);
	size_t skipped = strlen(source) + 2 < len ? strlen(source) + 2 : len;
	char *input = fuzz_copy(data + skipped, len - skipped);
	struct told whole = read_all(format, source, input, len - skipped, len);
	struct told parts = read_all(format, source, input, len - skipped, data[0] / 2u + 1u);

	FUZZ_ASSERT(whole.len == parts.len && whole.count == parts.count && whole.sum == parts.sum);
	FUZZ_ASSERT(!whole.len || memcmp(whole.text, parts.text, whole.len) == 0);
	free(whole.text);
	free(parts.text);
	free(input);
	free(source);
	return 0;
}
