/*
 * Running sandlot-verify on what is going to be mounted, and believing of it a verdict of fixed
 * size and nothing else. Runs in the child that opens images, which waits for it. image/verdict.h
 * says what it is given.
 */
#ifndef SUPERVISOR_VERIFY_H
#define SUPERVISOR_VERIFY_H

#include <sys/types.h>

#include "base/error.h"
#include "image/verdict.h"

/* All fds are borrowed. */
struct verify_call {
	int exe_fd;		/* sandlot-verify */
	uid_t user;		/* it becomes */
	int own_user_namespace; /* 1: in a user namespace of its own, as we are not the host's root
				 */
	enum record_form form;
	int is_quick;
	int folder_fd, content_fd, manifest_fd;
	int keys_fd; /* -EBADF: no key is trusted */
};

/*
 * Runs it to its end. Returns 0 and what it found out, well or not; or a negative errno with a text
 * when it did not say. It dies with the caller.
 */
int verify_run(const struct verify_call *call, struct verdict *ret_verdict, struct error *err);

#endif
