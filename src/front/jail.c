#include "front/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/privilege.h"
#include "base/fd.h"
#include "base/log.h"
#include "front/jail_landlock.h"
#include "front/jail_policy.h"

/*
 * The jail's steps, in the order in which they work: what needs root comes first, each layer takes
 * away what the ones before it needed, and seccomp, which takes most, comes last.
 *
 * The data folder's mount is copied before the mount namespace is left (an fd goes on naming the
 * mount of the old one), and attached to the new root afterwards.
 */

struct jail {
	const struct jail_config *config;
	int tree_fd; /* the data folder as a detached mount */
	int web_fd;  /* likewise the folder of the operator's own page, if there is one */
	int root_fd; /* the new root */
	int self_fd; /* /proc/self, to map our user once its path is gone */
};

/* Libraries do this when first asked, which would be too late. */
static int step_preload(struct jail *jail, struct error *err)
{
	(void)jail;
	(void)err;
	tzset();
	return 0;
}

static int step_rlimits(struct jail *jail, struct error *err)
{
	struct rlimit files, none = {0, 0};

	(void)jail;
	if (setrlimit(RLIMIT_CORE, &none) < 0)
		return error_set(err, -errno, "rlimits", "cannot forbid core dumps");
	/* Three pipes for every running step, and every connection. */
	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return error_set(err, -errno, "rlimits", "cannot read the limit of open files");
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) < 0)
		return error_set(err, -errno, "rlimits", "cannot raise the limit of open files");
	return 0;
}

/* The supervisor gives it to us before it starts us; anything else is a mistake to be told. */
static int step_data_owner(struct jail *jail, struct error *err)
{
	uid_t user = jail->config->own_user_namespace ? geteuid() : jail->config->user_id;
	struct stat st;

	if (fstat(jail->config->data_fd, &st) < 0)
		return error_set(err, -errno, "data_owner", "cannot look at the data folder");
	if (!S_ISDIR(st.st_mode) || st.st_uid != user)
		return error_set_plain(err, -EPERM, "data_owner",
				       "the data folder is not a folder of user %u's", user);
	return 0;
}

/* A folder's mount, copied and detached, with these flags besides. Returns it or a negative errno.
 */
static int mount_copy(int fd, uint64_t flags)
{
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | flags,
		.propagation = MS_PRIVATE,
	};
	_cleanup_fd_ int tree_fd =
		open_tree(fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);

	/* A mount that is detached already need not, and on older kernels cannot, be copied. */
	if (tree_fd < 0 && errno == EINVAL)
		tree_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (tree_fd < 0 || mount_setattr(tree_fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return -errno;
	return TAKE_FD(tree_fd);
}

static int step_data_mount(struct jail *jail, struct error *err)
{
	jail->tree_fd = mount_copy(jail->config->data_fd, 0);
	if (jail->tree_fd < 0)
		return error_set(err, jail->tree_fd, "data_mount",
				 "cannot copy the data folder's mount");
	return 0;
}

static int step_web_mount(struct jail *jail, struct error *err)
{
	if (jail->config->web_fd < 0)
		return 0;
	jail->web_fd = mount_copy(jail->config->web_fd, MOUNT_ATTR_RDONLY);
	if (jail->web_fd < 0)
		return error_set(err, jail->web_fd, "web_mount",
				 "cannot copy the web root's mount");
	return 0;
}

static int step_namespaces(struct jail *jail, struct error *err)
{
	if (jail->config->own_user_namespace) {
		jail->self_fd = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (jail->self_fd < 0)
			return error_set(err, -errno, "namespaces", "cannot open /proc/self");
	}
	if (unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS) < 0)
		return error_set(err, -errno, "namespaces", "cannot make namespaces");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return error_set(err, -errno, "namespaces", "cannot part from the host's mounts");
	return 0;
}

/* A tmpfs with room for one folder. Returns its detached mount or a negative errno. */
static int root_make(void)
{
	_cleanup_fd_ int fs_fd = fsopen("tmpfs", FSOPEN_CLOEXEC);

	if (fs_fd < 0 || fsconfig(fs_fd, FSCONFIG_SET_STRING, "size", "4096", 0) < 0 ||
	    fsconfig(fs_fd, FSCONFIG_SET_STRING, "nr_inodes", "4", 0) < 0 ||
	    fsconfig(fs_fd, FSCONFIG_SET_STRING, "mode", "0755", 0) < 0 ||
	    fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	int fd = fsmount(fs_fd, FSMOUNT_CLOEXEC,
			 MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	return fd < 0 ? -errno : fd;
}

static int step_root(struct jail *jail, struct error *err)
{
	struct mount_attr read_only = {.attr_set = MOUNT_ATTR_RDONLY};

	jail->root_fd = root_make();
	if (jail->root_fd < 0)
		return error_set(err, jail->root_fd, "root", "cannot make an empty file system");
	if (mkdirat(jail->root_fd, &JAIL_DATA[1], 0755) < 0)
		return error_set(err, -errno, "root", "cannot make %s", JAIL_DATA);
	if (jail->web_fd >= 0 && mkdirat(jail->root_fd, &JAIL_WEB[1], 0755) < 0)
		return error_set(err, -errno, "root", "cannot make %s", JAIL_WEB);
	if (mount_setattr(jail->root_fd, "", AT_EMPTY_PATH, &read_only, sizeof(read_only)) < 0)
		return error_set(err, -errno, "root", "cannot make the root read-only");
	/* On top of the old root, where there is always room for it. */
	if (move_mount(jail->root_fd, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_set(err, -errno, "root", "cannot attach the new root");
	if (move_mount(jail->tree_fd, "", jail->root_fd, &JAIL_DATA[1], MOVE_MOUNT_F_EMPTY_PATH) <
	    0)
		return error_set(err, -errno, "root", "cannot attach the data folder");
	if (jail->web_fd >= 0 &&
	    move_mount(jail->web_fd, "", jail->root_fd, &JAIL_WEB[1], MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_set(err, -errno, "root", "cannot attach the web root");
	return 0;
}

static int step_pivot(struct jail *jail, struct error *err)
{
	/* pivot_root(2): with "." twice the old root ends up on top of the new one. */
	if (fchdir(jail->root_fd) < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
		return error_set(err, -errno, "pivot", "cannot change to the new root");
	if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return error_set(err, -errno, "pivot", "cannot leave the old root");
	return 0;
}

/* What we are from here on is root of nothing: the mounts and all else belong to what is left here.
 */
static int step_user_namespace(struct jail *jail, struct error *err)
{
	if (!jail->config->own_user_namespace)
		return 0;
	int r = privilege_user_namespace(jail->self_fd, jail->config->user_id, err);
	if (r > 0)
		log_warning("jail_layer_missing", "layer=groups reason=\"%s\"",
			    "the user who started the server has no range in /etc/subgid: his "
			    "supplementary groups stay");
	jail->self_fd = fd_close(jail->self_fd);
	return r < 0 ? r : 0;
}

static int step_bounding(struct jail *jail, struct error *err)
{
	(void)jail;
	return privilege_bounding(err);
}

/* In a user namespace of our own groups are what they are: given up before, or for good. */
static int step_identity(struct jail *jail, struct error *err)
{
	return privilege_identity(jail->config->user_id, jail->config->own_user_namespace, err);
}

static int step_capabilities(struct jail *jail, struct error *err)
{
	(void)jail;
	return privilege_capabilities(err);
}

/* A supervisor that died before shows on the channel. */
static int step_parent(struct jail *jail, struct error *err)
{
	(void)jail;
	return privilege_parent(err);
}

static int step_no_new_privs(struct jail *jail, struct error *err)
{
	(void)jail;
	return privilege_no_new_privs(err);
}

static int step_landlock(struct jail *jail, struct error *err)
{
	return jail_landlock(JAIL_DATA, jail->web_fd < 0 ? NULL : JAIL_WEB,
			     jail->config->listen_port, err);
}

static int rule_add(scmp_filter_ctx filter, const struct jail_rule *rule)
{
	struct scmp_arg_cmp compares[JAIL_COMPARE_MAX];
	unsigned count = 0;

	if (rule->syscall < 0)
		return 0;
	while (count < JAIL_COMPARE_MAX && rule->compares[count].mask) {
		const struct jail_compare *compare = &rule->compares[count];
		compares[count++] = (struct scmp_arg_cmp){
			.arg = compare->arg,
			.op = SCMP_CMP_MASKED_EQ,
			.datum_a = compare->mask,
			.datum_b = compare->value,
		};
	}
	return seccomp_rule_add_array(filter, rule->action, rule->syscall, count, compares);
}

static int filter_fill(scmp_filter_ctx filter)
{
	/* abort(3) and raise(3), so that a failed assert ends us with SIGABRT. */
	const struct jail_rule to_ourselves = {
		SCMP_SYS(tgkill),
		SCMP_ACT_ALLOW,
		{{0, UINT64_C(0xffffffff), (uint64_t)getpid()}},
	};
	size_t count;
	const struct jail_rule *rules = jail_policy(&count);

	int r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = rule_add(filter, &rules[i]);
	if (r == 0)
		r = rule_add(filter, &to_ourselves);
	return r == 0 ? seccomp_load(filter) : r;
}

static int step_seccomp(struct jail *jail, struct error *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));

	(void)jail;
	int r = filter ? filter_fill(filter) : -ENOMEM;
	if (filter)
		seccomp_release(filter);
	return r < 0 ? error_set(err, r, "seccomp", "cannot load the filter") : 0;
}

static const struct {
	const char *name;
	int (*run)(struct jail *jail, struct error *err);
} steps[] = {
	{"preload", step_preload},
	{"rlimits", step_rlimits},
	{"data_owner", step_data_owner},
	{"data_mount", step_data_mount},
	{"web_mount", step_web_mount},
	{"namespaces", step_namespaces},
	{"root", step_root},
	{"pivot", step_pivot},
	{"user_namespace", step_user_namespace},
	{"bounding", step_bounding},
	{"identity", step_identity},
	{"capabilities", step_capabilities},
	{"parent", step_parent},
	{"no_new_privs", step_no_new_privs},
	{"landlock", step_landlock},
	{"seccomp", step_seccomp},
};

int jail_enter(const struct jail_config *config, struct error *err)
{
	struct jail jail = {.config = config,
			    .tree_fd = -EBADF,
			    .web_fd = -EBADF,
			    .root_fd = -EBADF,
			    .self_fd = -EBADF};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(steps) / sizeof(steps[0]); i++)
		r = steps[i].run(&jail, err);
	fd_close(jail.tree_fd);
	fd_close(jail.web_fd);
	fd_close(jail.root_fd);
	fd_close(jail.self_fd);
	return r;
}
