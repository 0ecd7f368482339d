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
	COLUMNS_MOST = 200,
	GUESS_AFTER_SEC = 3,
};

void progress_init(struct progress *progress, int stage_count, int verbose)
{
	const char *term = getenv("TERM");

	*progress = (struct progress){
		.out = stderr,
		.is_terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0,
		.verbose = verbose,
		.stage_count = stage_count,
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
	if (progress->total >= progress->done && progress->total)
		snprintf(ret, size, " %" PRIu64 "/%" PRIu64, progress->done, progress->total);
	else if (progress->done)
		snprintf(ret, size, " %" PRIu64, progress->done);
	else
		ret[0] = '\0';
}

/*
 * What is left when the rest goes as what is done went. An item that is told of was begun; so the
 * guess is a little too short, and the last items make up for it.
 */
static void format_left(const struct progress *progress, uint64_t usec, char *ret, size_t size)
{
	uint64_t done = progress->done, total = progress->total;

	ret[0] = '\0';
	if (done == 0 || done >= total || usec < GUESS_AFTER_SEC * USEC_PER_SEC)
		return;
	uint64_t sec = usec / USEC_PER_SEC * (total - done) / done;
	if (sec < 60)
		snprintf(ret, size, ", about %" PRIu64 " s left", sec);
	else
		snprintf(ret, size, ", about %" PRIu64 " min left", (sec + 30) / 60);
}

static void format_line(const struct progress *progress, uint64_t now_usec, char *ret, int is_over)
{
	char count[48], bytes[32], left[40];
	uint64_t usec = now_usec - progress->stage_started_usec, msec = usec / USEC_PER_MSEC;

	format_count(progress, count, sizeof(count));
	format_bytes(bytes, sizeof(bytes), progress->bytes);
	format_left(progress, usec, left, sizeof(left));
	snprintf(ret, PROGRESS_LINE_SIZE, "[%d/%d] %s%s%s, %" PRIu64 ".%" PRIu64 " s%s%s%s",
		 progress->stage_number, progress->stage_count, progress->stage, count, bytes,
		 msec / 1000, msec / 100 % 10, is_over ? "" : left,
		 !is_over && progress->item[0] ? "  " : "", is_over ? "" : progress->item);
}

void progress_line(const struct progress *progress, uint64_t now_usec,
		   char ret_line[PROGRESS_LINE_SIZE])
{
	format_line(progress, now_usec, ret_line, 0);
}

void progress_line_over(const struct progress *progress, uint64_t now_usec,
			char ret_line[PROGRESS_LINE_SIZE])
{
	format_line(progress, now_usec, ret_line, 1);
}

int progress_is_due(const struct progress *progress, uint64_t now_usec)
{
	uint64_t pause = progress->is_terminal ? REDRAW_USEC : LINE_USEC;

	return progress->stage_number && now_usec - progress->drawn_usec >= pause;
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
	char line[PROGRESS_LINE_SIZE];
	uint64_t now = clock_monotonic_usec();

	if (!progress_is_due(progress, now))
		return;
	progress->drawn_usec = now;
	progress_line(progress, now, line);
	if (!progress->is_terminal) {
		fprintf(progress->out, "%s\n", line);
		fflush(progress->out);
		return;
	}
	fprintf(progress->out, "\r%.*s\033[K", terminal_columns() - 1, line);
	fflush(progress->out);
	progress->line_is_open = 1;
}

void progress_clear(struct progress *progress)
{
	if (!progress->line_is_open)
		return;
	fputs("\r\033[K", progress->out);
	fflush(progress->out);
	progress->line_is_open = 0;
}

static void end_stage(struct progress *progress)
{
	char line[PROGRESS_LINE_SIZE];

	if (!progress->stage_number)
		return;
	progress_line_over(progress, clock_monotonic_usec(), line);
	progress_clear(progress);
	fprintf(progress->out, "%s\n", line);
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
		fprintf(progress->out, "[%d/%d] %s …\n", progress->stage_number,
			progress->stage_count, stage);
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
	vfprintf(progress->out, format, args);
	va_end(args);
	fputc('\n', progress->out);
}

void progress_tool_line(struct progress *progress, const char *line)
{
	if (progress->verbose)
		progress_say(progress, "    %s", line);
}
