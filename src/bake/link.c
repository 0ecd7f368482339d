#include "bake/link.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "image/digest.h"

/* The folder a link is in: everything up to its last slash. */
static int link_folder(const char *link, struct path *ret_folder, struct error *err)
{
	const char *slash = strrchr(link, '/');

	if (!slash)
		return path_format(ret_folder, err, ".");
	return slash == link ? path_format(ret_folder, err, "/")
			     : path_format(ret_folder, err, "%.*s", (int)(slash - link), link);
}

int link_path(const char *link, struct path *ret_path, struct error *err)
{
	struct path folder, real;
	const char *slash = strrchr(link, '/');
	const char *name = slash ? slash + 1 : link;

	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return error_set_plain(err, -EINVAL, "link", "\"%s\" is no name for a link", link);
	int r = link_folder(link, &folder, err);
	if (r < 0)
		return r;
	if (!realpath(folder.text, real.text))
		return error_set(err, -errno, "link", "cannot find the folder of %s", link);
	return path_format(ret_path, err, "%s/%s", strcmp(real.text, "/") == 0 ? "" : real.text,
			   name);
}

/* Follows a path to a folder; one that leads nowhere is "". */
static int resolve(const char *path, struct path *ret_folder, struct error *err)
{
	ret_folder->text[0] = '\0';
	if (realpath(path, ret_folder->text))
		return 0;
	int code = errno;
	ret_folder->text[0] = '\0';
	if (code == ENOENT || code == ENOTDIR || code == ELOOP)
		return 0;
	return error_set(err, -code, "link", "cannot tell what %s points at", path);
}

int link_read(const char *link, struct link_state *ret_state, struct error *err)
{
	struct path previous;

	int r = path_format(&previous, err, "%s" LINK_PREVIOUS, link);
	if (r >= 0)
		r = resolve(link, &ret_state->current, err);
	return r < 0 ? r : resolve(previous.text, &ret_state->previous, err);
}

/* The folder of registered links beside an image that lies in one of images. */
static int roots_path(const char *image, struct path *ret_roots, struct error *err)
{
	const char *slash = strrchr(image, '/');

	ret_roots->text[0] = '\0';
	if (!slash || !digest_is_hex(slash + 1))
		return 0; /* a folder of its own: nobody clears it away */
	return path_format(ret_roots, err, "%.*s/" LINK_ROOTS, (int)(slash - image), image);
}

static int register_link(const char *link, const char *image, struct error *err)
{
	struct path roots, root;
	char hex[DIGEST_HEX_SIZE];
	struct digest digest;

	int r = roots_path(image, &roots, err);
	if (r < 0 || !roots.text[0])
		return r;
	digest_begin(&digest);
	digest_add(&digest, link, strlen(link));
	r = digest_end(&digest, hex, err);
	if (r >= 0)
		r = path_make_folders(roots.text, err);
	if (r >= 0)
		r = path_format(&root, err, "%s/%s", roots.text, hex);
	if (r >= 0 && symlink(link, root.text) < 0 && errno != EEXIST)
		r = error_set(err, -errno, "link", "cannot register the link as %s", root.text);
	return r;
}

/* What is there must be a symbolic link. */
static int check_is_link(const char *link, struct error *err)
{
	struct stat st;

	if (lstat(link, &st) < 0 || S_ISLNK(st.st_mode))
		return 0;
	return error_set_plain(err, -EEXIST, "link",
			       "%s is there and is no symbolic link; move it away or name another",
			       link);
}

/* A symbolic link of this name, replacing one that is there. */
static int replace_link(const char *target, const char *link, struct error *err)
{
	struct path temporary;

	int r = check_is_link(link, err);
	if (r >= 0)
		r = path_format(&temporary, err, "%s.%d.new", link, (int)getpid());
	if (r < 0)
		return r;
	unlink(temporary.text);
	if (symlink(target, temporary.text) < 0)
		return error_set(err, -errno, "link", "cannot make the link %s", temporary.text);
	if (rename(temporary.text, link) < 0) {
		r = -errno;
		unlink(temporary.text);
		return error_set(err, r, "link", "cannot make the link %s", link);
	}
	return 0;
}

/* Whoever removes images locks them for himself alone first: what is locked so is going. */
static int hold_image(const char *image, int *ret_fd, struct error *err)
{
	_cleanup_fd_ int fd = open(image, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_set(err, -errno, "link", "cannot open the image %s", image);
	if (flock(fd, LOCK_SH | LOCK_NB) < 0)
		return error_set_plain(err, -EBUSY, "link", "the image %s is being removed", image);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int move_link(const char *link, const char *image, struct error *err)
{
	struct link_state state;
	struct path previous;

	int r = link_read(link, &state, err);
	if (r >= 0)
		r = path_format(&previous, err, "%s" LINK_PREVIOUS, link);
	if (r < 0)
		return r;
	int is_other = strcmp(state.current.text, image) != 0;
	/* Interrupted between the two, both say the image that is in use. */
	if (is_other && state.current.text[0])
		r = replace_link(state.current.text, previous.text, err);
	if (r >= 0 && is_other)
		r = replace_link(image, link, err);
	return r < 0 ? r : is_other;
}

int link_use(const char *link, const char *image, struct error *err)
{
	_cleanup_fd_ int image_fd = -EBADF;
	struct path at, folder;

	int r = link_folder(link, &folder, err);
	if (r >= 0)
		r = path_make_folders(folder.text, err);
	if (r >= 0)
		r = link_path(link, &at, err);
	if (r < 0)
		return r;
	if (!realpath(image, folder.text))
		return error_set(err, -errno, "link", "cannot find the image %s", image);
	r = hold_image(folder.text, &image_fd, err);
	if (r >= 0)
		r = register_link(at.text, folder.text, err);
	return r < 0 ? r : move_link(at.text, folder.text, err);
}

int link_back(const char *link, struct error *err)
{
	struct link_state state;
	struct path at, previous;

	int r = link_read(link, &state, err);
	if (r < 0)
		return r;
	if (!state.previous.text[0] || strcmp(state.previous.text, state.current.text) == 0)
		return error_set_plain(err, -ENOENT, "link",
				       "there is no image to go back to: %s" LINK_PREVIOUS
				       " points at no other",
				       link);
	r = link_path(link, &at, err);
	if (r >= 0)
		r = path_format(&previous, err, "%s" LINK_PREVIOUS, at.text);
	if (r < 0)
		return r;
	r = register_link(at.text, state.previous.text, err);
	if (r < 0 || !state.current.text[0])
		return r < 0 ? r : replace_link(state.previous.text, at.text, err);
	r = check_is_link(at.text, err);
	if (r < 0)
		return r;
	if (renameat2(AT_FDCWD, at.text, AT_FDCWD, previous.text, RENAME_EXCHANGE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return error_set(err, -errno, "link", "cannot swap %s and %s", at.text,
				 previous.text);
	/* A file system that cannot swap. Interrupted, both say the image that is to be used. */
	r = replace_link(state.previous.text, at.text, err);
	return r < 0 ? r : replace_link(state.current.text, previous.text, err);
}

static void closedirp(DIR **folder)
{
	if (*folder)
		closedir(*folder);
}

int link_each(const char *images, link_visit *visit, void *owner, struct error *err)
{
	struct path roots, root, link;
	const struct dirent *entry;

	int r = path_format(&roots, err, "%s/" LINK_ROOTS, images);
	if (r < 0)
		return r;
	__attribute__((cleanup(closedirp))) DIR *folder = opendir(roots.text);
	if (!folder)
		return errno == ENOENT
			       ? 0
			       : error_set(err, -errno, "link", "cannot read %s", roots.text);
	while (r >= 0 && (errno = 0, entry = readdir(folder))) {
		if (!digest_is_hex(entry->d_name))
			continue;
		r = path_format(&root, err, "%s/%s", roots.text, entry->d_name);
		if (r < 0)
			return r;
		ssize_t n = readlink(root.text, link.text, sizeof(link.text) - 1);
		if (n < 0)
			return error_set(err, -errno, "link", "cannot read the link %s", root.text);
		link.text[n] = '\0';
		r = visit(owner, root.text, link.text, err);
	}
	return r >= 0 && errno ? error_set(err, -errno, "link", "cannot read %s", roots.text) : r;
}
