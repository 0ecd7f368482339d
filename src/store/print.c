#include "store/print.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

void print_bytes(uint64_t bytes, char ret_text[PRINT_SIZE])
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
	uint64_t whole = bytes, tenth = 0;
	size_t unit = 0;

	for (; whole >= 1000; whole /= 1000, unit++)
		tenth = whole % 1000 / 100;
	if (unit == 0)
		snprintf(ret_text, PRINT_SIZE, "%" PRIu64 " B", whole);
	else
		snprintf(ret_text, PRINT_SIZE, "%" PRIu64 ".%" PRIu64 " %s", whole, tenth,
			 units[unit]);
}

static int break_down(uint64_t sec, struct tm *ret_tm)
{
	time_t at = (time_t)sec;

	return sec > 0 && sec <= INT64_MAX && gmtime_r(&at, ret_tm) != NULL;
}

void print_time(uint64_t sec, char ret_text[PRINT_SIZE])
{
	struct tm tm;

	if (!break_down(sec, &tm) || !strftime(ret_text, PRINT_SIZE, "%Y-%m-%d %H:%M UTC", &tm))
		snprintf(ret_text, PRINT_SIZE, "unknown");
}

json_t *print_json_time(uint64_t sec)
{
	char text[PRINT_SIZE];
	struct tm tm;

	if (!break_down(sec, &tm) || !strftime(text, PRINT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm))
		return json_null();
	return json_string(text);
}

int print_json(json_t *take_value, struct error *err)
{
	if (!take_value)
		return error_set(err, -ENOMEM, "print", "cannot print the answer");
	int failed = json_dumpf(take_value, stdout, JSON_INDENT(2)) < 0;
	json_decref(take_value);
	if (failed || putchar('\n') == EOF || fflush(stdout) != 0)
		return error_set(err, -EIO, "print", "cannot print the answer");
	return 0;
}

void print_text(const char *text)
{
	for (; *text; text++)
		putchar((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text);
}
