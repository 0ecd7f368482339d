/*
 * The servers that serve a link: each holds a lock on a byte of LINK.lock (fcntl(2)), the one whose
 * offset is its process id, for as long as it runs, and looks at the link again on SIGHUP
 * (docs/baking.md).
 */
#ifndef STORE_SERVER_H
#define STORE_SERVER_H

#include <sys/types.h>

#include "base/error.h"

#define SERVER_LOCK_SUFFIX ".lock"

/*
 * Tells the servers of this link to look at it again. Returns how many there are, with the pid of
 * the last in *ret_pid; 0 when none runs; or a negative errno: -EPERM when one is another user's.
 */
int server_tell(const char *link, pid_t *ret_pid, struct error *err);

/*
 * Is a server of this link another user's than who calls? Returns 1 with its pid and user, or 0,
 * also when that cannot be told.
 */
int server_of_another(const char *link, pid_t *ret_pid, uid_t *ret_user);

#endif
