/*
 * One job's events as the Rust Playground's clients expect them: cargo's lines around the
 * compiler's messages, then the program's output, then one sentence about the end. /execute gathers
 * the pieces, the WebSocket passes them on as they come. Pure but for the job's events it is fed.
 */
#ifndef FRONT_PLAYGROUND_RUN_H
#define FRONT_PLAYGROUND_RUN_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "front/job.h"
#include "front/playground_cargo.h"
#include "front/utf8.h"

enum { PLAYGROUND_DETAIL_SIZE = 96 };

struct playground_run {
	struct cargo_build build;
	/* Called for each piece of text for a stream (1 stdout, 2 stderr). Borrows text. */
	void (*emit)(struct playground_run *run, int stream, const char *text, size_t len);
	void *owner;

	/* The run's own. */
	int announced;	      /* the "Compiling" line is out */
	int failed;	      /* memory ran out */
	char *compile_stderr; /* owned: held until the compile step has ended */
	size_t compile_stderr_len;
	struct utf8_carry carry[STEP_KIND_COUNT][2];
	uint64_t running_since_usec; /* CLOCK_MONOTONIC; 0 while the program does not run */
};

void playground_run_init(struct playground_run *run, const struct cargo_build *build,
			 void (*emit)(struct playground_run *run, int stream, const char *text,
				      size_t len),
			 void *owner);
void playground_run_fini(struct playground_run *run);

/* Takes one event; frees its data. */
void playground_run_event(struct playground_run *run, struct job_event *event);

/*
 * What the end comes to. Returns 1 success, 0 failure of the program or of its compilation, or
 * -EPROTO for ends that its server reports as errors (time-outs, too much output, the server's own
 * faults), with the text. ret_detail: "Exited with status 0".
 */
int playground_run_end(const struct playground_run *run, const struct job_result *result,
		       char ret_detail[PLAYGROUND_DETAIL_SIZE], struct error *err);

#endif
