/*
 * The confinement of sandlot-verify, entered before it reads the first byte that somebody else
 * wrote: another user (or a user namespace that rules nothing), no capability, Landlock, a seccomp
 * allowlist (verify_filter.h), bounded memory. After it the process can open files below three
 * folders for reading and write to what is open; it can start nothing, connect nowhere and send no
 * signal.
 */
#ifndef IMAGE_VERIFY_JAIL_H
#define IMAGE_VERIFY_JAIL_H

#include <sys/types.h>

#include "base/error.h"

struct verify_jail {
	uid_t user;		/* user and group to become */
	int own_user_namespace; /* 1: we are root of a user namespace only; user is a name in ours
				 */
	int folder_fd;		/* the image's folder; all borrowed */
	int content_fd;		/* a folder, or a file, which needs no rule */
	int keys_fd;		/* -EBADF: there are no keys */
};

/*
 * Walks the steps in their order. Returns 0; or a negative errno with the step's name in err, and
 * then the process must not go on. Landlock is left out, with a line in the log, where the kernel
 * has none; all else is required.
 */
int verify_jail_enter(const struct verify_jail *jail, struct error *err);

#endif
