/*
 * The front end's jail, entered once, before the first byte of a visitor is read and before there
 * is a second thread: a file system that holds the data folder and nothing else, another user
 * without a capability, Landlock, and a seccomp allowlist (jail_policy.c). After it the process can
 * neither start a program nor open a file outside its data folder, nor bind another port or connect
 * anywhere.
 *
 * Everything that is opened by path (libraries, time zone, certificates) must be loaded before.
 * What comes later comes as fds.
 */
#ifndef FRONT_JAIL_H
#define FRONT_JAIL_H

#include <sys/types.h>

#include "base/error.h"

/* Where the data folder is found inside. */
#define JAIL_DATA "/data"
/* … and the folder of the operator's own page, when there is one. */
#define JAIL_WEB "/web"

struct jail_config {
	int web_fd;  /* the folder of the operator's own page, likewise, read-only; -EBADF: none */
	int data_fd; /* the data folder, O_PATH: of a mount in our namespace, or a detached one */
	uid_t user_id; /* user and group to become; must own the data folder */
	/*
	 * 0: we are root of the host and become that user. 1: we are root of a user namespace that
	 * somebody without privilege made, and are him outside: we go on as him, he owns the data
	 * folder, and user_id is what he is called in a user namespace of our own, which rules
	 * nothing that was made before it.
	 */
	int own_user_namespace;
	unsigned listen_port; /* the one TCP port that may be bound; 0: any that the kernel picks */
};

/*
 * Walks the steps of the jail in their order. Returns 0; or a negative errno with the step's name
 * in err, and then the process must not go on. A layer the kernel does not have (Landlock, in whole
 * or in part) or does not grant (giving up groups, to a user without a range in /etc/subgid) is
 * logged and left out; all others are required with root and without.
 */
int jail_enter(const struct jail_config *config, struct error *err);

#endif
