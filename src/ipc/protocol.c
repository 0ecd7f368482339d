#include "ipc/protocol.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * A packet is a u32 type and then the fields in order, each with its own size and no padding, in
 * the machine's byte order: both ends are on one machine and of one build.
 */

struct rule {
	const char *name;
	enum ipc_sender sender;
	unsigned states;
	unsigned fds;
	size_t body_len;
};

/* Body lengths: the sum of the fields' sizes. */
enum {
#define MESSAGE(NAME, name, sender, states, fds, doc) BODY_##NAME = 0
#define F_U32(name, field, least, most, doc) +sizeof(uint32_t)
#define F_U64(name, field, least, most, doc) +sizeof(uint64_t)
#define F_TEXT(name, field, size, doc) +(size)
#define F_LIMITS(name, field, doc) +sizeof(struct limits)
#define END(NAME, name) ,
#include "ipc/protocol.def"
#undef MESSAGE
#undef F_U32
#undef F_U64
#undef F_TEXT
#undef F_LIMITS
#undef END
};

static const struct rule rules[IPC_TYPE_COUNT] = {
#define MESSAGE(NAME, name, sender, states, fds, doc)                                              \
	[IPC_##NAME] = {#NAME, IPC_##sender, states, fds, BODY_##NAME},
#define F_U32(name, field, least, most, doc)
#define F_U64(name, field, least, most, doc)
#define F_TEXT(name, field, size, doc)
#define F_LIMITS(name, field, doc)
#define END(NAME, name)
#include "ipc/protocol.def"
#undef MESSAGE
#undef F_U32
#undef F_U64
#undef F_TEXT
#undef F_LIMITS
#undef END
};

#define MESSAGE(NAME, name, sender, states, fds, doc)                                              \
	_Static_assert(BODY_##NAME + sizeof(uint32_t) <= IPC_PACKET_MAX, "too long");              \
	_Static_assert((fds) <= IPC_FDS_MAX, "too many fds");
#define F_U32(name, field, least, most, doc)
#define F_U64(name, field, least, most, doc)
#define F_TEXT(name, field, size, doc)
#define F_LIMITS(name, field, doc)
#define END(NAME, name)
#include "ipc/protocol.def"
#undef MESSAGE
#undef F_U32
#undef F_U64
#undef F_TEXT
#undef F_LIMITS
#undef END

const char *ipc_type_name(enum ipc_type type)
{
	assert((unsigned)type < IPC_TYPE_COUNT);
	return rules[type].name;
}

unsigned ipc_type_fds(enum ipc_type type)
{
	assert((unsigned)type < IPC_TYPE_COUNT);
	return rules[type].fds;
}

static int u64_in_range(uint64_t value, uint64_t least, uint64_t most)
{
	return value >= least && value <= most;
}

/* All bytes after the terminator must be zero too: a packet has one encoding only. */
static int text_is_clean(const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	if (len == size)
		return 0;
	for (size_t i = len; i < size; i++)
		if (text[i])
			return 0;
	return 1;
}

static int limits_in_range(const struct limits *limits)
{
	struct limits copy = *limits;

	for (size_t i = 0; i < LIMIT_FIELDS; i++) {
		const struct limit_row *row = &limit_rows()[i];
		uint64_t value = *limit_field(&copy, row);
		/* A least of its own: 0 artefact bytes means none is taken. */
		if (!u64_in_range(value, row->least, row->most))
			return 0;
	}
	return 1;
}

/* Returns the name of the first field that is out of range, or NULL. */
static const char *message_fault(const struct ipc_message *message)
{
	switch (message->type) {
#define MESSAGE(NAME, name, sender, states, fds, doc) case IPC_##NAME:
#define F_U32(name, field, least, most, doc)                                                       \
	if (!u64_in_range(message->name.field, least, most))                                       \
		return #field;
#define F_U64(name, field, least, most, doc)                                                       \
	if (!u64_in_range(message->name.field, least, most))                                       \
		return #field;
#define F_TEXT(name, field, size, doc)                                                             \
	if (!text_is_clean(message->name.field, size))                                             \
		return #field;
#define F_LIMITS(name, field, doc)                                                                 \
	if (!limits_in_range(&message->name.field))                                                \
		return #field;
#define END(NAME, name) return NULL;
#include "ipc/protocol.def"
#undef MESSAGE
#undef F_U32
#undef F_U64
#undef F_TEXT
#undef F_LIMITS
#undef END
	case IPC_TYPE_COUNT:
		break;
	}
	return "type";
}

static size_t put(unsigned char *packet, size_t at, const void *bytes, size_t len)
{
	memcpy(packet + at, bytes, len);
	return at + len;
}

size_t ipc_encode(const struct ipc_message *message, unsigned char *packet)
{
	uint32_t type = message->type;
	size_t at = put(packet, 0, &type, sizeof(type));

	assert(message_fault(message) == NULL);
	switch (message->type) {
#define MESSAGE(NAME, name, sender, states, fds, doc) case IPC_##NAME:
#define FIELD(name, field) at = put(packet, at, &message->name.field, sizeof(message->name.field));
#define F_U32(name, field, least, most, doc) FIELD(name, field)
#define F_U64(name, field, least, most, doc) FIELD(name, field)
#define F_TEXT(name, field, size, doc) FIELD(name, field)
#define F_LIMITS(name, field, doc) FIELD(name, field)
#define END(NAME, name) break;
#include "ipc/protocol.def"
#undef MESSAGE
#undef FIELD
#undef F_U32
#undef F_U64
#undef F_TEXT
#undef F_LIMITS
#undef END
	case IPC_TYPE_COUNT:
		break;
	}
	return at;
}

static size_t get(const unsigned char *packet, size_t at, void *bytes, size_t len)
{
	memcpy(bytes, packet + at, len);
	return at + len;
}

static void fields_get(const unsigned char *packet, struct ipc_message *message)
{
	size_t at = sizeof(uint32_t);

	switch (message->type) {
#define MESSAGE(NAME, name, sender, states, fds, doc) case IPC_##NAME:
#define FIELD(name, field) at = get(packet, at, &message->name.field, sizeof(message->name.field));
#define F_U32(name, field, least, most, doc) FIELD(name, field)
#define F_U64(name, field, least, most, doc) FIELD(name, field)
#define F_TEXT(name, field, size, doc) FIELD(name, field)
#define F_LIMITS(name, field, doc) FIELD(name, field)
#define END(NAME, name) break;
#include "ipc/protocol.def"
#undef MESSAGE
#undef FIELD
#undef F_U32
#undef F_U64
#undef F_TEXT
#undef F_LIMITS
#undef END
	case IPC_TYPE_COUNT:
		break;
	}
	(void)at;
}

int ipc_decode(const unsigned char *packet, size_t len, unsigned fd_count, enum ipc_sender sender,
	       enum ipc_state state, struct ipc_message *ret_message, struct error *err)
{
	uint32_t type;
	struct ipc_message message = {0};

	if (len < sizeof(type) || len > IPC_PACKET_MAX)
		return error_set_plain(err, -EBADMSG, "ipc", "a packet of %zu bytes", len);
	memcpy(&type, packet, sizeof(type));
	if (type >= IPC_TYPE_COUNT)
		return error_set_plain(err, -EBADMSG, "ipc", "unknown message type %u", type);
	const struct rule *rule = &rules[type];
	if (len - sizeof(type) != rule->body_len)
		return error_set_plain(err, -EBADMSG, "ipc", "%s with a body of %zu bytes, not %zu",
				       rule->name, len - sizeof(type), rule->body_len);
	if (fd_count != rule->fds)
		return error_set_plain(err, -EBADMSG, "ipc", "%s with %u fds, not %u", rule->name,
				       fd_count, rule->fds);
	if (sender != rule->sender)
		return error_set_plain(err, -EBADMSG, "ipc", "%s from the wrong side", rule->name);
	if (!(rule->states & (1u << state)))
		return error_set_plain(err, -EBADMSG, "ipc", "%s at the wrong time", rule->name);
	message.type = (enum ipc_type)type;
	fields_get(packet, &message);
	const char *fault = message_fault(&message);
	if (fault)
		return error_set_plain(err, -EBADMSG, "ipc", "%s with %s out of range", rule->name,
				       fault);
	*ret_message = message;
	return 0;
}

static void print_more(char *text, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void print_more(char *text, size_t size, const char *format, ...)
{
	size_t used = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + used, size - used, format, args);
	va_end(args);
}

void ipc_print(const struct ipc_message *message, char *text, size_t size)
{
	snprintf(text, size, "%s", ipc_type_name(message->type));
	switch (message->type) {
#define MESSAGE(NAME, name, sender, states, fds, doc) case IPC_##NAME:
#define F_U32(name, field, least, most, doc)                                                       \
	print_more(text, size, " " #field "=%u", message->name.field);
#define F_U64(name, field, least, most, doc)                                                       \
	print_more(text, size, " " #field "=%llu", (unsigned long long)message->name.field);
#define F_TEXT(name, field, width, doc)                                                            \
	print_more(text, size, " " #field "=%s", message->name.field);
#define F_LIMITS(name, field, doc)                                                                 \
	print_more(text, size, " " #field ".wall=%llu " #field ".memory=%llu",                     \
		   (unsigned long long)message->name.field.wall_usec,                              \
		   (unsigned long long)message->name.field.memory_bytes);
#define END(NAME, name) break;
#include "ipc/protocol.def"
#undef MESSAGE
#undef F_U32
#undef F_U64
#undef F_TEXT
#undef F_LIMITS
#undef END
	case IPC_TYPE_COUNT:
		break;
	}
}
