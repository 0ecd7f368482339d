/*
 * The terminal side of `sandlot run`: the program's output to stdout and stderr, progress to a
 * terminal, and what a result means as an exit status.
 */
#ifndef CLI_RUN_OUTPUT_H
#define CLI_RUN_OUTPUT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

enum { OUTPUT_STREAMS = 4 }; /* stdout and stderr of each of two steps */

/* Zero-initialise. Counts what was shown, so that events heard twice are shown once. */
struct output {
	uint64_t shown[OUTPUT_STREAMS]; /* bytes written, all connections together */
	uint64_t heard[OUTPUT_STREAMS]; /* bytes in the events of this connection */
	int progress_shown;		/* a progress line stands on the terminal */
};

/* The event stream starts again from its first event. */
void output_restart(struct output *output);

/* An `output` event: shows what was not shown before. Returns 0, or -EPIPE when nobody reads it. */
int output_event(struct output *output, const json_t *event);

/* A `state` event: the place in the queue, on a terminal only. */
void output_state(struct output *output, const json_t *event);

/* Takes the progress line away again. */
void output_progress_end(struct output *output);

/*
 * A `result` event as an exit status. Says on stderr what the program's own output cannot.
 * stop_signal: the signal by which the user asked for the end, or 0.
 */
int result_status(const json_t *result, int stop_signal);

#endif
