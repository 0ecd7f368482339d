/*
 * What `sandlot bake` is doing, on stderr: on a terminal one line that is redrawn, elsewhere lines:
 * when a stage starts, every ten seconds, and when it ends. Everything else that prints goes
 * through progress_say().
 */
#ifndef BAKE_PROGRESS_H
#define BAKE_PROGRESS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { PROGRESS_TEXT_MAX = 64, PROGRESS_LINE_SIZE = 321 };

struct progress {
	FILE *out; /* borrowed */
	int is_terminal;
	int verbose;	  /* 1: also what the tools print */
	int stage_number; /* 0 before the first stage */
	int stage_count;
	char stage[PROGRESS_TEXT_MAX];
	char item[PROGRESS_TEXT_MAX]; /* what is being worked on */
	uint64_t done, total;	      /* items; total 0: not known */
	uint64_t bytes;
	uint64_t stage_started_usec;
	uint64_t drawn_usec;
	int line_is_open; /* the redrawn line stands on the terminal */
};

/* To stderr, with a redrawn line when that is a terminal which is not "dumb". */
void progress_init(struct progress *progress, int stage_count, int verbose);

/* Ends the stage before (if any) and starts one, unless it is this very one already. Stages that
 * have nothing to do are never started, so numbers may be left out. */
void progress_stage(struct progress *progress, int number, const char *stage);

/* How many items the stage has; 0: not known. May be corrected while it is worked on. */
void progress_total(struct progress *progress, uint64_t total);

/* One more item done, of this many bytes. item: its name, or NULL to keep the one shown. */
void progress_add(struct progress *progress, const char *item, uint64_t bytes);

/* Shows an item that is being worked on, or redraws the time alone (NULL). */
void progress_tick(struct progress *progress, const char *item);

/* Ends the last stage. */
void progress_finish(struct progress *progress);

/* Prints a line of its own without garbling the redrawn one. */
void progress_say(struct progress *progress, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* As progress_say() for a line some tool printed; nothing unless verbose. */
void progress_tool_line(struct progress *progress, const char *line);

/* Takes the redrawn line away, before an error is printed. */
void progress_clear(struct progress *progress);

/*
 * The line for a stage that is being worked on, at the time now_usec (clock_monotonic_usec()):
 * "[4/6] STAGE 3/10, 1.2 MB, 5.0 s, about 12 s left  ITEM". What is not known is left out; so is
 * the time left in the first seconds. Pure.
 */
void progress_line(const struct progress *progress, uint64_t now_usec,
		   char ret_line[PROGRESS_LINE_SIZE]);

/* The same for a stage that is over: without time left and item. Pure. */
void progress_line_over(const struct progress *progress, uint64_t now_usec,
			char ret_line[PROGRESS_LINE_SIZE]);

/* Is it time for another line at now_usec? Pure. */
int progress_is_due(const struct progress *progress, uint64_t now_usec);

#endif
