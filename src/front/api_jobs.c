#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "front/api_request.h"
#include "front/api_result.h"
#include "front/api_routes.h"
#include "front/http_clients.h"
#include "front/repeats.h"

/* The job of the path, a reference; when there is none, that is replied. */
static struct job *find_job(struct http_request *request)
{
	struct job *job = job_find(request->service, request->id);

	if (!job)
		http_reply_error(request, 404, "not_found", NULL,
				 "there is no job %s; results are kept for a while only",
				 request->id);
	return job;
}

static void reply_refused(struct http_request *request, int error, unsigned retry_sec,
			  const struct error *err)
{
	char retry[48];

	switch (error) {
	case -EINVAL:
		http_reply_error(request, 400, "bad_request", NULL, "%s", err->text);
		break;
	case -EEXIST:
		http_reply_error(request, 409, "conflict", NULL, "%s", err->text);
		break;
	case -E2BIG:
		http_reply_error(request, 413, "too_large", NULL, "%s", err->text);
		break;
	case -EBUSY:
		snprintf(retry, sizeof(retry), "Retry-After: %u\r\n", retry_sec ? retry_sec : 1);
		http_reply_error(request, 429, "queue_full", retry, "%s", err->text);
		break;
	default:
		http_reply_error(request, 500, "internal", NULL, "the job could not be taken: %s",
				 err->text);
	}
}

static void reply_accepted(struct http_request *request, struct job *job)
{
	struct job_result result;
	enum job_state state;
	unsigned position;
	char location[96];

	job_peek(job, &state, &position, &result);
	snprintf(location, sizeof(location),
		 "Location: /api/v1/jobs/%s\r\nCache-Control: no-store\r\n", job_id(job));
	http_reply_json(request, 202,
			json_pack("{s:s,s:s,s:i}", "id", job_id(job), "state",
				  job_state_name(state), "position", (int)position),
			location);
}

/* Submits what was not sent before under its Idempotency-Key. Returns as job_submit(), or -EEXIST.
 */
static int submit_once(struct http_request *request, const json_t *body,
		       const struct job_request *wanted, struct job **ret_job,
		       unsigned *ret_retry_sec, struct error *err)
{
	const char *key = http_header(request, "Idempotency-Key");
	_cleanup_free_ char *text = key ? json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	uint8_t hash[SHA256_BYTES];
	char id[JOB_ID_SIZE];

	if (!key)
		return job_submit(request->service, wanted, ret_job, ret_retry_sec, err);
	if (!repeat_key_is_valid(key))
		return error_set_plain(err, -EINVAL, "repeat",
				       "Idempotency-Key must be 1 to %d visible ASCII characters",
				       REPEAT_KEY_MAX);
	if (!text)
		return error_set(err, -ENOMEM, "repeat", "cannot take the job");
	sha256_of(text, strlen(text), hash);
	int r = repeats_begin(request->repeats, wanted->client, key, hash, clock_monotonic_usec(),
			      id);
	if (r > 0)
		*ret_job = job_find(request->service, id);
	if (r == 0 || (r > 0 && !*ret_job))
		r = job_submit(request->service, wanted, ret_job, ret_retry_sec, err);
	else if (r < 0)
		error_set_plain(err, r, "repeat",
				"this Idempotency-Key came with another request before");
	repeats_end(request->repeats, *ret_job ? job_id(*ret_job) : NULL);
	return r < 0 ? r : 0;
}

void api_job_submit(struct http_request *request)
{
	struct api_request *parsed = NULL;
	json_t *body = NULL;
	struct error err = {0};
	struct job *job = NULL;
	unsigned retry_sec = 0;
	int r = http_body_read_json(request, &body);

	if (r < 0)
		return;
	parsed = calloc(1, sizeof(*parsed));
	r = parsed ? api_request_read(body, parsed, &err)
		   : error_set(&err, -ENOMEM, "request", "no memory");
	if (r == 0) {
		parsed->job.client = http_client_key(request->client);
		parsed->job.session = http_header(request, HTTP_SESSION);
		r = submit_once(request, body, &parsed->job, &job, &retry_sec, &err);
	}
	if (r < 0)
		reply_refused(request, r, retry_sec, &err);
	else
		reply_accepted(request, job);
	job_unref(job);
	free(parsed);
	json_decref(body);
}

/* All that both steps printed on a stream, as one text. */
static json_t *output_text(struct job *job, int stream)
{
	_cleanup_free_ char *compile = NULL, *run = NULL, *all = NULL;
	size_t compile_len = 0, run_len = 0;

	if (job_output(job, STEP_COMPILE, stream, &compile, &compile_len) < 0 ||
	    job_output(job, STEP_RUN, stream, &run, &run_len) < 0)
		return NULL;
	all = malloc(compile_len + run_len + 1);
	if (!all)
		return NULL;
	memcpy(all, compile, compile_len);
	memcpy(all + compile_len, run, run_len);
	return http_json_text(all, compile_len + run_len);
}

void api_job_get(struct http_request *request)
{
	struct job *job = find_job(request);
	struct job_result result;
	enum job_state state;
	unsigned position;
	json_t *reply, *ended;

	if (!job)
		return;
	int has_ended = job_peek(job, &state, &position, &result);
	reply = json_pack("{s:s,s:s,s:i}", "id", job_id(job), "state", job_state_name(state),
			  "position", (int)position);
	if (has_ended && reply) {
		ended = api_result_json(job_id(job), &result, job_product(job));
		if (ended) {
			json_object_set_new(ended, "stdout", output_text(job, 1));
			json_object_set_new(ended, "stderr", output_text(job, 2));
		}
		if (json_object_set_new(reply, "result", ended) < 0) {
			json_decref(reply);
			reply = NULL;
		}
	}
	http_reply_json(request, 200, reply, "Cache-Control: no-store\r\n");
	job_unref(job);
}

void api_job_kill(struct http_request *request)
{
	struct job *job = find_job(request);

	if (!job)
		return;
	job_kill(job);
	http_reply_json(request, 202, json_pack("{s:s}", "id", job_id(job)), NULL);
	job_unref(job);
}

/* ?close=1: returns 1, without it 0, -EINVAL for anything else. */
static int wants_close(const char *query)
{
	if (*query == '\0' || strcmp(query, "close=0") == 0)
		return 0;
	return strcmp(query, "close=1") == 0 ? 1 : -EINVAL;
}

void api_job_stdin(struct http_request *request)
{
	_cleanup_free_ char *body = NULL;
	int last = wants_close(request->query), r = 0;
	struct job *job;
	size_t len;

	if (last < 0) {
		http_reply_error(request, 400, "bad_request", NULL,
				 "the query may be close=1 or nothing");
		return;
	}
	if (http_body_read(request, &body, &len) < 0)
		return;
	job = find_job(request);
	if (!job)
		return;
	if (len)
		r = job_stdin(job, body, len);
	if (r == 0 && last)
		r = job_stdin_close(job);
	if (r == -EPIPE)
		http_reply_error(
			request, 409, "closed", NULL,
			"the program takes no more input: stdin is closed or the job has ended");
	else if (r == -ENOBUFS)
		http_reply_error(
			request, 429, "stdin_full", "Retry-After: 1\r\n",
			"the program has not read what it was sent before; at most %d KiB may "
			"wait",
			JOB_STDIN_BUFFER >> 10);
	else if (r < 0)
		http_reply_error(request, 503, "unavailable", NULL, "the input could not be taken");
	else
		http_reply(request, &(struct http_reply){.status = 204});
	job_unref(job);
}
