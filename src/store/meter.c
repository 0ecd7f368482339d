#include "store/meter.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/print.h"

enum {
	REDRAW_USEC = 100000,
	LINE_USEC = 10000000,
	PACE_USEC = 1000000, /* the pace of less time than this says nothing */
	MINUTE = 60
};

void meter_left(uint64_t done, uint64_t total, uint64_t usec, char ret_text[32])
{
	ret_text[0] = '\0';
	if (done == 0 || done >= total || usec < PACE_USEC)
		return;
	uint64_t sec = (uint64_t)((double)usec / (double)done * (double)(total - done) /
				  (double)USEC_PER_SEC) +
		       1;
	if (sec < MINUTE)
		snprintf(ret_text, 32, "%" PRIu64 " s", sec);
	else
		snprintf(ret_text, 32, "%" PRIu64 " min %" PRIu64 " s", sec / MINUTE, sec % MINUTE);
}

static void draw(struct meter *meter, uint64_t now)
{
	char done[PRINT_SIZE], total[PRINT_SIZE], left[32], line[160];

	print_bytes(meter->done, done);
	print_bytes(meter->total, total);
	meter_left(meter->done, meter->total, now - meter->started_usec, left);
	snprintf(line, sizeof(line), "%s: %s%s%s%s%s%s", meter->what, done,
		 meter->total ? " of " : "", meter->total ? total : "", *left ? ", about " : "",
		 left, *left ? " left" : "");
	meter->drawn_usec = now;
	if (!meter->is_terminal) {
		fprintf(stderr, "%s\n", line);
		return;
	}
	fprintf(stderr, "\r%.78s\033[K", line);
	fflush(stderr);
	meter->is_open = 1;
}

void meter_begin(struct meter *meter, const char *what, uint64_t total)
{
	const char *term = getenv("TERM");
	uint64_t now = clock_monotonic_usec();

	*meter = (struct meter){
		.what = what,
		.is_terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0,
		.total = total,
		.started_usec = now,
	};
	draw(meter, now);
}

void meter_set(struct meter *meter, uint64_t done)
{
	uint64_t now = clock_monotonic_usec();

	meter->done = done;
	if (now - meter->drawn_usec >= (meter->is_terminal ? REDRAW_USEC : LINE_USEC))
		draw(meter, now);
}

void meter_end(struct meter *meter, int is_whole)
{
	uint64_t now = clock_monotonic_usec();
	char bytes[PRINT_SIZE];

	if (meter->is_open)
		fputs("\r\033[K", stderr);
	meter->is_open = 0;
	if (!is_whole)
		return;
	uint64_t msec = (now - meter->started_usec) / USEC_PER_MSEC;
	print_bytes(meter->done, bytes);
	fprintf(stderr, "%s: %s in %" PRIu64 ".%" PRIu64 " s\n", meter->what, bytes, msec / 1000,
		msec / 100 % 10);
}
