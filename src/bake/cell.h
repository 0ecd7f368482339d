/*
 * Runs a command in a cell, by `sandlot cell`: the way everything that comes out of a package, a
 * crate or a recipe is run. The cell sees the image read-only and no network.
 */
#ifndef BAKE_CELL_H
#define BAKE_CELL_H

#include "bake/bake.h"
#include "base/outcome.h"

enum { CELL_JOB_FILES_MAX = 4, CELL_JOB_ENV_MAX = 16, CELL_JOB_LIMITS_MAX = 8 };

/* How a command in a cell ended. */
struct cell_end {
	enum outcome outcome;
	int exit_code; /* of OUTCOME_EXITED */
	int signal;    /* that ended it; 0: none */
};

/* Everything is borrowed. */
struct cell_job {
	const char *image;			 /* folder that holds root/ */
	const char *profile;			 /* "compile" or "run" */
	const char *const *argv;		 /* NULL-terminated, argv[0] a path in the cell */
	const char *env[CELL_JOB_ENV_MAX];	 /* NAME=value; NULL ends */
	const char *limits[CELL_JOB_LIMITS_MAX]; /* NAME=value; NULL ends */
	const char *files[CELL_JOB_FILES_MAX];	 /* HOSTPATH:PATH below /playground; NULL ends */
	const char *input;			 /* file that is its stdin; NULL: none */
	const char *bind;			 /* HOSTDIR:PATH, or NULL */
	const char *artefact;			 /* PATH:HOSTFILE, or NULL */
	uint64_t wall_usec;			 /* our own bound, above the cell's limit */
	child_line *line;			 /* or NULL: lines are shown when verbose */
	void *owner;
};

/*
 * Runs it. Returns 0 when the command ran, whatever its exit code (ret_result->stdout_data has its
 * output, ret_result->tail what it printed on stderr); a negative errno with a text when the cell
 * could not be made. ret_result is written in every case; child_result_fini() it. ret_end: NULL, or
 * how it ended, told exactly; the exit code alone does not tell a limit from a program's own words.
 */
int cell_job_run(struct bake *bake, const struct cell_job *job, struct child_result *ret_result,
		 struct cell_end *ret_end, struct error *err);

/* The same, for a command that must succeed: another exit code is -EIO "WHAT failed", the tail in
 * bake->tail. */
int cell_job_must(struct bake *bake, const char *what, const struct cell_job *job,
		  struct child_result *ret_result, struct error *err);

#endif
