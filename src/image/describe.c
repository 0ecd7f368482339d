#include "image/describe.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "image/digest.h"
#include "image/documents.h"
#include "image/tree_list.h"

/* Opens one form. Returns an fd, -ENOENT when it is not there, or another negative errno. */
static int open_form(int folder_fd, const char *name, int flags, struct error *err)
{
	int fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | flags);

	if (fd >= 0 || errno == ENOENT)
		return fd < 0 ? -ENOENT : fd;
	return error_set(err, -errno, "describe", "cannot open %s", name);
}

static int describe_tree(int folder_fd, struct image_record *record, struct error *err)
{
	struct tree_hash hash;

	_cleanup_fd_ int fd = open_form(folder_fd, RECORD_TREE_NAME, O_DIRECTORY, err);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	int r = tree_list_make(folder_fd, fd, &hash, err);
	if (r < 0)
		return r;
	memcpy(record->tree_sha256, hash.sha256, sizeof(record->tree_sha256));
	record->forms |= RECORD_TREE;
	return 0;
}

static int describe_erofs(int folder_fd, struct image_record *record, struct error *err)
{
	struct stat st;

	_cleanup_fd_ int fd = open_form(folder_fd, RECORD_EROFS_NAME, O_NONBLOCK, err);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
		return error_set_plain(err, -EINVAL, "describe",
				       RECORD_EROFS_NAME " is not a regular file, or empty");
	record->forms |= RECORD_EROFS;
	return digest_fd(fd, RECORD_EROFS_NAME, record->erofs_sha256, &record->erofs_bytes, err);
}

int image_describe(int folder_fd, struct image_record *record, struct error *err)
{
	struct image_record found = {
		.baked_sec = record->baked_sec,
		.expires_sec = record->expires_sec,
	};

	memcpy(found.name, record->name, sizeof(found.name));
	memcpy(found.id, record->id, sizeof(found.id));
	memcpy(found.tree_sha256, record->tree_sha256, sizeof(found.tree_sha256));
	int r = documents_hash(folder_fd, -EBADF, found.documents_sha256, err);
	if (r == 0)
		r = describe_tree(folder_fd, &found, err);
	if (r == 0)
		r = describe_erofs(folder_fd, &found, err);
	if (r < 0)
		return r;
	if (!found.forms)
		return error_set_plain(err, -ENOENT, "describe",
				       "there is neither " RECORD_TREE_NAME
				       "/ nor " RECORD_EROFS_NAME);
	*record = found;
	return 0;
}
