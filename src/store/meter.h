/*
 * How far a long copy is, on stderr: on a terminal one line that is redrawn, with bytes and the
 * time left; elsewhere a line when it starts, every ten seconds, and when it ends.
 */
#ifndef STORE_METER_H
#define STORE_METER_H

#include <stdint.h>

struct meter {
	const char *what; /* borrowed: "exporting default-98dfc25547a5" */
	int is_terminal, is_open;
	uint64_t done, total; /* bytes; total 0: not known */
	uint64_t started_usec, drawn_usec;
};

void meter_begin(struct meter *meter, const char *what, uint64_t total);

/* Sets how much is done. */
void meter_set(struct meter *meter, uint64_t done);

/* Ends: with a last line when it came to its end, else taking away what stands on the terminal. */
void meter_end(struct meter *meter, int is_whole);

/* "12 s", "3 min 20 s": what is left at the pace so far, or "" while that says nothing. Pure. */
void meter_left(uint64_t done, uint64_t total, uint64_t usec, char ret_text[32]);

#endif
