/* `sandlot run`: runs a file through a server and ends as the program did. */
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "cli/run_follow.h"
#include "cli/run_http.h"
#include "cli/run_options.h"
#include "cli/run_request.h"

static const char program[] = "sandlot run";

enum { JOB_ID_MAX = 40 };

/* An id goes into paths: nothing but hex digits is taken for one. */
static int job_id_copy(const char *text, char *id)
{
	size_t len = text ? strlen(text) : 0;

	if (len == 0 || len > JOB_ID_MAX || strspn(text, "0123456789abcdef") != len)
		return -EBADMSG;
	memcpy(id, text, len + 1);
	return 0;
}

/* What the server said instead of 202. */
static int submit_refused(const struct http_transfer *transfer, struct error *err)
{
	json_t *root =
		transfer->body ? json_loadb(transfer->body, transfer->body_len, 0, NULL) : NULL;
	const char *message =
		json_string_value(json_object_get(json_object_get(root, "error"), "message"));

	if (transfer->retry_after_sec > 0)
		error_set_plain(err, -EBUSY, "server", "%.140s Try again in %u s.",
				message ? message : "The server is busy.",
				transfer->retry_after_sec);
	else if (message)
		error_set_plain(err, -EPROTO, "server", "%s", message);
	else
		error_set_plain(err, -EPROTO, "server",
				"the server answers with status %ld; is it a Sandlot server?",
				transfer->status);
	json_decref(root);
	return err->code;
}

/* id: JOB_ID_MAX + 1 bytes. */
static int job_submit(struct http *http, const char *body, char *id, struct error *err)
{
	const struct http_request request = {
		.method = "POST",
		.path = "/api/v1/jobs",
		.type = "application/json",
		.body = body,
		.body_len = strlen(body),
		.timeout_sec = 60,
	};
	struct http_transfer transfer = {0};
	int r = http_call(http, &transfer, &request, err);

	if (r == 0 && transfer.status != 202)
		r = submit_refused(&transfer, err);
	else if (r == 0) {
		json_t *root =
			json_loadb(transfer.body ? transfer.body : "", transfer.body_len, 0, NULL);
		r = job_id_copy(json_string_value(json_object_get(root, "id")), id);
		if (r < 0)
			error_set_plain(err, r, "server", "the server's answer is not understood");
		json_decref(root);
	}
	http_end(http, &transfer);
	return r;
}

static int run(const struct run_options *options, struct error *err)
{
	_cleanup_free_ char *body = NULL;
	char id[JOB_ID_MAX + 1];
	struct http http = {0};
	enum stdin_mode mode = STDIN_NONE;
	int r = http_init(&http, options->server, err);

	if (r < 0)
		return r;
	r = request_build(options, &http, &body, &mode, err);
	if (r == 0)
		r = job_submit(&http, body, id, err);
	if (r == 0)
		r = follow_job(&http, id, mode, err);
	http_fini(&http);
	return r;
}

/* Which status a failure of ours ends with. */
static int failure_status(const struct error *err)
{
	if (strcmp(err->step, "source") == 0)
		return RUN_EXIT_NO_INPUT;
	if (strcmp(err->step, "arguments") == 0 || strcmp(err->step, "language") == 0)
		return RUN_EXIT_USAGE;
	return RUN_EXIT_SERVER;
}

int main(int argc, char **argv)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct run_options options;
	struct error err = {0};

	sigaction(SIGPIPE, &ignore,
		  NULL); /* a reader that left is seen as EPIPE, and ends the job */
	int r = run_options_parse(argc, argv, &options, &err);
	if (r == RUN_PARSED_HELP) {
		run_options_help();
		return EXIT_SUCCESS;
	}
	if (r == RUN_PARSED_GO)
		r = run(&options, &err);
	if (r < 0) {
		fprintf(stderr, "%s: %s\n", program, err.text);
		return failure_status(&err);
	}
	return r;
}
