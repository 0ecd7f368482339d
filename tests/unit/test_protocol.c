#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ipc/protocol.h"

enum { ROUNDS = 200, FUZZ_ROUNDS = 200000 };

/* What the .def file says about each message, for comparing against what decode allows. */
static const struct row {
	enum ipc_sender sender;
	unsigned states;
} rows[] = {
#define MESSAGE(NAME, name, sender, states, fds, doc) [IPC_##NAME] = {IPC_##sender, states},
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

static uint64_t value_between(uint64_t *random, uint64_t least, uint64_t most)
{
	switch (unit_random_below(random, 3)) {
	case 0:
		return least;
	case 1:
		return most;
	default:
		return most - least == UINT64_MAX
			       ? unit_random(random)
			       : least + unit_random(random) % (most - least + 1);
	}
}

static void text_fill(uint64_t *random, char *text, size_t size)
{
	size_t len = unit_random_below(random, size);

	for (size_t i = 0; i < len; i++)
		text[i] = (char)(1 + unit_random_below(random, 255));
	memset(text + len, 0, size - len);
}

static void limits_fill(uint64_t *random, struct limits *limits)
{
	for (size_t i = 0; i < LIMIT_FIELDS; i++) {
		const struct limit_row *row = &limit_rows()[i];
		*limit_field(limits, row) = value_between(random, row->least, row->most);
	}
}

/* A message of this type with every field somewhere in its range, often at an end of it. */
static struct ipc_message message_random(uint64_t *random, enum ipc_type type)
{
	struct ipc_message message;

	memset(&message, 0, sizeof(message));
	message.type = type;
	switch (type) {
#define MESSAGE(NAME, name, sender, states, fds, doc) case IPC_##NAME:
#define F_U32(name, field, least, most, doc)                                                       \
	message.name.field = (uint32_t)value_between(random, least, most);
#define F_U64(name, field, least, most, doc)                                                       \
	message.name.field = value_between(random, least, most);
#define F_TEXT(name, field, size, doc) text_fill(random, message.name.field, size);
#define F_LIMITS(name, field, doc) limits_fill(random, &message.name.field);
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
	return message;
}

/* A state in which the receiver accepts the message. */
static enum ipc_state state_for(enum ipc_type type)
{
	for (unsigned i = IPC_GREETING; i <= IPC_SERVING; i++)
		if (rows[type].states & (1u << i))
			return (enum ipc_state)i;
	fail_msg("%s is accepted in no state", ipc_type_name(type));
	return IPC_GREETING;
}

static int decode_as_itself(enum ipc_type type, const unsigned char *packet, size_t len,
			    struct ipc_message *ret_message, struct error *err)
{
	return ipc_decode(packet, len, ipc_type_fds(type), rows[type].sender, state_for(type),
			  ret_message, err);
}

static void ipc_decode_of_an_encoded_message_gives_it_back(void **state)
{
	uint64_t random = 1;

	(void)state;
	for (unsigned i = 0; i < ROUNDS * IPC_TYPE_COUNT; i++) {
		enum ipc_type type = (enum ipc_type)(i % IPC_TYPE_COUNT);
		struct ipc_message message = message_random(&random, type), back;
		unsigned char packet[IPC_PACKET_MAX], again[IPC_PACKET_MAX];
		size_t len = ipc_encode(&message, packet);

		assert_int_equal(decode_as_itself(type, packet, len, &back, NULL), 0);
		assert_int_equal(back.type, type);
		assert_int_equal(ipc_encode(&back, again), len);
		assert_memory_equal(packet, again, len);
	}
}

static void ipc_decode_of_another_length_fails(void **state)
{
	uint64_t random = 2;

	(void)state;
	for (unsigned type = 0; type < IPC_TYPE_COUNT; type++) {
		struct ipc_message message = message_random(&random, (enum ipc_type)type), back;
		unsigned char packet[IPC_PACKET_MAX + 8] = {0};
		size_t len = ipc_encode(&message, packet);

		for (size_t wrong = 0; wrong < sizeof(packet); wrong++) {
			struct error err = {0};
			if (wrong == len)
				continue;
			assert_int_equal(
				decode_as_itself((enum ipc_type)type, packet, wrong, &back, &err),
				-EBADMSG);
			assert_true(err.text[0]);
		}
	}
}

static void ipc_decode_with_another_fd_count_fails(void **state)
{
	uint64_t random = 3;

	(void)state;
	for (unsigned type = 0; type < IPC_TYPE_COUNT; type++) {
		struct ipc_message message = message_random(&random, (enum ipc_type)type), back;
		unsigned char packet[IPC_PACKET_MAX];
		size_t len = ipc_encode(&message, packet);

		for (unsigned fds = 0; fds <= IPC_FDS_MAX + 1; fds++)
			assert_int_equal(ipc_decode(packet, len, fds, rows[type].sender,
						    state_for((enum ipc_type)type), &back, NULL),
					 fds == ipc_type_fds((enum ipc_type)type) ? 0 : -EBADMSG);
	}
}

static void ipc_decode_from_the_wrong_side_or_time_fails(void **state)
{
	uint64_t random = 4;

	(void)state;
	for (unsigned type = 0; type < IPC_TYPE_COUNT; type++) {
		struct ipc_message message = message_random(&random, (enum ipc_type)type), back;
		unsigned char packet[IPC_PACKET_MAX];
		size_t len = ipc_encode(&message, packet);
		unsigned fds = ipc_type_fds((enum ipc_type)type);

		for (unsigned sender = IPC_FRONT; sender <= IPC_SUPERVISOR; sender++)
			for (unsigned at = IPC_GREETING; at <= IPC_SERVING; at++) {
				int allowed = sender == rows[type].sender &&
					      (rows[type].states & (1u << at));
				assert_int_equal(ipc_decode(packet, len, fds,
							    (enum ipc_sender)sender,
							    (enum ipc_state)at, &back, NULL),
						 allowed ? 0 : -EBADMSG);
			}
	}
}

static void ipc_decode_of_an_unknown_type_fails(void **state)
{
	unsigned char packet[IPC_PACKET_MAX] = {0};
	struct ipc_message back;
	uint32_t wrong[] = {IPC_TYPE_COUNT, IPC_TYPE_COUNT + 1, 1u << 31, UINT32_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		memcpy(packet, &wrong[i], sizeof(wrong[i]));
		assert_int_equal(ipc_decode(packet, sizeof(wrong[i]), 0, IPC_FRONT, IPC_SERVING,
					    &back, NULL),
				 -EBADMSG);
	}
}

/* A packet that no encoder of ours would write must be refused by the name of its field. */
static void packet_is_refused(enum ipc_type type, const unsigned char *packet, size_t len,
			      const char *field)
{
	struct error err = {0};
	struct ipc_message back;

	assert_int_equal(decode_as_itself(type, packet, len, &back, &err), -EBADMSG);
	assert_non_null(strstr(err.text, field));
}

/*
 * Walks the fields as they lie in the packet and puts each out of its range in turn. `at` is the
 * offset of the field; a range that is the whole type has nothing outside it.
 */
static void fields_break(const struct ipc_message *message, unsigned char *packet, size_t len)
{
	size_t at = sizeof(uint32_t);
	unsigned char kept[IPC_PACKET_MAX];

#define TRY_NUMBER(ctype, value, field)                                                            \
	do {                                                                                       \
		ctype broken = (ctype)(value);                                                     \
		memcpy(kept, packet, len);                                                         \
		memcpy(packet + at, &broken, sizeof(broken));                                      \
		packet_is_refused(message->type, packet, len, #field);                             \
		memcpy(packet, kept, len);                                                         \
	} while (0)
#define NUMBER(ctype, top, field, least, most)                                                     \
	if ((uint64_t)(least) > 0)                                                                 \
		TRY_NUMBER(ctype, (uint64_t)(least)-1, field);                                     \
	if ((uint64_t)(most) < (top))                                                              \
		TRY_NUMBER(ctype, (uint64_t)(most) + 1, field);                                    \
	at += sizeof(ctype);
	switch (message->type) {
#define MESSAGE(NAME, name, sender, states, fds, doc) case IPC_##NAME:
#define F_U32(name, field, least, most, doc) NUMBER(uint32_t, UINT32_MAX, field, least, most)
#define F_U64(name, field, least, most, doc) NUMBER(uint64_t, UINT64_MAX, field, least, most)
#define F_TEXT(name, field, size, doc)                                                             \
	memcpy(kept, packet, len);                                                                 \
	memset(packet + at, 'x', size); /* not terminated */                                       \
	packet_is_refused(message->type, packet, len, #field);                                     \
	memset(packet + at, 0, size);                                                              \
	packet[at + (size)-1] = 'x'; /* bytes after the end */                                     \
	packet_is_refused(message->type, packet, len, #field);                                     \
	memcpy(packet, kept, len);                                                                 \
	at += (size);
#define F_LIMITS(name, field, doc)                                                                 \
	for (size_t i = 0; i < LIMIT_FIELDS; i++) {                                                \
		NUMBER(uint64_t, UINT64_MAX, field, limit_rows()[i].least, limit_rows()[i].most)   \
	}
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
	assert_int_equal(at, len);
}

static void ipc_decode_with_any_field_out_of_range_names_it(void **state)
{
	uint64_t random = 5;

	(void)state;
	for (unsigned type = 0; type < IPC_TYPE_COUNT; type++) {
		struct ipc_message message = message_random(&random, (enum ipc_type)type);
		unsigned char packet[IPC_PACKET_MAX];

		fields_break(&message, packet, ipc_encode(&message, packet));
	}
}

static void ipc_decode_of_mutated_packets_never_lets_one_through_changed(void **state)
{
	uint64_t random = 6;
	unsigned accepted = 0;

	(void)state;
	for (unsigned i = 0; i < FUZZ_ROUNDS; i++) {
		enum ipc_type type = (enum ipc_type)unit_random_below(&random, IPC_TYPE_COUNT);
		struct ipc_message message = message_random(&random, type), back;
		unsigned char packet[IPC_PACKET_MAX], again[IPC_PACKET_MAX];
		size_t len = ipc_encode(&message, packet);

		for (size_t n = unit_random_below(&random, 4); n > 0; n--)
			packet[unit_random_below(&random, len)] =
				(unsigned char)unit_random(&random);
		if (unit_random_below(&random, 16) == 0)
			len = unit_random_below(&random, IPC_PACKET_MAX + 1);
		if (ipc_decode(packet, len, (unsigned)unit_random_below(&random, IPC_FDS_MAX + 2),
			       (enum ipc_sender)unit_random_below(&random, 2),
			       (enum ipc_state)unit_random_below(&random, 3), &back, NULL) < 0)
			continue;
		/* Whatever is let through has exactly one encoding: the packet itself. */
		assert_int_equal(ipc_encode(&back, again), len);
		assert_memory_equal(packet, again, len);
		accepted++;
	}
	assert_true(accepted > FUZZ_ROUNDS / 1000);
}

static void ipc_decode_of_random_bytes_is_safe(void **state)
{
	uint64_t random = 7;

	(void)state;
	for (unsigned i = 0; i < FUZZ_ROUNDS / 4; i++) {
		unsigned char packet[IPC_PACKET_MAX];
		struct ipc_message back;
		size_t len = unit_random_below(&random, sizeof(packet) + 1);

		for (size_t at = 0; at < len; at++)
			packet[at] = (unsigned char)unit_random(&random);
		if (len >= 4 && (i & 1))
			memcpy(packet, &(uint32_t){(uint32_t)unit_random_below(&random, 8)}, 4);
		ipc_decode(packet, len, (unsigned)unit_random_below(&random, 7),
			   (enum ipc_sender)(i & 1), (enum ipc_state)(i % 3), &back, NULL);
	}
}

static void ipc_print_of_any_message_stays_in_its_room(void **state)
{
	uint64_t random = 8;

	(void)state;
	for (unsigned i = 0; i < ROUNDS * IPC_TYPE_COUNT; i++) {
		enum ipc_type type = (enum ipc_type)(i % IPC_TYPE_COUNT);
		struct ipc_message message = message_random(&random, type);
		char text[128];
		size_t size = 1 + unit_random_below(&random, sizeof(text));

		memset(text, 'x', sizeof(text));
		ipc_print(&message, text, size);
		assert_true(strnlen(text, size) < size);
		if (size == sizeof(text))
			assert_memory_equal(text, ipc_type_name(type), strlen(ipc_type_name(type)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipc_decode_of_an_encoded_message_gives_it_back),
		cmocka_unit_test(ipc_decode_of_another_length_fails),
		cmocka_unit_test(ipc_decode_with_another_fd_count_fails),
		cmocka_unit_test(ipc_decode_from_the_wrong_side_or_time_fails),
		cmocka_unit_test(ipc_decode_of_an_unknown_type_fails),
		cmocka_unit_test(ipc_decode_with_any_field_out_of_range_names_it),
		cmocka_unit_test(ipc_decode_of_mutated_packets_never_lets_one_through_changed),
		cmocka_unit_test(ipc_decode_of_random_bytes_is_safe),
		cmocka_unit_test(ipc_print_of_any_message_stays_in_its_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
