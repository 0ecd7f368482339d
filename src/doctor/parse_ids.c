/* /etc/passwd, /etc/subuid and /etc/subgid: lines of fields with colons between. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "doctor/parse.h"

enum { FIELDS_MAX = 7, FREE_ROUNDS = 100 };

struct field {
	const char *text;
	size_t len;
};

/* Cuts a line at its colons. Returns how many fields there are, FIELDS_MAX at most. */
static unsigned split(const char *line, size_t len, struct field *ret_fields)
{
	unsigned count = 0;
	const char *end = line + len;

	while (count < FIELDS_MAX) {
		const char *colon = memchr(line, ':', (size_t)(end - line));
		ret_fields[count].text = line;
		ret_fields[count++].len = (size_t)((colon ? colon : end) - line);
		if (!colon)
			break;
		line = colon + 1;
	}
	return count;
}

static int field_number(const struct field *field, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (field->len == 0 || field->len > 12)
		return -EINVAL;
	for (size_t i = 0; i < field->len; i++) {
		if (field->text[i] < '0' || field->text[i] > '9')
			return -EINVAL;
		value = value * 10 + (uint64_t)(field->text[i] - '0');
	}
	*ret_value = value;
	return 0;
}

static void field_copy(const struct field *field, char *ret_text, size_t size)
{
	snprintf(ret_text, size, "%.*s", (int)(field->len < size ? field->len : size - 1),
		 field->text);
}

static int field_is(const struct field *field, const char *text)
{
	return field->len == strlen(text) && memcmp(field->text, text, field->len) == 0;
}

unsigned parse_users_between(const char *passwd, uint64_t first, uint64_t last, char *ret_name,
			     size_t size)
{
	struct field fields[FIELDS_MAX];
	unsigned count = 0;
	uint64_t uid;
	size_t len;

	for (const char *line; (line = parse_line(&passwd, &len));)
		if (split(line, len, fields) >= 3 && field_number(&fields[2], &uid) == 0 &&
		    uid >= first && uid <= last && count++ == 0)
			field_copy(&fields[0], ret_name, size);
	return count;
}

int parse_user_name(const char *passwd, uint64_t uid, char *ret_name, size_t size)
{
	return parse_users_between(passwd, uid, uid, ret_name, size) ? 0 : -ENOENT;
}

struct subid_row {
	struct field owner;
	uint64_t first, count;
};

/* Returns 1 and a row, 0 for an empty line or a comment, or -EINVAL. */
static int subid_row(const char *line, size_t len, struct subid_row *ret_row)
{
	struct field fields[FIELDS_MAX];

	if (len == 0 || line[0] == '#')
		return 0;
	if (split(line, len, fields) != 3 || fields[0].len == 0 ||
	    field_number(&fields[1], &ret_row->first) < 0 ||
	    field_number(&fields[2], &ret_row->count) < 0)
		return -EINVAL;
	ret_row->owner = fields[0];
	return ret_row->count > 0;
}

/*
 * Where SUBID_COUNT ids that no row has begin: behind what stands in the way, until nothing does.
 * Rows in order take two rounds; whoever's take more than FREE_ROUNDS gets no proposal: 0.
 */
static uint64_t subid_free(const char *text)
{
	uint64_t first = SUBID_FIRST;

	for (unsigned round = 0; round < FREE_ROUNDS; round++) {
		const char *rest = text;
		uint64_t before = first;
		struct subid_row row;
		size_t len;
		for (const char *line; (line = parse_line(&rest, &len));)
			if (subid_row(line, len, &row) > 0 && row.first < first + SUBID_COUNT &&
			    row.first + row.count > first)
				first = row.first + row.count;
		if (first > UINT32_MAX - SUBID_COUNT)
			return 0;
		if (first == before)
			return first;
	}
	return 0;
}

void parse_subids(const char *text, const char *user, uint64_t uid, uint64_t first, uint64_t last,
		  struct subid_summary *ret_summary)
{
	struct subid_summary summary = {0};
	const char *rest = text;
	struct subid_row row;
	char digits[24];
	size_t len;

	snprintf(digits, sizeof(digits), "%llu", (unsigned long long)uid);
	for (const char *line; (line = parse_line(&rest, &len));) {
		int r = subid_row(line, len, &row);
		summary.malformed += r < 0;
		if (r <= 0)
			continue;
		int is_own = field_is(&row.owner, user) || field_is(&row.owner, digits);
		if (is_own && row.count > summary.own_count) {
			summary.own_first = row.first;
			summary.own_count = row.count;
		}
		if ((!is_own || uid == 0) && row.first <= last && row.first + row.count > first &&
		    summary.conflicts++ == 0)
			field_copy(&row.owner, summary.conflict_owner,
				   sizeof(summary.conflict_owner));
	}
	summary.free_first = subid_free(text);
	*ret_summary = summary;
}
