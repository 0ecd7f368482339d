/*
 * For cases that are launchers themselves: a host, one cell with a bundle made by
 * hand, and a word on how it ended: "done", "refused STEP", or the outcome's name.
 */
#ifndef TESTS_ESCAPE_LAUNCHER_H
#define TESTS_ESCAPE_LAUNCHER_H

#include <fcntl.h>
#include <poll.h>
#include <stdint.h>

#include "base/bundle.h"
#include "base/fd.h"
#include "probe.h"
#include "sandbox/sandbox.h"

/* One record as base/bundle.h has it; len may lie about the body. */
static inline size_t launcher_record(unsigned char *at, uint32_t type, const char *name,
				     uint32_t name_len, const void *body, size_t body_len,
				     uint64_t len)
{
	memcpy(at, &type, sizeof(type));
	memcpy(at + 4, &name_len, sizeof(name_len));
	memcpy(at + 8, &len, sizeof(len));
	memcpy(at + 16, name, strlen(name));
	if (body_len)
		memcpy(at + 16 + strlen(name), body, body_len);
	return 16 + strlen(name) + body_len;
}

/* text: what came of it, as it is printed by the case. */
struct launcher_end {
	char text[ERROR_TEXT_MAX + 32];
};

/* later_fd: -EBADF, or bundle_fd is an early bundle and this the rest. */
static inline struct launcher_end launcher_launch_early(struct cell_host *host, int bundle_fd,
							int later_fd)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	const struct cell_launch launch = {
		.profile = CELL_RUN,
		.limits = limits_default_run(),
		.early = later_fd >= 0,
		.bundle_fd = bundle_fd,
		.stdin_fd = null_fd,
		.stdout_fd = null_fd,
		.stderr_fd = null_fd,
		.artefact_in_fd = -EBADF,
		.carry_fd = -EBADF,
		.fail_at_step = -1,
	};
	struct cell cell = CELL_NONE;
	struct cell_result result;
	struct launcher_end end;
	struct error err = {0};

	if (cell_launch(host, &launch, &cell, &err) < 0) {
		snprintf(end.text, sizeof(end.text), "not launched: %s", err.text);
		return end;
	}
	if (later_fd >= 0 && cell_feed(&cell, &launch.limits, later_fd, -EBADF, &err) < 0)
		cell_kill(&cell, OUTCOME_INTERNAL_ERROR);
	poll(&(struct pollfd){.fd = cell.pidfd, .events = POLLIN}, 1, 10000);
	cell_kill(&cell, OUTCOME_WALL_TIMEOUT);
	cell_collect(host, &cell, &result);
	close(result.artefact_fd);
	if (result.outcome == OUTCOME_REFUSED)
		snprintf(end.text, sizeof(end.text), "refused %s", result.error.step);
	else
		snprintf(end.text, sizeof(end.text), "%s",
			 result.outcome == OUTCOME_EXITED ? "done" : outcome_name(result.outcome));
	return end;
}

static inline struct launcher_end launcher_launch(struct cell_host *host, int bundle_fd)
{
	return launcher_launch_early(host, bundle_fd, -EBADF);
}

/* Enters a host and launches one cell with bundle_fd, and later_fd when it is one; both borrowed.
 */
static inline struct launcher_end launcher_run_early(const char *cell_exe, const char *tree,
						     int bundle_fd, int later_fd)
{
	struct launcher_end end;
	struct cell_user user;
	struct cell_host host;
	struct error err = {0};
	char name[32];

	if (cell_user_enter(1, &user, &err) < 0) {
		snprintf(end.text, sizeof(end.text), "no user: %s", err.text);
		return end;
	}
	snprintf(name, sizeof(name), "sandlot-%d", (int)getpid());
	const struct cell_host_config config = {
		.image_dir = tree,
		.cell_exe = cell_exe,
		.cgroup_name = name,
		.user = &user,
		.single = 1,
	};
	if (cell_host_enter(&host, &config, &err) < 0) {
		snprintf(end.text, sizeof(end.text), "no host: %s", err.text);
		return end;
	}
	end = launcher_launch_early(&host, bundle_fd, later_fd);
	cell_host_fini(&host);
	cell_user_close(&user);
	return end;
}

static inline struct launcher_end launcher_run(const char *cell_exe, const char *tree,
					       int bundle_fd)
{
	return launcher_run_early(cell_exe, tree, bundle_fd, -EBADF);
}

#endif
