/*
 * Work on bytes that came from outside (crates, audits, tarballs, packages, manifests, what cells
 * made), in a forked child that can reach one folder and nothing else. As root it becomes an id of
 * its own without capabilities, in a chroot of that folder; as a user it stays the user. In both
 * cases: Landlock where the kernel has it, no_new_privs, limits, and a seccomp filter that knows no
 * sockets, no processes and no programs.
 */
#ifndef BAKE_CONFINED_H
#define BAKE_CONFINED_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/*
 * Who such children are: of the ids that cells leave free (sandbox/sandbox.h,
 * CELL_UID_FIRST_DEFAULT), which are nobody's on a host.
 */
#define CONFINED_ID ((uid_t)1879048200)

enum confined_access {
	CONFINED_WRITES, /* files can be made in the folder; as root it is given to CONFINED_ID */
	CONFINED_READS,	 /* files in it, the child's working folder, can be read if anybody may */
};

/* Bytes the child makes besides its result. */
struct confined_bytes {
	size_t max; /* for the caller to set */
	char *data; /* work() sets it in the child; afterwards the caller's: new, with a NUL behind
		     */
	size_t len;
};

struct confined_spec {
	const char *what;	      /* for messages: what is worked on */
	enum confined_access access;  /* to the folder */
	int folder_fd;		      /* the folder, opened as one */
	int input_fd;		      /* stays open in the child; or -EBADF */
	uint64_t bytes_max;	      /* of any one file it writes */
	int may_link;		      /* 1: symbolic and hard links can be made in the folder */
	struct confined_bytes *bytes; /* or NULL */
	/* Called in the parent ten times a second while the child works; or NULL. */
	void (*tick)(void *owner);
	void *tick_owner;
};

/*
 * Runs in the child. result: of the size confined_run() was told, zeroed. Returns 0 or a negative
 * errno with a text. The fds of spec keep their numbers.
 */
typedef int confined_work(void *owner, void *result, struct error *err);

/*
 * Runs work(). The files it left belong to CONFINED_ID: tree_normalise() makes them root's. Returns
 * 0 with ret_result filled in; what work() returned, with its text; -EIO when the child died;
 * -ETIMEDOUT; -EINTR (child_interrupted()). What is in ret_result the child could have made up.
 */
int confined_run(const struct confined_spec *spec, confined_work *work, void *owner,
		 void *ret_result, size_t result_size, struct error *err);

/* In the child, by confined_run(): gives up everything. Returns 0 or a negative errno. */
int confined_enter(const struct confined_spec *spec, struct error *err);

#endif
