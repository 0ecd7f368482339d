/*
 * Launches cells in one process, each with a fault in another step, and compares what the process
 * holds before and after: descriptors, children, slots, cgroup folders. fault_test CELL_EXE TREE
 * The tree has the sleeper in bin.
 */
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

enum { ROUNDS = 3, SLOTS = 2 };

static unsigned count_fds(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static unsigned count_slots(const struct cell_host *host)
{
	unsigned count = 0;

	for (unsigned i = 0; i < SLOTS; i++)
		count += host->slots_used[i];
	return count;
}

/* Folders of cells below ours, in all hierarchies. */
static unsigned count_cgroups(const struct cell_host *host)
{
	unsigned count = 0;

	for (unsigned i = 0; host->cgroups && i < host->cgroups->hierarchy_count; i++) {
		DIR *folder = fdopendir(
			openat(host->cgroups->hierarchies[i].own_fd, ".", O_RDONLY | O_DIRECTORY));
		for (struct dirent *entry; folder && (entry = readdir(folder));)
			count += strncmp(entry->d_name, "cell-", 5) == 0;
		if (folder)
			closedir(folder);
	}
	return count;
}

/* Launches with a fault at step (or -1: none). Returns how it ended. */
static enum outcome launch_one(struct cell_host *host, int bundle_fd, int null_fd, int step)
{
	struct cell_launch launch = {
		.profile = CELL_RUN,
		.limits = limits_default_run(),
		.bundle_fd = bundle_fd,
		.stdin_fd = null_fd,
		.stdout_fd = null_fd,
		.stderr_fd = null_fd,
		.artefact_in_fd = -EBADF,
		.fail_at_step = step,
	};
	struct cell cell = CELL_NONE;
	struct cell_result result;
	struct error err = {0};

	if (cell_launch(host, &launch, &cell, &err) < 0)
		return OUTCOME_REFUSED;
	poll(&(struct pollfd){.fd = cell.pidfd, .events = POLLIN}, 1, -1);
	cell_collect(host, &cell, &result);
	close(result.artefact_fd);
	return result.outcome;
}

static int check(const struct cell_host *host, unsigned fds, int step)
{
	int status;
	pid_t child = waitpid(-1, &status, WNOHANG);
	int childless = child < 0 && errno == ECHILD;

	if (count_fds() == fds && childless && count_slots(host) == 0)
		return 0;
	printf("step %d: %u descriptors (%u before), %u slots, waitpid %d\n", step, count_fds(),
	       fds, count_slots(host), (int)child);
	return 1;
}

int main(int argc, char **argv)
{
	struct bundle_writer writer = {0};
	struct cell_host host;
	struct error err = {0};
	char name[32];
	int failed = 0, null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (argc != 3)
		return 2;
	snprintf(name, sizeof(name), "sandlot-%d", (int)getpid());
	const struct cell_host_config config = {
		.image_dir = argv[2],
		.cell_exe = argv[1],
		.cgroup_name = name,
		.uids = {CELL_UID_FIRST_DEFAULT, SLOTS},
	};
	bundle_add_text(&writer, BUNDLE_ARG, "/bin/sleeper");
	bundle_add_text(&writer, BUNDLE_ARG, "0");
	int bundle_fd = bundle_finish(&writer);
	if (bundle_fd < 0 || cell_host_enter(&host, &config, &err) < 0) {
		error_print("fault_test", &err);
		return 2;
	}
	unsigned fds = count_fds();
	for (int round = 0; round < ROUNDS; round++)
		for (int step = -1; step < CELL_STEP_COUNT; step++) {
			enum outcome want = step < 0 ? OUTCOME_EXITED : OUTCOME_REFUSED;
			enum outcome got = launch_one(&host, bundle_fd, null_fd, step);
			failed |= got != want;
			if (got != want)
				printf("step %d: %s\n", step, outcome_name(got));
			failed |= check(&host, fds, step);
		}
	for (int i = 0; i < 100 && count_cgroups(&host); i++) {
		/* What was busy is removed with the next launch. */
		poll(NULL, 0, 10);
		launch_one(&host, bundle_fd, null_fd, STEP_SPEC);
	}
	if (count_cgroups(&host)) {
		printf("%u cgroup folders are left\n", count_cgroups(&host));
		failed = 1;
	}
	cell_host_fini(&host);
	return failed;
}
