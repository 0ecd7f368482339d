/*
 * What `sandlot bake` is doing, on stderr: on a terminal one line that is redrawn, elsewhere lines:
 * when a stage starts, every ten seconds, and when it ends. Everything else that prints goes
 * through progress_say().
 */
#ifndef BAKE_PROGRESS_H
#define BAKE_PROGRESS_H

#include <stdint.h>

enum { PROGRESS_TEXT_MAX = 64 };

struct progress {
	int is_terminal;
	int verbose;	  /* 1: also what the tools print */
	int stage_number; /* 0 before the first stage */
	int stage_count;
	char stage[PROGRESS_TEXT_MAX];
	char item[PROGRESS_TEXT_MAX]; /* what is being worked on */
	uint64_t done, total;	      /* items; total 0: not known */
	uint64_t bytes;
	uint64_t started_usec; /* the bake */
	uint64_t stage_started_usec;
	uint64_t drawn_usec;
	int line_is_open; /* the redrawn line stands on the terminal */
};

void progress_init(struct progress *progress, int stage_count, int verbose);

/* Ends the stage before (if any) and starts one, unless it is this very one already. Stages that
 * have nothing to do are never started, so numbers may be left out. */
void progress_stage(struct progress *progress, int number, const char *stage);

/* How many items the stage has; 0: not known. */
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

#endif
