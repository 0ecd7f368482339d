/*
 * Inside sandlot-cell: the context its steps share, and the steps. Runs as pid 1 of a cell, as
 * root of the cell's user namespace; the job_ functions run in the job's process, between vfork and
 * exec, and so share pid 1's memory: they make system calls only.
 *
 * A step returns 0, or a negative errno after describing the failure in context->error.
 */
#ifndef SANDBOX_CELL_H
#define SANDBOX_CELL_H

#include <sys/types.h>

#include "sandbox/cell_spec.h"
#include "sandbox/sandbox.h"

struct cell_context {
	struct cell_spec spec;
	struct cell_work work;			/* from the step "work" on */
	struct error error;			/* of the step that failed */
	int step;				/* enum cell_step being done */
	char **argv, **envp;			/* owned, NULL-terminated */
	char artefact_out[BUNDLE_PATH_MAX + 1]; /* below /playground; empty: none */
	char collect[BUNDLE_PATH_MAX + 1];	/* a folder, in place of it */
	char carry[BUNDLE_PATH_MAX + 1];	/* the folder that is carried; empty: none */
	int carried;				/* there was something in it */
	pid_t job;
	/* Of a job that is started early: where it reads its later words, and these. */
	char fifo[BUNDLE_PATH_MAX + 1];
	char *later; /* owned; NULL until they have come */
	size_t later_len;
	pid_t feeder;  /* once it is started … */
	int feeder_fd; /* … its word */
};

typedef int cell_step_function(struct cell_context *context);

#define HOST_STEP(constant, name, help)
#define INIT_STEP(constant, function, name, help) cell_step_function function;
#define JOB_STEP(constant, function, name, help) cell_step_function function;
#define FEED_STEP(constant, function, name, help) cell_step_function function;
#include "sandbox/cell_steps.def"
#undef HOST_STEP
#undef INIT_STEP
#undef JOB_STEP
#undef FEED_STEP

/* Walks the INIT, JOB or FEED steps in order until one fails. Returns 0 or its negative errno. */
int cell_init_steps(struct cell_context *context);
int cell_job_steps(struct cell_context *context);
int cell_feed_steps(struct cell_context *context);

/* Describes the failure of the current step, with the errno's words. Returns -error_number. */
int cell_failed(struct cell_context *context, int error_number, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same for a mount(2) on /point, telling from errno when the image lacks the folder. */
int cell_mount_failed(struct cell_context *context, const char *point);

/* Is this layer left off? */
int cell_without(const struct cell_context *context, enum cell_layer layer);

/*
 * Starts the job's process, which walks the JOB steps and becomes the program. Returns its pid; a
 * step that failed is in context->error and its process exits.
 */
pid_t cell_start_job(struct cell_context *context);

/*
 * Waits for a packet of the launcher's with fd_count fds and those to join cgroups by. Returns how
 * many fds came, or a negative errno: -EPIPE when the launcher is gone, -EBADMSG for another
 * packet.
 */
int cell_receive(uint32_t magic, unsigned fd_count, struct cell_work *ret_work,
		 int ret_fds[WORK_FDS_MAX]);

/* The feeder has ended: has it left its word? Without it the program may wait for ever. */
int cell_feeder_has_fed(const struct cell_context *context);

/*
 * Starts a helper of pid 1's: a process that is the job's user, without a capability, with nothing
 * open but fd (borrowed), as stdin. It does what `helper` says, exits 0 when that returns 0, and is
 * nobody's to wait for but the caller's. Returns its pid or -1 with errno.
 */
pid_t cell_start_helper(struct cell_context *context, int fd, cell_step_function *helper);

/*
 * Packs the folder that is carried, once nothing else is left in the cell: starts it, and waits for
 * that. The first returns a pid, or -1 when there is nothing to do; the second whether it is
 * packed.
 */
pid_t cell_pack_begin(struct cell_context *context);
int cell_pack_end(pid_t pid);

/* Once the job has ended: a negative errno, described, when it ended before it had read its words.
 */
int cell_check_fed(struct cell_context *context);

/* Takes the later bundle, CELL_FD_BUNDLE, apart. Returns 0 or a negative errno, described. */
int cell_unpack_later(struct cell_context *context);

/* Gives the tmpfs its size and its number of inodes. Once the root is in place. 0 or -errno. */
int cell_size_files(const struct limits *limits);

/* Makes the parent folders of a path below the working folder, as the caller's fsuid. 0 or -errno.
 */
int cell_make_parents(const char *path);

/*
 * Waits for the job (when a step has failed: ends it), reaps orphans, ends everything else, and
 * fills in the report: wait status, file space, artefact.
 */
void cell_finish_job(struct cell_context *context, struct cell_report *ret_report);

/*
 * Opens a path below /playground for reading, plus flags: never follows a link, never leaves the
 * tmpfs, never blocks on a FIFO. Returns a new fd or a negative errno.
 */
int cell_open_beneath(const char *path, int flags);

/*
 * Copies the files of a folder to CELL_FD_ARTEFACT_OUT, as the bundle that base/bundle.h describes:
 * regular files alone, within its bounds, sorted by name as numbers in it count. Returns 0
 * (ret_bytes set; 0 when there is nothing in it) or a negative errno, described.
 */
int cell_copy_folder(struct cell_context *context, uint64_t *ret_bytes);

/* Copies the artefact to CELL_FD_ARTEFACT_OUT. Returns 0 (ret_bytes set) or a negative errno. */
int cell_copy_artefact(struct cell_context *context, uint64_t *ret_bytes);

#endif
