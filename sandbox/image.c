/*
 * Images as mounts. A tree is a copy of the mount its folder lies in; EROFS is mounted from its
 * file where the kernel can do that (Linux 6.12, and not from a tmpfs), else from a loop device
 * that goes with its last user. Each begins as a mount in no namespace: an fd, which can be passed
 * on and attached anywhere. Source: open_tree(2), fsopen(2), mount_setattr(2), loop(4).
 */
#include <fcntl.h>
#include <linux/loop.h>
#include <linux/mount.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "sandbox/sandbox.h"

/* linux/fcntl.h, which does not go with fcntl.h. */
#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif

#define EROFS_FILE "image.erofs"

/* Another process may take the free loop device first; so often in a row it does not. */
enum { LOOP_TRIES = 64 };

void cell_image_close(struct cell_image *image)
{
	image->folder_fd = fd_close(image->folder_fd);
	image->content_fd = fd_close(image->content_fd);
}

static int failed(struct error *err, const char *what)
{
	return error_set(err, -errno, "image", "cannot %s", what);
}

/* ---- opening ---- */

/*
 * DIR/root where there is one, as in an image's folder; else DIR, when it looks like a root tree: a
 * tree has a folder root too, the superuser's home. Returns an fd or -ENOENT.
 */
static int tree_open(int folder_fd)
{
	_cleanup_fd_ int root_fd =
		openat(folder_fd, "root", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int looks_like_tree = faccessat(folder_fd, "bin", F_OK, 0) == 0 ||
			      faccessat(folder_fd, "usr", F_OK, 0) == 0;

	if (root_fd >= 0 &&
	    (!looks_like_tree || faccessat(folder_fd, "manifest.json", F_OK, 0) == 0))
		return TAKE_FD(root_fd);
	return looks_like_tree ? openat(folder_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC) : -ENOENT;
}

/*
 * Added to what is there: what the host has restricted stays so. Private, so that what is mounted
 * on the host's folder later does not appear here.
 */
static int restrict_mount(int mount_fd, unsigned how)
{
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
		.propagation = MS_PRIVATE,
	};

	if (!(how & CELL_IMAGE_WRITABLE))
		attr.attr_set |= MOUNT_ATTR_RDONLY;
	return (int)syscall(SYS_mount_setattr, mount_fd, "", AT_EMPTY_PATH, &attr, sizeof(attr));
}

static int take_tree(struct cell_image *image, int tree_fd, struct error *err)
{
	image->form = CELL_IMAGE_TREE;
	image->content_fd = (int)syscall(SYS_open_tree, tree_fd, "",
					 AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (image->content_fd < 0)
		return failed(err, "copy the mount of the image's tree");
	if (restrict_mount(image->content_fd, image->how) < 0)
		return failed(err, "make the image's tree read-only");
	return 0;
}

static int take_erofs(struct cell_image *image, int file_fd, struct error *err)
{
	struct stat st;

	image->form = CELL_IMAGE_EROFS;
	image->content_fd = file_fd;
	if (fstat(file_fd, &st) < 0 || !S_ISREG(st.st_mode))
		return error_set_plain(err, -EINVAL, "image", EROFS_FILE " is not a regular file");
	return 0;
}

/* Loads the kernel's module when it is one. */
static int kernel_has_erofs(void)
{
	_cleanup_fd_ int fd = (int)syscall(SYS_fsopen, "erofs", FSOPEN_CLOEXEC);

	return fd >= 0;
}

/* Chooses a form of those there are and can be mounted. */
static int content_open(struct cell_image *image, const char *dir, struct error *err)
{
	_cleanup_fd_ int tree_fd = tree_open(image->folder_fd);
	_cleanup_fd_ int file_fd = openat(image->folder_fd, EROFS_FILE,
					  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (tree_fd >= 0 &&
	    (file_fd < 0 || image->how & (CELL_IMAGE_WRITABLE | CELL_IMAGE_NO_EROFS) ||
	     !kernel_has_erofs()))
		return take_tree(image, tree_fd, err);
	if (file_fd < 0)
		return error_set_plain(err, -ENOENT, "image",
				       "%.100s is no image: it has neither " EROFS_FILE
				       " nor root/ nor bin/ nor usr/",
				       dir);
	if (image->how & CELL_IMAGE_NO_EROFS)
		return error_set_plain(err, -EPERM, "image",
				       "%.80s has " EROFS_FILE
				       " only, and to mount that takes root: be "
				       "root, or use an image that has a tree (root/)",
				       dir);
	if (!kernel_has_erofs())
		return error_set_plain(err, -EOPNOTSUPP, "image",
				       "%.80s has " EROFS_FILE
				       " only, and this kernel knows no EROFS: "
				       "use an image that has a tree (root/)",
				       dir);
	return take_erofs(image, TAKE_FD(file_fd), err);
}

int cell_image_open(const char *dir, unsigned how, struct cell_image *ret_image, struct error *err)
{
	struct cell_image image = CELL_IMAGE_NONE;

	image.how = how;
	image.folder_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = image.folder_fd < 0
			? error_set(err, -errno, "image", "cannot open the image %.120s", dir)
			: content_open(&image, dir, err);
	if (r < 0)
		cell_image_close(&image);
	else
		*ret_image = image;
	return r;
}

/* ---- mounting ---- */

/* Mounts what fd is, a file or a block device. Returns the mount's fd or a negative errno. */
static int erofs_mount(int fd)
{
	char source[32];

	/* A path that is the very fd, in whatever namespace that was opened. */
	snprintf(source, sizeof(source), "/proc/self/fd/%d", fd);
	_cleanup_fd_ int fs_fd = (int)syscall(SYS_fsopen, "erofs", FSOPEN_CLOEXEC);
	if (fs_fd < 0 ||
	    syscall(SYS_fsconfig, fs_fd, FSCONFIG_SET_STRING, "source", source, 0) < 0 ||
	    syscall(SYS_fsconfig, fs_fd, FSCONFIG_SET_FLAG, "ro", NULL, 0) < 0 ||
	    syscall(SYS_fsconfig, fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	int mount_fd = (int)syscall(SYS_fsmount, fs_fd, FSMOUNT_CLOEXEC,
				    MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	return mount_fd < 0 ? -errno : mount_fd;
}

/* A loop device of the file that is cleared when nothing has it open or mounted any more. */
static int loop_open(int file_fd, struct error *err)
{
	struct loop_config config = {
		.fd = (unsigned)file_fd,
		.info.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR,
	};
	char path[32];

	_cleanup_fd_ int control_fd = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	if (control_fd < 0)
		return error_set(err, -errno, "image",
				 "mounting " EROFS_FILE " takes a loop device here, and "
				 "/dev/loop-control cannot be opened");
	for (int i = 0; i < LOOP_TRIES; i++) {
		int number = ioctl(control_fd, LOOP_CTL_GET_FREE);
		if (number < 0)
			return failed(err, "find a free loop device");
		snprintf(path, sizeof(path), "/dev/loop%d", number);
		_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return error_set(err, -errno, "image", "cannot open %s", path);
		if (ioctl(fd, LOOP_CONFIGURE, &config) == 0)
			return TAKE_FD(fd);
		if (errno != EBUSY)
			return error_set(err, -errno, "image", "cannot set up %s", path);
	}
	return error_set_plain(err, -EBUSY, "image", "others take every free loop device");
}

static int mounted(int mount_fd, struct error *err)
{
	return mount_fd < 0 ? error_set(err, mount_fd, "image", "cannot mount " EROFS_FILE)
			    : mount_fd;
}

int cell_image_mount(const struct cell_image *image, struct error *err)
{
	if (image->form == CELL_IMAGE_TREE) {
		int fd = fcntl(image->content_fd, F_DUPFD_CLOEXEC, 0);
		return fd < 0 ? failed(err, "keep the image's mount") : fd;
	}
	if (!(image->how & CELL_IMAGE_BY_LOOP)) {
		int mount_fd = erofs_mount(image->content_fd);
		if (mount_fd != -ENOTBLK)
			return mounted(mount_fd, err);
	}
	_cleanup_fd_ int loop_fd = loop_open(image->content_fd, err);
	return loop_fd < 0 ? loop_fd : mounted(erofs_mount(loop_fd), err);
}
