#include "store/archive.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t head_magic[8] = {'S', 'L', 'E', 'X', 'P', 'O', 'R', 'T'};
static const uint8_t list_magic[8] = {'S', 'L', 'C', 'H', 'U', 'N', 'K', 'S'};

static const uint32_t frame_magic[] = {
	[ARCHIVE_HEAD] = 0x184D2A50,
	[ARCHIVE_DOCUMENT] = 0x184D2A51,
	[ARCHIVE_LIST] = 0x184D2A52,
	[ARCHIVE_CHUNK] = 0xFD2FB528,
};

static void put_number(uint8_t *bytes, uint64_t value, int width)
{
	for (int i = 0; i < width; i++)
		bytes[i] = (uint8_t)(value >> 8 * i);
}

static uint64_t get_number(const uint8_t *bytes, int width)
{
	uint64_t value = 0;

	for (int i = 0; i < width; i++)
		value |= (uint64_t)bytes[i] << 8 * i;
	return value;
}

uint32_t archive_chunks(uint64_t erofs_bytes)
{
	return (uint32_t)((erofs_bytes + ARCHIVE_CHUNK_BYTES - 1) / ARCHIVE_CHUNK_BYTES);
}

uint32_t archive_chunk_plain(uint64_t erofs_bytes, uint32_t number)
{
	uint64_t left = erofs_bytes - (uint64_t)number * ARCHIVE_CHUNK_BYTES;

	return left < ARCHIVE_CHUNK_BYTES ? (uint32_t)left : (uint32_t)ARCHIVE_CHUNK_BYTES;
}

void archive_put_frame(enum archive_frame frame, uint32_t size,
		       uint8_t ret_bytes[ARCHIVE_FRAME_BYTES])
{
	assert(frame < ARCHIVE_CHUNK);
	put_number(ret_bytes, frame_magic[frame], 4);
	put_number(ret_bytes + 4, size, 4);
}

enum archive_frame archive_get_frame(const uint8_t bytes[ARCHIVE_FRAME_BYTES], uint32_t *ret_size)
{
	uint64_t magic = get_number(bytes, 4);

	for (enum archive_frame frame = ARCHIVE_HEAD; frame <= ARCHIVE_CHUNK; frame++)
		if (frame_magic[frame] == magic) {
			*ret_size = frame == ARCHIVE_CHUNK ? 0 : (uint32_t)get_number(bytes + 4, 4);
			return frame;
		}
	*ret_size = 0;
	return ARCHIVE_OTHER;
}

void archive_put_head(const struct archive_head *head, uint8_t ret_bytes[ARCHIVE_HEAD_BYTES])
{
	memcpy(ret_bytes, head_magic, sizeof(head_magic));
	put_number(ret_bytes + 8, ARCHIVE_VERSION, 4);
	put_number(ret_bytes + 12, ARCHIVE_CHUNK_BYTES, 4);
	put_number(ret_bytes + 16, head->documents, 4);
	put_number(ret_bytes + 20, head->chunks, 4);
	put_number(ret_bytes + 24, head->erofs_bytes, 8);
	memcpy(ret_bytes + 32, head->record, RECORD_BYTES);
}

static int refuse_version(uint64_t version, struct error *err)
{
	if (version < ARCHIVE_VERSION)
		return error_set_plain(err, -EBADMSG, "head",
				       "it is an export of version %llu, which is older than this "
				       "program reads (%d); export it again",
				       (unsigned long long)version, ARCHIVE_VERSION);
	return error_set_plain(err, -EBADMSG, "head",
			       "it is an export of version %llu, which this program does not know "
			       "(it reads %d); use the program that came with it, or a newer one",
			       (unsigned long long)version, ARCHIVE_VERSION);
}

int archive_get_head(const uint8_t bytes[ARCHIVE_HEAD_BYTES], struct archive_head *ret_head,
		     struct error *err)
{
	struct archive_head head = {
		.documents = (uint32_t)get_number(bytes + 16, 4),
		.chunks = (uint32_t)get_number(bytes + 20, 4),
		.erofs_bytes = get_number(bytes + 24, 8),
	};
	uint64_t version = get_number(bytes + 8, 4), chunk_bytes = get_number(bytes + 12, 4);

	if (memcmp(bytes, head_magic, sizeof(head_magic)) != 0)
		return error_set_plain(err, -EBADMSG, "head",
				       "it is no exported image: its head does not start with "
				       "SLEXPORT");
	if (version != ARCHIVE_VERSION)
		return refuse_version(version, err);
	if (chunk_bytes != ARCHIVE_CHUNK_BYTES)
		return error_set_plain(err, -EBADMSG, "head",
				       "its chunks are of %llu bytes, not %d",
				       (unsigned long long)chunk_bytes, ARCHIVE_CHUNK_BYTES);
	if (head.erofs_bytes == 0 || head.erofs_bytes > ARCHIVE_EROFS_MAX)
		return error_set_plain(err, -EBADMSG, "head",
				       "it announces %llu bytes; allowed are 1 to %llu",
				       (unsigned long long)head.erofs_bytes,
				       (unsigned long long)ARCHIVE_EROFS_MAX);
	if (head.documents == 0 || head.documents > DOCUMENTS_MAX)
		return error_set_plain(err, -EBADMSG, "head",
				       "it announces %u documents; allowed are 1 to %d",
				       head.documents, DOCUMENTS_MAX);
	if (head.chunks != archive_chunks(head.erofs_bytes))
		return error_set_plain(err, -EBADMSG, "head",
				       "it announces %u chunks for %llu bytes, not %u", head.chunks,
				       (unsigned long long)head.erofs_bytes,
				       archive_chunks(head.erofs_bytes));
	memcpy(head.record, bytes + 32, RECORD_BYTES);
	*ret_head = head;
	return 0;
}

int archive_get_name(const uint8_t bytes[ARCHIVE_NAME_BYTES], char ret_name[ARCHIVE_NAME_BYTES],
		     struct error *err)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	char shown[ARCHIVE_NAME_BYTES] = "";
	size_t len = strnlen((const char *)bytes, ARCHIVE_NAME_BYTES);

	for (size_t i = 0; i < len && i + 1 < sizeof(shown); i++)
		shown[i] = bytes[i] > 0x20 && bytes[i] < 0x7f ? (char)bytes[i] : '?';
	if (len == ARCHIVE_NAME_BYTES || len < 6 || shown[0] == '.' ||
	    strspn(shown, allowed) != len || strcmp(shown + len - 5, ".json") != 0)
		return error_set_plain(
			err, -EBADMSG, "document",
			"a document is named \"%s\"; allowed is [A-Za-z0-9._-]+.json "
			"of at most %d bytes, without a dot in front",
			shown, ARCHIVE_NAME_BYTES - 1);
	for (size_t i = len; i < ARCHIVE_NAME_BYTES; i++)
		if (bytes[i])
			return error_set_plain(err, -EBADMSG, "document",
					       "the document %s has bytes behind its name", shown);
	memcpy(ret_name, shown, sizeof(shown));
	return 0;
}

size_t archive_list_bytes(uint32_t count)
{
	return ARCHIVE_LIST_HEAD_BYTES + (size_t)count * ARCHIVE_ROW_BYTES +
	       ARCHIVE_LIST_TAIL_BYTES;
}

static int hash_list(const uint8_t *bytes, size_t len, uint8_t ret_sha256[DIGEST_BYTES],
		     struct error *err)
{
	struct digest digest;

	digest_begin(&digest);
	digest_add(&digest, bytes, len);
	return digest_end_bytes(&digest, ret_sha256, err);
}

int archive_put_list(const struct archive_row *rows, uint32_t count, uint64_t offset,
		     uint8_t *ret_bytes, struct error *err)
{
	uint8_t *at = ret_bytes;

	memcpy(at, list_magic, sizeof(list_magic));
	put_number(at + 8, ARCHIVE_VERSION, 4);
	put_number(at + 12, count, 4);
	at += ARCHIVE_LIST_HEAD_BYTES;
	for (uint32_t i = 0; i < count; i++, at += ARCHIVE_ROW_BYTES) {
		put_number(at, rows[i].offset, 8);
		put_number(at + 8, rows[i].length, 4);
		put_number(at + 12, rows[i].plain_length, 4);
		memcpy(at + 16, rows[i].sha256, DIGEST_BYTES);
	}
	int r = hash_list(ret_bytes, (size_t)(at - ret_bytes), at, err);
	put_number(at + DIGEST_BYTES, offset, 8);
	memcpy(at + DIGEST_BYTES + 8, list_magic, sizeof(list_magic));
	return r;
}

int archive_get_tail(const uint8_t bytes[16], uint64_t *ret_offset, struct error *err)
{
	if (memcmp(bytes + 8, list_magic, sizeof(list_magic)) != 0)
		return error_set_plain(err, -EBADMSG, "list",
				       "it does not end with a list of chunks: it is no exported "
				       "image, or was cut short");
	*ret_offset = get_number(bytes, 8);
	return 0;
}

/* Chunks lie one behind the other, up to the list. */
static int check_rows(const struct archive_row *rows, uint32_t count, uint64_t offset,
		      struct error *err)
{
	for (uint32_t i = 0; i < count; i++) {
		uint64_t end = i + 1 < count ? rows[i + 1].offset : offset;
		if (rows[i].length == 0 || rows[i].plain_length == 0 ||
		    rows[i].plain_length > ARCHIVE_CHUNK_BYTES || rows[i].offset >= end ||
		    rows[i].length != end - rows[i].offset)
			return error_set_plain(err, -EBADMSG, "list",
					       "row %u of the list of chunks does not fit its "
					       "neighbours",
					       i);
	}
	return 0;
}

static int check_list(const uint8_t *bytes, size_t len, struct error *err)
{
	uint8_t sha256[DIGEST_BYTES];
	uint64_t count = len < ARCHIVE_LIST_HEAD_BYTES ? 0 : get_number(bytes + 12, 4);

	if (len < archive_list_bytes(1) || memcmp(bytes, list_magic, sizeof(list_magic)) != 0 ||
	    get_number(bytes + 8, 4) != ARCHIVE_VERSION || count == 0 ||
	    count > archive_chunks(ARCHIVE_EROFS_MAX) ||
	    len != archive_list_bytes((uint32_t)count) ||
	    memcmp(bytes + len - sizeof(list_magic), list_magic, sizeof(list_magic)) != 0)
		return error_set_plain(err, -EBADMSG, "list",
				       "its list of chunks is none, or is of another version or "
				       "length");
	int r = hash_list(bytes, len - ARCHIVE_LIST_TAIL_BYTES, sha256, err);
	if (r < 0)
		return r;
	if (memcmp(bytes + len - ARCHIVE_LIST_TAIL_BYTES, sha256, DIGEST_BYTES) != 0)
		return error_set_plain(err, -EBADMSG, "list",
				       "its list of chunks is damaged: it has another hash than "
				       "stands in it");
	return 0;
}

int archive_get_list(const uint8_t *bytes, size_t len, struct archive_row **ret_rows,
		     uint32_t *ret_count, uint64_t *ret_offset, struct error *err)
{
	int r = check_list(bytes, len, err);
	if (r < 0)
		return r;
	uint32_t count = (uint32_t)get_number(bytes + 12, 4);
	uint64_t offset = get_number(bytes + len - 16, 8);
	struct archive_row *rows = calloc(count, sizeof(*rows));
	if (!rows)
		return error_set(err, -ENOMEM, "list", "cannot read the list of chunks");
	const uint8_t *at = bytes + ARCHIVE_LIST_HEAD_BYTES;
	for (uint32_t i = 0; i < count; i++, at += ARCHIVE_ROW_BYTES) {
		rows[i].offset = get_number(at, 8);
		rows[i].length = (uint32_t)get_number(at + 8, 4);
		rows[i].plain_length = (uint32_t)get_number(at + 12, 4);
		memcpy(rows[i].sha256, at + 16, DIGEST_BYTES);
	}
	r = check_rows(rows, count, offset, err);
	if (r < 0) {
		free(rows);
		return r;
	}
	*ret_rows = rows;
	*ret_count = count;
	*ret_offset = offset;
	return 0;
}
