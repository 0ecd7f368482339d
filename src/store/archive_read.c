#include "store/archive_read.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "base/fd.h"

/* A window may be as large as a chunk and no larger. */
enum { BUFFER_BYTES = 128 << 10, WINDOW_LOG = 22 };
_Static_assert(1 << WINDOW_LOG == ARCHIVE_CHUNK_BYTES, "a chunk fits a window");

struct reader {
	int fd;
	const struct archive_sink *sink;
	uint8_t buffer[BUFFER_BYTES];
	size_t at, len;	 /* what of the buffer is still to be used */
	uint64_t offset; /* in the file, of buffer[at] */
	struct archive_head head;
	uint64_t document_bytes;
	char document[ARCHIVE_NAME_BYTES]; /* the one before */
	ZSTD_DCtx *zstd;		   /* owned */
	uint8_t *plain;			   /* owned; a chunk */
	struct archive_row *rows;	   /* owned; what was seen */
};

/* Reads more behind what is there. Returns the number of bytes, 0 at the end. */
static int fill(struct reader *reader, struct error *err)
{
	memmove(reader->buffer, reader->buffer + reader->at, reader->len);
	reader->at = 0;
	for (;;) {
		ssize_t n =
			read(reader->fd, reader->buffer + reader->len, BUFFER_BYTES - reader->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set(err, -errno, "import", "cannot read the exported file");
		reader->len += (size_t)n;
		return (int)n;
	}
}

static void use(struct reader *reader, size_t len)
{
	reader->at += len;
	reader->len -= len;
	reader->offset += len;
}

/* Has at least len bytes in the buffer. what: for the message that they are not there. */
static int need(struct reader *reader, size_t len, const char *what, struct error *err)
{
	while (reader->len < len) {
		int n = fill(reader, err);
		if (n < 0)
			return n;
		uint64_t end = reader->offset + reader->len;
		if (n == 0)
			return error_set_plain(err, -EBADMSG, "import",
					       "it was cut short: it ends after %" PRIu64
					       " bytes, in %s",
					       end, what);
	}
	return 0;
}

/* Reads the frame header that must come next; ret_size: of a skippable frame. */
static int next_frame(struct reader *reader, enum archive_frame wanted, const char *what,
		      uint32_t *ret_size, struct error *err)
{
	int r = need(reader, ARCHIVE_FRAME_BYTES, what, err);
	if (r < 0)
		return r;
	if (archive_get_frame(reader->buffer + reader->at, ret_size) != wanted)
		return error_set_plain(
			err, -EBADMSG, "import",
			"it is damaged, or no exported image: at byte %llu something "
			"else stands than %s",
			(unsigned long long)reader->offset, what);
	if (wanted != ARCHIVE_CHUNK)
		use(reader, ARCHIVE_FRAME_BYTES);
	return 0;
}

static int read_head(struct reader *reader, struct error *err)
{
	uint32_t size;

	int r = next_frame(reader, ARCHIVE_HEAD, "the head", &size, err);
	if (r >= 0)
		r = need(reader, ARCHIVE_HEAD_BYTES, "the head", err);
	if (r >= 0)
		r = archive_get_head(reader->buffer + reader->at, &reader->head, err);
	if (r >= 0 && size != ARCHIVE_HEAD_BYTES)
		r = error_set_plain(err, -EBADMSG, "import", "its head has %u bytes, not %d", size,
				    ARCHIVE_HEAD_BYTES);
	if (r < 0)
		return r;
	use(reader, ARCHIVE_HEAD_BYTES);
	return reader->sink->head(reader->sink->owner, &reader->head, err);
}

static int read_data(struct reader *reader, uint32_t size, struct error *err)
{
	while (size > 0) {
		int r = need(reader, 1, reader->document, err);
		if (r < 0)
			return r;
		size_t len = reader->len < size ? reader->len : size;
		r = reader->sink->data(reader->sink->owner, reader->buffer + reader->at, len, err);
		if (r < 0)
			return r;
		use(reader, len);
		size -= (uint32_t)len;
	}
	return 0;
}

static int read_document(struct reader *reader, struct error *err)
{
	char name[ARCHIVE_NAME_BYTES];
	uint32_t size;

	int r = next_frame(reader, ARCHIVE_DOCUMENT, "a document", &size, err);
	if (r >= 0)
		r = need(reader, ARCHIVE_NAME_BYTES, "a document's name", err);
	if (r >= 0)
		r = archive_get_name(reader->buffer + reader->at, name, err);
	if (r < 0)
		return r;
	if (strcmp(reader->document, name) >= 0)
		return error_set_plain(
			err, -EBADMSG, "import",
			"the document %s stands behind %s: it comes twice, or out of "
			"order",
			name, reader->document);
	reader->document_bytes += size;
	if (size < ARCHIVE_NAME_BYTES || reader->document_bytes > DOCUMENTS_BYTES_MAX)
		return error_set_plain(err, -EBADMSG, "import",
				       "the document %s has a size that is not allowed: all "
				       "together have at most %d bytes",
				       name, DOCUMENTS_BYTES_MAX);
	memcpy(reader->document, name, sizeof(name));
	use(reader, ARCHIVE_NAME_BYTES);
	size -= ARCHIVE_NAME_BYTES;
	r = reader->sink->document(reader->sink->owner, name, size, err);
	return r < 0 ? r : read_data(reader, size, err);
}

/* Unpacks from the buffer. Returns 1 at the frame's end, 0 when it wants more. */
static int unpack_some(struct reader *reader, ZSTD_outBuffer *out, struct digest *digest,
		       uint32_t number, struct error *err)
{
	ZSTD_inBuffer in = {.src = reader->buffer + reader->at, .size = reader->len};
	size_t before = out->pos;
	size_t left = ZSTD_decompressStream(reader->zstd, out, &in);

	if (ZSTD_isError(left))
		return error_set_plain(
			err, -EBADMSG, "import", "chunk %u, at byte %llu, is damaged: %s", number,
			(unsigned long long)reader->rows[number].offset, ZSTD_getErrorName(left));
	digest_add(digest, in.src, in.pos);
	if (left != 0 && in.pos == 0 && in.size > 0 && out->pos == before)
		return error_set_plain(err, -EBADMSG, "import",
				       "chunk %u, at byte %llu, unpacks to more than the %zu bytes "
				       "it may have",
				       number, (unsigned long long)reader->rows[number].offset,
				       out->size);
	use(reader, in.pos);
	return left == 0;
}

static int unpack_chunk(struct reader *reader, uint32_t number, struct digest *digest,
			struct error *err)
{
	struct archive_row *row = &reader->rows[number];
	ZSTD_outBuffer out = {.dst = reader->plain, .size = row->plain_length};
	int r;

	do {
		r = need(reader, 1, "a chunk", err);
		if (r >= 0)
			r = unpack_some(reader, &out, digest, number, err);
	} while (r == 0);
	if (r < 0)
		return r;
	if (out.pos != out.size)
		return error_set_plain(err, -EBADMSG, "import",
				       "chunk %u, at byte %llu, unpacks to %zu bytes, not %zu",
				       number, (unsigned long long)row->offset, out.pos, out.size);
	if (reader->offset - row->offset > UINT32_MAX)
		return error_set_plain(err, -EBADMSG, "import", "chunk %u is too long", number);
	row->length = (uint32_t)(reader->offset - row->offset);
	return 0;
}

static int read_chunk(struct reader *reader, uint32_t number, struct error *err)
{
	struct archive_row *row = &reader->rows[number];
	struct digest digest;
	uint32_t size;

	int r = next_frame(reader, ARCHIVE_CHUNK, "a chunk", &size, err);
	if (r < 0)
		return r;
	row->offset = reader->offset;
	row->plain_length = archive_chunk_plain(reader->head.erofs_bytes, number);
	digest_begin(&digest);
	r = unpack_chunk(reader, number, &digest, err);
	if (r < 0) {
		digest_drop(&digest);
		return r;
	}
	r = digest_end_bytes(&digest, row->sha256, err);
	if (r < 0)
		return r;
	return reader->sink->plain(reader->sink->owner, reader->plain, row->plain_length,
				   reader->offset, err);
}

static int compare_list(const struct reader *reader, const struct archive_row *rows, uint32_t count,
			struct error *err)
{
	if (count != reader->head.chunks)
		return error_set_plain(err, -EBADMSG, "import", "its list has %u chunks, not %u",
				       count, reader->head.chunks);
	for (uint32_t i = 0; i < count; i++)
		if (rows[i].offset != reader->rows[i].offset ||
		    rows[i].length != reader->rows[i].length ||
		    rows[i].plain_length != reader->rows[i].plain_length ||
		    memcmp(rows[i].sha256, reader->rows[i].sha256, DIGEST_BYTES) != 0)
			return error_set_plain(err, -EBADMSG, "import",
					       "chunk %u, at byte %llu, is not the one its list of "
					       "chunks names",
					       i, (unsigned long long)reader->rows[i].offset);
	return 0;
}

static int read_list(struct reader *reader, struct error *err)
{
	uint64_t start = reader->offset, place;
	size_t len = archive_list_bytes(reader->head.chunks), used = 0;
	_cleanup_free_ uint8_t *bytes = malloc(len);
	_cleanup_free_ struct archive_row *rows = NULL;
	uint32_t size, count;

	if (!bytes)
		return error_set(err, -ENOMEM, "import", "cannot read the list of chunks");
	int r = next_frame(reader, ARCHIVE_LIST, "the list of chunks", &size, err);
	if (r >= 0 && size != len)
		r = error_set_plain(err, -EBADMSG, "import",
				    "its list of chunks has %u bytes, not %zu", size, len);
	while (r >= 0 && used < len) {
		r = need(reader, 1, "the list of chunks", err);
		size_t part = reader->len < len - used ? reader->len : len - used;
		if (r >= 0) {
			memcpy(bytes + used, reader->buffer + reader->at, part);
			use(reader, part);
			used += part;
		}
	}
	if (r >= 0)
		r = archive_get_list(bytes, len, &rows, &count, &place, err);
	if (r >= 0)
		r = compare_list(reader, rows, count, err);
	if (r >= 0 && place != start)
		r = error_set_plain(err, -EBADMSG, "import",
				    "its list of chunks names another place than its own");
	return r;
}

static int read_end(struct reader *reader, struct error *err)
{
	int n = reader->len > 0 ? 1 : fill(reader, err);

	if (n <= 0)
		return n;
	return error_set_plain(err, -EBADMSG, "import",
			       "there is more behind its end, from byte %llu on",
			       (unsigned long long)reader->offset);
}

static int set_up(struct reader *reader, struct error *err)
{
	reader->plain = malloc(ARCHIVE_CHUNK_BYTES);
	reader->rows = calloc(reader->head.chunks, sizeof(*reader->rows));
	reader->zstd = ZSTD_createDCtx();
	if (!reader->plain || !reader->rows || !reader->zstd)
		return error_set(err, -ENOMEM, "import", "cannot import");
	size_t set = ZSTD_DCtx_setParameter(reader->zstd, ZSTD_d_windowLogMax, WINDOW_LOG);
	if (ZSTD_isError(set))
		return error_set_plain(err, -EINVAL, "import", "libzstd refuses: %s",
				       ZSTD_getErrorName(set));
	return 0;
}

static int read_all(struct reader *reader, struct error *err)
{
	int r = read_head(reader, err);
	if (r >= 0)
		r = set_up(reader, err);
	for (uint32_t i = 0; r >= 0 && i < reader->head.documents; i++)
		r = read_document(reader, err);
	for (uint32_t i = 0; r >= 0 && i < reader->head.chunks; i++)
		r = read_chunk(reader, i, err);
	if (r >= 0)
		r = read_list(reader, err);
	return r < 0 ? r : read_end(reader, err);
}

int archive_read(int fd, const struct archive_sink *sink, struct error *err)
{
	struct reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return error_set(err, -ENOMEM, "import", "cannot import");
	reader->fd = fd;
	reader->sink = sink;
	int r = read_all(reader, err);
	ZSTD_freeDCtx(reader->zstd);
	free(reader->plain);
	free(reader->rows);
	free(reader);
	return r;
}
