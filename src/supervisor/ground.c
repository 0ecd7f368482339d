#include "supervisor/ground.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "image/key_folder.h"
#include "image/stamps.h"
#include "supervisor/capacity.h"
#include "supervisor/link_lock.h"
#include "supervisor/places.h"
#include "supervisor/pool.h"

enum { CELL_SLOTS_MORE = 64 }; /* dying cells still hold host users of their own */

/* Asked for more than this user may have, the server makes do, and says so. */
static void fit_capacity(const struct ground *ground, struct options *options)
{
	const struct capacity capacity = capacity_read(&ground->user);
	unsigned lack = capacity_fit(&capacity, options);

	if (lack & (LACK_IDS | LACK_PROCESSES))
		log_warning("slots_lowered", "compile=%u run=%u why=\"%s\"", options->compile_slots,
			    options->run_slots,
			    lack & LACK_IDS
				    ? "the range in /etc/subuid and /etc/subgid has ids for no more"
				    : "the user may have processes for no more (ulimit -u)");
	if (lack & LACK_OPEN_FILES)
		log_warning("open_files_lowered", "compile=%llu run=%llu why=\"%s\"",
			    (unsigned long long)options->compile_limits.open_files,
			    (unsigned long long)options->run_limits.open_files,
			    "what jobs open counts against the server's own limit (ulimit -Hn)");
}

/*
 * Becomes what cells are launched as. Without root the host's mount namespace could not be entered
 * again for another front end: a copy of it is made that is ours.
 */
static int user_enter(struct ground *ground, struct options *options, struct error *err)
{
	unsigned slots = 2 * (options->compile_slots + options->run_slots + EARLY_SLOTS_MAX) +
			 POOL_CELLS_MAX + CELL_SLOTS_MORE;
	char conflict[ERROR_TEXT_MAX];

	capacity_raise();
	int r = cell_user_enter(slots, &ground->user, err);
	if (r < 0)
		return r;
	fit_capacity(ground, options);
	if (ground->user.ids == CELL_IDS_ROOT && setgroups(0, NULL) < 0)
		return error_set(err, -errno, "start", "cannot drop supplementary groups");
	if (ground->user.ids != CELL_IDS_ROOT &&
	    (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0))
		return error_set(err, -errno, "start", "cannot make a mount namespace");
	if (ground->user.ids == CELL_IDS_SINGLE)
		log_warning("no_user_ids",
			    "cost=\"all cells are the same user on the host, and ours\" why=\"%s\"",
			    ground->user.missing);
	if (cell_user_conflict(&ground->user, conflict, sizeof(conflict)))
		log_warning("user_ids_shared", "what=\"%s\"", conflict);
	return 0;
}

/* By whom and by what means images are verified. */
static int trust_open(struct ground *ground, const struct options *options, const char *exe_dir,
		      struct error *err)
{
	int is_root = ground->user.ids == CELL_IDS_ROOT;
	char verify_exe[PATH_MAX + 16], stamps[PATH_MAX];
	struct image_trust *trust = &ground->source.trust;
	struct error why;

	*trust = (struct image_trust){
		.verify_fd = -EBADF,
		.stamps_fd = -EBADF,
		.keys_dir = ground->keys_path,
		.user = VERIFY_USER,
		.own_user_namespace = !is_root,
		.allow_unsigned = options->allow_unsigned,
		.allow_older = options->allow_older,
	};
	int r = key_folder_trusted(options->keys_dir, is_root, ground->keys_path, err);
	if (r < 0)
		return r;
	snprintf(verify_exe, sizeof(verify_exe), "%s/sandlot-verify", exe_dir);
	trust->verify_fd = open(verify_exe, O_PATH | O_CLOEXEC);
	if (trust->verify_fd < 0)
		return error_set(err, -errno, "image", "cannot open %s", verify_exe);
	r = stamps_folder(options->stamps_dir, is_root, stamps, &why);
	if (r == 0)
		r = trust->stamps_fd = stamps_open(stamps, &why);
	if (r < 0)
		log_warning(
			"no_stamps",
			"cost=\"images are verified from the start each time, and none is known "
			"to be older\" why=\"%s\"",
			why.text);
	return 0;
}

/* Where the image is found, now and later. */
static int source_open(struct ground *ground, const struct options *options, const char *exe_dir,
		       struct error *err)
{
	struct error why = {0};

	places_image(exe_dir, ground->image_path);
	if (options->image_dir)
		snprintf(ground->image_path, sizeof(ground->image_path), "%s", options->image_dir);
	ground->source.path = ground->image_path;
	ground->source.how = (ground->user.ids == CELL_IDS_ROOT ? 0u : CELL_IMAGE_NO_EROFS) |
			     (options->erofs_loop ? CELL_IMAGE_BY_LOOP : 0u);
	ground->source.host_ns_fd = ground->plan.mount_ns_fd;
	ground->source.folder_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (ground->source.folder_fd < 0)
		return error_set(err, -errno, "image", "cannot open the working folder");
	ground->link_fd = link_lock_open(ground->image_path, &why);
	if (ground->link_fd < 0 && why.code)
		log_warning("image_link_not_locked",
			    "cost=\"`sandlot image` cannot tell us of a change; SIGHUP does\" "
			    "why=\"%s\"",
			    why.text);
	return trust_open(ground, options, exe_dir, err);
}

static int ground_make(struct ground *ground, struct options *options, struct error *err)
{
	char dir[PATH_MAX], front_exe[PATH_MAX + 16], cell_exe[PATH_MAX + 16];
	char data[PATH_MAX], cgroup_name[32];

	int r = places_exe(dir, err);
	if (r == 0)
		r = user_enter(ground, options, err);
	if (r < 0)
		return r;
	int is_root = ground->user.ids == CELL_IDS_ROOT;
	snprintf(front_exe, sizeof(front_exe), "%s/sandlot-front", dir);
	snprintf(cell_exe, sizeof(cell_exe), "%s/sandlot-cell", dir);
	snprintf(cgroup_name, sizeof(cgroup_name), "sandlot-%d", getpid());

	umask(077);
	if (options->data_dir)
		snprintf(data, sizeof(data), "%s", options->data_dir);
	else
		r = places_data(is_root, data, err);
	if (r == 0)
		r = front_plan_open(&ground->plan, front_exe, data, options->web_root,
				    is_root ? FRONT_USER : geteuid(), err);
	if (r == 0)
		r = source_open(ground, options, dir, err);
	if (r < 0)
		return r;
	struct cell_host_config config = {
		.cell_exe = cell_exe,
		.cgroup_name = cgroup_name,
		.user = &ground->user,
	};
	r = cell_host_enter(&ground->host, &config, err);
	if (r < 0)
		return r;
	if (!ground->host.cgroups)
		log_warning("no_cgroups", "cost=\"%s\"", ground->host.no_cgroups);
	return 0;
}

static void ground_drop(struct ground *ground)
{
	front_plan_close(&ground->plan);
	ground->source.folder_fd = fd_close(ground->source.folder_fd);
	ground->source.trust.verify_fd = fd_close(ground->source.trust.verify_fd);
	ground->source.trust.stamps_fd = fd_close(ground->source.trust.stamps_fd);
	ground->link_fd = fd_close(ground->link_fd);
	cell_user_close(&ground->user);
}

int ground_open(struct ground *ground, struct options *options, struct error *err)
{
	*ground = (struct ground){
		.user.claim_fd = -EBADF,
		.plan = FRONT_PLAN_NONE,
		.source = {.host_ns_fd = -EBADF,
			   .folder_fd = -EBADF,
			   .trust = {.verify_fd = -EBADF, .stamps_fd = -EBADF}},
		.link_fd = -EBADF,
	};
	int r = ground_make(ground, options, err);
	if (r < 0)
		ground_drop(ground);
	return r;
}

void ground_close(struct ground *ground)
{
	cell_host_fini(&ground->host);
	ground_drop(ground);
}
