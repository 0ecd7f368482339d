#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static enum log_level log_level = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
	log_level = level;
}

void log_event(enum log_level level, const char *event, const char *format, ...)
{
	static const char *const names[] = {"error", "warning", "info", "debug"};
	char line[1024];
	struct timespec now;
	struct tm utc;
	va_list args;

	if (level > log_level)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	size_t used = strftime(line, sizeof(line), "%Y-%m-%dT%H:%M:%S", &utc);
	used += (size_t)snprintf(line + used, sizeof(line) - used, ".%03ldZ %s %s ",
				 now.tv_nsec / 1000000, names[level], event);
	va_start(args, format);
	int n = vsnprintf(line + used, sizeof(line) - used - 1, format, args);
	va_end(args);
	if (n > 0)
		used += (size_t)n < sizeof(line) - used - 1 ? (size_t)n : sizeof(line) - used - 2;
	for (size_t i = 0; i < used; i++)
		if (line[i] < 0x20 || line[i] > 0x7e)
			line[i] = '?';
	line[used++] = '\n';
	/* One write, so that lines of several processes do not mix; nothing can be done if it
	 * fails. */
	if (write(STDERR_FILENO, line, used) < 0)
		return;
}
