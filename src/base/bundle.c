#include "base/bundle.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"

const unsigned char bundle_magic[8] = "SLBNDL1";

struct record_head {
	uint32_t type;
	uint32_t name_len;
	uint64_t body_len;
};

static void bundle_append(struct bundle_writer *writer, const void *bytes, size_t len)
{
	if (writer->failed || len == 0)
		return;
	if (len > BUNDLE_BYTES_MAX - writer->used) {
		writer->failed = -E2BIG;
		return;
	}
	if (writer->used + len > writer->room) {
		size_t room = writer->room ? writer->room : 4096;
		while (room < writer->used + len)
			room *= 2;
		unsigned char *grown = realloc(writer->data, room);
		if (!grown) {
			writer->failed = -ENOMEM;
			return;
		}
		writer->data = grown;
		writer->room = room;
	}
	memcpy(writer->data + writer->used, bytes, len);
	writer->used += len;
}

size_t bundle_head(enum bundle_type type, const char *name, uint64_t body_len,
		   unsigned char ret_head[BUNDLE_HEAD_MAX])
{
	size_t name_len = name ? strlen(name) : 0;
	struct record_head head = {type, (uint32_t)name_len, body_len};

	assert(name_len <= BUNDLE_PATH_MAX);
	memcpy(ret_head, &head, sizeof(head));
	if (name)
		memcpy(ret_head + sizeof(head), name, name_len);
	return sizeof(head) + name_len;
}

void bundle_add(struct bundle_writer *writer, enum bundle_type type, const char *name,
		const void *body, size_t len)
{
	unsigned char head[BUNDLE_HEAD_MAX];

	if (name && strlen(name) > BUNDLE_PATH_MAX && !writer->failed)
		writer->failed = -ENAMETOOLONG;
	if (writer->failed)
		return;
	if (writer->used == 0)
		bundle_append(writer, bundle_magic, sizeof(bundle_magic));
	bundle_append(writer, head, bundle_head(type, name, len, head));
	bundle_append(writer, body, len);
}

void bundle_add_text(struct bundle_writer *writer, enum bundle_type type, const char *text)
{
	bundle_add(writer, type, NULL, text, strlen(text));
}

int bundle_end(struct bundle_writer *writer)
{
	bundle_add(writer, BUNDLE_END, NULL, NULL, 0);
	return writer->failed;
}

int bundle_finish(struct bundle_writer *writer)
{
	int r = bundle_end(writer);
	if (r == 0)
		r = memfd_new_sealed("bundle", writer->data, writer->used);
	free(writer->data);
	*writer = (struct bundle_writer){0};
	return r;
}

int bundle_path_is_valid(const char *path, size_t len)
{
	if (len == 0 || len > BUNDLE_PATH_MAX || memchr(path, '\0', len))
		return 0;
	for (size_t start = 0; start <= len;) {
		const char *slash = memchr(path + start, '/', len - start);
		size_t part = (slash ? (size_t)(slash - path) : len) - start;
		const char *at = path + start;
		if (part == 0 || (part == 1 && at[0] == '.') || (part == 2 && !memcmp(at, "..", 2)))
			return 0;
		start += part + 1;
	}
	return 1;
}

static int malformed(struct error *err, const char *why)
{
	return error_set_plain(err, -EBADMSG, "bundle", "the bundle is malformed: %s", why);
}

static const char *later_fault(const struct bundle_record *record)
{
	if (record->body_len && memchr(record->body, '\0', record->body_len))
		return "a later word carries a NUL";
	if (record->body_len && record->body[record->body_len - 1] != '\n')
		return "a later word has no end";
	return NULL;
}

static const char *path_fault(const struct bundle_record *record)
{
	return bundle_path_is_valid(record->name, record->name_len) ? NULL : "a path is not valid";
}

static const char *record_fault(const struct bundle_record *record)
{
	switch (record->type) {
	case BUNDLE_END:
		return record->name_len || record->body_len ? "the end carries bytes" : NULL;
	case BUNDLE_ARG:
	case BUNDLE_ENV:
		if (record->name_len)
			return "an argument carries a name";
		if (record->body_len > BUNDLE_ARG_BYTES_MAX)
			return "an argument is too long";
		if (record->body_len && memchr(record->body, '\0', record->body_len))
			return "an argument carries a NUL";
		if (record->type == BUNDLE_ENV &&
		    (!record->body_len || !memchr(record->body, '=', record->body_len)))
			return "an environment entry has no '='";
		return NULL;
	case BUNDLE_ARTEFACT_IN:
	case BUNDLE_ARTEFACT_OUT:
	case BUNDLE_FIFO:
	case BUNDLE_COLLECT:
	case BUNDLE_CARRY:
		return record->body_len ? "a path carries bytes" : path_fault(record);
	case BUNDLE_LATER:
		if (later_fault(record))
			return later_fault(record);
		/* fall through */
	case BUNDLE_FILE:
	case BUNDLE_PROGRAM:
		return path_fault(record);
	case BUNDLE_LEFT_OUT:
		return record->name_len || record->body_len != sizeof(uint32_t)
			       ? "a count is not one"
			       : NULL;
	case BUNDLE_TYPE_COUNT:
		break;
	}
	return "unknown record";
}

int bundle_next(const void *data, size_t len, size_t *offset, struct bundle_record *ret_record,
		struct error *err)
{
	const char *bytes = data;
	struct record_head head;
	size_t at = *offset;

	if (len > BUNDLE_BYTES_MAX)
		return malformed(err, "too long");
	if (at == 0) {
		if (len < sizeof(bundle_magic) ||
		    memcmp(bytes, bundle_magic, sizeof(bundle_magic)) != 0)
			return malformed(err, "no magic");
		at = sizeof(bundle_magic);
	}
	if (at > len || len - at < sizeof(head))
		return malformed(err, "cut short");
	memcpy(&head, bytes + at, sizeof(head));
	at += sizeof(head);
	if (head.type >= BUNDLE_TYPE_COUNT)
		return malformed(err, "unknown record");
	if (head.name_len > BUNDLE_PATH_MAX || head.name_len > len - at ||
	    head.body_len > len - at - head.name_len)
		return malformed(err, "a length is beyond the end");

	struct bundle_record record = {
		.type = head.type,
		.name = bytes + at,
		.name_len = head.name_len,
		.body = bytes + at + head.name_len,
		.body_len = head.body_len,
	};
	const char *fault = record_fault(&record);
	if (fault)
		return malformed(err, fault);
	at += head.name_len + head.body_len;
	if (record.type == BUNDLE_END) {
		if (at != len)
			return malformed(err, "bytes after the end");
		return 0;
	}
	*offset = at;
	*ret_record = record;
	return 1;
}
