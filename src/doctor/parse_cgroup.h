/*
 * Where the control groups are, from /proc/self/cgroup and /proc/self/mountinfo: cgroups(7),
 * proc_pid_mountinfo(5). Pure.
 */
#ifndef DOCTOR_PARSE_CGROUP_H
#define DOCTOR_PARSE_CGROUP_H

#include <stddef.h>

enum cgroup_kind { CGROUP_NONE, CGROUP_V1, CGROUP_HYBRID, CGROUP_V2 };

enum cgroup_controller {
	CGROUP_MEMORY,
	CGROUP_PIDS,
	CGROUP_CPU,
	CGROUP_CPUACCT,
	CGROUP_FREEZER,
	CGROUP_CONTROLLERS
};

enum { CGROUP_DIR_MAX = 512 };

struct cgroup_place {
	char mount[CGROUP_DIR_MAX]; /* where the hierarchy is mounted; empty: nowhere */
	char own[CGROUP_DIR_MAX];   /* the caller's folder in it, or mount when it is not visible */
	int read_only;
};

struct cgroup_layout {
	enum cgroup_kind kind;
	struct cgroup_place v1[CGROUP_CONTROLLERS]; /* by enum cgroup_controller */
	struct cgroup_place v2;
	char v2_path[CGROUP_DIR_MAX]; /* as /proc/self/cgroup has it */
};

void parse_cgroups(const char *own, const char *mountinfo, struct cgroup_layout *ret_layout);

const char *cgroup_controller_name(enum cgroup_controller controller);

/* Is word among the words of list, which commas, white space or its end separate? */
int cgroup_has_word(const char *list, size_t len, const char *word);

/* Undoes mountinfo's escapes (\040 for a space) in place. */
void cgroup_unescape(char *text);

#endif
