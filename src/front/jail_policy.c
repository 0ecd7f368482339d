#include "front/jail_policy.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#define INT_MASK UINT64_C(0xffffffff)
#define NAMESPACES                                                                                 \
	((uint64_t)(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |  \
		    CLONE_NEWPID | CLONE_NEWNET))
#define THREAD ((uint64_t)(CLONE_THREAD | CLONE_VM | CLONE_SIGHAND))
#define SOCKET_FLAGS ((uint64_t)(SOCK_CLOEXEC | SOCK_NONBLOCK))

#define ALLOW(name)                                                                                \
	{                                                                                          \
		SCMP_SYS(name), SCMP_ACT_ALLOW,                                                    \
		{                                                                                  \
			{                                                                          \
				0, 0, 0                                                            \
			}                                                                          \
		}                                                                                  \
	}
#define ALLOW_IF(name, ...)                                                                        \
	{                                                                                          \
		SCMP_SYS(name), SCMP_ACT_ALLOW,                                                    \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}
#define ARG_IS(arg, number)                                                                        \
	{                                                                                          \
		(arg), INT_MASK, (uint64_t)(number)                                                \
	}
#define ARG_LACKS(arg, bits)                                                                       \
	{                                                                                          \
		(arg), (uint64_t)(bits), 0                                                         \
	}
#define KILL(name)                                                                                 \
	{                                                                                          \
		SCMP_SYS(name), SCMP_ACT_KILL_PROCESS,                                             \
		{                                                                                  \
			{                                                                          \
				0, 0, 0                                                            \
			}                                                                          \
		}                                                                                  \
	}
#define FCNTL(command) ALLOW_IF(fcntl, ARG_IS(1, command))
#define STREAM_SOCKET(family)                                                                      \
	ALLOW_IF(socket, ARG_IS(0, family), {1, INT_MASK & ~SOCKET_FLAGS, SOCK_STREAM})

static const struct jail_rule rules[] = {
	/* data in and out of what is open */
	ALLOW(read),
	ALLOW(write),
	ALLOW(readv),
	ALLOW(writev),
	ALLOW(pread64),
	ALLOW(pwrite64),
	ALLOW(lseek),
	ALLOW(close),
	ALLOW(poll),
	ALLOW(ppoll),
	ALLOW(select),
	ALLOW(pselect6),
	ALLOW(epoll_create1),
	ALLOW(epoll_ctl),
	ALLOW(epoll_wait),
	ALLOW(epoll_pwait),
	ALLOW(eventfd2),
	ALLOW(signalfd4),
	ALLOW(pipe2),
	ALLOW(memfd_create),
	FCNTL(F_GETFD),
	FCNTL(F_SETFD),
	FCNTL(F_GETFL),
	FCNTL(F_SETFL),
	FCNTL(F_DUPFD_CLOEXEC),
	FCNTL(F_ADD_SEALS),
	FCNTL(F_GET_SEALS),

	/* SQLite, in the data folder */
	ALLOW(open),
	ALLOW(openat),
	ALLOW(access),
	ALLOW(faccessat),
	ALLOW(faccessat2),
	ALLOW(stat),
	ALLOW(lstat),
	ALLOW(fstat),
	ALLOW(newfstatat),
	ALLOW(statx),
	ALLOW(readlink),
	ALLOW(readlinkat),
	ALLOW(getcwd),
	ALLOW(getdents64), /* the names of the files of an operator's own page (web_root.h) */
	ALLOW(unlink),
	ALLOW(unlinkat),
	ALLOW(rename),
	ALLOW(renameat),
	ALLOW(renameat2),
	ALLOW(ftruncate),
	ALLOW(fallocate),
	ALLOW(fchmod),
	ALLOW(fsync),
	ALLOW(fdatasync),
	FCNTL(F_GETLK),
	FCNTL(F_SETLK),
	FCNTL(F_SETLKW),

	/* connections; the supervisor's messages */
	STREAM_SOCKET(AF_INET),
	STREAM_SOCKET(AF_INET6),
	ALLOW(bind),
	ALLOW(listen),
	ALLOW(accept),
	ALLOW(accept4),
	ALLOW(shutdown),
	ALLOW(getsockname),
	ALLOW(getpeername),
	ALLOW(getsockopt),
	ALLOW(setsockopt),
	ALLOW(recvfrom),
	ALLOW(recvmsg),
	ALLOW(sendto),
	ALLOW(sendmsg),

	/* memory: never executable */
	ALLOW(brk),
	ALLOW(munmap),
	ALLOW(mremap),
	ALLOW(madvise),
#ifndef __SANITIZE_ADDRESS__
	ALLOW_IF(mmap, ARG_LACKS(2, PROT_EXEC)),
	ALLOW_IF(mprotect, ARG_LACKS(2, PROT_EXEC)),
#endif

	/* threads, and threads only */
	ALLOW_IF(clone, {0, THREAD | NAMESPACES, THREAD}),
	{SCMP_SYS(clone3), SCMP_ACT_ERRNO(ENOSYS), {{0, 0, 0}}}, /* its flags lie in memory */
	ALLOW(futex),
	ALLOW(set_robust_list),
	ALLOW(rseq),
	ALLOW(sched_yield),
	ALLOW(sched_getaffinity),
	ALLOW(gettid),
	ALLOW(exit),
	ALLOW(exit_group),
	ALLOW(restart_syscall),
	ALLOW_IF(prctl, ARG_IS(0, PR_SET_NAME)),

	/* signals; tgkill to ourselves is added where our pid is known */
	ALLOW(rt_sigaction),
	ALLOW(rt_sigprocmask),
	ALLOW(rt_sigreturn),
	ALLOW(sigaltstack),
	ALLOW(alarm),
	ALLOW(setitimer),

	/* time, randomness, who we are */
	ALLOW(clock_gettime),
	ALLOW(clock_getres),
	ALLOW(clock_nanosleep),
	ALLOW(nanosleep),
	ALLOW(gettimeofday),
	ALLOW(time),
	ALLOW(getrandom),
	ALLOW(getpid),
	ALLOW(getppid),
	ALLOW(getuid),
	ALLOW(geteuid),
	ALLOW(getgid),
	ALLOW(getegid),
	ALLOW(getrlimit),
	ALLOW(getrusage),
	ALLOW(sysinfo),
	ALLOW(uname),
	ALLOW_IF(prlimit64, {2, UINT64_MAX, 0}), /* asks, never sets */

#ifdef __SANITIZE_ADDRESS__
	/* AddressSanitizer's own: shadow memory, reports, its look at the address space */
	ALLOW(mmap),
	ALLOW(mprotect),
	ALLOW(getdents64),
	ALLOW(ioctl),
	ALLOW_IF(prctl, ARG_IS(0, PR_GET_DUMPABLE)),
	ALLOW_IF(prctl, ARG_IS(0, PR_SET_DUMPABLE)),
	ALLOW_IF(prctl, ARG_IS(0, PR_SET_VMA)),
#endif

	/* never, by nobody */
	KILL(execve),
	KILL(execveat),
	KILL(fork),
	KILL(vfork),
	KILL(ptrace),
	KILL(process_vm_readv),
	KILL(process_vm_writev),
	KILL(unshare),
	KILL(setns),
	KILL(mount),
	KILL(umount2),
	KILL(open_tree),
	KILL(move_mount),
	KILL(fsopen),
	KILL(mount_setattr),
	KILL(pivot_root),
	KILL(chroot),
	KILL(bpf),
	KILL(perf_event_open),
	KILL(io_uring_setup),
	KILL(userfaultfd),
	KILL(add_key),
	KILL(request_key),
	KILL(keyctl),
	KILL(init_module),
	KILL(finit_module),
	KILL(delete_module),
	KILL(kexec_load),
	KILL(kexec_file_load),
};

const struct jail_rule *jail_policy(size_t *ret_count)
{
	*ret_count = sizeof(rules) / sizeof(rules[0]);
	return rules;
}
