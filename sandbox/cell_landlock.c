/*
 * Landlock, the wall behind the mounts: even where a mount went wrong, the program may read and
 * execute, but write below its tmpfs and to device nodes only. The best ABI the kernel has is used;
 * without any, the mounts and user ids stand alone. landlock(7); constants newer than the build's
 * headers are written out.
 */
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/cell.h"

#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14) /* ABI 3 */
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15) /* ABI 5 */
#endif

enum { SCOPE_ABSTRACT_UNIX_SOCKET = 1 << 0, SCOPE_SIGNAL = 1 << 1 }; /* ABI 6 */

/* struct landlock_ruleset_attr as of ABI 6; older kernels take it with what they do not know at 0.
 */
struct ruleset {
	uint64_t handled_access_fs;
	uint64_t handled_access_net;
	uint64_t scoped;
};

enum {
	READ = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE |
	       LANDLOCK_ACCESS_FS_READ_DIR,
	ALL_ABI_1 = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1,
	ALL_ABI_2 = ALL_ABI_1 | LANDLOCK_ACCESS_FS_REFER,
	ALL_ABI_3 = ALL_ABI_2 | LANDLOCK_ACCESS_FS_TRUNCATE,
	ALL_ABI_5 = ALL_ABI_3 | LANDLOCK_ACCESS_FS_IOCTL_DEV,
	NODES = LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK,
	DEVICE = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
		 LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE |
		 LANDLOCK_ACCESS_FS_IOCTL_DEV,
};

static const struct {
	const char *path;
	uint64_t access;
} rules[] = {
	{"/", READ},
	{"/playground", ALL_ABI_5 & ~(uint64_t)NODES},
	{"/tmp", ALL_ABI_5 & ~(uint64_t)NODES},
	{"/dev/shm", ALL_ABI_5 & ~(uint64_t)NODES},
	{"/dev", DEVICE},
};

static struct ruleset best_ruleset(long abi)
{
	struct ruleset ruleset = {.handled_access_fs = abi >= 5	  ? ALL_ABI_5
						       : abi >= 3 ? ALL_ABI_3
						       : abi == 2 ? ALL_ABI_2
								  : ALL_ABI_1};
	if (abi >= 6)
		ruleset.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL;
	return ruleset;
}

static int add_rule(struct cell_context *context, int fd, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = access};

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return cell_failed(context, errno, "cannot open %s for its rule", path);
	long r = syscall(SYS_landlock_add_rule, fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	int error_number = errno;
	close(rule.parent_fd);
	if (r < 0)
		return cell_failed(context, error_number, "cannot add the rule of %s", path);
	return 0;
}

int job_landlock(struct cell_context *context)
{
	if (cell_without(context, CELL_WITHOUT_LANDLOCK))
		return 0;
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (abi < 0 && (errno == ENOSYS || errno == EOPNOTSUPP))
		return 0;
	if (abi < 0)
		return cell_failed(context, errno, "cannot ask for Landlock's version");

	struct ruleset ruleset = best_ruleset(abi);
	int fd = (int)syscall(SYS_landlock_create_ruleset, &ruleset, sizeof(ruleset), 0);
	if (fd < 0)
		return cell_failed(context, errno, "cannot make a Landlock ruleset");
	int r = 0;
	for (size_t i = 0; r == 0 && i < sizeof(rules) / sizeof(rules[0]); i++)
		r = add_rule(context, fd, rules[i].path,
			     rules[i].access & ruleset.handled_access_fs);
	if (r == 0 && syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		r = cell_failed(context, errno, "cannot enforce the Landlock ruleset");
	close(fd);
	return r;
}
