/*
 * The cell's file system. The launcher's mount namespace, which was copied for the cell, holds
 * /image/N (read-only), /dev (five nodes), /proc, /bind/N and an empty folder /cell, on
 * which the new root is put together with the working folder set to it: paths without a leading
 * slash are the new root's.
 *
 * Everything writable is one tmpfs, so that one size and one inode limit bound it. It is mounted on
 * tmp; its three folders are bound to their places and the last of them, tmp, hides the tmpfs
 * itself.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/cell.h"

/* Inodes the tmpfs itself takes: its root and its three folders. */
enum { FILES_OWN_INODES = 4, FILES_FLAGS = MS_NOSUID | MS_NODEV };

int cell_mount_failed(struct cell_context *context, const char *point)
{
	int error_number = errno;

	if (error_number == ENOENT || error_number == ENOTDIR)
		return cell_failed(
			context, error_number,
			"the image has no folder /%s to mount on; every image needs the empty "
			"folders proc, dev, tmp and playground",
			point);
	return cell_failed(context, error_number, "cannot mount /%s", point);
}

int cell_mount_root(struct cell_context *context)
{
	char source[32];

	/* nosuid, nodev and (but for --without readonly) read-only come, locked, with the source.
	 */
	snprintf(source, sizeof(source), "/image/%u", context->spec.image);
	if (mount(source, "/cell", NULL, MS_BIND, NULL) < 0)
		return cell_failed(context, errno, "cannot bind the image");
	if (chdir("/cell") < 0)
		return cell_failed(context, errno, "cannot enter the image");
	return 0;
}

int cell_mount_devices(struct cell_context *context)
{
	/* With what is mounted in it: the nodes, where the launcher could not make any. */
	if (mount("/dev", "dev", NULL, MS_BIND | MS_REC, NULL) < 0)
		return cell_mount_failed(context, "dev");
	if (mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
		  "newinstance,ptmxmode=0666,mode=0620,max=64") < 0)
		return cell_mount_failed(context, "dev/pts");
	return 0;
}

static void files_options(char *options, size_t size, uint64_t bytes, uint64_t count)
{
	snprintf(options, size, "mode=0755,size=%llu,nr_inodes=%llu", (unsigned long long)bytes,
		 (unsigned long long)count + FILES_OWN_INODES);
}

int cell_mount_files(struct cell_context *context)
{
	char options[96] = "mode=0755,size=64k,nr_inodes=16";

	/* Nearly always they are what the job has, and the tmpfs need not be sized again. */
	if (context->spec.files_bytes && context->spec.file_count)
		files_options(options, sizeof(options), context->spec.files_bytes,
			      context->spec.file_count);
	if (mount("files", "tmp", "tmpfs", FILES_FLAGS, options) < 0)
		return cell_mount_failed(context, "tmp");
	/* With a single id the job's user is the cell's root, by another name. */
	uid_t owner = context->spec.single_id ? 0 : CELL_UID;
	if (mkdir("tmp/playground", 0755) < 0 || chown("tmp/playground", owner, owner) < 0 ||
	    mkdir("tmp/shm", 01777) < 0 || mkdir("tmp/tmp", 01777) < 0)
		return cell_failed(context, errno, "cannot make the folders of the tmpfs");
	if (mount("tmp/playground", "playground", NULL, MS_BIND, NULL) < 0)
		return cell_mount_failed(context, "playground");
	if (mount("tmp/shm", "dev/shm", NULL, MS_BIND, NULL) < 0)
		return cell_mount_failed(context, "dev/shm");
	if (mount("tmp/tmp", "tmp", NULL, MS_BIND, NULL) < 0)
		return cell_mount_failed(context, "tmp");
	return 0;
}

int cell_size_files(const struct limits *limits)
{
	char options[96];

	files_options(options, sizeof(options), limits->files_bytes, limits->file_count);
	return mount(NULL, "/tmp", NULL, MS_REMOUNT | FILES_FLAGS, options) < 0 ? -errno : 0;
}

int cell_make_parents(const char *path)
{
	char part[BUNDLE_PATH_MAX + 1];

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		size_t len = (size_t)(slash - path);
		if (len >= sizeof(part))
			return -ENAMETOOLONG;
		memcpy(part, path, len);
		part[len] = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

int cell_mount_binds(struct cell_context *context)
{
	if (context->spec.bind_count == 0)
		return 0;
	if (chdir("playground") < 0)
		return cell_failed(context, errno, "cannot enter /playground");
	for (uint32_t i = 0; i < context->spec.bind_count; i++) {
		const char *path = context->spec.bind_paths[i];
		char source[32];
		int r = cell_make_parents(path);
		if (r < 0 || (mkdir(path, 0755) < 0 && errno != EEXIST))
			return cell_failed(context, r < 0 ? -r : errno,
					   "cannot make /playground/%s", path);
		snprintf(source, sizeof(source), "/bind/%u", i);
		if (mount(source, path, NULL, MS_BIND, NULL) < 0)
			return cell_failed(context, errno, "cannot bind /playground/%s", path);
	}
	if (chdir("/cell") < 0)
		return cell_failed(context, errno, "cannot return to the image");
	return 0;
}

int cell_pivot(struct cell_context *context)
{
	if (cell_without(context, CELL_WITHOUT_PIVOT))
		return chroot(".") < 0 || chdir("/playground") < 0
			       ? cell_failed(context, errno, "cannot enter the new root")
			       : 0;
	/* pivot_root(2), "pivot_root(".", ".")": the old root ends on top of the new one and is
	 * detached. */
	if (syscall(SYS_pivot_root, ".", ".") < 0)
		return cell_failed(context, errno, "cannot change to the new root");
	if (umount2(".", MNT_DETACH) < 0)
		return cell_failed(context, errno, "cannot unmount the old root");
	if (chdir("/playground") < 0)
		return cell_failed(context, errno, "cannot enter /playground");
	return 0;
}
