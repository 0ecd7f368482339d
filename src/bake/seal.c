#include "bake/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bake/path.h"
#include "base/fd.h"
#include "image/tree_hash.h"

#define SEAL_FILE "sealed"

enum { SEAL_BYTES_MAX = 64 << 20 };

static int add_line(void *owner, const char *line, size_t len, struct error *err)
{
	FILE *out = owner;

	(void)err;
	if (strcmp(line, SEAL_FILE) != 0)
		fwrite(line, 1, len, out);
	return 0;
}

/* ret_text: new, the lines tree_hash() makes, but for the list's own. */
static int list(const char *folder, char **ret_text, size_t *ret_len, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	struct tree_hash hash;

	_cleanup_fd_ int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return error_set(err, -errno, "cache", "cannot open %s", folder);
	FILE *out = open_memstream(&text, ret_len);
	if (!out)
		return error_set(err, -ENOMEM, "cache", "cannot list %s", folder);
	int r = tree_hash(fd, add_line, out, &hash, err);
	if (fclose(out) != 0 && r >= 0)
		r = error_set(err, -ENOMEM, "cache", "cannot list %s", folder);
	if (r < 0)
		return r;
	*ret_text = TAKE_PTR(text);
	return 0;
}

int seal_write(const char *folder, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	struct path path;
	size_t len;

	int r = list(folder, &text, &len, err);
	if (r >= 0)
		r = path_format(&path, err, "%s/" SEAL_FILE, folder);
	return r < 0 ? r : path_write_file(path.text, 0644, text, len, err);
}

/* One entry of a list: its path, and all of its line. */
struct entry {
	const char *path; /* NULL: there is none */
	size_t len;
};

/* Takes the entry at *at, which is end at most, and goes on behind it. */
static struct entry next(const char **at, const char *end)
{
	size_t left = (size_t)(end - *at);
	const char *rest = left > 0 ? memchr(*at, '\0', left) : NULL;
	const char *newline = rest ? memchr(rest, '\n', (size_t)(end - rest)) : NULL;
	struct entry entry = {.path = newline ? *at : NULL};

	if (newline) {
		entry.len = (size_t)(newline - *at) + 1;
		*at = newline + 1;
	}
	return entry;
}

/* The first difference of two sorted lists: its path and what became of it. Returns 1 or 0. */
static int differ(const char *was, size_t was_len, const char *is, size_t is_len,
		  const char **ret_path, const char **ret_what)
{
	const char *was_end = was + was_len, *is_end = is + is_len;

	for (;;) {
		struct entry a = next(&was, was_end), b = next(&is, is_end);
		if (!a.path && !b.path)
			return 0;
		int order = !a.path ? 1 : !b.path ? -1 : strcmp(a.path, b.path);
		if (order == 0 && a.len == b.len && memcmp(a.path, b.path, a.len) == 0)
			continue;
		*ret_path = order > 0 ? b.path : a.path;
		*ret_what = order > 0 ? "was added" : order < 0 ? "was taken away" : "was changed";
		return 1;
	}
}

int seal_check(const char *folder, struct error *err)
{
	_cleanup_free_ char *was = NULL, *is = NULL;
	const char *changed, *what;
	size_t was_len, is_len;
	struct path path;

	int r = path_format(&path, err, "%s/" SEAL_FILE, folder);
	if (r < 0)
		return r;
	_cleanup_fd_ int fd = open(path.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT)
		return error_set_plain(err, -EBADMSG, "cache",
				       "%s is gone; remove %s and bake again", path.text, folder);
	if (fd < 0)
		return error_set(err, -errno, "cache", "cannot open %s", path.text);
	r = fd_read_all(fd, SEAL_BYTES_MAX, &was, &was_len);
	if (r < 0)
		return error_set(err, r, "cache", "cannot read %s", path.text);
	r = list(folder, &is, &is_len, err);
	if (r < 0 || !differ(was, was_len, is, is_len, &changed, &what))
		return r;
	return error_set_plain(err, -EBADMSG, "cache",
			       "%s %s since %s was made; remove that folder and bake again",
			       changed, what, folder);
}
