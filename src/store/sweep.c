/*
 * Taking away: sweep.h. A folder is first renamed, so that it is gone at once for everybody who
 * looks for it, whole or half; what cannot be removed stays under the other name, is reported, and
 * tried again the next time.
 */
#include "store/sweep.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bake/tree.h"
#include "base/fd.h"
#include "store/mounts.h"
#include "store/sweep_plan.h"

const char *sweep_word(enum sweep_kind kind)
{
	static const char *const words[] = {
#define X(constant, word) [constant] = word,
		SWEEP_KINDS(X)
#undef X
	};
	return words[kind];
}

/* A bind mount of the same file system would not stop the walk of a removal. */
static int check_mounts(const struct path *path, struct error *err)
{
	struct path mount;

	int r = mounts_below(path->text, &mount, err);
	if (r <= 0)
		return r;
	return error_set_plain(err, -EBUSY, "remove",
			       "something is mounted on %s; unmount it first", mount.text);
}

static int remove_folder(const struct path *path, struct error *err)
{
	size_t len = strlen(path->text), suffix = strlen(SWEEP_GONE);
	struct path gone = *path;

	int r = check_mounts(path, err);
	if (r >= 0 && (len < suffix || strcmp(path->text + len - suffix, SWEEP_GONE) != 0)) {
		r = path_format(&gone, err, "%s" SWEEP_GONE, path->text);
		if (r >= 0)
			r = tree_remove(gone.text, err);
		if (r >= 0 && rename(path->text, gone.text) < 0)
			r = error_set(err, -errno, "remove", "cannot move %s aside", path->text);
	}
	return r < 0 ? r : tree_remove(gone.text, err);
}

int sweep_remove(const struct path *path, struct error *err)
{
	struct stat st;

	if (lstat(path->text, &st) < 0)
		return errno == ENOENT
			       ? 0
			       : error_set(err, -errno, "remove", "cannot look at %s", path->text);
	if (S_ISDIR(st.st_mode))
		return remove_folder(path, err);
	if (unlink(path->text) < 0 && errno != ENOENT)
		return error_set(err, -errno, "remove", "cannot remove %s", path->text);
	return 0;
}

static int check_links(const struct store *store, const struct path *image, const char *link,
		       struct error *err)
{
	const char *id = strrchr(image->text, '/') + 1, *user;
	struct uses uses;

	int r = uses_read(&uses, store, link, err);
	unsigned use = r < 0 ? 0u : uses_of_links(&uses, image, &user);
	if (use & USE_CURRENT)
		r = error_set_plain(err, -EBUSY, "remove",
				    "%.*s is in use: %s points at it; use another image first, or "
				    "remove that link",
				    STORE_ID_SHORT, id, user);
	else if (use & USE_PREVIOUS)
		r = error_set_plain(err, -EBUSY, "remove",
				    "%.*s is what a rollback goes back to: %s" LINK_PREVIOUS
				    " points at it; remove that link first",
				    STORE_ID_SHORT, id, user);
	uses_fini(&uses);
	return r;
}

int sweep_remove_image(const struct store *store, const struct path *image, const char *link,
		       struct error *err)
{
	/* From here on no link and no server begins to use it (link.h). */
	_cleanup_fd_ int claim_fd = uses_claim(image, err);

	if (claim_fd < 0)
		return claim_fd;
	int r = check_links(store, image, link, err);
	return r < 0 ? r : remove_folder(image, err);
}
