#include "supervisor/places.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
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

int places_data(int is_root, char ret_data[PATH_MAX], struct error *err)
{
	snprintf(ret_data, PATH_MAX, "/var/lib/sandlot");
	if (is_root)
		return 0;
	int r = folder_of_user("XDG_STATE_HOME", ".local/state", "sandlot", ret_data, NULL);
	if (r < 0)
		return error_set_plain(
			err, r, "data",
			"there is no HOME to keep the data in; name a folder with --data");
	r = folder_make_path(ret_data, 0700);
	return r < 0 ? error_set(err, r, "data", "cannot make the data folder %.120s", ret_data)
		     : 0;
}
