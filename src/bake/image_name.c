#include "bake/image_name.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { UP_MAX = 6 };

/* Has folder an image.json? Returns 1, 0 or -errno. */
static int is_image(const char *folder, struct error *err)
{
	struct path file;

	int r = path_format(&file, err, "%s/image.json", folder);
	return r < 0 ? r : access(file.text, F_OK) == 0;
}

/* images/NAME below some folder above this program, as when it runs from its build folder. */
static int find_in_source(const char *name, struct path *ret_folder, struct error *err)
{
	struct path above;
	ssize_t n = readlink("/proc/self/exe", above.text, sizeof(above.text) - 1);

	if (n < 0)
		return error_set(err, -errno, "image", "cannot find where this program is");
	above.text[n] = '\0';
	for (int i = 0; i < UP_MAX; i++) {
		char *slash = strrchr(above.text, '/');
		if (!slash)
			return 0;
		*slash = '\0';
		int r = path_format(ret_folder, err, "%s/images/%s", above.text, name);
		if (r >= 0)
			r = is_image(ret_folder->text, err);
		if (r != 0)
			return r;
	}
	return 0;
}

int image_name_find(const char *given, struct path *ret_folder, struct error *err)
{
	int r = path_format(ret_folder, err, "%s", given);

	if (r >= 0)
		r = is_image(given, err);
	if (r == 0 && strchr(given, '/'))
		return error_set_plain(err, -ENOENT, "image", "%s has no image.json", given);
	if (r == 0)
		r = path_format(ret_folder, err, "images/%s", given);
	if (r == 0)
		r = is_image(ret_folder->text, err);
	if (r == 0)
		r = find_in_source(given, ret_folder, err);
	if (r == 0)
		r = error_set_plain(err, -ENOENT, "image",
				    "there is no image %s: neither %s/image.json nor "
				    "images/%s/image.json, here or where this program was built",
				    given, given, given);
	return r < 0 ? r : 0;
}
