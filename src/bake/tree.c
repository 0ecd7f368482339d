#include "bake/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "bake/child.h"
#include "bake/path.h"
#include "base/fd.h"

static void fts_closep(FTS **fts)
{
	if (*fts)
		fts_close(*fts);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static FTS *open_tree(const char *top)
{
	char *const tops[] = {(char *)top, NULL};
	return fts_open(tops, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, by_name);
}

int tree_walk(const char *top, tree_visit *visit, void *owner, struct error *err)
{
	__attribute__((cleanup(fts_closep))) FTS *fts = open_tree(top);
	if (!fts)
		return error_set(err, -errno, "tree", "cannot read %s", top);

	size_t skip = strlen(top);
	for (;;) {
		errno = 0;
		FTSENT *at = fts_read(fts);
		if (!at)
			return errno ? error_set(err, -errno, "tree", "cannot read %s", top) : 0;
		int r = child_interrupted(err);
		if (r < 0)
			return r;
		if (at->fts_info == FTS_DP)
			continue;
		if (at->fts_info != FTS_D && at->fts_info != FTS_F && at->fts_info != FTS_SL &&
		    at->fts_info != FTS_SLNONE)
			return error_set_plain(err, -EINVAL, "tree",
					       "%s cannot be read, or is a device, pipe or socket",
					       at->fts_path);
		const char *rest = at->fts_path + skip;
		struct tree_entry entry = {.path = *rest == '/' ? rest + 1 : rest,
					   .full_path = at->fts_path,
					   .st = at->fts_statp};
		r = visit(owner, &entry, err);
		if (r < 0)
			return r;
		if (r > 0)
			fts_set(fts, at, FTS_SKIP);
	}
}

int tree_remove(const char *top, struct error *err)
{
	if (!path_exists(top))
		return 0;
	__attribute__((cleanup(fts_closep))) FTS *fts = open_tree(top);
	if (!fts)
		return error_set(err, -errno, "remove", "cannot read %s", top);
	for (;;) {
		errno = 0;
		FTSENT *at = fts_read(fts);
		if (!at)
			return errno ? error_set(err, -errno, "remove", "cannot read %s", top) : 0;
		if (at->fts_info == FTS_D)
			continue;
		int failed = at->fts_info == FTS_DP ? rmdir(at->fts_path) : unlink(at->fts_path);
		if (failed < 0)
			return error_set(err, -errno, "remove", "cannot remove %s", at->fts_path);
	}
}

struct link_owner {
	const char *to;
	uint64_t *files;
};

static int link_symlink(const char *from, const char *to, struct error *err)
{
	char target[PATH_MAX];
	ssize_t n = readlink(from, target, sizeof(target) - 1);
	if (n < 0)
		return error_set(err, -errno, "link", "cannot read the link %s", from);
	target[n] = '\0';
	if (symlink(target, to) < 0)
		return error_set(err, -errno, "link", "cannot make the link %s", to);
	return 0;
}

/* One that is there will do, if it is a real folder: a link could lead anywhere. */
static int link_folder(const char *to, struct error *err)
{
	struct stat st;

	if (mkdir(to, 0755) == 0)
		return 0;
	int r = -errno;
	if (r == -EEXIST && lstat(to, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	return error_set(err, r, "link", "cannot make the folder %s", to);
}

static int link_visit(void *owner, const struct tree_entry *entry, struct error *err)
{
	const struct link_owner *link_owner = owner;
	struct path to;

	int r = path_format(&to, err, "%s%s%s", link_owner->to, entry->path[0] ? "/" : "",
			    entry->path);
	if (r < 0)
		return r;
	if (S_ISDIR(entry->st->st_mode))
		return link_folder(to.text, err);
	if (link_owner->files)
		++*link_owner->files;
	if (S_ISLNK(entry->st->st_mode))
		return link_symlink(entry->full_path, to.text, err);
	if (link(entry->full_path, to.text) == 0)
		return 0;
	if (errno == EXDEV || errno == EMLINK)
		return tree_copy_file(entry->full_path, to.text, entry->st->st_mode & 0777, NULL,
				      err);
	return error_set(err, -errno, "link", "cannot make %s", to.text);
}

int tree_link(const char *from, const char *to, uint64_t *files, struct error *err)
{
	struct link_owner owner = {.to = to, .files = files};
	return tree_walk(from, link_visit, &owner, err);
}

static int copy_bytes(int from_fd, int to_fd, uint64_t *ret_size)
{
	enum { CHUNK = 1 << 20 };
	_cleanup_free_ char *chunk = NULL;
	uint64_t size = 0;

	for (;;) {
		ssize_t n = copy_file_range(from_fd, NULL, to_fd, NULL, 1 << 30, 0);
		if (n < 0 &&
		    (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP))
			break;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0) {
			*ret_size = size;
			return 0;
		}
		size += n > 0 ? (uint64_t)n : 0;
	}
	chunk = malloc(CHUNK);
	if (!chunk)
		return -ENOMEM;
	for (;;) {
		ssize_t n = read(from_fd, chunk, CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		int r = fd_write_all(to_fd, chunk, (size_t)n);
		if (r < 0)
			return r;
		size += (uint64_t)n;
	}
	*ret_size = size;
	return 0;
}

int tree_copy_file(const char *from, const char *to, mode_t mode, uint64_t *ret_size,
		   struct error *err)
{
	_cleanup_fd_ int from_fd = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (from_fd < 0)
		return error_set(err, -errno, "copy", "cannot open %s", from);
	_cleanup_fd_ int to_fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (to_fd < 0)
		return error_set(err, -errno, "copy", "cannot make %s", to);

	uint64_t size = 0;
	int r = copy_bytes(from_fd, to_fd, &size);
	if (r >= 0 && fchmod(to_fd, mode) < 0)
		r = -errno;
	if (r < 0)
		return error_set(err, r, "copy", "cannot copy %s", from);
	if (ret_size)
		*ret_size = size;
	return 0;
}

static int normalise_visit(void *owner, const struct tree_entry *entry, struct error *err)
{
	const int64_t *mtime_sec = owner;
	const struct timespec times[2] = {{.tv_sec = *mtime_sec}, {.tv_sec = *mtime_sec}};
	mode_t mode = S_ISDIR(entry->st->st_mode) || (entry->st->st_mode & 0111) ? 0755 : 0644;

	if (lchown(entry->full_path, 0, 0) < 0 ||
	    (!S_ISLNK(entry->st->st_mode) && chmod(entry->full_path, mode) < 0) ||
	    utimensat(AT_FDCWD, entry->full_path, times, AT_SYMLINK_NOFOLLOW) < 0)
		return error_set(err, -errno, "tree", "cannot set owner, mode or time of %s",
				 entry->full_path);
	return 0;
}

int tree_normalise(const char *top, int64_t mtime_sec, struct error *err)
{
	return tree_walk(top, normalise_visit, &mtime_sec, err);
}
