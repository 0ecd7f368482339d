#include "front/jail_landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"

/*
 * The kernel's interface as of version 6, from its documentation (userspace-api/landlock): the
 * headers of a build machine may be older than the kernel it serves on.
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
#define FS_TRUNCATE (UINT64_C(1) << 14)

/* What SQLite needs; no folders, links, devices, sockets, and nothing is executed. */
#define DATA_RIGHTS                                                                                \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |                              \
	 LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |                             \
	 LANDLOCK_ACCESS_FS_REMOVE_FILE | FS_TRUNCATE)

enum { VERSION_REFER = 2, VERSION_TRUNCATE, VERSION_NET, VERSION_IOCTL, VERSION_SCOPE };

static struct ruleset ruleset_of(long version)
{
	struct ruleset ruleset = {.handled_access_fs = FS_RIGHTS(13)};

	if (version >= VERSION_REFER)
		ruleset.handled_access_fs = FS_RIGHTS(14);
	if (version >= VERSION_TRUNCATE)
		ruleset.handled_access_fs = FS_RIGHTS(15);
	if (version >= VERSION_NET)
		ruleset.handled_access_net = NET_BIND_TCP | NET_CONNECT_TCP;
	if (version >= VERSION_IOCTL)
		ruleset.handled_access_fs = FS_RIGHTS(16);
	if (version >= VERSION_SCOPE)
		ruleset.scoped = SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL;
	return ruleset;
}

/* An older kernel refuses fields it does not know when the structure is too long for it. */
static size_t ruleset_size(long version)
{
	return version >= VERSION_SCOPE ? sizeof(struct ruleset)
	       : version >= VERSION_NET ? 2 * sizeof(uint64_t)
					: sizeof(uint64_t);
}

static int rules_add(int ruleset_fd, const struct ruleset *ruleset, const char *data_path,
		     unsigned listen_port, struct error *err)
{
	_cleanup_fd_ int data_fd = open(data_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct landlock_path_beneath_attr below = {
		.allowed_access = DATA_RIGHTS & ruleset->handled_access_fs,
		.parent_fd = data_fd,
	};
	struct port_rule port = {.allowed_access = NET_BIND_TCP, .port = listen_port};

	if (data_fd < 0)
		return error_set(err, -errno, "landlock", "cannot open %s", data_path);
	if (syscall(SYS_landlock_add_rule, ruleset_fd, LANDLOCK_RULE_PATH_BENEATH, &below, 0) < 0)
		return error_set(err, -errno, "landlock", "cannot allow %s", data_path);
	if (ruleset->handled_access_net &&
	    syscall(SYS_landlock_add_rule, ruleset_fd, RULE_NET_PORT, &port, 0) < 0)
		return error_set(err, -errno, "landlock", "cannot allow port %u", listen_port);
	return 0;
}

int jail_landlock(const char *data_path, unsigned listen_port, struct error *err)
{
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	if (version < 0 && (errno == ENOSYS || errno == EOPNOTSUPP)) {
		log_warning("jail_layer_missing", "layer=landlock reason=\"%s\"",
			    "this kernel has none, or it is switched off");
		return 0;
	}
	if (version < 0)
		return error_set(err, -errno, "landlock", "cannot ask for its version");
	if (version < VERSION_SCOPE)
		log_warning("jail_layer_missing", "layer=landlock version=%ld reason=\"%s\"",
			    version,
			    version < VERSION_NET ? "this kernel's cannot confine ports and signals"
						  : "this kernel's cannot confine signals");

	struct ruleset ruleset = ruleset_of(version);
	_cleanup_fd_ int ruleset_fd =
		(int)syscall(SYS_landlock_create_ruleset, &ruleset, ruleset_size(version), 0);
	if (ruleset_fd < 0)
		return error_set(err, -errno, "landlock", "cannot make a ruleset");
	int r = rules_add(ruleset_fd, &ruleset, data_path, listen_port, err);
	if (r < 0)
		return r;
	if (syscall(SYS_landlock_restrict_self, ruleset_fd, 0) < 0)
		return error_set(err, -errno, "landlock", "cannot enter the ruleset");
	return 0;
}
