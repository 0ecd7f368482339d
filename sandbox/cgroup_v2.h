/* Where in a v2 hierarchy our folder can stand, and making it possible. */
#ifndef SANDBOX_CGROUP_V2_H
#define SANDBOX_CGROUP_V2_H

/*
 * Finds the folder to make ours in: one whose children have the controllers memory and pids, that
 * we may write to. take_fd: the folder of the caller's own cgroup, taken. Returns a new fd with
 * *ret_controllers (1 << enum cgroup_controller) set, or -ENOENT when there is none.
 */
int cgroup_v2_open(int take_fd, unsigned *ret_controllers);

/* The controllers named in text, separated by blanks or commas. Pure. */
unsigned cgroup_controllers_in(const char *text);

#endif
