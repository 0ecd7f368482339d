#include "image/date.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { YEARS_MAX = 100 };

void date_encode(uint64_t sec, char ret_text[DATE_SIZE])
{
	const time_t last = 253402300799; /* 9999-12-31 23:59:59 */
	time_t time = sec > (uint64_t)last ? last : (time_t)sec;
	struct tm tm;

	if (!gmtime_r(&time, &tm) || !strftime(ret_text, DATE_SIZE, "%Y-%m-%d", &tm))
		ret_text[0] = '\0';
}

/* A number of exactly this many digits, or -1. */
static int digits(const char *text, int count)
{
	int value = 0;

	for (int i = 0; i < count; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = value * 10 + text[i] - '0';
	}
	return value;
}

int date_decode(const char *text, uint64_t *ret_sec)
{
	char again[DATE_SIZE];
	struct tm tm = {.tm_sec = 0};

	if (strnlen(text, DATE_SIZE) != DATE_SIZE - 1 || text[4] != '-' || text[7] != '-')
		return -EINVAL;
	int year = digits(text, 4), month = digits(text + 5, 2), day = digits(text + 8, 2);
	if (year < 1970 || month < 1 || day < 1)
		return -EINVAL;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	tm.tm_mday = day;
	time_t time = timegm(&tm);
	/* A day that is not in the calendar comes back as another. */
	date_encode((uint64_t)time, again);
	if (time < 0 || strcmp(text, again) != 0)
		return -EINVAL;
	*ret_sec = (uint64_t)time;
	return 0;
}

/* "2y" and the like. Returns days, or 0. */
static uint64_t span_days(const char *text)
{
	static const struct {
		char letter;
		unsigned days;
	} units[] = {{'d', 1}, {'m', 30}, {'y', 365}};
	size_t len = strspn(text, "0123456789");
	uint64_t count = 0;

	if (len == 0 || len > 5 || strlen(text) != len + 1)
		return 0;
	for (size_t i = 0; i < len; i++)
		count = count * 10 + (uint64_t)(text[i] - '0');
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (units[i].letter == text[len] && count * units[i].days <= YEARS_MAX * 365)
			return count * units[i].days;
	return 0;
}

int date_expiry(const char *option, const char *text, uint64_t now_sec, uint64_t *ret_sec,
		struct error *err)
{
	uint64_t days = span_days(text), sec;

	if (days > 0) {
		*ret_sec = (now_sec / SEC_PER_DAY + days) * SEC_PER_DAY;
		return 0;
	}
	if (date_decode(text, &sec) < 0)
		return error_set_plain(err, -EINVAL, "options",
				       "%s takes a day such as 2031-05-01, or how long from now, "
				       "such as 2y, 18m or 90d, not \"%.40s\"",
				       option, text);
	if (sec <= now_sec)
		return error_set_plain(err, -EINVAL, "options", "%s %s is not a day to come",
				       option, text);
	*ret_sec = sec;
	return 0;
}
