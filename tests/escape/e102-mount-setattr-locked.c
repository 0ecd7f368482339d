/*
 * claim: the cell's root itself cannot clear what the host set on a mount
 * layer: user-ns
 * options: --bind {scratch}:bound
 * expect: denied EPERM
 * control: host
 */
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mount.h>

#include "probe.h"

int main(void)
{
	/* linux/mount.h: struct mount_attr and MOUNT_ATTR_RDONLY, which not every libc has. */
	const struct {
		uint64_t attr_set, attr_clr, propagation, userns_fd;
	} set = {.attr_set = 1}, clear = {.attr_clr = 1};
	/* On the host: a mount of one's own, made read-only first. */
	const char *folder = "/playground/bound";

	if (access(folder, F_OK) < 0) {
		folder = ".";
		if (unshare(CLONE_NEWNS) < 0 ||
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		    mount(".", ".", NULL, MS_BIND, NULL) < 0 || chdir(get_current_dir_name()) < 0 ||
		    syscall(SYS_mount_setattr, AT_FDCWD, folder, 0, &set, sizeof(set)) < 0)
			return probe_say(-1);
	}
	return probe_call(SYS_mount_setattr, AT_FDCWD, folder, 0, &clear, sizeof(clear));
}
