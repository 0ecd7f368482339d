/*
 * Runs the tools a bake needs (apt-get, cargo, sandlot cell), one at a time, bounded in
 * time. Each gets a process group of its own and dies with the bake. SIGINT, SIGTERM and
 * SIGHUP are blocked in the bake and looked for (child_interrupted()), so that temporary folders
 * are always taken away.
 */
#ifndef BAKE_CHILD_H
#define BAKE_CHILD_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum {
	CHILD_TAIL_SIZE = 4096,	     /* of the last lines a tool printed */
	CHILD_CAPTURE_MAX = 4 << 20, /* bytes of stdout kept when it is captured */
	CHILD_LINE_MAX = 1024,	     /* a longer line is cut */
};

/* Called for each line of stdout (unless captured) and stderr, without its end; often with NULL. */
typedef void child_line(void *owner, const char *line);

/*
 * A tool that reads what the network sends runs as CONFINED_ID (bake/confined.h), without
 * capabilities, in a mount namespace of its own in which its folder, wherever that is, is seen at a
 * place it can reach. For root only.
 */
struct child_jail {
	const char *folder;	 /* given to CONFINED_ID; the tool's working folder */
	const char *at;		 /* where the tool sees it: an empty folder */
	uint64_t file_bytes_max; /* of any one file it writes */
};

struct child_spec {
	const char *const *argv;       /* NULL-terminated; argv[0] is looked up in PATH */
	const char *const *env;	       /* NAME=value, NULL-terminated, added to ours; or NULL */
	const char *cwd;	       /* or NULL; in a jail it is the jail's folder */
	const struct child_jail *jail; /* or NULL: as root */
	const char *input;	       /* the file that is its stdin; NULL: /dev/null */
	int keep_fd;		       /* stays open in the child under its number; or -EBADF */
	int capture_stdout;	       /* 1: kept in the result instead of going to line() */
	uint64_t wall_usec;	       /* the child is killed after this */
	child_line *line;	       /* or NULL */
	void *owner;
};

struct child_result {
	int exit_code;	   /* 0…255, or 128 + the signal that ended it */
	char *stdout_data; /* captured: new, NUL-terminated, free() it */
	size_t stdout_len;
	char tail[CHILD_TAIL_SIZE]; /* the last lines printed, NUL-terminated */
};

/* Blocks the signals that end a bake. To be called once, before any child. */
void child_block_signals(void);

/* Has one of them come? Returns 0, or -EINTR with a text. */
int child_interrupted(struct error *err);

/*
 * Runs a tool to its end. Returns 0 when it ran, whatever its exit code; -ENOENT when there is no
 * such program, -ETIMEDOUT, -EINTR (see above; the tool is ended first), -EFBIG (too much
 * captured). ret_result is written in every case.
 */
int child_run(const struct child_spec *spec, struct child_result *ret_result, struct error *err);

void child_result_fini(struct child_result *result);

#endif
