/* Where below a v2 hierarchy folders for cells would have controllers, found by reading alone. */
#ifndef DOCTOR_CGROUP_V2_H
#define DOCTOR_CGROUP_V2_H

#include "doctor/parse_cgroup.h"

/* What stands in the way of using a v2 hierarchy. */
enum cgroup_v2_state {
	CGROUP_V2_ABSENT,
	CGROUP_V2_BARE,	  /* memory or pids are not among its controllers */
	CGROUP_V2_CLOSED, /* they are, but the files may not be written */
	CGROUP_V2_IN_WAY, /* they are, but processes are in the folder */
	CGROUP_V2_USABLE,
};

struct cgroup_v2 {
	enum cgroup_v2_state state;
	char dir[CGROUP_DIR_MAX]; /* the folder that cells' folders would stand in */
	char controllers[256];	  /* those that folders in it have or can be given */
};

/*
 * Goes up from the caller's folder to the nearest one whose folders have memory and pids, or can be
 * given them; as sandlot-supervisor does when it starts.
 */
void cgroup_v2_find(const struct cgroup_place *place, struct cgroup_v2 *ret_found);

enum { CGROUP_V2_LEVELS = 16 };

/* What the caller's folder and those above it hand on to their children. */
struct cgroup_v2_saved {
	unsigned count;
	size_t dir_len[CGROUP_V2_LEVELS];     /* how much of the caller's folder's path it is */
	unsigned handed_on[CGROUP_V2_LEVELS]; /* 1 << memory, pids, cpu */
};

void cgroup_v2_save(const struct cgroup_place *place, struct cgroup_v2_saved *ret_saved);

/*
 * Takes back what a cell has let these folders hand on since; but where a Sandlot has a folder of
 * its own, it needs it now.
 */
void cgroup_v2_restore(const struct cgroup_place *place, const struct cgroup_v2_saved *saved);

#endif
