/*
 * What a process that launches cells holds, for the flows that count before and after: descriptors,
 * children, slots, mounts, cgroup folders, memory. To be used on a host that has been entered.
 */
#ifndef TESTS_ESCAPE_HOLDINGS_H
#define TESTS_ESCAPE_HOLDINGS_H

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bundle.h"
#include "base/fd.h"
#include "sandbox/cell_spec.h"
#include "sandbox/cgroup.h"
#include "sandbox/sandbox.h"

enum { HOLDINGS_SLOTS = 2, HOLDINGS_FDS = 1024 };

struct holdings {
	unsigned fds, slots, mounts, children;
	long resident_bytes;
};

static inline unsigned holdings_lines(const char *path)
{
	char text[512];
	unsigned lines = 0;
	FILE *file = fopen(path, "re");

	while (file && fgets(text, sizeof(text), file))
		lines += strchr(text, '\n') != NULL;
	if (file)
		fclose(file);
	return lines;
}

static inline struct holdings holdings_count(const struct cell_host *host)
{
	struct holdings held = {.mounts = holdings_lines("/proc/self/mountinfo")};
	long total = 0, resident = 0;

	for (int fd = 0; fd < HOLDINGS_FDS; fd++)
		held.fds += fcntl(fd, F_GETFD) >= 0;
	for (unsigned i = 0; i < host->uids.slots; i++)
		held.slots += host->slots_used[i];
	held.children = waitpid(-1, NULL, WNOHANG | WNOWAIT) >= 0 || errno != ECHILD;
	FILE *file = fopen("/proc/self/statm", "re");
	if (file && fscanf(file, "%ld %ld", &total, &resident) == 2)
		held.resident_bytes = resident * sysconf(_SC_PAGESIZE);
	if (file)
		fclose(file);
	return held;
}

/* Folders of cells below ours, in all hierarchies; but for the one made ahead for the next cell. */
static inline unsigned holdings_cgroups(const struct cell_host *host)
{
	char next[32] = "";
	unsigned count = 0;

	if (host->cgroups && host->cgroups->next_is_made)
		snprintf(next, sizeof(next), "cell-%u", host->cgroups->next_cell);
	for (unsigned i = 0; host->cgroups && i < host->cgroups->hierarchy_count; i++) {
		DIR *folder = fdopendir(
			openat(host->cgroups->hierarchies[i].own_fd, ".", O_RDONLY | O_DIRECTORY));
		for (struct dirent *entry; folder && (entry = readdir(folder));)
			count += strncmp(entry->d_name, "cell-", 5) == 0 &&
				 strcmp(entry->d_name, next) != 0;
		if (folder)
			closedir(folder);
	}
	return count;
}

/* Prints what differs, apart from memory. Returns 1 when something does. */
static inline int holdings_differ(const char *when, const struct holdings *before,
				  const struct holdings *now)
{
	if (now->fds == before->fds && now->slots == before->slots &&
	    now->mounts == before->mounts && now->children == before->children)
		return 0;
	printf("%s: %u descriptors (%u before), %u slots (%u), %u mounts (%u), %s children\n", when,
	       now->fds, before->fds, now->slots, before->slots, now->mounts, before->mounts,
	       now->children ? "has" : "no");
	return 1;
}

/* Launches /bin/sleeper 0, with a fault at step (or -1: none), and collects. */
static inline enum outcome holdings_launch(struct cell_host *host, int bundle_fd, int null_fd,
					   int step)
{
	struct cell_launch launch = {
		.profile = CELL_RUN,
		.limits = limits_default_run(),
		.bundle_fd = bundle_fd,
		.stdin_fd = null_fd,
		.stdout_fd = null_fd,
		.stderr_fd = null_fd,
		.artefact_in_fd = -EBADF,
		.carry_fd = -EBADF,
		.fail_at_step = step,
	};
	struct cell cell = CELL_NONE;
	struct cell_result result;
	struct error err = {0};

	/* A virtual machine that is made to wait counts that as its processes' time. */
	launch.limits.cpu_usec *= 10;
	if (cell_launch(host, &launch, &cell, &err) < 0)
		return OUTCOME_REFUSED;
	poll(&(struct pollfd){.fd = cell.pidfd, .events = POLLIN}, 1, -1);
	cell_collect(host, &cell, &result);
	close(result.artefact_fd);
	return result.outcome;
}

/* Enters a host with a cgroup folder of this process's and makes the bundle. Returns 0 or -1. */
static inline int holdings_enter(struct cell_host *host, const char *cell_exe, const char *tree,
				 int *ret_bundle_fd)
{
	struct bundle_writer writer = {0};
	struct cell_user user;
	struct error err = {0};
	char name[32];

	/* The claim on the ids is held until the process ends. */
	if (cell_user_enter(HOLDINGS_SLOTS, &user, &err) < 0) {
		error_print("test", &err);
		return -1;
	}
	snprintf(name, sizeof(name), "sandlot-%d", (int)getpid());
	const struct cell_host_config config = {
		.image_dir = tree,
		.cell_exe = cell_exe,
		.cgroup_name = name,
		.user = &user,
	};
	bundle_add_text(&writer, BUNDLE_ARG, "/bin/sleeper");
	bundle_add_text(&writer, BUNDLE_ARG, "0");
	*ret_bundle_fd = bundle_finish(&writer);
	if (*ret_bundle_fd < 0 || cell_host_enter(host, &config, &err) < 0) {
		error_print("test", &err);
		return -1;
	}
	return 0;
}

/* Waits until no cell's cgroup folder is left: what was busy goes with the next launch. */
static inline int holdings_cgroups_left(struct cell_host *host, int bundle_fd, int null_fd)
{
	for (int i = 0; i < 100 && holdings_cgroups(host); i++) {
		poll(NULL, 0, 10);
		holdings_launch(host, bundle_fd, null_fd, STEP_HAND_OVER);
	}
	if (!holdings_cgroups(host))
		return 0;
	printf("%u cgroup folders are left\n", holdings_cgroups(host));
	return 1;
}

#endif
