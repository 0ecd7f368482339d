#include "image/documents.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/dir.h"
#include "base/fd.h"
#include "image/record.h"

struct documents {
	char names[DOCUMENTS_MAX][DOCUMENTS_NAME_MAX];
	size_t count;
	uint64_t bytes;
	struct digest lines, file;
	void *chunk; /* DIGEST_CHUNK bytes */
};

static int is_document(const char *name)
{
	size_t len = strlen(name);

	return len > 5 && strcmp(name + len - 5, ".json") == 0;
}

static int add_name(struct documents *documents, const char *name, struct error *err)
{
	size_t len = strlen(name);

	if (len >= DOCUMENTS_NAME_MAX ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") !=
		    len)
		return error_set_plain(err, -EINVAL, "documents",
				       "a document is called %.80s; names are [A-Za-z0-9._-]{1,%d}",
				       name, DOCUMENTS_NAME_MAX - 1);
	if (documents->count == DOCUMENTS_MAX)
		return error_set_plain(err, -EINVAL, "documents",
				       "there are more than %d documents", DOCUMENTS_MAX);
	memcpy(documents->names[documents->count++], name, len + 1);
	return 0;
}

static int list(struct documents *documents, int folder_fd, struct error *err)
{
	_cleanup_dir_ DIR *dir =
		dir_take(openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	const struct dirent *entry;
	int r;

	if (!dir)
		return error_set(err, -errno, "documents", "cannot open the image's folder");
	while ((entry = dir_next(dir, &r))) {
		r = is_document(entry->d_name) ? add_name(documents, entry->d_name, err) : 0;
		if (r < 0)
			return r;
	}
	return r < 0 ? error_set(err, r, "documents", "cannot read the image's folder") : 0;
}

static int hash_file(struct documents *documents, int fd, const char *name, struct error *err)
{
	uint8_t hash[DIGEST_BYTES];
	char hex[DIGEST_HEX_SIZE], line[DOCUMENTS_NAME_MAX + DIGEST_HEX_SIZE + 32];
	struct stat st;
	uint64_t size;

	if (fstat(fd, &st) < 0)
		return error_set(err, -errno, "documents", "cannot look at %s", name);
	if (!S_ISREG(st.st_mode))
		return error_set_plain(err, -EINVAL, "documents", "%s is not a regular file", name);
	documents->bytes += (uint64_t)st.st_size;
	if (documents->bytes > DOCUMENTS_BYTES_MAX)
		return error_set_plain(err, -EINVAL, "documents", "%s is too large", name);
	int r = digest_add_file(&documents->file, fd, name, documents->chunk, &size, err);
	if (r == 0)
		r = digest_next(&documents->file, hash, err);
	if (r < 0)
		return r;
	record_hex(hash, hex);
	snprintf(line, sizeof(line), "%s %llu %s\n", name, (unsigned long long)size, hex);
	digest_add(&documents->lines, line, strlen(line));
	return 0;
}

static int hash_document(struct documents *documents, int folder_fd, const char *name,
			 struct error *err)
{
	_cleanup_fd_ int fd =
		openat(folder_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0 && errno == ELOOP)
		return error_set_plain(err, -EINVAL, "documents",
				       "%s is a symbolic link, not a regular file", name);
	if (fd < 0)
		return error_set(err, -errno, "documents", "cannot open %s", name);
	return hash_file(documents, fd, name, err);
}

static int hash_all(struct documents *documents, int folder_fd, int manifest_fd, struct error *err)
{
	int has_manifest = 0, r = 0;

	for (size_t i = 0; r == 0 && i < documents->count; i++) {
		const char *name = documents->names[i];
		int is_manifest = strcmp(name, DOCUMENTS_MANIFEST) == 0;
		if (is_manifest && manifest_fd >= 0)
			r = hash_file(documents, manifest_fd, name, err);
		else
			r = hash_document(documents, folder_fd, name, err);
		has_manifest |= is_manifest;
	}
	if (r == 0 && !has_manifest)
		return error_set_plain(err, -EINVAL, "documents", "there is no %s",
				       DOCUMENTS_MANIFEST);
	return r;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

int documents_hash(int folder_fd, int manifest_fd, uint8_t ret_sha256[DIGEST_BYTES],
		   struct error *err)
{
	_cleanup_free_ void *chunk = malloc(DIGEST_CHUNK);
	struct documents documents = {.chunk = chunk};

	if (!chunk)
		return error_set(err, -ENOMEM, "documents", "cannot read the documents");
	digest_begin(&documents.lines);
	digest_begin(&documents.file);
	int r = list(&documents, folder_fd, err);
	qsort(documents.names, documents.count, sizeof(documents.names[0]), by_name);
	if (r == 0)
		r = hash_all(&documents, folder_fd, manifest_fd, err);
	if (r == 0)
		r = digest_next(&documents.lines, ret_sha256, err);
	digest_drop(&documents.lines);
	digest_drop(&documents.file);
	return r;
}
