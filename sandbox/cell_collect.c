/*
 * Copies the files a program left in a folder into the launcher's memfd. Everything else in the
 * cell is dead, so nothing changes under our hands; but what lies there was put there by the job:
 * links, FIFOs, devices of no use, names and files of any number, a gigabyte that is but a hole.
 * What is no regular file, or is beyond a bound, is counted and left where it is. How long the
 * folder may be is bounded by the tmpfs's inodes, and how long this may take by the step's time.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/dir.h"
#include "base/fd.h"
#include "sandbox/cell.h"

struct found_file {
	char name[COLLECT_NAME_MAX + 1];
	size_t bytes;
};

struct collection {
	int folder_fd;
	struct found_file files[COLLECT_FILES_MAX + 1]; /* sorted; the last is room to insert */
	unsigned count;
	uint32_t left_out;
	uint64_t written;
};

/* Keeps the first COLLECT_FILES_MAX of all names. name: no longer than COLLECT_NAME_MAX. */
static void insert(struct collection *collection, const char *name, size_t bytes)
{
	unsigned at = collection->count;

	for (; at > 0 && strverscmp(collection->files[at - 1].name, name) > 0; at--)
		collection->files[at] = collection->files[at - 1];
	memcpy(collection->files[at].name, name, strlen(name) + 1);
	collection->files[at].bytes = bytes;
	if (collection->count < COLLECT_FILES_MAX)
		collection->count++;
	else
		collection->left_out++;
}

static void look_at(struct collection *collection, const char *name)
{
	struct stat st;

	if (strlen(name) > COLLECT_NAME_MAX ||
	    fstatat(collection->folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISREG(st.st_mode) || st.st_size > COLLECT_FILE_BYTES_MAX)
		collection->left_out++;
	else
		insert(collection, name, (size_t)st.st_size);
}

static int write_bytes(struct collection *collection, const void *bytes, size_t len)
{
	collection->written += len;
	return fd_write_all(CELL_FD_ARTEFACT_OUT, bytes, len);
}

static int write_head(struct collection *collection, enum bundle_type type, const char *name,
		      size_t body_len)
{
	unsigned char head[BUNDLE_HEAD_MAX];

	return write_bytes(collection, head, bundle_head(type, name, body_len, head));
}

static int write_body(struct collection *collection, int fd, size_t bytes)
{
	while (bytes > 0) {
		ssize_t n = sendfile(CELL_FD_ARTEFACT_OUT, fd, NULL, bytes);
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		collection->written += (size_t)n;
		bytes -= (size_t)n;
	}
	return 0;
}

static int write_file(struct collection *collection, const struct found_file *file)
{
	_cleanup_fd_ int fd = openat(collection->folder_fd, file->name,
				     O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int r = write_head(collection, BUNDLE_FILE, file->name, file->bytes);
	return r < 0 ? r : write_body(collection, fd, file->bytes);
}

/* Files that do not fit any more are passed over. */
static int write_all(struct collection *collection, uint64_t most)
{
	uint64_t bytes = 0;

	int r = write_bytes(collection, bundle_magic, sizeof(bundle_magic));
	for (unsigned i = 0; r == 0 && i < collection->count; i++) {
		const struct found_file *file = &collection->files[i];
		if (bytes + file->bytes > most) {
			collection->left_out++;
			continue;
		}
		bytes += file->bytes;
		r = write_file(collection, file);
	}
	if (r == 0 && collection->left_out) {
		r = write_head(collection, BUNDLE_LEFT_OUT, NULL, sizeof(collection->left_out));
		if (r == 0)
			r = write_bytes(collection, &collection->left_out,
					sizeof(collection->left_out));
	}
	return r < 0 ? r : write_head(collection, BUNDLE_END, NULL, 0);
}

int cell_copy_folder(struct cell_context *context, uint64_t *ret_bytes)
{
	struct collection collection = {0};
	const struct dirent *entry;
	int r;

	/* A program may do with it what it likes: then there is nothing to hand on. */
	_cleanup_dir_ DIR *dir = dir_take(cell_open_beneath(context->collect, O_DIRECTORY));
	if (!dir)
		return 0;
	collection.folder_fd = dirfd(dir);
	while ((entry = dir_next(dir, &r)))
		look_at(&collection, entry->d_name);
	if (r == 0 && (collection.count || collection.left_out))
		r = write_all(&collection, context->work.limits.artefact_bytes);
	if (r < 0)
		/* Never -EFBIG, which would say that the program went over a limit. */
		return cell_failed(context, EIO, "the files of /playground/%s cannot be copied",
				   context->collect);
	*ret_bytes = collection.written;
	return 0;
}
