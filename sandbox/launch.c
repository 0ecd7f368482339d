/*
 * Launching a cell: the HOST steps of the table. Each takes one thing; what was taken is given back
 * by launch_undo() in every failure, in one place. The child between clone3 and exec does
 * async-signal-safe calls only and touches nothing it would have to undo: its end undoes all.
 */
#include <assert.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "sandbox/cell_spec.h"
#include "sandbox/cgroup.h"
#include "sandbox/launch_owner.h"
#include "sandbox/launch_send.h"
#include "sandbox/sandbox.h"

/* What a launch holds on its way; everything is handed to struct cell at the end. */
struct launching {
	struct cell_host *host;
	const struct cell_launch *launch;
	struct cell cell;
	int has_slot;
	int spec_fd;
	int channel_fd; /* the cell's end */
};

typedef int host_step_function(struct launching *launching, struct error *err);

static void launch_undo(struct launching *launching)
{
	struct cell *cell = &launching->cell;

	if (cell->pid > 0) {
		/* It has no children yet, or they die with it. SIGKILL is never late for a pid 1.
		 */
		kill(cell->pid, SIGKILL);
		while (waitpid(cell->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (launching->has_slot)
		launching->host->slots_used[cell->slot] = 0;
	cgroup_free(cell->cgroup);
	fd_close(cell->pidfd);
	fd_close(cell->report_fd);
	fd_close(cell->artefact_out_fd);
	fd_close(launching->spec_fd);
	fd_close(launching->channel_fd);
}

static int host_take_slot(struct launching *launching, struct error *err)
{
	struct cell_host *host = launching->host;

	for (unsigned i = 0; i < host->uids.slots; i++)
		if (!host->slots_used[i]) {
			host->slots_used[i] = 1;
			launching->cell.slot = i;
			launching->has_slot = 1;
			return 0;
		}
	return error_set_plain(err, -EAGAIN, "slot", "all %u slots are taken", host->uids.slots);
}

static int wants_cgroup(const struct launching *launching)
{
	return launching->host->cgroups && !(launching->launch->without & CELL_WITHOUT_CGROUP);
}

static int host_make_cgroup_into(struct launching *launching, struct error *err)
{
	if (!wants_cgroup(launching) || !cgroups_clone_into(launching->host->cgroups))
		return 0;
	return cgroup_new(launching->host->cgroups, &launching->cell.cgroup, err);
}

/* The cell needs this last of all it gets, and is busy becoming one meanwhile. */
static int host_make_cgroup(struct launching *launching, struct error *err)
{
	if (!wants_cgroup(launching) || launching->cell.cgroup)
		return 0;
	return cgroup_new(launching->host->cgroups, &launching->cell.cgroup, err);
}

static int host_write_spec(struct launching *launching, struct error *err)
{
	const struct cell_launch *launch = launching->launch;
	const struct cell_host *host = launching->host;
	struct cell_spec spec = {
		.magic = CELL_SPEC_MAGIC,
		.profile = launch->profile,
		.image = launch->image,
		.without = launch->without,
		.fail_at_step = launch->fail_at_step,
		.first_victim = launching->cell.cgroup || !host->cgroups,
		.single_id = host->ids == CELL_IDS_SINGLE,
		.memory_by_rlimit = !host->cgroups,
		.files_bytes = launch->limits.files_bytes,
		.file_count = launch->limits.file_count,
		.bind_count = host->bind_count,
	};

	for (unsigned i = 0; i < host->bind_count; i++)
		snprintf(spec.bind_paths[i], sizeof(spec.bind_paths[i]), "%s", host->bind_paths[i]);
	launching->spec_fd = memfd_new_sealed("cell-spec", &spec, sizeof(spec));
	if (launching->spec_fd < 0)
		return error_set(err, launching->spec_fd, "spec", "cannot write the cell's spec");
	return 0;
}

static int host_make_channel(struct launching *launching, struct error *err)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return error_set(err, -errno, "channel", "cannot make the cell's channel");
	launching->cell.report_fd = ends[0];
	launching->channel_fd = ends[1];
	return 0;
}

static int host_make_artefact_fd(struct launching *launching, struct error *err)
{
	int fd = memfd_new("artefact");

	if (fd < 0)
		return error_set(err, fd, "artefact-fd", "cannot make room for the artefact");
	launching->cell.artefact_out_fd = fd;
	return 0;
}

/* ---- in the child ---- */

struct fd_move {
	int from, to;
};

/*
 * Puts every fd at its place of the table in cell_spec.h and marks all others to be closed by the
 * exec; but the launcher's end of the channel is closed at once: it must be the launcher's alone,
 * or its death would go unseen.
 */
static int child_arrange_fds(const struct launching *launching, int *exe_fd)
{
	struct fd_move moves[CELL_FD_JOIN] = {
		{launching->spec_fd, STDIN_FILENO},
		{launching->spec_fd, STDOUT_FILENO},
		{launching->spec_fd, STDERR_FILENO},
		{launching->spec_fd, CELL_FD_SPEC},
		{launching->channel_fd, CELL_FD_CHANNEL},
		{launching->spec_fd, CELL_FD_BUNDLE},
		{launching->cell.artefact_out_fd, CELL_FD_ARTEFACT_OUT},
		{launching->spec_fd, CELL_FD_ARTEFACT_IN},
		{launching->spec_fd, CELL_FD_CARRY},
	};
	const int count = CELL_FD_JOIN;

	close(launching->cell.report_fd);
	/* Out of the way first: no dup2 below may overwrite an fd that is still to be moved. */
	for (int i = 0; i < count; i++)
		if (moves[i].from < count)
			moves[i].from = fcntl(moves[i].from, F_DUPFD_CLOEXEC, count);
	if (*exe_fd < count)
		*exe_fd = fcntl(*exe_fd, F_DUPFD_CLOEXEC, count);
	for (int i = 0; i < count; i++)
		if (dup2(moves[i].from, moves[i].to) < 0)
			return -1;
	return (int)syscall(SYS_close_range, (unsigned)count, ~0U, CLOSE_RANGE_CLOEXEC);
}

/* Waits for the id maps. Returns 0 when the launcher said go, -1 when it gave up or died. */
static int child_wait(void)
{
	char go;
	ssize_t n;

	do
		n = recv(CELL_FD_CHANNEL, &go, 1, 0);
	while (n < 0 && errno == EINTR);
	return n == 1 ? 0 : -1;
}

/*
 * An exec in a new user namespace without a map, or as an unmapped id, loses all capabilities:
 * first the map, then become its root, then exec. PDEATHSIG after the change of ids, which clears
 * it.
 */
static void child_main(const struct launching *launching) __attribute__((noreturn));

static void child_main(const struct launching *launching)
{
	/* With one id only, the kernel has forbidden to drop groups: they could be denials. */
	int keeps_groups = launching->host->ids == CELL_IDS_SINGLE;
	char *const argv[] = {(char[]){"sandlot-cell"}, NULL};
	char *const envp[] = {NULL};
	int exe_fd = launching->host->cell_exe_fd;

	/* While the launcher writes the maps, which take it about as long. */
	if (child_arrange_fds(launching, &exe_fd) < 0 || child_wait() < 0 ||
	    syscall(SYS_setresgid, 0, 0, 0) < 0 ||
	    (!keeps_groups && syscall(SYS_setgroups, 0, NULL) < 0) ||
	    syscall(SYS_setresuid, 0, 0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		_exit(127);
	syscall(SYS_execveat, exe_fd, "", argv, envp, AT_EMPTY_PATH);
	_exit(127);
}

/* ---- in the launcher ---- */

static const struct {
	enum cell_layer layer;
	uint64_t flags;
} namespaces[] = {
	{0, CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID},
	{CELL_WITHOUT_NET_NS, CLONE_NEWNET},
	{CELL_WITHOUT_IPC_NS, CLONE_NEWIPC},
	{CELL_WITHOUT_UTS_NS, CLONE_NEWUTS},
};

/* The host id of the cell's root; its user's is the next. */
static uid_t first_uid(const struct launching *launching)
{
	if (launching->host->ids == CELL_IDS_SINGLE)
		return 0;
	return launching->host->uids.first + launching->cell.slot * CELL_UIDS_PER_SLOT;
}

static int host_clone(struct launching *launching, struct error *err)
{
	const struct cgroup *cgroup = launching->cell.cgroup;
	struct launch_owner owner;
	int pidfd = -EBADF;
	struct clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};

	for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++)
		if (!(launching->launch->without & namespaces[i].layer))
			args.flags |= namespaces[i].flags;
	if (cgroup && cgroup->into_fd >= 0) {
		args.flags |= (uint64_t)CLONE_INTO_CGROUP;
		args.cgroup = (unsigned)cgroup->into_fd;
	}
	launching->cell.started_usec = clock_monotonic_usec();
	launch_owner_begin(first_uid(launching), &owner);
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		child_main(launching);
	launch_owner_end(&owner);
	if (pid < 0)
		return error_set(err, -errno, "clone", "cannot clone into new namespaces");
	launching->cell.pid = pid;
	launching->cell.pidfd = pidfd;
	return 0;
}

static int write_proc(pid_t pid, const char *file, const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	_cleanup_fd_ int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

static int host_map_ids(struct launching *launching, struct error *err)
{
	const struct cell *cell = &launching->cell;
	unsigned first = first_uid(launching);
	char map[64];

	if (launching->host->ids == CELL_IDS_SINGLE)
		snprintf(map, sizeof(map), "0 %u 1\n", first);
	else
		snprintf(map, sizeof(map), "0 %u 1\n%d %u 1\n", first, CELL_UID, first + 1);
	int r = write_proc(cell->pid, "uid_map", map);
	if (r == 0)
		r = write_proc(cell->pid, "gid_map", map);
	if (r < 0)
		return error_set(err, r, "id-map", "cannot map the cell's ids");
	return 0;
}

static int host_release(struct launching *launching, struct error *err)
{
	if (send(launching->cell.report_fd, "", 1, MSG_NOSIGNAL) != 1)
		return error_set(err, -errno, "release", "the cell died at birth");
	return 0;
}

static int host_hand_over(struct launching *launching, struct error *err)
{
	const struct cell_launch *launch = launching->launch;
	const struct cgroup *cgroup = launching->cell.cgroup;
	int fds[WORK_FDS_MAX] = {
		[WORK_STDIN] = launch->stdin_fd,
		[WORK_STDOUT] = launch->stdout_fd,
		[WORK_STDERR] = launch->stderr_fd,
		[WORK_BUNDLE] = launch->bundle_fd,
		[WORK_ARTEFACT_IN] =
			launch->artefact_in_fd >= 0 ? launch->artefact_in_fd : launch->bundle_fd,
		[WORK_CARRY] = launch->carry_fd >= 0 ? launch->carry_fd : launch->bundle_fd,
	};
	struct cell_work work = {
		.magic = CELL_WORK_MAGIC,
		.has_artefact_in = launch->artefact_in_fd >= 0,
		.has_carry = launch->carry_fd >= 0,
		.early = launch->early != 0,
		.join_count = cgroup ? cgroup->join_count : 0,
		.limits = launch->limits,
	};

	int r = cgroup ? cgroup_limit(cgroup, &launch->limits, err) : 0;
	if (r < 0)
		return r;
	for (unsigned i = 0; i < work.join_count; i++)
		fds[WORK_FDS + i] = cgroup->join_fds[i];
	r = launch_send(launching->cell.report_fd, &work, fds, WORK_FDS + work.join_count);
	if (r < 0)
		return error_set(err, r, "hand-over", "cannot send the job to the cell");
	if (cgroup)
		cgroup_launched(launching->cell.cgroup);
	return 0;
}

/* A cgroup to be cloned into comes before the spec, which says that it is. */
static host_step_function *const host_steps[] = {
	[STEP_SLOT] = host_take_slot,
	[STEP_CGROUP_INTO] = host_make_cgroup_into,
	[STEP_SPEC] = host_write_spec,
	[STEP_CHANNEL] = host_make_channel,
	[STEP_ARTEFACT_FD] = host_make_artefact_fd,
	[STEP_CLONE] = host_clone,
	[STEP_ID_MAP] = host_map_ids,
	[STEP_RELEASE] = host_release,
	[STEP_CGROUP] = host_make_cgroup,
	[STEP_HAND_OVER] = host_hand_over,
};

static const char *const host_step_names[] = {
#define HOST_STEP(constant, name, help) [STEP_##constant] = name,
#define INIT_STEP(constant, function, name, help)
#define JOB_STEP(constant, function, name, help)
#define FEED_STEP(constant, function, name, help)
#include "sandbox/cell_steps.def"
};

/* Does the steps from first to last. Returns 0, or a negative errno with the step's name. */
static int walk(struct launching *launching, enum cell_step first, enum cell_step last,
		struct error *err)
{
	int r = 0;

	for (unsigned i = first; r == 0 && i <= last; i++)
		r = launching->launch->fail_at_step == (int)i
			    ? error_set(err, -ECANCELED, host_step_names[i],
					"made to fail here on request")
			    : host_steps[i](launching, err);
	return r;
}

int cell_prepare(struct cell_host *host, const struct cell_launch *launch, struct cell *ret_cell,
		 struct error *err)
{
	struct launching launching = {
		.host = host,
		.launch = launch,
		.cell = CELL_NONE,
		.spec_fd = -EBADF,
		.channel_fd = -EBADF,
	};

	assert((unsigned)launch->profile < CELL_PROFILE_COUNT);
	assert(launch->image < CELL_HOST_IMAGES_MAX && host->images_used[launch->image]);
	int r = walk(&launching, STEP_SLOT, STEP_CGROUP, err);
	if (r < 0) {
		launch_undo(&launching);
		return r;
	}
	close(launching.spec_fd);
	close(launching.channel_fd);
	/* The cell has some way to go by itself: time for the next one's folders. */
	if (launching.cell.cgroup)
		cgroups_make_next(host->cgroups);
	*ret_cell = launching.cell;
	return 0;
}

int cell_begin(struct cell_host *host, struct cell *cell, const struct cell_launch *launch,
	       struct error *err)
{
	struct launching launching = {.host = host, .launch = launch, .cell = *cell};

	launching.cell.limits = launch->limits;
	launching.cell.started_usec = clock_monotonic_usec();
	int r = walk(&launching, STEP_HAND_OVER, STEP_HAND_OVER, err);
	if (r < 0)
		cell_discard(host, cell);
	else
		*cell = launching.cell;
	return r;
}

int cell_launch(struct cell_host *host, const struct cell_launch *launch, struct cell *ret_cell,
		struct error *err)
{
	struct cell cell;

	int r = cell_prepare(host, launch, &cell, err);
	if (r == 0)
		r = cell_begin(host, &cell, launch, err);
	if (r == 0)
		*ret_cell = cell;
	return r;
}
