#include "base/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"

static int map_write(int self_fd, const char *file, const char *text)
{
	_cleanup_fd_ int fd = openat(self_fd, file, O_WRONLY | O_CLOEXEC);

	return fd < 0 || write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

/* The files of /proc are opened after the namespace is made: they mean the one of the opener. */
int privilege_user_namespace(int self_fd, uid_t user, struct error *err)
{
	int groups_stay = 0;
	char map[32];

	if (setgroups(0, NULL) < 0) {
		if (errno != EPERM)
			return error_set(err, -errno, "user_namespace", "cannot give up groups");
		groups_stay = getgroups(0, NULL) > 1;
	}
	if (unshare(CLONE_NEWUSER) < 0)
		return error_set(err, -errno, "user_namespace", "cannot make a user namespace");
	snprintf(map, sizeof(map), "%u 0 1\n", user);
	int r = map_write(self_fd, "setgroups", "deny");
	if (r == 0)
		r = map_write(self_fd, "gid_map", map);
	if (r == 0)
		r = map_write(self_fd, "uid_map", map);
	return r < 0 ? error_set(err, r, "user_namespace", "cannot map our user") : groups_stay;
}

int privilege_bounding(struct error *err)
{
	const unsigned long bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
				   SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
				   SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;

	for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return error_set(err, -errno, "bounding", "cannot drop capability %lu",
					 cap);
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return error_set(err, -errno, "bounding", "cannot clear ambient capabilities");
	if (prctl(PR_SET_SECUREBITS, bits, 0, 0, 0) < 0)
		return error_set(err, -errno, "bounding", "cannot lock the securebits");
	return 0;
}

int privilege_identity(uid_t user, int keeps_groups, struct error *err)
{
	gid_t groups[1];

	if ((!keeps_groups && setgroups(0, NULL) < 0) || setresgid(user, user, user) < 0 ||
	    setresuid(user, user, user) < 0)
		return error_set(err, -errno, "identity", "cannot become user %u", user);
	if (getuid() != user || geteuid() != user || getgid() != user || getegid() != user ||
	    (!keeps_groups && getgroups(1, groups) != 0))
		return error_set_plain(err, -EPERM, "identity", "did not become user %u", user);
	return 0;
}

/* Without the set-uid fix-up they are still there; they are given up by name. */
int privilege_capabilities(struct error *err)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
	struct __user_cap_data_struct now[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capset, &head, none) < 0 || syscall(SYS_capget, &head, now) < 0)
		return error_set(err, -errno, "capabilities", "cannot drop capabilities");
	for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		if (now[i].effective || now[i].permitted || now[i].inheritable)
			return error_set_plain(err, -EPERM, "capabilities", "a capability is left");
	return 0;
}

int privilege_parent(struct error *err)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return error_set(err, -errno, "parent", "cannot ask to die with the supervisor");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return error_set(err, -errno, "parent", "cannot forbid tracing");
	return 0;
}

int privilege_no_new_privs(struct error *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_set(err, -errno, "no_new_privs", "cannot set no_new_privs");
	return 0;
}
