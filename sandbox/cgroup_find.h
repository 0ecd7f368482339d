/* Where the controllers are on this host, from /proc/self/cgroup and /proc/self/mountinfo. */
#ifndef SANDBOX_CGROUP_FIND_H
#define SANDBOX_CGROUP_FIND_H

#include "sandbox/cgroup.h"

/*
 * Fills hierarchies: version, controllers and parent_fd (new), own_fd empty. Controllers that the
 * host does not have or that cannot be used are left out. Returns how many, or a negative errno.
 */
int cgroup_find(struct cgroup_hierarchy *ret_hierarchies, struct error *err);

#endif
