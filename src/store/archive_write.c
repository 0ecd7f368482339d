#include "store/archive_write.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "bake/child.h"
#include "bake/erofs.h"
#include "bake/path.h"
#include "base/dir.h"
#include "base/fd.h"
#include "image/documents.h"
#include "store/archive.h"

/*
 * Chunks are compressed one after the other, each by as many threads as there are processors: what
 * libzstd makes of a chunk does not depend on their number as long as it is not none.
 */
enum { JOB_BYTES = 1 << 20, WORKERS_MAX = 64 };

struct writer {
	const struct archive_write *spec;
	int to_fd;
	uint64_t offset;	 /* in what was written */
	ZSTD_CCtx *zstd;	 /* owned */
	uint8_t *plain, *packed; /* owned; a chunk and what it becomes */
	size_t packed_room;
	struct archive_row *rows; /* owned */
	uint32_t row_count;
	struct digest whole; /* of the EROFS file */
};

static int put(struct writer *writer, const void *data, size_t len, struct error *err)
{
	int r = fd_write_all(writer->to_fd, data, len);
	if (r < 0)
		return error_set(err, r, "export", "cannot write the exported file");
	writer->offset += len;
	return 0;
}

static int put_frame(struct writer *writer, enum archive_frame frame, uint64_t size,
		     struct error *err)
{
	uint8_t bytes[ARCHIVE_FRAME_BYTES];

	archive_put_frame(frame, (uint32_t)size, bytes);
	return put(writer, bytes, sizeof(bytes), err);
}

static int put_head(struct writer *writer, uint32_t documents, struct error *err)
{
	const struct image_record *record = writer->spec->record;
	struct archive_head head = {
		.documents = documents,
		.chunks = archive_chunks(record->erofs_bytes),
		.erofs_bytes = record->erofs_bytes,
	};
	uint8_t bytes[ARCHIVE_HEAD_BYTES];

	record_encode(record, head.record);
	archive_put_head(&head, bytes);
	int r = put_frame(writer, ARCHIVE_HEAD, sizeof(bytes), err);
	return r < 0 ? r : put(writer, bytes, sizeof(bytes), err);
}

static int put_document(struct writer *writer, const char *name, struct error *err)
{
	uint8_t bytes[ARCHIVE_NAME_BYTES] = {0};
	char checked[ARCHIVE_NAME_BYTES];
	_cleanup_free_ char *data = NULL;
	struct path path;
	size_t len;

	if (strlen(name) >= sizeof(bytes))
		return error_set_plain(err, -EINVAL, "export", "the name %s is too long", name);
	memcpy(bytes, name, strlen(name));
	int r = archive_get_name(bytes, checked, err);
	if (r >= 0)
		r = path_format(&path, err, "%s/%s", writer->spec->folder, name);
	if (r < 0)
		return r;
	_cleanup_fd_ int fd = open(path.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	r = fd < 0 ? -errno : fd_read_all(fd, DOCUMENTS_BYTES_MAX, &data, &len);
	if (r < 0)
		return error_set(err, r, "export", "cannot read %s", path.text);
	r = put_frame(writer, ARCHIVE_DOCUMENT, sizeof(bytes) + len, err);
	if (r >= 0)
		r = put(writer, bytes, sizeof(bytes), err);
	return r < 0 ? r : put(writer, data, len, err);
}

static int is_document(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 5 && strcmp(entry->d_name + len - 5, ".json") == 0;
}

/* Head and documents, sorted by name. */
static int put_documents(struct writer *writer, struct error *err)
{
	struct dirent **entries = NULL;
	int count = scandir(writer->spec->folder, &entries, is_document, alphasort);

	if (count < 0)
		return error_set(err, -errno, "export", "cannot read %s", writer->spec->folder);
	int r = put_head(writer, (uint32_t)count, err);
	for (int i = 0; i < count; i++) {
		if (r >= 0)
			r = put_document(writer, entries[i]->d_name, err);
		free(entries[i]);
	}
	free(entries);
	return r;
}

static int put_chunk(struct writer *writer, uint32_t len, struct error *err)
{
	struct archive_row *row = &writer->rows[writer->row_count++];
	struct digest digest;

	size_t packed = ZSTD_compress2(writer->zstd, writer->packed, writer->packed_room,
				       writer->plain, len);
	if (ZSTD_isError(packed))
		return error_set_plain(err, -EIO, "export", "cannot compress: %s",
				       ZSTD_getErrorName(packed));
	*row = (struct archive_row){
		.offset = writer->offset, .length = (uint32_t)packed, .plain_length = len};
	digest_begin(&digest);
	digest_add(&digest, writer->packed, packed);
	int r = digest_end_bytes(&digest, row->sha256, err);
	return r < 0 ? r : put(writer, writer->packed, packed, err);
}

static int read_chunk(struct writer *writer, int fd, uint32_t len, struct error *err)
{
	size_t used = 0;

	while (used < len) {
		ssize_t n = read(fd, writer->plain + used, len - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set(err, -errno, "export", "cannot read " RECORD_EROFS_NAME);
		if (n == 0)
			return error_set_plain(err, -EBADMSG, "export",
					       RECORD_EROFS_NAME
					       " is shorter than its record says");
		used += (size_t)n;
	}
	digest_add(&writer->whole, writer->plain, len);
	return child_interrupted(err);
}

static int check_whole(struct writer *writer, struct error *err)
{
	uint8_t sha256[DIGEST_BYTES];

	int r = digest_end_bytes(&writer->whole, sha256, err);
	if (r < 0)
		return r;
	if (memcmp(sha256, writer->spec->record->erofs_sha256, sizeof(sha256)) == 0)
		return 0;
	return error_set_plain(err, -EBADMSG, "export",
			       "%s/" RECORD_EROFS_NAME
			       " is not what its record says; bake or import the "
			       "image again",
			       writer->spec->folder);
}

static int put_chunks(struct writer *writer, struct error *err)
{
	uint64_t bytes = writer->spec->record->erofs_bytes;
	uint32_t count = archive_chunks(bytes);
	struct path path;
	int r = path_format(&path, err, "%s/" RECORD_EROFS_NAME, writer->spec->folder);
	if (r < 0)
		return r;
	_cleanup_fd_ int fd = open(path.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return error_set(err, -errno, "export", "cannot open %s", path.text);

	digest_begin(&writer->whole);
	for (uint32_t i = 0; i < count && r >= 0; i++) {
		uint32_t len = archive_chunk_plain(bytes, i);
		r = read_chunk(writer, fd, len, err);
		if (r >= 0)
			r = put_chunk(writer, len, err);
		if (r >= 0)
			meter_set(writer->spec->meter, (uint64_t)i * ARCHIVE_CHUNK_BYTES + len);
	}
	if (r >= 0)
		return check_whole(writer, err);
	digest_drop(&writer->whole);
	return r;
}

static int put_list(struct writer *writer, struct error *err)
{
	size_t len = archive_list_bytes(writer->row_count);
	_cleanup_free_ uint8_t *bytes = malloc(len);
	if (!bytes)
		return error_set(err, -ENOMEM, "export", "cannot write the list of chunks");

	int r = archive_put_list(writer->rows, writer->row_count, writer->offset, bytes, err);
	if (r >= 0)
		r = put_frame(writer, ARCHIVE_LIST, len, err);
	return r < 0 ? r : put(writer, bytes, len, err);
}

static int set_up(struct writer *writer, struct error *err)
{
	uint32_t chunks = archive_chunks(writer->spec->record->erofs_bytes);
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	int workers = processors < 1 ? 1 : processors > WORKERS_MAX ? WORKERS_MAX : (int)processors;

	writer->packed_room = ZSTD_compressBound(ARCHIVE_CHUNK_BYTES);
	writer->plain = malloc(ARCHIVE_CHUNK_BYTES);
	writer->packed = malloc(writer->packed_room);
	writer->rows = calloc(chunks, sizeof(*writer->rows));
	writer->zstd = ZSTD_createCCtx();
	if (!writer->plain || !writer->packed || !writer->rows || !writer->zstd)
		return error_set(err, -ENOMEM, "export", "cannot export");
	const struct {
		ZSTD_cParameter name;
		int value;
	} parameters[] = {
		{ZSTD_c_compressionLevel, writer->spec->level},
		{ZSTD_c_checksumFlag, 1},
		{ZSTD_c_nbWorkers, workers},
		{ZSTD_c_jobSize, JOB_BYTES},
	};
	for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++) {
		size_t set = ZSTD_CCtx_setParameter(writer->zstd, parameters[i].name,
						    parameters[i].value);
		if (ZSTD_isError(set))
			return error_set_plain(err, -EINVAL, "export", "libzstd refuses: %s",
					       ZSTD_getErrorName(set));
	}
	return 0;
}

int archive_write(const struct archive_write *spec, int to_fd, struct error *err)
{
	struct writer writer = {.spec = spec, .to_fd = to_fd};

	assert(spec->record->forms & RECORD_EROFS);
	int r = spec->record->erofs_bytes <= ARCHIVE_EROFS_MAX
			? set_up(&writer, err)
			: error_set_plain(err, -EFBIG, "export",
					  "the image is larger than an export may be");
	if (r >= 0)
		r = put_documents(&writer, err);
	if (r >= 0)
		r = put_chunks(&writer, err);
	if (r >= 0)
		r = put_list(&writer, err);
	ZSTD_freeCCtx(writer.zstd);
	free(writer.plain);
	free(writer.packed);
	free(writer.rows);
	return r;
}
