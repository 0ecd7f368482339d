#include "front/playground_answer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/fd.h"
#include "front/http_clients.h"
#include "front/job.h"
#include "front/product.h"
#include "front/playground_request.h"
#include "front/playground_routes.h"
#include "front/playground_run.h"

enum { LOOK_USEC = 1000000 }; /* how often a waiting request looks whether its client is there */

/* Output as it gathers. */
struct gathered {
	struct playground_run run;
	char *text[2]; /* owned: stdout, stderr */
	size_t len[2], room[2];
};

void playground_set_request_id(struct http_request *request)
{
	const char *given = http_header(request, "x-request-id");
	unsigned char random[16];
	size_t n = given ? strspn(given, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789-_.:+/=")
			 : 0;

	if (n > 0 && given[n] == '\0' && n < sizeof(request->request_id)) {
		snprintf(request->request_id, sizeof(request->request_id), "%s", given);
		return;
	}
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return;
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(request->request_id + i * 2, 3, "%02x", random[i]);
}

static void gather(struct playground_run *run, int stream, const char *text, size_t len)
{
	struct gathered *gathered = run->owner;
	int i = stream == 2;

	if (gathered->len[i] + len >= gathered->room[i]) {
		size_t room = (gathered->len[i] + len) * 2 + 256;
		char *more = realloc(gathered->text[i], room);
		if (!more) {
			run->failed = 1;
			return;
		}
		gathered->text[i] = more;
		gathered->room[i] = room;
	}
	memcpy(gathered->text[i] + gathered->len[i], text, len);
	gathered->len[i] += len;
}

static void gathered_fini(struct gathered *gathered)
{
	playground_run_fini(&gathered->run);
	free(gathered->text[0]);
	free(gathered->text[1]);
}

/*
 * Follows the job to its result. Returns 0, or -ECONNABORTED when the client is gone or the server
 * stops: the job is then ended, nobody waits for it.
 */
static int follow(struct http_request *request, struct job *job, struct gathered *gathered,
		  struct job_result *ret_result)
{
	int socket_fd = http_client_socket(request->client);
	struct job_event event;
	size_t cursor = 0;

	for (;;) {
		int r = job_next_event(job, &cursor, LOOK_USEC, &event);
		if (r < 0)
			return -ECONNABORTED;
		if (r > 0) {
			playground_run_event(&gathered->run, &event);
			if (event.type != JOB_EVENT_RESULT)
				continue;
			*ret_result = event.result;
			return 0;
		}
		if (http_server_is_stopping(request->server) || http_client_is_gone(socket_fd)) {
			job_kill(job);
			return -ECONNABORTED;
		}
	}
}

static void reply_refused(struct http_request *request, int error, unsigned retry_sec,
			  const struct error *err)
{
	char retry[48];

	snprintf(retry, sizeof(retry), "Retry-After: %u\r\n", retry_sec ? retry_sec : 1);
	if (error == -E2BIG)
		http_reply_error(request, 413, "too_large", NULL, "%s", err->text);
	else if (error == -EBUSY)
		http_reply_error(request, 429, "queue_full", retry, "Unable to execute: %s",
				 err->text);
	else
		http_reply_error(request, 500, "internal", NULL, "%s", err->text);
}

static json_t *gathered_json(struct gathered *gathered, struct playground_answer *answer,
			     playground_form *form)
{
	for (int i = 0; i < 2; i++) {
		answer->text[i] = gathered->text[i] ? gathered->text[i] : "";
		answer->len[i] = gathered->len[i];
	}
	return form(answer);
}

static void run_job(struct http_request *request, struct playground_request *parsed,
		    const json_t *body, playground_form *form)
{
	struct playground_answer answer = {.body = body};
	char detail[PLAYGROUND_DETAIL_SIZE];
	struct gathered gathered = {0};
	struct job_result result;
	struct error err = {0};
	struct job *job = NULL;
	unsigned retry_sec = 0;
	int r;

	parsed->job.client = http_client_key(request->client);
	parsed->job.session = http_header(request, HTTP_SESSION);
	r = job_submit(request->service, &parsed->job, &job, &retry_sec, &err);
	if (r < 0) {
		reply_refused(request, r, retry_sec, &err);
		return;
	}
	playground_run_init(&gathered.run, &parsed->build, gather, &gathered);
	r = follow(request, job, &gathered, &result);
	if (r == 0)
		r = playground_run_end(&gathered.run, &result, detail, &err);
	else
		error_set_plain(&err, r, "playground", "Unable to execute: the server is stopping");
	answer.product = r >= 0 ? job_product(job) : NULL;
	if (r >= 0 && answer.product && answer.product->truncated)
		r = error_set_plain(&err, -EPROTO, "playground",
				    "Unable to execute: the result is larger than %d KiB",
				    PRODUCT_MAX >> 10);
	answer.success = r;
	answer.detail = detail;
	json_t *value = r < 0 ? NULL : gathered_json(&gathered, &answer, form);
	/* Nothing is held twice for a client that is slow to take it. */
	gathered_fini(&gathered);
	job_unref(job);
	if (r < 0)
		http_reply_error(request, 500, "internal", NULL, "%s", err.text);
	else
		http_reply_json(request, 200, value, NULL);
}

json_t *playground_answer_text(const struct playground_answer *answer, int stream)
{
	return json_stringn_nocheck(answer->text[stream], answer->len[stream]);
}

void playground_answer(struct http_request *request, playground_reader *read, playground_form *form)
{
	struct playground_request *parsed = NULL;
	json_t *body = NULL;
	struct error err = {0};
	int r;

	playground_set_request_id(request);
	if (http_body_read_json(request, &body) < 0)
		return;
	parsed = calloc(1, sizeof(*parsed));
	r = parsed ? read(body, parsed, &err) : error_set(&err, -ENOMEM, "request", "no memory");
	if (r == 0)
		run_job(request, parsed, body, form);
	else if (r == -EINVAL)
		http_reply_error(request, 400, "bad_request", NULL,
				 "Unable to deserialize request: %s", err.text);
	else
		reply_refused(request, r, 0, &err);
	free(parsed);
	json_decref(body);
}
