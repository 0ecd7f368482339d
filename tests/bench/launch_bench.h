/*
 * The measuring process: a launcher as long-lived as the supervisor, with one prepared host. It
 * prints samples, one a line; tests/bench/cells.py makes rows of them.
 */
#ifndef BENCH_LAUNCH_BENCH_H
#define BENCH_LAUNCH_BENCH_H

#include "sandbox/sandbox.h"
#include "tests/bench/launch_floor.h"

struct bench {
	struct cell_user user;
	struct cell_host host;
	struct floor floor;
	char *const *argv; /* of the program that cells run */
	int bundle_fd;	   /* the same for cells */
	int null_fd, stdout_fd;
};

/* Launches a cell, waits for its end and collects it. Exits with a message unless it ended with
 * status 0. */
void bench_cell(struct bench *bench);

/* Runs cells in turn and prints what the process and the machine hold before and after. */
void bench_soak(struct bench *bench, unsigned cells);

#endif
