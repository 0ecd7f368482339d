/*
 * A mount namespace that holds what cells are made of and nothing else: copying it for every cell
 * is cheap, and a cell that broke out of its root would find nothing of the host in it.
 *
 *   /image/0…  images, read-only, nosuid, nodev; each is attached and detached by itself
 *   /dev       five device nodes, links; read-only
 *   /proc      complete: the kernel lets a user namespace mount a /proc only where one is visible
 *              whole; also where the launcher writes id maps
 *   /bind/0…   folders of --bind, read-only
 *   /cell      empty: the next root is built here
 *   /empty     covers masked folders of /proc
 *
 * The root is a tmpfs mounted over /proc, the one folder every host has and nothing of ours lies
 * in; until the pivot, paths below it are relative to it.
 */
#include "sandbox/host_root.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"

static int failed(struct error *err, const char *what)
{
	return error_set(err, -errno, "host", "cannot %s", what);
}

enum { IMAGE_PATH_SIZE = sizeof("/image/") + 10 };

static const char *const folders[] = {"image", "proc", "dev", "cell", "bind", "empty"};

static const struct {
	const char *name;
	unsigned minor;
} nodes[] = {{"null", 3}, {"zero", 5}, {"full", 7}, {"random", 8}, {"urandom", 9}};

/* linux/mount.h, which does not go with every libc's sys/mount.h. */
#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#ifndef MOVE_MOUNT_F_EMPTY_PATH
#define MOVE_MOUNT_F_EMPTY_PATH 4
#endif

enum { MEMORY_DEVICES = 1 /* major number */, NEW_ROOT_FLAGS = MS_NOSUID | MS_NODEV | MS_NOEXEC };

static const struct {
	const char *name, *target;
} links[] = {
	{"dev/fd", "/proc/self/fd"},	   {"dev/stdin", "/proc/self/fd/0"},
	{"dev/stdout", "/proc/self/fd/1"}, {"dev/stderr", "/proc/self/fd/2"},
	{"dev/ptmx", "pts/ptmx"},
};

/* Where mknod is not allowed (in a user namespace, a container), the host's own node is bound. */
static int make_node(const char *name, unsigned minor_number, struct error *err)
{
	char path[32], host[32];

	snprintf(path, sizeof(path), "dev/%s", name);
	snprintf(host, sizeof(host), "/dev/%s", name);
	if (mknod(path, S_IFCHR | 0666, makedev(MEMORY_DEVICES, minor_number)) == 0)
		return 0;
	if (errno != EPERM)
		return failed(err, "make a device node");
	_cleanup_fd_ int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0 || mount(host, path, NULL, MS_BIND, NULL) < 0)
		return failed(err, "bind a device node");
	return 0;
}

static int make_devices(struct error *err)
{
	if (mount("dev", "dev", "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=0755,size=64k") < 0)
		return failed(err, "mount /dev");
	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
		int r = make_node(nodes[i].name, nodes[i].minor, err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (symlink(links[i].target, links[i].name) < 0)
			return failed(err, "make a link in /dev");
	if (mkdir("dev/pts", 0755) < 0 || mkdir("dev/shm", 0755) < 0)
		return failed(err, "make the folders of /dev");
	if (mount(NULL, "dev", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NOEXEC,
		  NULL) < 0)
		return failed(err, "make /dev read-only");
	return 0;
}

/*
 * Binds a folder by its fd (its path may be hidden already): "." names it once it is the working
 * folder. target: absolute. Leaves the working folder changed.
 */
static int bind_folder(int fd, const char *target, unsigned long flags, struct error *err)
{
	struct statvfs now;

	if (fchdir(fd) < 0 || mount(".", target, NULL, MS_BIND, NULL) < 0)
		return failed(err, "bind a folder");
	/* In a user namespace, what the host has restricted must stay so: named again, it does. */
	if (fstatvfs(fd, &now) < 0)
		return failed(err, "look at a folder's mount");
	flags |= now.f_flag & (ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC);
	if (mount(NULL, target, NULL, MS_REMOUNT | MS_BIND | flags, NULL) < 0)
		return failed(err, "restrict a bound folder");
	return 0;
}

static int open_folder(const char *path, int *ret_fd, struct error *err)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, -errno, "host", "cannot open the folder %s", path);
	*ret_fd = fd;
	return 0;
}

/*
 * Mounting a /proc takes root of its pid namespace. Without root that is another's: then the host's
 * own is shown, with all that is mounted on it, or it would not count as complete. The copy is
 * taken before our root covers it.
 */
static int copy_proc(const struct cell_host_config *config, int *ret_fd, struct error *err)
{
	if (config->user->ids == CELL_IDS_ROOT)
		return 0;
	*ret_fd = (int)syscall(SYS_open_tree, AT_FDCWD, "/proc",
			       O_CLOEXEC | OPEN_TREE_CLONE | AT_RECURSIVE);
	return *ret_fd < 0 ? failed(err, "copy the mount of /proc") : 0;
}

static int make_proc(int copy_fd, struct error *err)
{
	if (copy_fd < 0 && mount("proc", "proc", "proc", NEW_ROOT_FLAGS, NULL) < 0)
		return failed(err, "mount /proc");
	if (copy_fd >= 0 &&
	    syscall(SYS_move_mount, copy_fd, "", AT_FDCWD, "proc", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return failed(err, "attach /proc");
	return 0;
}

static void image_path(unsigned image, char ret_path[IMAGE_PATH_SIZE])
{
	snprintf(ret_path, IMAGE_PATH_SIZE, "/image/%u", image);
}

static int make_image_folders(const struct cell_host_config *config, struct error *err)
{
	const unsigned count = config->single ? 1 : CELL_HOST_IMAGES_MAX;
	char path[IMAGE_PATH_SIZE];

	for (unsigned i = 0; i < count; i++) {
		image_path(i, path);
		if (mkdir(path + 1, 0755) < 0)
			return failed(err, "make the folders of the root");
	}
	return 0;
}

int host_root_attach(int mount_fd, unsigned image, struct error *err)
{
	char path[IMAGE_PATH_SIZE];

	image_path(image, path);
	if (syscall(SYS_move_mount, mount_fd, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return failed(err, "attach the image's mount");
	return 0;
}

void host_root_detach(unsigned image)
{
	char path[IMAGE_PATH_SIZE];

	image_path(image, path);
	umount2(path, MNT_DETACH);
}

static int make_root(const struct cell_host_config *config, const int *bind_fds, struct error *err)
{
	_cleanup_fd_ int proc_fd = -EBADF;
	int r = copy_proc(config, &proc_fd, err);
	if (r < 0)
		return r;
	if (mount("sandlot", "/proc", "tmpfs", NEW_ROOT_FLAGS, "mode=0755,size=64k") < 0 ||
	    chdir("/proc") < 0)
		return failed(err, "mount a root");
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (mkdir(folders[i], 0755) < 0)
			return failed(err, "make the folders of the root");
	r = make_image_folders(config, err);
	if (r == 0)
		r = make_proc(proc_fd, err);
	if (r == 0)
		r = make_devices(err);
	for (unsigned i = 0; r == 0 && i < config->bind_count; i++) {
		char target[32];
		snprintf(target, sizeof(target), "/proc/bind/%u", i);
		if (mkdir(target, 0755) < 0)
			return failed(err, "make a folder to bind to");
		r = bind_folder(bind_fds[i], target, MS_RDONLY | MS_NOSUID | MS_NODEV, err);
	}
	return r;
}

static int pivot(struct error *err)
{
	if (chdir("/proc") < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
	    umount2(".", MNT_DETACH) < 0)
		return failed(err, "change to the new root");
	if (mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | NEW_ROOT_FLAGS, NULL) < 0 ||
	    chdir("/") < 0)
		return failed(err, "make the new root read-only");
	return 0;
}

static int mount_image(const struct cell_host_config *config, int *ret_mount_fd, struct error *err)
{
	unsigned how = config->image_how;
	struct cell_image image;

	if (config->without & CELL_WITHOUT_READONLY)
		how |= CELL_IMAGE_WRITABLE;
	if (config->user->ids != CELL_IDS_ROOT)
		how |= CELL_IMAGE_NO_EROFS;
	int r = cell_image_open(config->image_dir, how, &image, err);
	if (r < 0)
		return r;
	r = cell_image_mount(&image, err);
	cell_image_close(&image);
	if (r < 0)
		return r;
	*ret_mount_fd = r;
	return 0;
}

int host_root_enter(const struct cell_host_config *config, struct error *err)
{
	int bind_fds[CELL_HOST_BINDS_MAX];
	unsigned opened = 0;
	_cleanup_fd_ int image_fd = -EBADF;
	mode_t mask = umask(0);

	/* First: what is opened before belongs to the old namespace and cannot be bound in the new
	 * one. */
	if (unshare(CLONE_NEWNS) < 0)
		return failed(err, "make a mount namespace");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return failed(err, "make the mounts private");
	int r = config->image_dir ? mount_image(config, &image_fd, err) : 0;
	while (r == 0 && opened < config->bind_count) {
		r = open_folder(config->binds[opened].host_dir, &bind_fds[opened], err);
		opened += r == 0;
	}
	if (r == 0)
		r = make_root(config, bind_fds, err);
	if (r == 0)
		r = pivot(err);
	if (r == 0 && config->image_dir)
		r = host_root_attach(image_fd, 0, err);
	while (opened > 0)
		close(bind_fds[--opened]);
	umask(mask);
	return r;
}
