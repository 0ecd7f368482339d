/*
 * What several checks want to know of this host and of the calling process: read once, at the
 * start.
 */
#ifndef DOCTOR_HOST_H
#define DOCTOR_HOST_H

#include <stdint.h>
#include <sys/types.h>

#include "doctor/container.h"
#include "doctor/parse_cgroup.h"

enum { USER_NAME_MAX = 64, RELEASE_MAX = 80, CONFINEMENT_MAX = 80 };

struct host {
	uid_t uid;
	int is_root;
	char user[USER_NAME_MAX]; /* name, or the uid in digits */
	uid_t unused_uid;	  /* nobody is this; to be tried as an unprivileged user */

	char release[RELEASE_MAX]; /* uname -r */
	unsigned kernel_major, kernel_minor;
	char machine[RELEASE_MAX]; /* uname -m */

	uint64_t capabilities; /* effective */
	int seccomp_mode;      /* 0 none, 1 strict, 2 filter */
	int no_new_privs;
	char confinement[CONFINEMENT_MAX]; /* AppArmor profile or SELinux label; empty: none */
	unsigned proc_masks;		   /* mounts on top of files and folders of /proc */

	enum container_kind container;
	struct cgroup_layout cgroups;
};

void host_read(struct host *ret_host);

/* Has the process this capability (CAP_…) in its effective set? */
int host_has_capability(const struct host *host, unsigned capability);

int host_kernel_at_least(const struct host *host, unsigned major, unsigned minor);

/* Which container options, of enum container_option, may be what forbids something here. */
unsigned host_possible_options(const struct host *host);

/*
 * Reads a whole file of at most FILE_BYTES_MAX, regular files and those of /proc and /sys only.
 * ret_text: new, NUL-terminated, free() it. Returns 0 or a negative errno.
 */
int file_read(const char *path, char **ret_text);

/* As file_read, into text (size bytes) without the line's end; empty on failure. */
int file_read_line(const char *path, char *text, size_t size);

enum { FILE_BYTES_MAX = 8 << 20 };

#endif
