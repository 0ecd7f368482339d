/*
 * The front end as the supervisor's child: spawned in the host's mount namespace with one end of a
 * socket pair, watched by pidfd, restarted when it dies. It jails itself before it serves; until
 * then it is what the supervisor is and has parsed nothing but WELCOME.
 *
 * fds the front end inherits: 0, 1 /dev/null; 2 the log; 3 its end of the channel; no other.
 */
#ifndef SUPERVISOR_FRONT_CHILD_H
#define SUPERVISOR_FRONT_CHILD_H

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "ipc/protocol.h"

/* What is needed to start a front end again and again. Owns its fds. */
struct front_plan {
	int exe_fd;	 /* sandlot-front, O_PATH */
	int mount_ns_fd; /* the host's mount namespace, or a copy: its loader and libraries are
			  * there
			  */
	int null_fd;	 /* /dev/null */
	int data_fd;	 /* sent with WELCOME, O_PATH */
	int web_fd;	 /* likewise, the folder of the operator's own page; -EBADF: none */
};

#define FRONT_PLAN_NONE ((struct front_plan){-EBADF, -EBADF, -EBADF, -EBADF, -EBADF})

/*
 * Opens everything. Must be called before the supervisor leaves the host's mount namespace. exe:
 * path of sandlot-front; data_dir is made when missing, given to owner, and locked against a second
 * server. web_root: folder of the operator's own page, or NULL. Returns 0 or a negative errno with
 * a sentence.
 */
int front_plan_open(struct front_plan *plan, const char *exe, const char *data_dir,
		    const char *web_root, uid_t owner, struct error *err);
void front_plan_close(struct front_plan *plan);

struct front_child {
	pid_t pid;
	int pidfd;
	int channel_fd; /* non-blocking */
	enum ipc_state state;
	uint64_t started_usec;
};

#define FRONT_CHILD_NONE ((struct front_child){.pidfd = -EBADF, .channel_fd = -EBADF})

/* Starts a front end and sends it welcome and manifest_fd, borrowed. Returns 0 or a negative errno.
 */
int front_child_start(struct front_child *child, const struct front_plan *plan,
		      const struct ipc_welcome *welcome, int manifest_fd, struct error *err);

/* Reaps a child whose pidfd is readable (or kills it first) and closes its fds. Returns its wait
 * status. */
int front_child_reap(struct front_child *child);

#endif
