#include "front/piston_routes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "front/http_clients.h"
#include "front/piston_reply.h"
#include "front/piston_request.h"
#include "front/service.h"

enum { LOOK_USEC = 1000000 }; /* how often a waiting request looks whether its client is there */

/* ---- what there is ---- */

static void reply_list(struct http_request *request,
		       json_t *(*form)(const struct piston_runtime *runtime, const char *version))
{
	_cleanup_manifest_ struct manifest *manifest = service_manifest(request->service);
	struct piston_runtime runtimes[PISTON_RUNTIMES_MAX];
	size_t count = piston_runtimes(manifest, runtimes);
	json_t *list = json_array();
	char version[SEMVER_TEXT_SIZE];

	for (size_t i = 0; list && i < count; i++) {
		semver_format(&runtimes[i].version, version);
		json_array_append_new(list, form(&runtimes[i], version));
	}
	http_reply_json(request, 200, list, "Cache-Control: no-cache\r\n");
}

static json_t *form_runtime(const struct piston_runtime *runtime, const char *version)
{
	const json_t *aliases = json_object_get(runtime->language, "aliases");

	return json_pack("{s:O,s:s,s:o}", "language", json_object_get(runtime->language, "id"),
			 "version", version, "aliases",
			 json_is_array(aliases) ? json_deep_copy(aliases) : json_array());
}

static json_t *form_package(const struct piston_runtime *runtime, const char *version)
{
	return json_pack("{s:O,s:s,s:b}", "language", json_object_get(runtime->language, "id"),
			 "language_version", version, "installed", 1);
}

void piston_list_runtimes(struct http_request *request)
{
	reply_list(request, form_runtime);
}

void piston_list_packages(struct http_request *request)
{
	reply_list(request, form_package);
}

/* ---- execute ---- */

static void reply_refused(struct http_request *request, int error, unsigned retry_sec,
			  const struct error *err)
{
	char retry[48];

	snprintf(retry, sizeof(retry), "Retry-After: %u\r\n", retry_sec ? retry_sec : 1);
	switch (error) {
	case -EINVAL:
		http_reply_error(request, 400, "bad_request", NULL, "%s", err->text);
		break;
	case -E2BIG:
		http_reply_error(request, 413, "too_large", NULL, "%s", err->text);
		break;
	case -EBUSY:
		http_reply_error(request, 429, "queue_full", retry, "%s", err->text);
		break;
	default:
		http_reply_error(request, 500, "internal", NULL, "%s", err->text);
	}
}

/*
 * Follows the job to its result. Returns 0, or -ECONNABORTED when the client is gone or the server
 * stops: the job is then ended, nobody waits for it.
 */
static int follow(struct http_request *request, struct job *job, struct piston_reply *reply,
		  struct job_result *ret_result)
{
	int socket_fd = http_client_socket(request->client);
	struct job_event event;
	size_t cursor = 0;
	int r;

	while ((r = job_next_event(job, &cursor, LOOK_USEC, &event)) >= 0) {
		if (r == 0 && !http_server_is_stopping(request->server) &&
		    !http_client_is_gone(socket_fd))
			continue;
		if (r == 0)
			break;
		piston_reply_event(reply, &event);
		if (event.type != JOB_EVENT_RESULT)
			continue;
		*ret_result = event.result;
		return 0;
	}
	job_kill(job);
	return -ECONNABORTED;
}

static void run_job(struct http_request *request, const struct piston_request *parsed,
		    struct job *job)
{
	const char *language = parsed->job.language;
	struct piston_reply reply = {.failed = 0};
	struct job_result result;
	char version[SEMVER_TEXT_SIZE];
	json_t *value = NULL;

	semver_format(&parsed->runtime.version, version);
	int r = follow(request, job, &reply, &result);
	if (r == 0)
		value = piston_reply_json(&reply, &result, language, version);
	/* Nothing is held twice for a client that is slow to take it. */
	piston_reply_fini(&reply);
	if (r < 0)
		http_reply_error(request, 503, "unavailable", NULL, "the server is stopping");
	else
		http_reply_json(request, 200, value, "Cache-Control: no-store\r\n");
}

static void execute(struct http_request *request, const json_t *body, struct piston_request *parsed)
{
	_cleanup_manifest_ struct manifest *manifest = service_manifest(request->service);
	const struct limits *const limits[STEP_KIND_COUNT] = {
		[STEP_COMPILE] = service_limits(request->service, STEP_COMPILE),
		[STEP_RUN] = service_limits(request->service, STEP_RUN),
	};
	struct error err = {0};
	struct job *job = NULL;
	unsigned retry_sec = 0;
	int r = piston_request_read(body, manifest, limits, parsed, &err);

	if (r == 0) {
		parsed->job.client = http_client_key(request->client);
		parsed->job.session = http_header(request, HTTP_SESSION);
		r = job_submit(request->service, &parsed->job, &job, &retry_sec, &err);
	}
	if (r < 0)
		reply_refused(request, r, retry_sec, &err);
	else
		run_job(request, parsed, job);
	piston_request_fini(parsed);
	job_unref(job);
}

void piston_execute(struct http_request *request)
{
	struct piston_request *parsed;
	json_t *body = NULL;

	if (http_body_read_json(request, &body) < 0)
		return;
	parsed = malloc(sizeof(*parsed));
	if (parsed)
		execute(request, body, parsed);
	else
		http_reply_error(request, 503, "unavailable", NULL, "the server is out of memory");
	free(parsed);
	json_decref(body);
}
