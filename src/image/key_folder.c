#include "image/key_folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ROOTS_FOLDER "/etc/sandlot/keys"

/* base: an absolute folder, or NULL. Returns 1 when it gives a path. */
static int below(const char *base, const char *rest, char ret_path[PATH_MAX], int *ret_len)
{
	if (!base || base[0] != '/')
		return 0;
	*ret_len = snprintf(ret_path, PATH_MAX, "%s%s", base, rest);
	return 1;
}

int key_folder(const char *option, int is_root, char ret_path[PATH_MAX], struct error *err)
{
	const char *own = getenv("SANDLOT_KEYS");
	int len = 0;

	if (!option && own && own[0])
		option = own;
	if (option)
		len = snprintf(ret_path, PATH_MAX, "%s", option);
	else if (is_root)
		len = snprintf(ret_path, PATH_MAX, ROOTS_FOLDER);
	else if (!below(getenv("XDG_CONFIG_HOME"), "/sandlot/keys", ret_path, &len) &&
		 !below(getenv("HOME"), "/.config/sandlot/keys", ret_path, &len))
		return error_set_plain(err, -EINVAL, "keys",
				       "there is no HOME to keep keys in; name a folder with "
				       "--keys DIR");
	if (len <= 0 || len >= PATH_MAX)
		return error_set_plain(err, -ENAMETOOLONG, "keys",
				       "the folder of keys has a path that is %s",
				       len ? "too long" : "empty");
	return 0;
}

int key_folder_trusted(const char *option, int is_root, char ret_path[PATH_MAX], struct error *err)
{
	const char *told = getenv("SANDLOT_KEYS");

	int r = key_folder(option, is_root, ret_path, err);
	if (option || is_root || (told && told[0]))
		return r;
	if (r < 0 || access(ret_path, F_OK) < 0)
		snprintf(ret_path, PATH_MAX, ROOTS_FOLDER);
	return 0;
}
