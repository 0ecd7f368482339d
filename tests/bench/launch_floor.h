/*
 * The floor: what a cell's layers cost by themselves. One launcher within the measuring process
 * that builds the same namespaces, mounts, limits, cgroups and filters in the child it cloned, and
 * executes the program there: no sandlot-cell to execute, no spec to read, no bundle to unpack, no
 * counters, no report. It handles no failure and serves nothing but measurements.
 */
#ifndef BENCH_LAUNCH_FLOOR_H
#define BENCH_LAUNCH_FLOOR_H

#include <sys/resource.h>

#include "base/limits.h"
#include "sandbox/sandbox.h"

enum { FLOOR_LEFT_MAX = 64, FLOOR_RLIMITS = 12 };

/*
 * Does the program become pid 1 itself, or is there an init as in a cell, which outlives it and
 * reaps?
 */
enum floor_kind { FLOOR_BARE, FLOOR_WITH_INIT };

/* What is worked out once. Borrows the host, which has been entered. */
struct floor {
	const struct cell_host *host;
	struct limits limits;
	struct rlimit_row {
		int resource;
		struct rlimit value;
	} rlimits[FLOOR_RLIMITS];
	char files_options[96], memory_text[24], pids_text[24];
	long landlock_abi;
	unsigned long last_capability;
	unsigned next_cell;
	unsigned left[FLOOR_LEFT_MAX]; /* cgroup folders that were still busy */
	unsigned left_count;
};

void floor_init(struct floor *floor, const struct cell_host *host, const struct limits *limits);

/* Runs argv with these as stdin, stdout and stderr to its end. Returns its wait status; exits with
 * a message when a layer cannot be built. */
int floor_run(struct floor *floor, enum floor_kind kind, char *const argv[], const int stdio[3]);

/* Removes the cgroup folders that were still busy. Returns how many are left. */
unsigned floor_fini(struct floor *floor);

#endif
