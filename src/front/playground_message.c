#include "front/playground_message.h"

#include <errno.h>
#include <string.h>

#include "front/json_read.h"

static const char *const type_names[PLAYGROUND_MESSAGE_TYPES] = {
	[PLAYGROUND_CONNECTED] = "websocket/connected",
	[PLAYGROUND_EXECUTE_REQUEST] = "output/execute/wsExecuteRequest",
	[PLAYGROUND_EXECUTE_STDIN] = "output/execute/wsExecuteStdin",
	[PLAYGROUND_EXECUTE_STDIN_CLOSE] = "output/execute/wsExecuteStdinClose",
	[PLAYGROUND_EXECUTE_KILL] = "output/execute/wsExecuteKill",
};

static int read_sequence(const json_t *root, json_int_t *ret_sequence, struct error *err)
{
	const json_t *meta = NULL, *number;
	int r = json_get_object(root, "", "meta", JSON_REQUIRED, &meta, err);

	if (r < 0)
		return r;
	number = json_object_get(meta, "sequenceNumber");
	if (!json_is_integer(number))
		return error_set_plain(err, -EINVAL, "json",
				       "`meta.sequenceNumber` must be a whole number, not %s",
				       json_kind(number));
	*ret_sequence = json_integer_value(number);
	return 0;
}

static int read_type(const json_t *root, enum playground_message_type *ret_type, struct error *err)
{
	const char *name = NULL;
	int r = json_get_text(root, "", "type", JSON_REQUIRED, &name, err);

	if (r < 0)
		return r;
	for (int i = 0; i < PLAYGROUND_MESSAGE_TYPES; i++) {
		if (strcmp(name, type_names[i]) != 0)
			continue;
		*ret_type = (enum playground_message_type)i;
		return 0;
	}
	return error_set_plain(err, -EINVAL, "json", "unknown message type `%.80s`", name);
}

int playground_message_read(const char *text, size_t len, struct playground_message *ret_message,
			    json_int_t *ret_sequence, struct error *err)
{
	struct playground_message message = {0};
	int r;

	*ret_sequence = PLAYGROUND_SERVER_SEQUENCE;
	r = json_read_object(text, len, &message.root, err);
	if (r < 0)
		return r;
	r = read_sequence(message.root, &message.sequence, err);
	if (r == 0) {
		*ret_sequence = message.sequence;
		r = read_type(message.root, &message.type, err);
	}
	if (r < 0) {
		json_decref(message.root);
		return r;
	}
	message.payload = json_object_get(message.root, "payload");
	*ret_message = message;
	return 0;
}

void playground_message_fini(struct playground_message *message)
{
	json_decref(message->root);
	message->root = NULL;
}

int playground_message_is_greeting(const struct playground_message *message)
{
	return message->type == PLAYGROUND_CONNECTED &&
	       json_is_true(json_object_get(message->payload, "iAcceptThisIsAnUnsupportedApi"));
}

char *playground_message_write(const char *type, json_t *take_payload, json_int_t sequence)
{
	json_t *message = json_pack("{s:s,s:o*,s:{s:I}}", "type", type, "payload", take_payload,
				    "meta", "sequenceNumber", sequence);
	char *text = message ? json_dumps(message, JSON_COMPACT) : NULL;

	json_decref(message);
	return text;
}
