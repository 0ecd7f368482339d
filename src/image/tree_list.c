#include "image/tree_list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

/* ---- making ---- */

static void file_closep(FILE **file)
{
	if (*file)
		fclose(*file);
}

static int write_line(void *owner, const char *line, size_t len, struct error *err)
{
	if (fwrite(line, 1, len, owner) != len)
		return error_set(err, -errno, "list", "cannot write %s", TREE_LIST_FILE);
	return 0;
}

static int write_list(int fd, int root_fd, struct tree_hash *ret_hash, struct error *err)
{
	__attribute__((cleanup(file_closep))) FILE *file = fdopen(fd, "w");

	if (!file) {
		fd_close(fd);
		return error_set(err, -errno, "list", "cannot write %s", TREE_LIST_FILE);
	}
	int r = tree_hash(root_fd, write_line, file, ret_hash, err);
	if (r == 0 && (fflush(file) != 0 || fchmod(fd, 0644) < 0 || fsync(fd) < 0))
		return error_set(err, -errno, "list", "cannot write %s", TREE_LIST_FILE);
	return r;
}

int tree_list_make(int folder_fd, int root_fd, struct tree_hash *ret_hash, struct error *err)
{
	struct tree_hash hash;
	char temporary[64];

	snprintf(temporary, sizeof(temporary), ".%s.%d.new", TREE_LIST_FILE, (int)getpid());
	int fd = openat(folder_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return error_set(err, -errno, "list", "cannot make %s", TREE_LIST_FILE);
	int r = write_list(fd, root_fd, &hash, err);
	if (r == 0 && renameat(folder_fd, temporary, folder_fd, TREE_LIST_FILE) < 0)
		r = error_set(err, -errno, "list", "cannot make %s", TREE_LIST_FILE);
	if (r == 0)
		*ret_hash = hash;
	else
		unlinkat(folder_fd, temporary, 0);
	return r;
}

/* ---- comparing ---- */

struct list {
	char *text; /* owned; with a NUL behind it */
	const char *at, *end;
};

/* The list, when there is one with this hash. Whatever is wrong with it, there is none then. */
static void list_read(int folder_fd, const uint8_t sha256[DIGEST_BYTES], struct list *list)
{
	uint8_t hash[DIGEST_BYTES];
	struct digest digest;
	size_t len = 0;

	*list = (struct list){.text = NULL};
	_cleanup_fd_ int fd =
		openat(folder_fd, TREE_LIST_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || fd_read_all(fd, TREE_LIST_BYTES_MAX, &list->text, &len) < 0)
		return;
	digest_begin(&digest);
	digest_add(&digest, list->text, len);
	if (digest_end_bytes(&digest, hash, NULL) < 0 || memcmp(hash, sha256, sizeof(hash)) != 0) {
		free(list->text);
		list->text = NULL;
		return;
	}
	list->at = list->text;
	list->end = list->text + len;
}

static int differs(const char *path, const char *how, struct error *err)
{
	return error_set_plain(err, -ESTALE, "tree", "%.160s %s", path, how);
}

/* ours, theirs: what stands behind the path of a line, "f 0644 5 HASH\n". */
static const char *difference(const char *ours, const char *theirs)
{
	enum { TYPE_LEN = 1, MODE_END = 6 };

	if (strncmp(ours, theirs, TYPE_LEN) != 0)
		return "is of another type";
	if (strncmp(ours, theirs, MODE_END) != 0)
		return "has another mode";
	return ours[0] == 'l' ? "points elsewhere" : "has other bytes";
}

/* The list is what was signed, but may have been made by anything: nothing about it is relied on.
 */
static int compare_line(void *owner, const char *line, size_t len, struct error *err)
{
	struct list *list = owner;
	size_t left = (size_t)(list->end - list->at);

	if (left >= len && memcmp(list->at, line, len) == 0) {
		list->at += len;
		return 0;
	}
	int order = left ? strcmp(line, list->at) : -1;
	if (order < 0)
		return differs(line, "was added", err);
	if (order > 0)
		return differs(list->at, "is missing", err);
	const char *theirs = list->at + strlen(list->at) + 1;
	return differs(line,
		       theirs < list->end ? difference(line + strlen(line) + 1, theirs)
					  : "is not listed well",
		       err);
}

int tree_list_compare(int folder_fd, int root_fd, const uint8_t sha256[DIGEST_BYTES],
		      struct tree_hash *ret_hash, struct error *err)
{
	struct tree_hash hash;
	struct list list;

	list_read(folder_fd, sha256, &list);
	_cleanup_free_ char *text = list.text;
	int r = tree_hash(root_fd, text ? compare_line : NULL, &list, &hash, err);
	if (r < 0)
		return r;
	if (text && list.at != list.end)
		return differs(list.at, "is missing", err);
	if (memcmp(hash.sha256, sha256, DIGEST_BYTES) != 0)
		return error_set_plain(err, -ESTALE, "tree",
				       "a file, its mode or a link in root/ was changed, added or "
				       "removed");
	*ret_hash = hash;
	return 0;
}
