#include "doctor/cgroup_v2.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "doctor/host.h"

static int has_needed(const char *list)
{
	size_t len = strlen(list);

	return cgroup_has_word(list, len, "memory") && cgroup_has_word(list, len, "pids");
}

static int has_processes(const char *dir)
{
	_cleanup_free_ char *text = NULL;
	char path[CGROUP_DIR_MAX + 32];

	snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	return file_read(path, &text) < 0 || text[0] != '\0';
}

/* The top of a hierarchy may have processes and controllers; it alone has no type. */
static int is_top(const char *dir)
{
	char path[CGROUP_DIR_MAX + 32];

	snprintf(path, sizeof(path), "%s/cgroup.type", dir);
	return access(path, F_OK) < 0;
}

static enum cgroup_v2_state look_at(const char *dir, char *ret_controllers, size_t size)
{
	char path[CGROUP_DIR_MAX + 32];

	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", dir);
	int writable = access(path, W_OK) == 0;
	file_read_line(path, ret_controllers, size);
	if (has_needed(ret_controllers))
		return access(dir, W_OK) == 0 ? CGROUP_V2_USABLE : CGROUP_V2_CLOSED;
	snprintf(path, sizeof(path), "%s/cgroup.controllers", dir);
	file_read_line(path, ret_controllers, size);
	if (!has_needed(ret_controllers))
		return CGROUP_V2_BARE;
	if (!writable)
		return CGROUP_V2_CLOSED;
	return has_processes(dir) && !is_top(dir) ? CGROUP_V2_IN_WAY : CGROUP_V2_USABLE;
}

void cgroup_v2_find(const struct cgroup_place *place, struct cgroup_v2 *ret_found)
{
	struct cgroup_v2 best = {.state = CGROUP_V2_ABSENT}, now;
	size_t mount_len = strlen(place->mount);

	if (mount_len) {
		snprintf(now.dir, sizeof(now.dir), "%s", place->own);
		for (;;) {
			now.state = look_at(now.dir, now.controllers, sizeof(now.controllers));
			if (now.state > best.state)
				best = now;
			char *slash = strrchr(now.dir, '/');
			if (best.state == CGROUP_V2_USABLE || !slash ||
			    (size_t)(slash - now.dir) < mount_len)
				break;
			*slash = '\0';
		}
	}
	*ret_found = best;
}
