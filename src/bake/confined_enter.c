#include "bake/confined.h"

#include <errno.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/privilege.h"
#include "base/landlock.h"

/*
 * The steps, in the order in which they work: what needs root comes first, seccomp, which takes
 * most, last.
 */

enum { CPU_SEC = 900, FILES_MAX = 32 };
#define MEMORY_MAX (UINT64_C(2) << 30)

static int step_root(const struct confined_spec *spec, struct error *err)
{
	if (geteuid() != 0 && spec->access == CONFINED_WRITES)
		return 0;
	if (fchdir(spec->folder_fd) < 0 || (geteuid() == 0 && chroot(".") < 0))
		return error_set(err, -errno, "root", "cannot confine to the folder");
	return 0;
}

static int step_identity(const struct confined_spec *spec, struct error *err)
{
	(void)spec;
	if (geteuid() != 0)
		return 0;
	int r = privilege_bounding(err);
	return r < 0 ? r : privilege_identity(CONFINED_ID, 0, err);
}

/* A bake that died before shows on the pipe. */
static int step_privileges(const struct confined_spec *spec, struct error *err)
{
	(void)spec;
	int r = privilege_capabilities(err);
	if (r >= 0)
		r = privilege_parent(err);
	return r < 0 ? r : privilege_no_new_privs(err);
}

static int step_limits(const struct confined_spec *spec, struct error *err)
{
	const struct {
		__rlimit_resource_t resource;
		rlim_t value;
	} limits[] = {
		{RLIMIT_CORE, 0},	    {RLIMIT_NPROC, 0},	 {RLIMIT_CPU, CPU_SEC},
		{RLIMIT_NOFILE, FILES_MAX}, {RLIMIT_MEMLOCK, 0}, {RLIMIT_FSIZE, spec->bytes_max},
#ifndef __SANITIZE_ADDRESS__
		{RLIMIT_AS, MEMORY_MAX},
#endif
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		const struct rlimit limit = {limits[i].value, limits[i].value};
		if (setrlimit(limits[i].resource, &limit) < 0)
			return error_set(err, -errno, "limits", "cannot set limits");
	}
	return 0;
}

/* On a kernel without it the chroot and the filter are left. */
static int step_landlock(const struct confined_spec *spec, struct error *err)
{
	const uint64_t files = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
			       LANDLOCK_ACCESS_FS_MAKE_DIR;
	const uint64_t links = LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER;
	const uint64_t reads = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
	const struct landlock_below below = {.fd = spec->folder_fd,
					     .access = spec->access == CONFINED_READS ? reads
						       : spec->may_link ? files | links
									: files};
	int r = landlock_enter(&below, 1, LANDLOCK_NO_PORT, err);

	return r < 0 ? r : 0;
}

/* What libarchive, its decompressors, libcrypto and malloc need; memory is never made executable.
 */
static int fill_filter(scmp_filter_ctx filter, const struct confined_spec *spec)
{
	static const int calls[] = {
		SCMP_SYS(read),		 SCMP_SYS(write),	   SCMP_SYS(pread64),
		SCMP_SYS(lseek),	 SCMP_SYS(close),	   SCMP_SYS(fstat),
		SCMP_SYS(newfstatat),	 SCMP_SYS(openat),	   SCMP_SYS(mkdirat),
		SCMP_SYS(brk),		 SCMP_SYS(munmap),	   SCMP_SYS(mremap),
		SCMP_SYS(madvise),	 SCMP_SYS(futex),	   SCMP_SYS(getrandom),
		SCMP_SYS(clock_gettime), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
		SCMP_SYS(getpid),	 SCMP_SYS(gettid),	   SCMP_SYS(exit_group),
#ifdef __SANITIZE_ADDRESS__
		SCMP_SYS(sigaltstack),
#endif
	};
	static const int links[] = {SCMP_SYS(symlinkat), SCMP_SYS(linkat)};
	static const int walks[] = {SCMP_SYS(getdents64), SCMP_SYS(fcntl)}; /* opendir(3), fts(3) */
	const struct scmp_arg_cmp not_executable = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	/* abort(3), so that a failed assert is told as one. */
	const struct scmp_arg_cmp ourselves =
		SCMP_A0(SCMP_CMP_MASKED_EQ, 0xffffffff, (uint64_t)getpid());

	int r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	for (size_t i = 0; r == 0 && i < sizeof(calls) / sizeof(calls[0]); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
	for (size_t i = 0;
	     r == 0 && spec->access == CONFINED_READS && i < sizeof(walks) / sizeof(walks[0]); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, walks[i], 0);
	for (size_t i = 0; r == 0 && spec->may_link && i < sizeof(links) / sizeof(links[0]); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, links[i], 0);
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, not_executable);
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, not_executable);
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, ourselves);
	return r == 0 ? seccomp_load(filter) : r;
}

static int step_seccomp(const struct confined_spec *spec, struct error *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));

	int r = filter ? fill_filter(filter, spec) : -ENOMEM;
	if (filter)
		seccomp_release(filter);
	return r < 0 ? error_set(err, r, "seccomp", "cannot load the filter") : 0;
}

int confined_enter(const struct confined_spec *spec, struct error *err)
{
	static int (*const steps[])(const struct confined_spec *spec, struct error *err) = {
		step_root, step_identity, step_privileges, step_limits, step_landlock, step_seccomp,
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(steps) / sizeof(steps[0]); i++)
		r = steps[i](spec, err);
	return r;
}
