/* Our folders in a hierarchy: made and locked by the living, removed when their owner is dead. */
#ifndef SANDBOX_CGROUP_STALE_H
#define SANDBOX_CGROUP_STALE_H

/*
 * Makes a folder and takes its lock. Returns an fd of it, which keeps the lock while it or a copy
 * of it is open, or a negative errno: -EEXIST when another holds it for as long as half a second,
 * which one that only looks whether it is stale does not.
 */
int cgroup_make_locked(int parent_fd, const char *name);

/*
 * Removes every "sandlot-NUMBER" folder whose lock is free, with its children. Processes left in it
 * are ended where the kernel has cgroup.kill; else it stays for the next one to look at. Best
 * effort. Returns how many are still there: busy.
 */
unsigned cgroup_remove_stale(int parent_fd);

/* How many such folders there are. */
unsigned cgroup_count_stale(int parent_fd);

#endif
