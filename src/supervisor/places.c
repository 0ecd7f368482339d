#include "supervisor/places.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/folder.h"

int places_exe(char ret_dir[PATH_MAX], struct error *err)
{
	char path[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (len < 0)
		return error_set(err, -errno, "exe", "cannot tell where the program is");
	path[len] = '\0';
	snprintf(ret_dir, PATH_MAX, "%s", dirname(path));
	return 0;
}

void places_image(const char *exe_dir, char ret_image[PATH_MAX])
{
	/* In a build tree build/libexec/sandlot/ stands beside build/image; installed ones have
	 * /var/lib. */
	if (snprintf(ret_image, PATH_MAX, "%s/../../image", exe_dir) < PATH_MAX &&
	    access(ret_image, F_OK) == 0)
		return;
	snprintf(ret_image, PATH_MAX, "/var/lib/sandlot/image");
}

/* A folder of ours below the one that a variable names, else below one of the home's. */
static int user_folder(const char *variable, const char *below_home, const char *name,
		       char ret_path[PATH_MAX], struct error *err)
{
	const char *named = getenv(variable), *home = getenv("HOME");

	if (named && named[0] == '/')
		snprintf(ret_path, PATH_MAX, "%s/%s", named, name);
	else if (home && home[0] == '/')
		snprintf(ret_path, PATH_MAX, "%s/%s/%s", home, below_home, name);
	else
		return error_set_plain(err, -ENOENT, "home", "there is neither %s nor HOME",
				       variable);
	return 0;
}

int places_data(int is_root, char ret_data[PATH_MAX], struct error *err)
{
	snprintf(ret_data, PATH_MAX, "/var/lib/sandlot");
	if (is_root)
		return 0;
	int r = user_folder("XDG_STATE_HOME", ".local/state", "sandlot", ret_data, NULL);
	if (r < 0)
		return error_set_plain(
			err, r, "data",
			"there is no HOME to keep the data in; name a folder with --data");
	r = folder_make_path(ret_data, 0700);
	return r < 0 ? error_set(err, r, "data", "cannot make the data folder %.120s", ret_data)
		     : 0;
}

int places_stamps(int is_root, char ret_stamps[PATH_MAX], struct error *err)
{
	snprintf(ret_stamps, PATH_MAX, "/var/cache/sandlot/stamps");
	return is_root ? 0
		       : user_folder("XDG_CACHE_HOME", ".cache", "sandlot/stamps", ret_stamps, err);
}
