#include "doctor/cgroup_v2.h"

#include <dirent.h>
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

/* ---- saving and restoring ---- */

static const char *const controllers_off[] = {"-memory", "-pids", "-cpu"};

enum { CONTROLLERS_OFF = sizeof(controllers_off) / sizeof(controllers_off[0]) };

/* Writes the path of cgroup.subtree_control in the folder that the first len bytes name. */
static void control_path(const struct cgroup_place *place, size_t len, char *ret_path, size_t size)
{
	snprintf(ret_path, size, "%.*s/cgroup.subtree_control", (int)len, place->own);
}

static unsigned handed_on(const struct cgroup_place *place, size_t len)
{
	char path[CGROUP_DIR_MAX + 32], list[256];
	unsigned found = 0;

	control_path(place, len, path, sizeof(path));
	file_read_line(path, list, sizeof(list));
	for (unsigned i = 0; i < CONTROLLERS_OFF; i++)
		if (cgroup_has_word(list, strlen(list), controllers_off[i] + 1))
			found |= 1U << i;
	return found;
}

void cgroup_v2_save(const struct cgroup_place *place, struct cgroup_v2_saved *ret_saved)
{
	size_t mount_len = strlen(place->mount), len = strlen(place->own);

	ret_saved->count = 0;
	while (mount_len && len >= mount_len && ret_saved->count < CGROUP_V2_LEVELS) {
		ret_saved->dir_len[ret_saved->count] = len;
		ret_saved->handed_on[ret_saved->count++] = handed_on(place, len);
		while (len > 0 && place->own[--len] != '/')
			;
	}
}

static int is_in_use(const struct cgroup_place *place, size_t len)
{
	char path[CGROUP_DIR_MAX];
	int found = 0;

	snprintf(path, sizeof(path), "%.*s", (int)len, place->own);
	DIR *folder = opendir(path);
	for (struct dirent *entry; folder && (entry = readdir(folder));)
		found |= strncmp(entry->d_name, "sandlot-", 8) == 0;
	if (folder)
		closedir(folder);
	return found;
}

void cgroup_v2_restore(const struct cgroup_place *place, const struct cgroup_v2_saved *saved)
{
	for (unsigned i = 0; i < saved->count; i++) {
		size_t len = saved->dir_len[i];
		unsigned added = handed_on(place, len) & ~saved->handed_on[i];
		char path[CGROUP_DIR_MAX + 32];
		if (!added || is_in_use(place, len))
			continue;
		control_path(place, len, path, sizeof(path));
		_cleanup_fd_ int fd = open(path, O_WRONLY | O_CLOEXEC);
		/* Refused where children hand it on themselves: then it is needed. */
		for (unsigned j = 0; fd >= 0 && j < CONTROLLERS_OFF; j++)
			if (added & 1U << j &&
			    write(fd, controllers_off[j], strlen(controllers_off[j])) < 0)
				continue;
	}
}
