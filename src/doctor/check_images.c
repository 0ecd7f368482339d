/* What images can be mounted from. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/fd.h"
#include "doctor/doctor.h"
#include "doctor/parse.h"
#include "doctor/trial.h"

static int has_file_system(const char *name)
{
	_cleanup_free_ char *text = NULL;

	return file_read("/proc/filesystems", &text) == 0 && parse_has_file_system(text, name);
}

static int has_module(const struct host *host, const char *name)
{
	static const char *const files[] = {"modules.dep", "modules.builtin"};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		_cleanup_free_ char *text = NULL;
		char path[RELEASE_MAX + 64];
		snprintf(path, sizeof(path), "/lib/modules/%s/%s", host->release, files[i]);
		if (file_read(path, &text) == 0 && parse_has_module(text, name))
			return 1;
	}
	return 0;
}

/* check->data: the file system's name. */
void check_file_system(struct doctor *doctor, const struct doctor_check *check,
		       struct finding *finding)
{
	const char *name = check->data;

	if (has_file_system(name))
		finding_set(finding, VERDICT_OK, "in the kernel");
	else if (has_module(&doctor->host, name))
		finding_set(finding, VERDICT_OK, "a module that is loaded when it is needed");
	else
		finding_set(finding, VERDICT_MISSING, "neither in the kernel nor a module of it");
}

/* ---- EROFS from a file ---- */

/*
 * An EROFS image of one empty root folder: the superblock at 1024 (magic, 4 KiB blocks, root's
 * number, one block) and the root's inode in number 40 of 32 bytes each (compact, flat, a
 * directory): Documentation/filesystems/erofs.rst, fs/erofs/erofs_fs.h.
 */
enum { EROFS_BLOCK = 4096, EROFS_SUPER = 1024, EROFS_ROOT = 40 };

static const struct {
	unsigned at;
	unsigned char bytes[4];
	unsigned len;
} erofs_parts[] = {
	{EROFS_SUPER, {0xe2, 0xe1, 0xf5, 0xe0}, 4}, /* magic */
	{EROFS_SUPER + 12, {12}, 1},		    /* block size, as a power of two */
	{EROFS_SUPER + 14, {EROFS_ROOT}, 1},	    /* the root's number */
	{EROFS_SUPER + 16, {1}, 1},		    /* inodes */
	{EROFS_SUPER + 36, {1}, 1},		    /* blocks */
	{EROFS_ROOT * 32 + 4, {0xed, 0x41}, 2},	    /* mode: a directory, 0755 */
	{EROFS_ROOT * 32 + 6, {2}, 1},		    /* links */
};

static int erofs_write(int fd)
{
	unsigned char image[EROFS_BLOCK] = {0};

	for (size_t i = 0; i < sizeof(erofs_parts) / sizeof(erofs_parts[0]); i++)
		memcpy(image + erofs_parts[i].at, erofs_parts[i].bytes, erofs_parts[i].len);
	return fd_write_all(fd, image, sizeof(image));
}

/* On a file without a name, in a mount namespace of its own: nothing stays. */
static int mount_erofs(const void *context, int *step)
{
	static const char *const folders[] = {"/var/tmp", "/var/lib", "/tmp", "/root"};
	char path[64];
	int r = -ENOENT;

	(void)context;
	(void)step;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	/* A tmpfs cannot hold it: a folder on a disk is looked for. */
	for (size_t i = 0; r < 0 && i < sizeof(folders) / sizeof(folders[0]); i++) {
		_cleanup_fd_ int fd = open(folders[i], O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
		if (fd < 0 || erofs_write(fd) < 0)
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		r = mount(path, "/proc", "erofs", MS_RDONLY, NULL) < 0 ? -errno : 0;
	}
	return r;
}

void check_erofs_file(struct doctor *doctor, const struct doctor_check *check,
		      struct finding *finding)
{
	const struct trial trial = {.user = TRIAL_SAME_USER, .function = mount_erofs};
	const struct host *host = &doctor->host;

	(void)check;
	/* Mounting would load the module, and that would stay. */
	if (!host->is_root || !has_file_system("erofs")) {
		int is_new = host_kernel_at_least(host, 6, 12);
		int has = has_file_system("erofs") || has_module(host, "erofs");
		finding_set(finding, is_new && has ? VERDICT_OK : VERDICT_DEGRADED,
			    "not tried; Linux %u.%u %s", host->kernel_major, host->kernel_minor,
			    !has     ? "has no EROFS"
			    : is_new ? "can do it"
				     : "is too old for it");
		return;
	}
	struct trial_result result = trial_run(&trial);
	if (trial_worked(&result))
		finding_set(finding, VERDICT_OK, "an image was mounted straight from its file");
	else if (result.value == -ENOTBLK)
		finding_set(finding, VERDICT_DEGRADED, "by loop device only");
	else
		finding_set(finding, VERDICT_DEGRADED, "%s", trial_words(&result).text);
}

void check_loop(struct doctor *doctor, const struct doctor_check *check, struct finding *finding)
{
	(void)check;
	/* Not opened: that would load the module. */
	if (!doctor->host.is_root)
		finding_set(finding, VERDICT_OK, "not for users");
	else if (access("/dev/loop-control", R_OK | W_OK) == 0)
		finding_set(finding, VERDICT_OK, "/dev/loop-control");
	else
		finding_set(finding, VERDICT_DEGRADED, "no /dev/loop-control: %s",
			    error_words(errno));
}
