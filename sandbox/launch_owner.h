/*
 * Whom the kernel holds answerable for a cell. A user namespace belongs to the effective user that
 * makes it, and what is used in it counts against that user in the namespace above as well
 * (ucounts: pending signals and so timers, bytes of message queues, locked memory, namespaces, …).
 * Made by root, all cells together would use up what the host's own root has: so each is made by
 * the host user its slot has. Runs in the launcher.
 */
#ifndef SANDBOX_LAUNCH_OWNER_H
#define SANDBOX_LAUNCH_OWNER_H

#include <sys/types.h>

struct launch_owner {
	int changed;	  /* 0: the caller may not change, and makes the namespace as itself */
	int securebits;	  /* as they were */
	int death_signal; /* PR_SET_PDEATHSIG as it was: a change of ids clears it */
	int dumpable;	  /* PR_SET_DUMPABLE likewise */
};

/*
 * Becomes uid for the clone that follows, keeping the caller's capabilities and real user id. A
 * launcher without root stays dumpable, and so what it clones: the files in /proc of what is not
 * belong to the host's root, and id maps are written there.
 */
void launch_owner_begin(uid_t uid, struct launch_owner *ret_owner);

/* Returns to what the caller was. Keeps errno. */
void launch_owner_end(const struct launch_owner *owner);

#endif
