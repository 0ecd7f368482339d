#include "store/view.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

#include "bake/child.h"
#include "base/clock.h"
#include "store/check.h"

enum { MOUNT_WALL_SEC = 60 };

/* mount(8) takes a loop device where the kernel cannot mount from the file. */
static int mount_file(const char *file, const char *folder, struct error *err)
{
	const char *const argv[] = {"mount", "-t",   "erofs", "-o", "ro,loop,nosuid,nodev,noexec",
				    file,    folder, NULL};
	const struct child_spec child = {
		.argv = argv, .keep_fd = -EBADF, .wall_usec = MOUNT_WALL_SEC * USEC_PER_SEC};
	__attribute__((cleanup(child_result_fini))) struct child_result result;

	int r = child_run(&child, &result, err);
	if (r >= 0 && result.exit_code != 0)
		r = error_set_plain(err, -EIO, "view", "cannot mount %s: %.120s", file,
				    result.tail);
	return r;
}

static int mount_erofs(struct view *view, const struct store_image *image, struct error *err)
{
	struct path file;

	int r = path_format(&file, err, "%s/" RECORD_EROFS_NAME, image->folder.text);
	if (r >= 0)
		r = path_format(&view->top, err, "/tmp/sandlot-view-XXXXXX");
	if (r < 0)
		return r;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return error_set(err, -errno, "view", "cannot make a mount namespace");
	if (!mkdtemp(view->top.text))
		return error_set(err, -errno, "view", "cannot make a folder in /tmp");
	r = mount_file(file.text, view->top.text, err);
	if (r < 0)
		rmdir(view->top.text);
	view->is_mounted = r >= 0;
	return r;
}

int view_open(struct view *view, const struct store_image *image, const char *keys,
	      struct error *err)
{
	char title[STORE_TITLE_SIZE];

	*view = (struct view){.is_mounted = 0};
	if (image->forms & RECORD_TREE)
		return path_format(&view->top, err, "%s/" RECORD_TREE_NAME, image->folder.text);
	store_title(image, title);
	if (geteuid() != 0)
		return error_set_plain(err, -EPERM, "view",
				       "%s lies there as an EROFS file alone, and mounting that "
				       "needs root; try sudo",
				       title);
	int r = check_must(image, CHECK_FULL, keys, 0, err);
	return r < 0 ? r : mount_erofs(view, image, err);
}

void view_close(struct view *view)
{
	if (!view->is_mounted)
		return;
	umount2(view->top.text, MNT_DETACH);
	rmdir(view->top.text);
	view->is_mounted = 0;
}
