#include "bake/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "bake/child.h"
#include "bake/tree.h"
#include "base/clock.h"
#include "base/fd.h"

enum { LOCK_WAIT_SEC = 2 * 60 * 60, LOCK_POLL_NSEC = 200000000 };

int cache_folder(const char *folder, struct path *ret_folder, struct error *err)
{
	const char *own = getenv("SANDLOT_CACHE");
	const char *caches = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");

	if (!folder && own && *own)
		folder = own;
	if (folder && *folder != '/') {
		struct path cwd;
		if (!getcwd(cwd.text, sizeof(cwd.text)))
			return error_set(err, -errno, "cache", "cannot find the working folder");
		return path_format(ret_folder, err, "%s/%s", cwd.text, folder);
	}
	if (folder)
		return path_format(ret_folder, err, "%s", folder);
	if (caches && *caches == '/')
		return path_format(ret_folder, err, "%s/sandlot", caches);
	if (home && *home == '/')
		return path_format(ret_folder, err, "%s/.cache/sandlot", home);
	return error_set_plain(err, -EINVAL, "cache",
			       "there is no HOME to keep a cache in; name one with --cache DIR");
}

/* Bounded waiting: flock(2) that blocks would not see an interruption. */
static int take_lock(struct cache *cache, struct progress *progress, struct error *err)
{
	const struct timespec pause = {.tv_nsec = LOCK_POLL_NSEC};
	uint64_t deadline = clock_monotonic_usec() + LOCK_WAIT_SEC * USEC_PER_SEC;
	int said = 0;

	while (flock(cache->lock_fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return error_set(err, -errno, "cache", "cannot lock %s",
					 cache->folder.text);
		int r = child_interrupted(err);
		if (r < 0)
			return r;
		if (clock_monotonic_usec() > deadline)
			return error_set_plain(err, -ETIMEDOUT, "cache",
					       "another command has been holding %s for two hours",
					       cache->folder.text);
		if (!said)
			progress_say(progress, "waiting for another command that uses %s",
				     cache->folder.text);
		said = 1;
		nanosleep(&pause, NULL);
	}
	return 0;
}

static int make_folders(const struct cache *cache, struct error *err)
{
	static const char *const names[] = {"",	     "/layers", "/crates", "/vendor",
					    "/memo", "/images", "/debs",   "/files"};
	struct path path;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int r = path_format(&path, err, "%s%s", cache->folder.text, names[i]);
		if (r >= 0)
			r = path_make_folders(path.text, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int cache_open(struct cache *cache, const char *folder, struct progress *progress,
	       struct error *err)
{
	struct path path;

	cache->lock_fd = -EBADF;
	int r = cache_folder(folder, &cache->folder, err);
	if (r >= 0)
		r = make_folders(cache, err);
	if (r >= 0)
		r = path_format(&path, err, "%s/lock", cache->folder.text);
	if (r < 0)
		return r;
	cache->lock_fd = open(path.text, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (cache->lock_fd < 0)
		return error_set(err, -errno, "cache", "cannot open %s", path.text);
	r = take_lock(cache, progress, err);
	if (r >= 0)
		r = path_format(&path, err, "%s/tmp", cache->folder.text);
	if (r >= 0)
		r = tree_remove(path.text, err); /* we hold the lock: all of it is left over */
	if (r >= 0)
		r = path_make_folders(path.text, err);
	if (r < 0)
		cache_close(cache);
	return r;
}

void cache_close(struct cache *cache)
{
	cache->lock_fd = fd_close(cache->lock_fd);
}

int cache_begin(struct cache *cache, struct path *ret_folder, struct error *err)
{
	int r = path_format(ret_folder, err, "%s/tmp/XXXXXX", cache->folder.text);
	if (r < 0)
		return r;
	if (!mkdtemp(ret_folder->text))
		return error_set(err, -errno, "cache", "cannot make a folder in %s/tmp",
				 cache->folder.text);
	if (chmod(ret_folder->text, 0755) < 0)
		return error_set(err, -errno, "cache", "cannot open up %s", ret_folder->text);
	return 0;
}

int cache_commit(struct cache *cache, const char *temporary, const char *final, struct error *err)
{
	_cleanup_fd_ int fd = open(temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, -errno, "cache", "cannot open %s", temporary);
	/* Without this a power cut could leave a finished folder of empty files. */
	if (syncfs(fd) < 0)
		return error_set(err, -errno, "cache", "cannot write %s to the disk",
				 cache->folder.text);
	struct path old;
	int r = path_format(&old, err, "%s.old", temporary);
	if (r < 0)
		return r;
	/* What is replaced goes aside whole: half of it must never stand in the final place. */
	if (rename(final, old.text) < 0 && errno != ENOENT)
		return error_set(err, -errno, "cache", "cannot move %s away", final);
	if (rename(temporary, final) < 0)
		return error_set(err, -errno, "cache", "cannot put %s into its place", final);
	return tree_remove(old.text, err);
}

void cache_abandon(const char *temporary)
{
	/* A failure is already being reported, and the next bake sweeps what is left. */
	if (temporary[0])
		tree_remove(temporary, NULL);
}
