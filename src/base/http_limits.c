#include "base/http_limits.h"

#include <inttypes.h>
#include <stdio.h>

static const struct limit_row rows[HTTP_LIMIT_COUNT] = {
#define X(field, option, unit, least, most, standard, help)                                        \
	[HTTP_LIMIT_##                                                                             \
		field] = {option, help, unit, offsetof(struct http_limits, field), least, most},
	HTTP_LIMITS(X)
#undef X
};

struct http_limits http_limits_default(void)
{
	return (struct http_limits){
#define X(field, option, unit, least, most, standard, help) .field = standard,
		HTTP_LIMITS(X)
#undef X
	};
}

const struct limit_row *http_limit_row(enum http_limit limit)
{
	return &rows[limit];
}

int http_limits_parse(struct http_limits *limits, enum http_limit limit, const char *value,
		      struct error *err)
{
	const struct limit_row *row = &rows[limit];
	char option[32];

	snprintf(option, sizeof(option), "--%s", row->name);
	return limit_value_parse(row, option, value,
				 (uint64_t *)(void *)((char *)limits + row->offset), err);
}

static void format_in(const char *unit, const char *larger, uint64_t step, uint64_t value,
		      char text[HTTP_LIMIT_TEXT])
{
	int whole = value && value % step == 0;

	snprintf(text, HTTP_LIMIT_TEXT, "%" PRIu64 " %s", whole ? value / step : value,
		 whole ? larger : unit);
}

void http_limit_format(enum http_limit limit, uint64_t value, char text[HTTP_LIMIT_TEXT])
{
	switch (rows[limit].unit) {
	case LIMIT_COUNT:
		snprintf(text, HTTP_LIMIT_TEXT, "%" PRIu64, value);
		break;
	case LIMIT_USEC:
		format_in("ms", "s", 1000, value / 1000, text);
		break;
	case LIMIT_BYTES:
		if (value && value % (1 << 20) == 0)
			format_in("KiB", "MiB", 1 << 10, value >> 10, text);
		else
			format_in("bytes", "KiB", 1 << 10, value, text);
		break;
	}
}
