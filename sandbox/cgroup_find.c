/*
 * proc(5), cgroups(7). Every v1 hierarchy has a line "ID:controllers:path" in /proc/self/cgroup,
 * the v2 hierarchy "0::path"; mountinfo says where it is mounted and which folder of it the mount
 * shows. The folder that ours is put in is the caller's own one; with v2, see cgroup_v2.c.
 */
#include "sandbox/cgroup_find.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "sandbox/cgroup_v2.h"

enum { PROC_TEXT_MAX = 4 << 20, PATH_BYTES = 4096 };

static int read_text(int at_fd, const char *path, char **ret_text)
{
	_cleanup_fd_ int fd = openat(at_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return fd_read_all(fd, PROC_TEXT_MAX, ret_text, NULL);
}

/* A mount of a cgroup file system, as a line of mountinfo tells of it. Borrows from the line. */
struct cgroup_mount {
	const char *root, *point; /* which folder of the hierarchy, and where */
	const char *type, *options;
};

/* Cuts a line of mountinfo into its fields; 0 when it is not one. proc_pid_mountinfo(5). */
static int parse_mount(char *line, struct cgroup_mount *ret_mount)
{
	char *fields[5], *rest = strstr(line, " - ");

	if (!rest)
		return 0;
	*rest = '\0';
	rest += 3;
	for (int i = 0; i < 5; i++)
		if (!(fields[i] = strsep(&line, " ")))
			return 0;
	ret_mount->root = fields[3];
	ret_mount->point = fields[4];
	ret_mount->type = strsep(&rest, " ");
	strsep(&rest, " ");
	ret_mount->options = rest;
	return ret_mount->type && rest;
}

static int mount_shows(const struct cgroup_mount *mount, int version, const char *list)
{
	if (version == 2)
		return strcmp(mount->type, "cgroup2") == 0;
	if (strcmp(mount->type, "cgroup") != 0)
		return 0;
	/* A hierarchy's controllers all come together: one that matches is enough. */
	unsigned wanted = cgroup_controllers_in(list);
	return wanted && (cgroup_controllers_in(mount->options) & wanted) == wanted;
}

/* Opens the caller's folder below a mount; the mount's own folder when that is not visible. */
static int open_own(const struct cgroup_mount *mount, const char *path)
{
	char full[PATH_BYTES];
	size_t root = strcmp(mount->root, "/") == 0 ? 0 : strlen(mount->root);

	if (root && (strncmp(path, mount->root, root) != 0 || (path[root] && path[root] != '/')))
		path = "", root = 0;
	int n = snprintf(full, sizeof(full), "%s/%s", mount->point, path + root);
	int fd = n < PATH_BYTES ? open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	return fd >= 0 ? fd : open(mount->point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int find_mount(const char *mountinfo, int version, const char *list, const char *path)
{
	_cleanup_free_ char *text = strdup(mountinfo);
	struct cgroup_mount mount;
	char *rest = text;

	if (!text)
		return -ENOMEM;
	for (char *line; (line = strsep(&rest, "\n"));)
		if (parse_mount(line, &mount) && mount_shows(&mount, version, list)) {
			int fd = open_own(&mount, path);
			if (fd >= 0)
				return fd;
		}
	return -ENOENT;
}

/* One line of /proc/self/cgroup. Returns 1 when it yields a hierarchy. */
static int take_line(char *line, const char *mountinfo, unsigned *missing,
		     struct cgroup_hierarchy *ret_hierarchy)
{
	char *id = strsep(&line, ":"), *list = strsep(&line, ":");
	if (!id || !list || !line)
		return 0;
	int version = strcmp(id, "0") == 0 ? 2 : 1;
	unsigned controllers = cgroup_controllers_in(list);
	if (version == 1 && !(controllers & *missing))
		return 0;

	int fd = find_mount(mountinfo, version, list, line);
	if (fd >= 0 && version == 2)
		fd = cgroup_v2_open(fd, &controllers);
	if (fd < 0)
		return 0;
	controllers &= *missing;
	if (!controllers) {
		close(fd);
		return 0;
	}
	*missing &= ~controllers;
	*ret_hierarchy = (struct cgroup_hierarchy){version, controllers, fd, -EBADF};
	return 1;
}

int cgroup_find(struct cgroup_hierarchy *ret_hierarchies, struct error *err)
{
	_cleanup_free_ char *own = NULL, *mountinfo = NULL;
	unsigned missing = (1U << CGROUP_CONTROLLERS) - 1;
	int count = 0;

	int r = read_text(AT_FDCWD, "/proc/self/cgroup", &own);
	if (r == -ENOENT)
		return 0; /* a kernel without */
	if (r == 0)
		r = read_text(AT_FDCWD, "/proc/self/mountinfo", &mountinfo);
	if (r < 0)
		return error_set(err, r, "cgroup", "cannot read where the cgroups are");
	char *rest = own;
	for (char *line; missing && (line = strsep(&rest, "\n"));) {
		assert(count < CGROUP_HIERARCHIES_MAX);
		count += take_line(line, mountinfo, &missing, &ret_hierarchies[count]);
	}
	return count;
}
