/*
 * Control groups: what bounds and counts a whole cell. Runs in the launcher, with its privilege.
 *
 * The controllers memory, pids, cpu and cpuacct are looked for when the host is prepared, each on
 * the hierarchy it is mounted on: v1, v2, or some on each (hybrid). Below the caller's own cgroup,
 * in each hierarchy used, stands one folder of ours ("sandlot-1234"), and in it one folder per
 * cell. The folder is flock()ed for as long as its owner lives: that tells a crashed predecessor's
 * from a living one's.
 *
 * A v1 cgroup is joined by the job itself (it writes "0" to an inherited `tasks` fd, which does not
 * wait for an RCU grace period); into a v2 cgroup pid 1 is cloned. All paths are relative to fds
 * opened at the start, so /sys need not stay mounted.
 */
#ifndef SANDBOX_CGROUP_H
#define SANDBOX_CGROUP_H

#include <stdint.h>

#include "base/error.h"
#include "base/limits.h"

enum cgroup_controller {
	CGROUP_MEMORY,
	CGROUP_PIDS,
	CGROUP_CPU,
	CGROUP_CPUACCT,
	CGROUP_CONTROLLERS
};

enum { CGROUP_HIERARCHIES_MAX = 4, CGROUP_NAME_MAX = 48, CGROUP_LEFT_MAX = 256 };

struct cgroup_hierarchy {
	int version;	      /* 1 or 2 */
	unsigned controllers; /* 1 << enum cgroup_controller, or-ed */
	int parent_fd;	      /* the folder ours stands in */
	int own_fd;	      /* ours; carries the lock; -EBADF before it is made */
};

struct cgroups {
	char name[CGROUP_NAME_MAX];
	struct cgroup_hierarchy hierarchies[CGROUP_HIERARCHIES_MAX];
	unsigned hierarchy_count;
	unsigned controllers;		/* of all hierarchies together */
	int single;			/* our folder is itself the one cell's */
	unsigned next_cell;		/* serial number of the next cell's folder */
	int next_is_made;		/* cgroups_make_next() has made it */
	unsigned left[CGROUP_LEFT_MAX]; /* folders that could not be removed yet */
	unsigned left_count;
};

/* One cell's cgroup. */
struct cgroup {
	struct cgroups *cgroups;
	unsigned cell;
	int join_fds[CGROUP_HIERARCHIES_MAX]; /* v1: `tasks`, for the job to write to */
	unsigned join_count;
	int into_fd; /* v2: the folder to clone into, or -EBADF */
};

struct cgroup_usage {
	uint64_t user_usec, system_usec;
	uint64_t throttled_usec; /* waited for a quota; we set none, an operator may */
	uint64_t memory_peak_bytes;
	uint64_t oom_kills;
	int has_cpu;
};

/*
 * single: one cell at a time will be made, and it is put into our folder itself; its weight cannot
 * be lowered. Making and removing folders is what cgroups cost most. Finds the hierarchies, removes
 * what crashed predecessors left, makes and locks our folder (name: "sandlot-NUMBER"); that of a
 * single cell, which joins it by itself, is made by cgroup_new(). Returns 0 with *ret_cgroups new,
 * or NULL when the host offers no memory or no pids controller that can be used; or a negative
 * errno. To be called while /proc and /sys are visible.
 */
int cgroups_open(const char *name, int single, struct cgroups **ret_cgroups, struct error *err);

/* Removes our folders, waiting a moment for what is still dying, and frees. NULL-safe. Returns
 * NULL. */
struct cgroups *cgroups_free(struct cgroups *cgroups);

/*
 * Makes the next cell's folders ahead of cgroup_new(), which takes longer than writing its limits:
 * for when a launcher has a moment. At most one cell's are there; a failure is cgroup_new()'s to
 * meet again. Nothing to do with a single cell.
 */
void cgroups_make_next(struct cgroups *cgroups);

/* Whether pid 1 of a cell is cloned into its cgroup, because some hierarchy is v2. */
int cgroups_clone_into(const struct cgroups *cgroups);

/* A new cgroup, without limits yet. Returns 0 or a negative errno, having left nothing behind. */
int cgroup_new(struct cgroups *cgroups, struct cgroup **ret_cgroup, struct error *err);

/* Sets its limits. Returns 0 or a negative errno. */
int cgroup_limit(const struct cgroup *cgroup, const struct limits *limits, struct error *err);

/* Closes join_fds and into_fd: once the cell has them. */
void cgroup_launched(struct cgroup *cgroup);

/* Processor time of everything in it so far; 0 when the host cannot tell. */
uint64_t cgroup_cpu_usec(const struct cgroup *cgroup);

/*
 * behind 1: it gets the processors when nobody else wants them, and gives one up as soon as
 * somebody does (cpu.idle, linux/Documentation/admin-guide/cgroup-v2.rst; v1 has the same file); 0:
 * as the others again.
 */
void cgroup_set_behind(const struct cgroup *cgroup, int behind);

void cgroup_read_usage(const struct cgroup *cgroup, struct cgroup_usage *ret_usage);

/*
 * Removes the folders and frees. What is still busy (processes that are dead but not quite gone) is
 * kept on a list and tried again with every later call. NULL-safe. Returns NULL.
 */
struct cgroup *cgroup_free(struct cgroup *cgroup);

#endif
