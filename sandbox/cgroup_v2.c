/*
 * Kernel documentation, admin-guide/cgroup-v2; systemd's CGROUP_DELEGATION.md. In v2 a cgroup's
 * children have a controller only when cgroup.subtree_control names it, and a cgroup whose children
 * do may hold no processes itself. So our folder cannot stand where we are: it stands
 *
 * - in our own cgroup, when that was delegated to us (systemd: Delegate=yes), or is the top of what
 *   we see (a container's), or is there to bound us. The processes in it, ourselves among them, are
 *   moved into a leaf of it first, "sandlot-home";
 * - else in the nearest cgroup above whose children have the controllers already. Those are
 *   another's, a service manager's as a rule: nothing is changed in them but for our folder;
 * - else at the top of the whole hierarchy, which may hold processes and be divided.
 */
#include "sandbox/cgroup_v2.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "sandbox/cgroup.h"
#include "sandbox/cgroup_files.h"

enum { TEXT_MAX = 1 << 20, SETTLE_TRIES = 16 };

static const char home_leaf[] = "sandlot-home";

unsigned cgroup_controllers_in(const char *text)
{
	static const char *const names[CGROUP_CONTROLLERS] = {"memory", "pids", "cpu", "cpuacct"};
	static const char blanks[] = ", \n";
	unsigned found = 0;

	for (text += strspn(text, blanks); *text; text += strspn(text, blanks)) {
		size_t len = strcspn(text, blanks);
		for (unsigned i = 0; i < CGROUP_CONTROLLERS; i++)
			if (strlen(names[i]) == len && memcmp(text, names[i], len) == 0)
				found |= 1U << i;
		text += len;
	}
	return found;
}

static char *read_text(int folder_fd, const char *file)
{
	char *text = NULL;

	_cleanup_fd_ int fd = openat(folder_fd, file, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fd_read_all(fd, TEXT_MAX, &text, NULL) < 0)
		return NULL;
	return text;
}

static unsigned controllers_of(int folder_fd, const char *file)
{
	_cleanup_free_ char *text = read_text(folder_fd, file);
	return text ? cgroup_controllers_in(text) : 0;
}

static int has_needed(unsigned controllers)
{
	return controllers & 1U << CGROUP_MEMORY && controllers & 1U << CGROUP_PIDS;
}

static int may_write(int folder_fd, const char *file)
{
	return faccessat(folder_fd, file, W_OK, AT_EACCESS) == 0;
}

/* Children can be made, and processes moved between them. */
static int is_ours_to_use(int folder_fd)
{
	return may_write(folder_fd, ".") && may_write(folder_fd, "cgroup.procs");
}

static int is_marked(int folder_fd, const char *name)
{
	char value;

	return fgetxattr(folder_fd, name, &value, 1) == 1 && value == '1';
}

/* The top of the whole hierarchy, not just of what a cgroup namespace shows of it. */
static int is_top(int folder_fd)
{
	return faccessat(folder_fd, "cgroup.type", F_OK, 0) < 0;
}

/* The folder above; -ENOENT at the top of what is mounted. */
static int open_above(int folder_fd)
{
	_cleanup_fd_ int fd = openat(folder_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || faccessat(fd, "cgroup.procs", F_OK, 0) < 0)
		return -ENOENT;
	return TAKE_FD(fd);
}

/* Are we the only process in it, and is there a limit on its memory? */
static int is_bounded_for_us(int folder_fd)
{
	_cleanup_free_ char *text = read_text(folder_fd, "cgroup.procs");
	char *end = text;

	if (!text || strtol(text, &end, 10) != getpid() || strcmp(end, "\n") != 0)
		return 0;
	return cgroup_read(folder_fd, "memory.max", NULL) != 0; /* "max" is no number */
}

/*
 * systemd marks what it delegates; what has nothing above that we could see has nobody else. A
 * user's systemd cannot mark: there a limit that was put on a unit of ours alone is for its cells
 * too, and else nothing is lost by going up.
 */
static int is_delegated(int folder_fd)
{
	if (!is_ours_to_use(folder_fd) || !may_write(folder_fd, "cgroup.subtree_control"))
		return 0;
	if (is_marked(folder_fd, "trusted.delegate") || is_marked(folder_fd, "user.delegate") ||
	    is_bounded_for_us(folder_fd))
		return 1;
	_cleanup_fd_ int above_fd = open_above(folder_fd);
	return above_fd < 0;
}

/* Moves every process of the folder into the leaf. Returns 1 when there were some, 0 when none. */
static int move_home(int folder_fd, int leaf_fd)
{
	_cleanup_free_ char *text = read_text(folder_fd, "cgroup.procs");
	char *rest = text;
	int any = 0;

	for (char *line; (line = strsep(&rest, "\n"));) {
		if (!*line)
			continue;
		any = 1;
		cgroup_write(leaf_fd, "cgroup.procs", line); /* may have ended meanwhile */
	}
	return any;
}

static void enable(int folder_fd)
{
	/* One by one: cpu may be missing, and we can do without. */
	cgroup_write(folder_fd, "cgroup.subtree_control", "+memory");
	cgroup_write(folder_fd, "cgroup.subtree_control", "+pids");
	cgroup_write(folder_fd, "cgroup.subtree_control", "+cpu");
}

/* Processes are forked while they are moved: again, until none is left. */
static void settle(int folder_fd)
{
	if (!has_needed(controllers_of(folder_fd, "cgroup.controllers")))
		return;
	if (!is_top(folder_fd)) {
		if (mkdirat(folder_fd, home_leaf, 0755) < 0 && errno != EEXIST)
			return;
		_cleanup_fd_ int leaf_fd =
			openat(folder_fd, home_leaf, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		for (int i = 0; leaf_fd >= 0 && i < SETTLE_TRIES && move_home(folder_fd, leaf_fd);)
			i++;
	}
	enable(folder_fd);
}

int cgroup_v2_open(int take_fd, unsigned *ret_controllers)
{
	_cleanup_fd_ int fd = take_fd;

	for (;;) {
		unsigned found = controllers_of(fd, "cgroup.subtree_control");
		if (!has_needed(found) && is_delegated(fd)) {
			settle(fd);
			found = controllers_of(fd, "cgroup.subtree_control");
		}
		if (has_needed(found) && is_ours_to_use(fd)) {
			/* cpu.stat is there with and without the controller cpu. */
			*ret_controllers = found | 1U << CGROUP_CPUACCT;
			return TAKE_FD(fd);
		}
		int above_fd = open_above(fd);
		if (above_fd < 0)
			return -ENOENT;
		fd_close(fd);
		fd = above_fd;
	}
}
