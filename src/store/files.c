#include "store/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bake/path.h"
#include "bake/tree.h"
#include "base/fd.h"

enum { CHUNK = 256 << 10 };

struct entry {
	char *path; /* owned */
	mode_t mode;
	dev_t dev;
	ino_t ino;
	off_t size;
};

struct listing {
	const char *top;
	struct entry *entries; /* owned; sorted by path */
	size_t count, room;
};

static int no_memory(struct error *err)
{
	return error_set(err, -ENOMEM, "diff", "cannot list the files");
}

static int list_visit(void *owner, const struct tree_entry *found, struct error *err)
{
	struct listing *listing = owner;

	if (!found->path[0])
		return 0;
	if (listing->count == listing->room) {
		size_t room = listing->room ? 2 * listing->room : 1024;
		struct entry *grown = reallocarray(listing->entries, room, sizeof(*grown));
		if (!grown)
			return no_memory(err);
		listing->entries = grown;
		listing->room = room;
	}
	struct entry *entry = &listing->entries[listing->count];
	*entry = (struct entry){.path = strdup(found->path),
				.mode = found->st->st_mode,
				.dev = found->st->st_dev,
				.ino = found->st->st_ino,
				.size = S_ISDIR(found->st->st_mode) ? 0 : found->st->st_size};
	if (!entry->path)
		return no_memory(err);
	listing->count++;
	return 0;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->path, ((const struct entry *)b)->path);
}

static int list(struct listing *listing, const char *top, struct error *err)
{
	listing->top = top;
	int r = tree_walk(top, list_visit, listing, err);
	if (r >= 0 && listing->count > 1)
		qsort(listing->entries, listing->count, sizeof(*listing->entries), by_path);
	return r;
}

static void listing_fini(struct listing *listing)
{
	for (size_t i = 0; i < listing->count; i++)
		free(listing->entries[i].path);
	free(listing->entries);
}

/* Reads until the chunk is full or the file at its end. Returns the length or a negative errno. */
static ssize_t read_chunk(int fd, char *chunk)
{
	size_t used = 0;

	while (used < CHUNK) {
		ssize_t n = read(fd, chunk + used, CHUNK - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		used += (size_t)n;
	}
	return (ssize_t)used;
}

/* Returns 1 when the files' bytes are the same, 0 when not, or a negative errno. */
static int compare_bytes(int before_fd, int after_fd, char *chunks)
{
	for (;;) {
		ssize_t n = read_chunk(before_fd, chunks);
		ssize_t m = n < 0 ? n : read_chunk(after_fd, chunks + CHUNK);
		if (m < 0)
			return (int)m;
		if (n != m || memcmp(chunks, chunks + CHUNK, (size_t)n) != 0)
			return 0;
		if (n == 0)
			return 1;
	}
}

static int same_bytes(const char *before, const char *after, struct error *err)
{
	_cleanup_fd_ int before_fd = open(before, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (before_fd < 0)
		return error_set(err, -errno, "diff", "cannot open %s", before);
	_cleanup_fd_ int after_fd = open(after, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (after_fd < 0)
		return error_set(err, -errno, "diff", "cannot open %s", after);
	_cleanup_free_ char *chunks = malloc(2 * CHUNK);
	int r = chunks ? compare_bytes(before_fd, after_fd, chunks) : -ENOMEM;
	return r < 0 ? error_set(err, r, "diff", "cannot read %s", after) : r;
}

static int same_target(const char *before, const char *after, struct error *err)
{
	char targets[2][PATH_MAX];
	ssize_t n = readlink(before, targets[0], PATH_MAX);
	ssize_t m = readlink(after, targets[1], PATH_MAX);

	if (n < 0 || m < 0)
		return error_set(err, -errno, "diff", "cannot read the link %s",
				 n < 0 ? before : after);
	return n == m && memcmp(targets[0], targets[1], (size_t)n) == 0;
}

static int same(const struct listing *a, const struct entry *before, const struct listing *b,
		const struct entry *after, struct error *err)
{
	struct path before_path, after_path;

	if (before->mode != after->mode || before->size != after->size)
		return 0;
	if ((before->dev == after->dev && before->ino == after->ino) || S_ISDIR(before->mode))
		return 1;
	int r = path_format(&before_path, err, "%s/%s", a->top, before->path);
	if (r >= 0)
		r = path_format(&after_path, err, "%s/%s", b->top, after->path);
	if (r < 0)
		return r;
	return S_ISLNK(before->mode) ? same_target(before_path.text, after_path.text, err)
				     : same_bytes(before_path.text, after_path.text, err);
}

/* A name that is not UTF-8 cannot stand in JSON: its odd bytes become '?'. */
static int note(json_t *paths, const char *path, struct error *err)
{
	json_t *text = json_string(path);
	char *copy = text ? NULL : strdup(path);

	for (char *at = copy; at && *at; at++)
		if ((unsigned char)*at >= 0x80)
			*at = '?';
	if (copy)
		text = json_string(copy);
	free(copy);
	return json_array_append_new(paths, text) < 0 ? no_memory(err) : 0;
}

static int merge(const struct listing *a, const struct listing *b, json_t *diff, struct error *err)
{
	json_t *added = json_object_get(diff, "added"), *removed = json_object_get(diff, "removed"),
	       *changed = json_object_get(diff, "changed");
	size_t i = 0, k = 0;
	int r = 0;

	while (r >= 0 && (i < a->count || k < b->count)) {
		int order = i == a->count   ? 1
			    : k == b->count ? -1
					    : strcmp(a->entries[i].path, b->entries[k].path);
		if (order < 0) {
			r = note(removed, a->entries[i++].path, err);
		} else if (order > 0) {
			r = note(added, b->entries[k++].path, err);
		} else {
			r = same(a, &a->entries[i], b, &b->entries[k], err);
			if (r == 0)
				r = note(changed, a->entries[i].path, err);
			i++;
			k++;
		}
	}
	return r < 0 ? r : 0;
}

int files_compare(const char *before, const char *after, json_t **ret_diff, struct error *err)
{
	struct listing a = {.count = 0}, b = {.count = 0};
	json_t *diff = json_pack("{s:[], s:[], s:[]}", "added", "removed", "changed");

	int r = diff ? list(&a, before, err) : no_memory(err);
	if (r >= 0)
		r = list(&b, after, err);
	if (r >= 0)
		r = merge(&a, &b, diff, err);
	listing_fini(&a);
	listing_fini(&b);
	if (r < 0)
		json_decref(diff);
	else
		*ret_diff = diff;
	return r;
}
