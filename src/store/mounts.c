#include "store/mounts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"

/* Blanks and backslashes are written as three octal digits. In place. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *at = text; *at; at++) {
		if (at[0] == '\\' && at[1] >= '0' && at[1] <= '3' && at[2] >= '0' && at[2] <= '7' &&
		    at[3] >= '0' && at[3] <= '7') {
			*to++ = (char)((at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0'));
			at += 3;
		} else {
			*to++ = *at;
		}
	}
	*to = '\0';
}

int mounts_find(FILE *mountinfo, const char *folder, struct path *ret_mount)
{
	_cleanup_free_ char *line = NULL;
	size_t room = 0, len = strlen(folder);

	while (getline(&line, &room, mountinfo) > 0) {
		char *save, *field = strtok_r(line, " ", &save);
		for (int i = 0; i < 4 && field; i++)
			field = strtok_r(NULL, " ", &save);
		if (!field)
			continue;
		unescape(field);
		if (strncmp(field, folder, len) == 0 && (field[len] == '/' || field[len] == '\0'))
			return path_format(ret_mount, NULL, "%s", field) < 0 ? -ENAMETOOLONG : 1;
	}
	return ferror(mountinfo) ? -EIO : 0;
}

int mounts_below(const char *folder, struct path *ret_mount, struct error *err)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");

	int r = file ? mounts_find(file, folder, ret_mount) : -errno;
	if (file)
		fclose(file);
	return r < 0 ? error_set(err, r, "mounts", "cannot read /proc/self/mountinfo") : r;
}
