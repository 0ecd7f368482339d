/*
 * `sandlot doctor`: tells what this host gives for running cells. A table of checks (checks.c),
 * each with a name, a function, what it costs to lack the thing and what mends it. Runs as whoever
 * calls it. What might be refused or go wrong is tried in a child (trial.h); nothing is left
 * behind; no setting is changed.
 */
#ifndef DOCTOR_DOCTOR_H
#define DOCTOR_DOCTOR_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "doctor/host.h"

/* The names are part of the output of --json. */
enum verdict { VERDICT_OK, VERDICT_DEGRADED, VERDICT_MISSING, VERDICT_COUNT };

enum { FOUND_MAX = 320, COST_MAX = 320, REMEDY_MAX = 400, ADVICE_MAX = 512 };

/* What a check came to. found: printable ASCII. */
struct finding {
	enum verdict verdict;
	char found[FOUND_MAX];
	char cost[COST_MAX];	 /* instead of the table's, when it depends on what was found */
	char remedy[REMEDY_MAX]; /* likewise */
};

/* What has been found so far, for the last row, which sums a container up. */
struct tally {
	unsigned verdicts[VERDICT_COUNT];
	unsigned needed_missing;    /* rows without which there are no cells */
	unsigned container_options; /* enum container_option, or-ed, that would mend rows */
	char forbidden[FOUND_MAX];  /* names of those rows, with commas */
};

struct doctor {
	struct host host;
	struct tally tally;
	int cell_ran; /* 1: a cell really ran; 0: none did; -1: not tried */
};

struct doctor_check;

/* Looks, and fills ret_finding, which comes zeroed: VERDICT_OK, nothing found. */
typedef void check_function(struct doctor *doctor, const struct doctor_check *check,
			    struct finding *ret_finding);

enum check_flag {
	CHECK_NEEDED = 1 << 0,	/* without it there are no cells */
	CHECK_OF_HOST = 1 << 1, /* in a container, the remedy is for the host */
};

struct doctor_check {
	const char *section, *name;
	check_function *function;
	unsigned flags;		    /* enum check_flag */
	unsigned container_options; /* enum container_option: what a container may forbid it by */
	uint64_t number;	    /* for the function: clone flags, … */
	const void *data;	    /* for the function: a sysctl's rule, … */
	const char *cost, *remedy;
};

/* The table. Static. ret_count: how many. */
const struct doctor_check *doctor_checks(size_t *ret_count);

/* Writes the finding. What is not printable ASCII becomes '?'. */
void finding_set(struct finding *finding, enum verdict verdict, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Write cost and remedy, likewise. */
void finding_cost(struct finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void finding_remedy(struct finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Adds text at the end of a buffer of size bytes, cut when too long. */
void text_add(char *text, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

const char *verdict_name(enum verdict verdict);

/* How many steps `sandlot serve` runs at a time on this host, unless it is told otherwise. */
unsigned doctor_steps(void);

/* Writes the remedy for a user who has no control group that he may divide, where one is known. */
void finding_remedy_delegation(struct finding *finding, const struct host *host);

/*
 * Mounts what a cell mounts, and pivots; a trial_function for one that has a mount namespace of its
 * own. trial_mounts_step: what it was at.
 */
int trial_mounts(const void *context, int *step);
const char *trial_mounts_step(int step);

/* ---- the checks, by file: check_kernel.c, check_namespaces.c, … ---- */
check_function check_kernel, check_architecture, check_seccomp, check_landlock;
check_function check_namespace, check_unprivileged;
check_function check_mounts, check_proc;
check_function check_cgroup_kind, check_cgroup_controllers, check_cgroup_delegation;
check_function check_cgroup_folder, check_cgroup_kill, check_cgroup_freeze;
check_function check_file_system, check_erofs_file, check_loop;
check_function check_uid_range, check_subid, check_newidmap;
check_function check_open_files, check_processes, check_swap;
check_function check_user_namespaces, check_namespace_limits;
check_function check_sysctl;
check_function check_cpu, check_core_pattern;
check_function check_capabilities, check_confinement, check_no_new_privs, check_container;
check_function check_cell;

#endif
