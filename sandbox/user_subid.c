/* subuid(5), passwd(5): lines of fields with colons between. Untrusted in form, not in content. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/user.h"

enum { LINE_MAX_BYTES = 512 };

/* The next line of *text into line, without its end; 0 at the end of the text. Too long: cut. */
static int next_line(const char **text, char line[LINE_MAX_BYTES])
{
	size_t len = strcspn(*text, "\n");

	if (!**text)
		return 0;
	snprintf(line, LINE_MAX_BYTES, "%.*s", len < INT_MAX ? (int)len : INT_MAX, *text);
	*text += len + ((*text)[len] == '\n');
	return 1;
}

static int parse_id(const char *text, uint32_t *ret_id)
{
	char *end;

	if (!text || text[0] < '0' || text[0] > '9')
		return 0;
	unsigned long long number = strtoull(text, &end, 10);
	if (*end || number > UINT32_MAX)
		return 0;
	*ret_id = (uint32_t)number;
	return 1;
}

/* Cuts "WHO:FIRST:COUNT". Returns 1, or 0 when it is none, or one of no ids. */
static int parse_range(char *line, char **ret_who, struct subid_range *ret_range)
{
	*ret_who = strsep(&line, ":");
	if (!parse_id(strsep(&line, ":"), &ret_range->first) ||
	    !parse_id(strsep(&line, ":"), &ret_range->count) || line)
		return 0;
	return ret_range->count > 0 && ret_range->first <= UINT32_MAX - ret_range->count;
}

static int is_user(const char *who, const char *name, uid_t uid)
{
	uint32_t number;

	if (name && strcmp(who, name) == 0)
		return 1;
	return parse_id(who, &number) && number == uid;
}

int subid_find(const char *text, const char *name, uid_t uid, struct subid_range *ret_range)
{
	struct subid_range range;
	char line[LINE_MAX_BYTES], *who;
	int found = 0;

	while (next_line(&text, line)) {
		if (!parse_range(line, &who, &range) || !is_user(who, name, uid) ||
		    (found && range.count <= ret_range->count))
			continue;
		*ret_range = range;
		found = 1;
	}
	return found;
}

int subid_overlaps(const char *text, struct subid_range range, const char *name, uid_t uid,
		   char *ret_other, size_t size)
{
	struct subid_range other;
	char line[LINE_MAX_BYTES], *who;

	while (next_line(&text, line)) {
		if (!parse_range(line, &who, &other) || is_user(who, name, uid))
			continue;
		if (other.first < range.first + range.count &&
		    range.first < other.first + other.count) {
			snprintf(ret_other, size, "%s", who);
			return 1;
		}
	}
	return 0;
}

/* name:password:uid:gid:comment:home:shell, counted from 0. */
enum { FIELD_NAME = 0, FIELD_UID = 2, FIELD_HOME = 5, FIELDS = 7 };

static int user_field(const char *text, uid_t uid, int field, char *ret_value, size_t size)
{
	char line[LINE_MAX_BYTES];
	uint32_t number;

	while (next_line(&text, line)) {
		char *rest = line, *fields[FIELDS];
		for (int i = 0; i < FIELDS; i++)
			fields[i] = strsep(&rest, ":");
		if (!fields[field] || !parse_id(fields[FIELD_UID], &number) || number != uid)
			continue;
		snprintf(ret_value, size, "%s", fields[field]);
		return 1;
	}
	return 0;
}

int subid_user_name(const char *text, uid_t uid, char *ret_name, size_t size)
{
	return user_field(text, uid, FIELD_NAME, ret_name, size);
}

int subid_user_home(const char *text, uid_t uid, char *ret_home, size_t size)
{
	return user_field(text, uid, FIELD_HOME, ret_home, size);
}
