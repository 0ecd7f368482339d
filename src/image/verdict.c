#include "image/verdict.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const uint8_t magic[8] = {'S', 'L', 'V', 'E', 'R', 'D', '1', '\n'};

enum {
	AT_CODE = sizeof(magic),
	AT_HAS_RECORD = AT_CODE + 1,
	AT_RESERVED = AT_HAS_RECORD + 1,
	AT_QUICK = 16,
	AT_SIGNER = AT_QUICK + VERDICT_QUICK_BYTES,
	AT_RECORD = AT_SIGNER + RECORD_NAME_MAX,
	AT_TEXT = AT_RECORD + RECORD_BYTES,
};
_Static_assert(AT_TEXT + VERDICT_TEXT_MAX == VERDICT_BYTES, "the fields fill the packet");
_Static_assert(VERDICT_COUNT < 256, "a code is one byte");

static const struct {
	const char *word, *what, *remedy;
} rows[VERDICT_COUNT] = {
#define X(constant, word, what, remedy) [constant] = {word, what, remedy},
	VERDICTS(X)
#undef X
};

static int is_zero(const void *data, size_t len)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < len; i++)
		if (bytes[i])
			return 0;
	return 1;
}

/* Ended, with nothing behind the end. */
static int is_padded(const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	return len < size && is_zero(text + len, size - len);
}

static int is_printable(char c)
{
	return c >= ' ' && c <= '~';
}

/* What makes a verdict one; NULL, or what is wrong with it. The record is looked at elsewhere. */
static const char *fault(const struct verdict *verdict)
{
	int is_signed = verdict->has_record && record_is_signed(&verdict->record);

	if ((unsigned)verdict->code >= VERDICT_COUNT)
		return "has an unknown code";
	if (verdict->has_record != 0 && verdict->has_record != 1)
		return "does not say whether it has a record";
	if (!is_padded(verdict->signer, sizeof(verdict->signer)) ||
	    (verdict->signer[0] && !record_name_is_valid(verdict->signer)))
		return "has a signer that is no name";
	if (!is_padded(verdict->text, sizeof(verdict->text)))
		return "has a text without an end";
	for (const char *at = verdict->text; *at; at++)
		if (!is_printable(*at))
			return "has a text that cannot be printed";
	if (verdict->code == VERDICT_OK && (!is_signed || !verdict->signer[0]))
		return "finds an image good that is not signed";
	if (verdict->code == VERDICT_UNSIGNED && is_signed)
		return "finds no signature where there is one";
	return NULL;
}

void verdict_encode(const struct verdict *verdict, uint8_t ret_bytes[VERDICT_BYTES])
{
	assert(fault(verdict) == NULL);
	memset(ret_bytes, 0, VERDICT_BYTES);
	memcpy(ret_bytes, magic, sizeof(magic));
	ret_bytes[AT_CODE] = (uint8_t)verdict->code;
	ret_bytes[AT_HAS_RECORD] = (uint8_t)verdict->has_record;
	memcpy(ret_bytes + AT_QUICK, verdict->quick, VERDICT_QUICK_BYTES);
	memcpy(ret_bytes + AT_SIGNER, verdict->signer, RECORD_NAME_MAX);
	if (verdict->has_record)
		record_encode(&verdict->record, ret_bytes + AT_RECORD);
	memcpy(ret_bytes + AT_TEXT, verdict->text, VERDICT_TEXT_MAX);
}

int verdict_decode(const void *data, size_t len, struct verdict *ret_verdict, struct error *err)
{
	struct verdict verdict = {.code = VERDICT_UNREADABLE};
	const uint8_t *bytes = data;
	const char *what = NULL;

	if (len != VERDICT_BYTES || memcmp(bytes, magic, sizeof(magic)) != 0)
		return error_set_plain(err, -EINVAL, "verdict", "%zu bytes are no verdict", len);
	verdict.code = (enum verdict_code)bytes[AT_CODE];
	verdict.has_record = bytes[AT_HAS_RECORD];
	memcpy(verdict.quick, bytes + AT_QUICK, VERDICT_QUICK_BYTES);
	memcpy(verdict.signer, bytes + AT_SIGNER, RECORD_NAME_MAX);
	memcpy(verdict.text, bytes + AT_TEXT, VERDICT_TEXT_MAX);
	if (verdict.has_record == 1) {
		int r = record_decode(bytes + AT_RECORD, RECORD_BYTES, &verdict.record, err);
		if (r < 0)
			return r;
	} else if (!is_zero(bytes + AT_RECORD, RECORD_BYTES)) {
		what = "has a record that it says it does not have";
	}
	if (!what && !is_zero(bytes + AT_RESERVED, AT_QUICK - AT_RESERVED))
		what = "has reserved bytes that are not 0";
	if (!what)
		what = fault(&verdict);
	if (what)
		return error_set_plain(err, -EINVAL, "verdict", "the verdict %s", what);
	*ret_verdict = verdict;
	return 0;
}

const char *verdict_word(enum verdict_code code)
{
	assert((unsigned)code < VERDICT_COUNT);
	return rows[code].word;
}

void verdict_sentence(const struct verdict *verdict, const char *image,
		      char ret_sentence[VERDICT_SENTENCE_MAX])
{
	assert((unsigned)verdict->code < VERDICT_COUNT);
	const char *what = rows[verdict->code].what, *remedy = rows[verdict->code].remedy;
	int has_text = verdict->text[0] != '\0';

	snprintf(ret_sentence, VERDICT_SENTENCE_MAX, "the image %s %s%s%s%s%s%s", image, what,
		 has_text ? " (" : "", verdict->text, has_text ? ")" : "", remedy ? "; " : "",
		 remedy ? remedy : "");
}

int verdict_fits(const struct verdict *verdict, const uint8_t quick[VERDICT_QUICK_BYTES])
{
	return !is_zero(quick, VERDICT_QUICK_BYTES) &&
	       memcmp(verdict->quick, quick, VERDICT_QUICK_BYTES) == 0;
}

void verdict_set_text(struct verdict *verdict, const char *text)
{
	size_t len = strnlen(text, VERDICT_TEXT_MAX - 1);

	memset(verdict->text, 0, sizeof(verdict->text));
	for (size_t i = 0; i < len; i++)
		verdict->text[i] = is_printable(text[i]) ? text[i] : '?';
}
