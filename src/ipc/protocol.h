/*
 * The typed protocol between front end and supervisor: generated from protocol.def. Encoding and
 * decoding are pure (no system call; fuzzed); channel.h sends and receives.
 */
#ifndef IPC_PROTOCOL_H
#define IPC_PROTOCOL_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/outcome.h"

enum step_kind { STEP_COMPILE, STEP_RUN, STEP_KIND_COUNT };

enum { EARLY_SLOTS_MAX = 6 };

enum ipc_sender { IPC_FRONT, IPC_SUPERVISOR };

/* States of a connection, the same on both sides. */
enum ipc_state { IPC_GREETING, IPC_STARTING, IPC_SERVING };

#define IN(state) (1u << IPC_##state)

enum ipc_type {
#define MESSAGE(NAME, name, sender, states, fds, doc) IPC_##NAME,
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
	IPC_TYPE_COUNT
};

#define MESSAGE(NAME, name, sender, states, fds, doc) struct ipc_##name {
#define F_U32(name, field, least, most, doc) uint32_t field;
#define F_U64(name, field, least, most, doc) uint64_t field;
#define F_TEXT(name, field, size, doc) char field[size];
#define F_LIMITS(name, field, doc) struct limits field;
#define END(NAME, name)                                                                            \
	}                                                                                          \
	;
/* STOP has no fields. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#include "ipc/protocol.def"
#pragma GCC diagnostic pop
#undef MESSAGE
#undef F_U32
#undef F_U64
#undef F_TEXT
#undef F_LIMITS
#undef END

enum { IPC_FDS_MAX = 6, IPC_PACKET_MAX = 1024 };

/* A decoded message. The member of the union is the one `type` names. */
struct ipc_message {
	enum ipc_type type;
	union {
#define MESSAGE(NAME, name, sender, states, fds, doc) struct ipc_##name name;
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
};

/* What a type is called, how many fds it carries, which body length it has. type must be one. */
const char *ipc_type_name(enum ipc_type type);
unsigned ipc_type_fds(enum ipc_type type);

/*
 * Encodes message into packet (IPC_PACKET_MAX bytes). Asserts that every field is in range: a
 * message of our own making that is not is a bug. Returns the packet's length.
 */
size_t ipc_encode(const struct ipc_message *message, unsigned char *packet);

/*
 * Decodes a packet of len bytes that came with fd_count fds from sender while the receiver was in
 * state. Checks in this order: length, type, exact body length, fd count, sender, state, ranges.
 * Returns 0, or -EBADMSG with a text that names the message and the field; ret_message is written
 * on success.
 */
int ipc_decode(const unsigned char *packet, size_t len, unsigned fd_count, enum ipc_sender sender,
	       enum ipc_state state, struct ipc_message *ret_message, struct error *err);

/* Prints a message as "NAME field=value …" into text (size bytes, always terminated): for logs. */
void ipc_print(const struct ipc_message *message, char *text, size_t size);

#endif
