/*
 * How a server is found by whoever changes the link to its image: it holds a lock on a byte of
 * LINK.lock, the one whose offset is its process id, for as long as it runs. fcntl(2), F_GETLK,
 * tells who holds one; SIGHUP makes that server look at the link again.
 */
#ifndef SUPERVISOR_LINK_LOCK_H
#define SUPERVISOR_LINK_LOCK_H

#include "base/error.h"

/*
 * Takes the lock when path is a symbolic link. Such a lock goes with the first fd of its file that
 * the process closes: open LINK.lock nowhere else. Returns the fd that holds it, the caller's;
 * -EBADF when path is no link; another negative errno with a text.
 */
int link_lock_open(const char *path, struct error *err);

#endif
