/*
 * Preparing a host for cells, and the end of it. host_root.c builds the mount namespace.
 */
#include <assert.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bundle.h"
#include "base/fd.h"
#include "sandbox/cell_spec.h"
#include "sandbox/cgroup.h"
#include "sandbox/host_root.h"
#include "sandbox/sandbox.h"

static void host_clear(struct cell_host *host)
{
	*host = (struct cell_host){.cell_exe_fd = -EBADF};
}

void cell_host_fini(struct cell_host *host)
{
	for (unsigned i = 0; i < host->bind_count; i++)
		free(host->bind_paths[i]);
	free(host->bind_paths);
	free(host->slots_used);
	cgroups_free(host->cgroups);
	fd_close(host->cell_exe_fd);
	host_clear(host);
}

static int keep_bind_paths(struct cell_host *host, const struct cell_host_config *config,
			   struct error *err)
{
	if (config->bind_count > CELL_HOST_BINDS_MAX)
		return error_set_plain(err, -E2BIG, "binds", "more than %d folders to bind",
				       CELL_HOST_BINDS_MAX);
	host->bind_paths = calloc(config->bind_count + 1, sizeof(char *));
	for (unsigned i = 0; host->bind_paths && i < config->bind_count; i++) {
		const char *path = config->binds[i].path;
		if (!bundle_path_is_valid(path, strlen(path)))
			return error_set_plain(err, -EINVAL, "binds",
					       "\"%.100s\" is not a path below /playground", path);
		host->bind_paths[i] = strdup(path);
		if (!host->bind_paths[i])
			break;
		host->bind_count++;
	}
	if (!host->bind_paths || host->bind_count != config->bind_count)
		return error_set(err, -ENOMEM, "binds", "cannot keep the paths");
	return 0;
}

static int check_config(const struct cell_host_config *config, struct error *err)
{
	const struct cell_uid_range *uids = &config->user->uids;

	if (uids->slots == 0 || uids->first > (uid_t)-2 - (uid_t)uids->slots * CELL_UIDS_PER_SLOT)
		return error_set_plain(err, -EINVAL, "host",
				       "the range of user ids is empty or too long");
	return 0;
}

/* Says what could not be had. Without root it is there for the asking where systemd runs. */
static void tell_missing(struct cell_host *host)
{
	const char *how = "this host offers no memory and pids cgroups that can be used";

	if (host->ids != CELL_IDS_ROOT)
		how = access("/run/systemd/system", F_OK) == 0
			      ? "no cgroup is ours to divide; start it with `systemd-run --user "
				"--scope -p Delegate=yes sandlot ...`"
			      : "no cgroup is ours to divide, and no systemd runs here that could "
				"give us one";
	snprintf(host->no_cgroups, sizeof(host->no_cgroups),
		 "memory and processor time are limited for each process, which malice gets round: "
		 "%s",
		 how);
}

int cell_host_attach(struct cell_host *host, int mount_fd, struct error *err)
{
	for (unsigned i = 0; i < CELL_HOST_IMAGES_MAX; i++) {
		if (host->images_used[i])
			continue;
		int r = host_root_attach(mount_fd, i, err);
		if (r < 0)
			return r;
		host->images_used[i] = 1;
		return (int)i;
	}
	return error_set_plain(err, -EBUSY, "image",
			       "%d images are mounted, for jobs that still run on them; try again "
			       "when those have ended",
			       CELL_HOST_IMAGES_MAX);
}

void cell_host_detach(struct cell_host *host, unsigned image)
{
	assert(host->images_used[image]);
	host_root_detach(image);
	host->images_used[image] = 0;
}

/*
 * A cell inherits what is blocked here, so that a signal to be passed on waits from its very first
 * moment: pid 1 of a namespace is not sent one for which it has no handler yet
 * (pid_namespaces(7)), but for those it blocks.
 */
static void hold_signals_of_cells(void)
{
	sigset_t held;

	sigemptyset(&held);
	sigaddset(&held, CELL_SIGNAL_PASS);
	sigprocmask(SIG_BLOCK, &held, NULL);
}

static int host_open(struct cell_host *host, const struct cell_host_config *config,
		     struct error *err)
{
	int r = check_config(config, err);
	if (r < 0)
		return r;
	host->ids = config->user->ids;
	host->uids = config->user->uids;
	host->slots_used = calloc(host->uids.slots, 1);
	if (!host->slots_used)
		return error_set(err, -ENOMEM, "host", "cannot keep the slots");
	r = keep_bind_paths(host, config, err);
	if (r < 0)
		return r;
	host->cell_exe_fd = open(config->cell_exe, O_RDONLY | O_CLOEXEC);
	if (host->cell_exe_fd < 0)
		return error_set(err, -errno, "host", "cannot open %s", config->cell_exe);
	if (!(config->without & CELL_WITHOUT_CGROUP)) {
		r = cgroups_open(config->cgroup_name, config->single, &host->cgroups, err);
		if (r < 0)
			return r;
		if (host->cgroups)
			cgroups_make_next(host->cgroups);
		else
			tell_missing(host);
	}
	host->images_used[0] = config->image_dir != NULL;
	hold_signals_of_cells();
	return host_root_enter(config, err);
}

int cell_host_enter(struct cell_host *host, const struct cell_host_config *config,
		    struct error *err)
{
	host_clear(host);
	int r = host_open(host, config, err);
	if (r < 0)
		cell_host_fini(host);
	return r;
}
