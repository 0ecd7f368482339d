#include "base/landlock.h"

#include <errno.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"

/*
 * The kernel's interface as of version 6, from its documentation: the headers of a build machine
 * may be older than the kernel it serves on.
 */
struct ruleset {
	uint64_t handled_access_fs, handled_access_net, scoped;
};

struct port_rule {
	uint64_t allowed_access, port;
};

enum { RULE_NET_PORT = 2 };

#define NET_BIND_TCP (UINT64_C(1) << 0)
#define NET_CONNECT_TCP (UINT64_C(1) << 1)
#define SCOPE_ABSTRACT_SOCKET (UINT64_C(1) << 0)
#define SCOPE_SIGNAL (UINT64_C(1) << 1)

/* Every file right up to the version: 13 in 1, refer in 2, truncate in 3, device ioctls in 5. */
#define FS_RIGHTS(count) ((UINT64_C(1) << (count)) - 1)

_Static_assert(LANDLOCK_FS_WRITE_FILE == LANDLOCK_ACCESS_FS_WRITE_FILE &&
		       LANDLOCK_FS_READ_FILE == LANDLOCK_ACCESS_FS_READ_FILE &&
		       LANDLOCK_FS_READ_DIR == LANDLOCK_ACCESS_FS_READ_DIR &&
		       LANDLOCK_FS_REMOVE_FILE == LANDLOCK_ACCESS_FS_REMOVE_FILE &&
		       LANDLOCK_FS_MAKE_REG == LANDLOCK_ACCESS_FS_MAKE_REG,
	       "the rights are the kernel's");

static struct ruleset ruleset_of(long version)
{
	struct ruleset ruleset = {.handled_access_fs = FS_RIGHTS(13)};

	if (version >= LANDLOCK_REFER)
		ruleset.handled_access_fs = FS_RIGHTS(14);
	if (version >= LANDLOCK_TRUNCATE)
		ruleset.handled_access_fs = FS_RIGHTS(15);
	if (version >= LANDLOCK_NET)
		ruleset.handled_access_net = NET_BIND_TCP | NET_CONNECT_TCP;
	if (version >= LANDLOCK_IOCTL)
		ruleset.handled_access_fs = FS_RIGHTS(16);
	if (version >= LANDLOCK_SCOPE)
		ruleset.scoped = SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL;
	return ruleset;
}

/* An older kernel refuses fields it does not know when the structure is too long for it. */
static size_t ruleset_size(long version)
{
	return version >= LANDLOCK_SCOPE ? sizeof(struct ruleset)
	       : version >= LANDLOCK_NET ? 2 * sizeof(uint64_t)
					 : sizeof(uint64_t);
}

static int rule_add(int ruleset_fd, int type, const void *rule, struct error *err)
{
	if (syscall(SYS_landlock_add_rule, ruleset_fd, type, rule, 0) < 0)
		return error_set(err, -errno, "landlock", "cannot add a rule");
	return 0;
}

static int rules_add(int ruleset_fd, const struct ruleset *ruleset,
		     const struct landlock_below *below, size_t count, int bind_port,
		     struct error *err)
{
	struct port_rule port = {.allowed_access = NET_BIND_TCP, .port = (uint64_t)bind_port};
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		struct landlock_path_beneath_attr rule = {
			.allowed_access = below[i].access & ruleset->handled_access_fs,
			.parent_fd = below[i].fd,
		};
		r = rule_add(ruleset_fd, LANDLOCK_RULE_PATH_BENEATH, &rule, err);
	}
	if (r == 0 && ruleset->handled_access_net && bind_port != LANDLOCK_NO_PORT)
		r = rule_add(ruleset_fd, RULE_NET_PORT, &port, err);
	return r;
}

int landlock_enter(const struct landlock_below *below, size_t count, int bind_port,
		   struct error *err)
{
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	if (version < 0 && (errno == ENOSYS || errno == EOPNOTSUPP))
		return 0;
	if (version < 0)
		return error_set(err, -errno, "landlock", "cannot ask for its version");

	struct ruleset ruleset = ruleset_of(version);
	_cleanup_fd_ int ruleset_fd =
		(int)syscall(SYS_landlock_create_ruleset, &ruleset, ruleset_size(version), 0);
	if (ruleset_fd < 0)
		return error_set(err, -errno, "landlock", "cannot make a ruleset");
	int r = rules_add(ruleset_fd, &ruleset, below, count, bind_port, err);
	if (r < 0)
		return r;
	if (syscall(SYS_landlock_restrict_self, ruleset_fd, 0) < 0)
		return error_set(err, -errno, "landlock", "cannot enter the ruleset");
	return (int)version;
}
