/*
 * What the attacks have in common: each prints one line, "done" when it got through or "denied
 * ERRNO", and exits 0. What should hold is in the comment on top of each file; tests/escape/run
 * reads it.
 */
#ifndef TESTS_ESCAPE_PROBE_H
#define TESTS_ESCAPE_PROBE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The errnos an attack may end with; not every libc knows their names. */
#define PROBE_ERRNOS(X)                                                                            \
	X(EPERM)                                                                                   \
	X(ENOENT)                                                                                  \
	X(ESRCH) X(EINTR) X(EIO) X(ENXIO) X(E2BIG) X(ENOEXEC) X(EBADF) X(ECHILD) X(EAGAIN) X(      \
		ENOMEM) X(EACCES) X(EFAULT) X(ENOTBLK) X(EBUSY) X(EEXIST) X(EXDEV) X(ENODEV)       \
		X(ENOTDIR) X(EISDIR) X(EINVAL) X(ENFILE) X(EMFILE) X(ENOTTY) X(ETXTBSY) X(         \
			EFBIG) X(ENOSPC) X(ESPIPE) X(EROFS) X(EMLINK) X(EPIPE) X(EDOM) X(ERANGE)   \
			X(EDEADLK) X(ENAMETOOLONG) X(ENOLCK) X(ENOSYS) X(ENOTEMPTY) X(ELOOP) X(    \
				ENODATA) X(ENOLINK) X(EPROTO) X(EBADMSG) X(EOVERFLOW) X(ENOTSOCK)  \
				X(EDESTADDRREQ) X(EMSGSIZE) X(EPROTOTYPE) X(ENOPROTOOPT) X(        \
					EPROTONOSUPPORT) X(ESOCKTNOSUPPORT) X(EOPNOTSUPP)          \
					X(EPFNOSUPPORT) X(EAFNOSUPPORT) X(EADDRINUSE) X(           \
						EADDRNOTAVAIL) X(ENETDOWN) X(ENETUNREACH)          \
						X(ECONNABORTED) X(ECONNRESET) X(ENOBUFS) X(        \
							EISCONN) X(ENOTCONN) X(ETIMEDOUT)          \
							X(ECONNREFUSED) X(EHOSTUNREACH) X(         \
								EALREADY) X(EINPROGRESS) X(ESTALE) \
								X(EDQUOT) X(ECANCELED) X(ENOKEY)   \
									X(EKEYREJECTED)

static inline const char *probe_errno_name(int number)
{
	switch (number) {
#define PROBE_ERRNO(name)                                                                          \
	case name:                                                                                 \
		return #name;
		PROBE_ERRNOS(PROBE_ERRNO)
#undef PROBE_ERRNO
	default:
		return strerror(number);
	}
}

/* result: what the attack's call returned; negative with errno set when it failed. Returns 0. */
static inline int probe_say(long result)
{
	if (result < 0)
		printf("denied %s\n", probe_errno_name(errno));
	else
		puts("done");
	return 0;
}

/* One system call by its number, with up to six arguments, past libc's opinion of them. */
#define probe_call(...) probe_say(syscall(__VA_ARGS__))

/*
 * How a child ends that makes one system call with six times the same argument. Returns its errno,
 * 0 for success, -1 when SIGSYS ended it. Calls that would not return must not be asked for.
 */
static inline int probe_child_call(long number, long argument)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		long result =
			syscall(number, argument, argument, argument, argument, argument, argument);
		_exit(result < 0 ? errno : 0);
	}
	waitpid(child, &status, 0);
	return WIFSIGNALED(status) ? -1 : WEXITSTATUS(status);
}

/* The calls no profile allows, by name and number, that every x86_64 kernel's headers know. */
#define PROBE_REFUSED_CALLS                                                                        \
	SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_setns, SYS_unshare, SYS_fsopen,    \
		SYS_fsmount, SYS_fsconfig, SYS_fspick, SYS_move_mount, SYS_open_tree,              \
		SYS_mount_setattr, SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev,        \
		SYS_process_madvise, SYS_pidfd_getfd, SYS_kcmp, SYS_add_key, SYS_keyctl,           \
		SYS_request_key, SYS_bpf, SYS_perf_event_open, SYS_io_uring_setup,                 \
		SYS_io_uring_enter, SYS_io_uring_register, SYS_userfaultfd, SYS_fanotify_init,     \
		SYS_fanotify_mark, SYS_open_by_handle_at, SYS_name_to_handle_at, SYS_init_module,  \
		SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_kexec_file_load,          \
		SYS_settimeofday, SYS_clock_settime, SYS_adjtimex, SYS_clock_adjtime, SYS_reboot,  \
		SYS_swapon, SYS_swapoff, SYS_acct, SYS_quotactl, SYS_syslog, SYS_iopl, SYS_ioperm, \
		SYS_modify_ldt, SYS_io_setup, SYS_mbind, SYS_set_mempolicy, SYS_migrate_pages,     \
		SYS_move_pages, SYS_vmsplice, SYS_sethostname, SYS_setdomainname, SYS_seccomp,     \
		SYS_lookup_dcookie, SYS_nfsservctl, SYS_uselib, SYS_ustat, SYS_sysfs, SYS__sysctl, \
		SYS_ioprio_set, SYS_remap_file_pages

#endif
