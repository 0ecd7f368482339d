#include "base/folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int folder_make_path(const char *path, mode_t mode)
{
	char part[4096];

	if ((size_t)snprintf(part, sizeof(part), "%s", path) >= sizeof(part))
		return -ENAMETOOLONG;
	for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(part, mode) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return mkdir(part, mode) < 0 && errno != EEXIST ? -errno : 0;
}

int folder_of_user(const char *variable, const char *below_home, const char *name,
		   char ret_path[PATH_MAX], struct error *err)
{
	const char *named = getenv(variable), *home = getenv("HOME");
	int len = 0;

	if (named && named[0] == '/')
		len = snprintf(ret_path, PATH_MAX, "%s/%s", named, name);
	else if (home && home[0] == '/')
		len = snprintf(ret_path, PATH_MAX, "%s/%s/%s", home, below_home, name);
	else
		return error_set_plain(err, -ENOENT, "home", "there is neither %s nor HOME",
				       variable);
	return len < PATH_MAX ? 0
			      : error_set_plain(err, -ENAMETOOLONG, "home",
						"the path of %s is too long", name);
}
