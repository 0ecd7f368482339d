/*
 * Bodies of requests, from outside: Sandlot's own API, the Rust Playground's, its WebSocket. Input:
 * which reader, then the text.
 */
#include "fuzz.h"

#include <errno.h>

#include "front/api_request.h"
#include "front/json_read.h"
#include "front/playground_message.h"
#include "front/playground_request.h"

static void check_failed(int r, const struct error *err)
{
	FUZZ_ASSERT(r == -EINVAL || r == -EPROTO || r == -E2BIG);
	FUZZ_ASSERT(err->text[0] && memchr(err->text, '\0', sizeof(err->text)));
}

static void check_job(const struct job_request *job)
{
	size_t total = 0;

	FUZZ_ASSERT(job->language);
	FUZZ_ASSERT(job->file_count >= 1 && job->file_count <= JOB_FILES_MAX);
	FUZZ_ASSERT(job->option_count <= JOB_OPTIONS_MAX && job->arg_count <= JOB_ARGS_MAX);
	for (size_t i = 0; i < job->file_count; i++)
		total += job->files[i].len;
	FUZZ_ASSERT(total <= JOB_SOURCE_MAX);
	for (size_t i = 0; i < job->option_count; i++)
		FUZZ_ASSERT(job->options[i].name && job->options[i].value);
	for (size_t i = 0; i < job->arg_count; i++)
		FUZZ_ASSERT(job->args[i]);
}

static void read_api(const json_t *body)
{
	struct api_request request;
	struct error err = {0};
	int r = api_request_read(body, &request, &err);

	if (r < 0)
		check_failed(r, &err);
	else
		check_job(&request.job);
}

static void read_playground(const json_t *body, playground_reader *read)
{
	struct playground_request request;
	struct error err = {0};
	int r = read(body, &request, &err);

	if (r < 0)
		check_failed(r, &err);
	else
		check_job(&request.job);
}

static void read_message(const char *text, size_t len)
{
	struct playground_message message;
	struct error err = {0};
	json_int_t sequence = 0;
	int r = playground_message_read(text, len, &message, &sequence, &err);

	if (r < 0) {
		check_failed(r, &err);
		return;
	}
	FUZZ_ASSERT(message.sequence == sequence && message.type < PLAYGROUND_MESSAGE_TYPES);
	if (!playground_message_is_greeting(&message) && json_is_object(message.payload))
		read_playground(message.payload, playground_request_read);
	playground_message_fini(&message);
}

/* By the input's first byte; NULL: see there. */
static playground_reader *const readers[] = {
	NULL, /* /api/v1 */
	playground_request_read,
	playground_request_read_evaluate,
	NULL, /* a message of the WebSocket */
	playground_request_read_compile,
	playground_request_read_format,
	playground_request_read_clippy,
	playground_request_read_miri,
	playground_request_read_expansion,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct error err = {0};
	json_t *body = NULL;

	if (len < 1)
		return 0;
	char *text = fuzz_copy(data + 1, len - 1);
	unsigned reader = data[0] % (sizeof(readers) / sizeof(readers[0]));
	if (reader == 3) {
		read_message(text, len - 1);
	} else {
		int r = json_read_object(text, len - 1, &body, &err);
		if (r < 0)
			check_failed(r, &err);
		else if (reader == 0)
			read_api(body);
		else
			read_playground(body, readers[reader]);
		json_decref(body);
	}
	free(text);
	return 0;
}
