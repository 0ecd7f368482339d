#include "base/limits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct limit_row rows[LIMIT_FIELDS] = {
#define X(field, name, unit, least, most, compile, run, help)                                      \
	{name, help, unit, offsetof(struct limits, field), least, most},
	LIMITS(X)
#undef X
};

const struct limit_row *limit_rows(void)
{
	return rows;
}

struct limits limits_default_compile(void)
{
	return (struct limits){
#define X(field, name, unit, least, most, compile, run, help) .field = compile,
		LIMITS(X)
#undef X
	};
}

struct limits limits_default_run(void)
{
	return (struct limits){
#define X(field, name, unit, least, most, compile, run, help) .field = run,
		LIMITS(X)
#undef X
	};
}

const struct limit_row *limit_find(const char *name)
{
	for (size_t i = 0; i < LIMIT_FIELDS; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

struct unit_suffix {
	enum limit_unit unit;
	const char *suffix;
	uint64_t factor;
};

static const struct unit_suffix suffixes[] = {
	{LIMIT_USEC, "", 1000000},   {LIMIT_USEC, "us", 1},	  {LIMIT_USEC, "ms", 1000},
	{LIMIT_USEC, "s", 1000000},  {LIMIT_USEC, "m", 60000000}, {LIMIT_BYTES, "", 1},
	{LIMIT_BYTES, "K", 1 << 10}, {LIMIT_BYTES, "M", 1 << 20}, {LIMIT_BYTES, "G", 1 << 30},
	{LIMIT_COUNT, "", 1},
};

static const char *const unit_help[] = {
	[LIMIT_USEC] = "a time such as 500ms, 2s or 1m",
	[LIMIT_BYTES] = "a size such as 65536, 64K, 64M or 1G",
	[LIMIT_COUNT] = "a whole number",
};

static int unknown_name(const char *text, struct error *err)
{
	char names[160];
	size_t used = 0;

	for (size_t i = 0; i < LIMIT_FIELDS; i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used, " %s", rows[i].name);
	return error_set_plain(err, -EINVAL, "limits", "unknown limit in \"%.40s\"; limits are:%s",
			       text, names);
}

int limit_value_parse(const struct limit_row *row, const char *label, const char *value,
		      uint64_t *ret_number, struct error *err)
{
	const struct unit_suffix *suffix = NULL;
	char *end;

	errno = 0;
	uint64_t number = strtoull(value, &end, 10);
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (suffixes[i].unit == row->unit && strcmp(suffixes[i].suffix, end) == 0)
			suffix = &suffixes[i];
	if (value[0] < '0' || value[0] > '9' || errno || !suffix)
		return error_set_plain(err, -EINVAL, "limits", "%s is %s, not \"%.40s\"", label,
				       unit_help[row->unit], value);
	if (__builtin_mul_overflow(number, suffix->factor, &number) || number < row->least ||
	    number > row->most)
		return error_set_plain(
			err, -ERANGE, "limits", "%s=%.40s is out of range: %llu to %llu%s", label,
			value, (unsigned long long)row->least, (unsigned long long)row->most,
			row->unit == LIMIT_USEC	   ? " microseconds"
			: row->unit == LIMIT_BYTES ? " bytes"
						   : "");
	*ret_number = number;
	return 0;
}

int limits_parse(struct limits *limits, const char *text, struct error *err)
{
	char name[24];
	const char *equals = strchr(text, '=');
	size_t len = equals ? (size_t)(equals - text) : 0;

	if (!equals || len == 0 || len >= sizeof(name))
		return equals ? unknown_name(text, err)
			      : error_set_plain(err, -EINVAL, "limits",
						"\"%.60s\" is not of the form NAME=VALUE", text);
	memcpy(name, text, len);
	name[len] = '\0';
	const struct limit_row *row = limit_find(name);
	if (!row)
		return unknown_name(text, err);

	char label[sizeof("limit ") + sizeof(name)];
	snprintf(label, sizeof(label), "limit %s", name);
	return limit_value_parse(row, label, equals + 1, limit_field(limits, row), err);
}

void limits_clamp(struct limits *limits, const struct limits *ceiling)
{
	struct limits top = *ceiling;

	for (size_t i = 0; i < LIMIT_FIELDS; i++) {
		uint64_t *field = limit_field(limits, &rows[i]);
		uint64_t most = *limit_field(&top, &rows[i]);
		if (*field > most)
			*field = most;
	}
}
