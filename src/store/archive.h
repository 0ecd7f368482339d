/*
 * An exported image, NAME-ID12.erofs.zst: a sequence of zstd frames (RFC 8878), of which only those
 * with the EROFS file's bytes are not skippable, so that `zstd -d` gives the plain file. Pure: the
 * fixed parts, in and out of memory. Numbers are little-endian.
 *
 *   head      skippable 0x184D2A50: ARCHIVE_HEAD_BYTES: magic, version, sizes, the image's record
 *   document  skippable 0x184D2A51, one for each: its name in ARCHIVE_NAME_BYTES, then its bytes
 *   chunk     a zstd frame for each ARCHIVE_CHUNK_BYTES of the EROFS file; the last may be shorter
 *   list      skippable 0x184D2A52: magic, count, a row for each chunk, the SHA-256 of all that,
 *             then where in the file the list's frame starts and the magic again
 *
 * Each chunk can be had by its place and length, checked by its SHA-256 and unpacked by itself; the
 * list is found from the file's last 16 bytes. What the whole is worth the record's signature says,
 * which covers the EROFS file's hash and the documents'.
 */
#ifndef STORE_ARCHIVE_H
#define STORE_ARCHIVE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "image/digest.h"
#include "image/documents.h"
#include "image/record.h"

enum {
	ARCHIVE_VERSION = 1,
	ARCHIVE_CHUNK_BYTES = 4 << 20,
	ARCHIVE_FRAME_BYTES = 8, /* a skippable frame's own header */
	ARCHIVE_HEAD_BYTES = 32 + RECORD_BYTES,
	ARCHIVE_NAME_BYTES = DOCUMENTS_NAME_MAX,
	ARCHIVE_ROW_BYTES = 16 + DIGEST_BYTES,
	ARCHIVE_LIST_HEAD_BYTES = 16,
	ARCHIVE_LIST_TAIL_BYTES = DIGEST_BYTES + 16,
};

#define ARCHIVE_EROFS_MAX (UINT64_C(64) << 30)
#define ARCHIVE_SUFFIX ".erofs.zst"

/* Frames are told apart by their first four bytes. */
enum archive_frame {
	ARCHIVE_HEAD,
	ARCHIVE_DOCUMENT,
	ARCHIVE_LIST,
	ARCHIVE_CHUNK,
	ARCHIVE_OTHER, /* nothing an export has */
};

struct archive_head {
	uint32_t documents, chunks;
	uint64_t erofs_bytes;
	uint8_t record[RECORD_BYTES];
};

/* One chunk. */
struct archive_row {
	uint64_t offset; /* of its frame in the file */
	uint32_t length; /* of its frame */
	uint32_t plain_length;
	uint8_t sha256[DIGEST_BYTES]; /* of its frame */
};

/* How many chunks a file of this size has. */
uint32_t archive_chunks(uint64_t erofs_bytes);

/* How many of the file's bytes chunk number holds. */
uint32_t archive_chunk_plain(uint64_t erofs_bytes, uint32_t number);

/* Writes the header of a skippable frame with size bytes behind it. */
void archive_put_frame(enum archive_frame frame, uint32_t size,
		       uint8_t ret_bytes[ARCHIVE_FRAME_BYTES]);

/* What frame starts so; ret_size: of a skippable frame's content, 0 for a chunk. */
enum archive_frame archive_get_frame(const uint8_t bytes[ARCHIVE_FRAME_BYTES], uint32_t *ret_size);

void archive_put_head(const struct archive_head *head, uint8_t ret_bytes[ARCHIVE_HEAD_BYTES]);

/*
 * Reads the head's content. Returns 0, or -EBADMSG with a text: no export, an older or a newer
 * version, another size of chunks, more of anything than is allowed, numbers that do not go
 * together. The record is checked by record_decode() alone.
 */
int archive_get_head(const uint8_t bytes[ARCHIVE_HEAD_BYTES], struct archive_head *ret_head,
		     struct error *err);

/*
 * Reads a document's name. Returns 0; or -EBADMSG with a text when it is not [A-Za-z0-9._-]+.json,
 * starts with a dot, or has bytes behind its end.
 */
int archive_get_name(const uint8_t bytes[ARCHIVE_NAME_BYTES], char ret_name[ARCHIVE_NAME_BYTES],
		     struct error *err);

/* How long the list's content is. */
size_t archive_list_bytes(uint32_t count);

/* Writes the list's content; offset: where its frame starts. ret_bytes: archive_list_bytes(). */
int archive_put_list(const struct archive_row *rows, uint32_t count, uint64_t offset,
		     uint8_t *ret_bytes, struct error *err);

/*
 * Reads a list's content of len bytes. ret_rows: new, *ret_count of them, each following the one
 * before, the last ending where the list's frame starts. ret_offset: that place. Returns 0;
 * -EBADMSG with a text; -ENOMEM.
 */
int archive_get_list(const uint8_t *bytes, size_t len, struct archive_row **ret_rows,
		     uint32_t *ret_count, uint64_t *ret_offset, struct error *err);

/* Where the list's frame starts, from the file's last 16 bytes; or -EBADMSG with a text. */
int archive_get_tail(const uint8_t bytes[16], uint64_t *ret_offset, struct error *err);

#endif
