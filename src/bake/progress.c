#include "bake/progress.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"

enum {
	REDRAW_USEC = 100000,
	LINE_USEC = 10000000,
	COLUMNS_LEAST = 20,
	COLUMNS_DEFAULT = 80,
	COLUMNS_MOST = 200
};

void progress_init(struct progress *progress, int stage_count, int verbose)
{
	const char *term = getenv("TERM");

	*progress = (struct progress){
		.is_terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0,
		.verbose = verbose,
		.stage_count = stage_count,
		.started_usec = clock_monotonic_usec(),
	};
}

/* "12.3 MB" and the like; nothing for no bytes. */
static void format_bytes(char *ret, size_t size, uint64_t bytes)
{
	if (bytes == 0)
		ret[0] = '\0';
	else if (bytes < 1000000)
		snprintf(ret, size, ", %" PRIu64 " kB", (bytes + 999) / 1000);
	else
		snprintf(ret, size, ", %" PRIu64 ".%" PRIu64 " MB", bytes / 1000000,
			 bytes / 100000 % 10);
}

static void format_count(const struct progress *progress, char *ret, size_t size)
{
	if (progress->total)
		snprintf(ret, size, " %" PRIu64 "/%" PRIu64, progress->done, progress->total);
	else if (progress->done)
		snprintf(ret, size, " %" PRIu64, progress->done);
	else
		ret[0] = '\0';
}

static void format_line(const struct progress *progress, char *ret, size_t size, int with_item)
{
	char count[48], bytes[32];
	uint64_t msec = (clock_monotonic_usec() - progress->stage_started_usec) / USEC_PER_MSEC;

	format_count(progress, count, sizeof(count));
	format_bytes(bytes, sizeof(bytes), progress->bytes);
	snprintf(ret, size, "[%d/%d] %s%s%s, %" PRIu64 ".%" PRIu64 " s%s%s", progress->stage_number,
		 progress->stage_count, progress->stage, count, bytes, msec / 1000, msec / 100 % 10,
		 with_item && progress->item[0] ? "  " : "", with_item ? progress->item : "");
}

static int terminal_columns(void)
{
	struct winsize window;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) < 0 || window.ws_col < COLUMNS_LEAST)
		return COLUMNS_DEFAULT;
	return window.ws_col < COLUMNS_MOST ? window.ws_col : COLUMNS_MOST;
}

static void draw(struct progress *progress)
{
	char line[COLUMNS_MOST + 1];
	uint64_t now = clock_monotonic_usec();
	uint64_t pause = progress->is_terminal ? REDRAW_USEC : LINE_USEC;

	if (!progress->stage_number || now - progress->drawn_usec < pause)
		return;
	progress->drawn_usec = now;
	format_line(progress, line, sizeof(line), 1);
	if (!progress->is_terminal) {
		fprintf(stderr, "%s\n", line);
		return;
	}
	fprintf(stderr, "\r%.*s\033[K", terminal_columns() - 1, line);
	fflush(stderr);
	progress->line_is_open = 1;
}

void progress_clear(struct progress *progress)
{
	if (!progress->line_is_open)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	progress->line_is_open = 0;
}

static void end_stage(struct progress *progress)
{
	char line[COLUMNS_MOST + 1];

	if (!progress->stage_number)
		return;
	format_line(progress, line, sizeof(line), 0);
	progress_clear(progress);
	fprintf(stderr, "%s\n", line);
}

void progress_stage(struct progress *progress, int number, const char *stage)
{
	if (progress->stage_number == number)
		return;
	end_stage(progress);
	progress->stage_number = number;
	snprintf(progress->stage, sizeof(progress->stage), "%s", stage);
	progress->item[0] = '\0';
	progress->done = progress->bytes = progress->total = 0;
	progress->stage_started_usec = clock_monotonic_usec();
	progress->drawn_usec = progress->is_terminal ? 0 : progress->stage_started_usec;
	if (!progress->is_terminal)
		fprintf(stderr, "[%d/%d] %s …\n", progress->stage_number, progress->stage_count,
			stage);
	draw(progress);
}

void progress_total(struct progress *progress, uint64_t total)
{
	progress->total = total;
}

/* Names come from packages and tools: only what a terminal shows as itself is kept. */
static void set_item(struct progress *progress, const char *item)
{
	size_t n = 0;

	for (; *item && n + 1 < sizeof(progress->item); item++)
		progress->item[n++] = *item >= ' ' && *item < 0x7f ? *item : '?';
	progress->item[n] = '\0';
}

void progress_add(struct progress *progress, const char *item, uint64_t bytes)
{
	progress->done++;
	progress->bytes += bytes;
	progress_tick(progress, item);
}

void progress_tick(struct progress *progress, const char *item)
{
	if (item)
		set_item(progress, item);
	draw(progress);
}

void progress_finish(struct progress *progress)
{
	end_stage(progress);
	progress->stage_number = 0;
}

void progress_say(struct progress *progress, const char *format, ...)
{
	va_list args;

	progress_clear(progress);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

void progress_tool_line(struct progress *progress, const char *line)
{
	if (progress->verbose)
		progress_say(progress, "    %s", line);
}
