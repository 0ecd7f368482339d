/*
 * A job's WebSocket: its events as text messages {"type","data"}, its stdin and its end the other
 * way. The worker's thread reads messages, a second one follows the job. Whoever comes late gets
 * everything from the first event on; the job does not mind who listens.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/http_limits.h"
#include "front/api_event_stream.h"
#include "front/api_routes.h"
#include "front/http_clients.h"
#include "front/http_runner.h"
#include "front/http_websocket.h"
#include "front/json_read.h"

enum {
	SESSION_LOOK_USEC = 1000000, /* how often a silent session looks whether it goes on */
	CLOSE_USEC = 2000000,	     /* how long a client may take to close as well */
};

struct session {
	struct http_request *request;
	struct websocket socket;
	struct job *job;
	struct event_stream stream;
	pthread_t follower;
	atomic_int over; /* either side is done */
};

/* ---- events out, on the follower's thread ---- */

static int send_event(struct event_stream *stream, const char *name, const char *text, int last)
{
	struct session *session = stream->owner;
	_cleanup_free_ char *message = NULL;
	int n = asprintf(&message, "{\"type\":\"%s\",\"data\":%s}", name, text);

	(void)last;
	if (n < 0) {
		message = NULL;
		return -ENOMEM;
	}
	return websocket_send_text(&session->socket, message, (size_t)n);
}

static int stop_when_over(struct event_stream *stream)
{
	struct session *session = stream->owner;

	return atomic_load(&session->over) ? -EPIPE : 0;
}

static void *follow(void *argument)
{
	struct session *session = argument;

	event_stream_follow(&session->stream);
	event_stream_close(&session->stream);
	if (!atomic_exchange(&session->over, 1))
		websocket_close(&session->socket, session->stream.failed
							  ? WEBSOCKET_STATUS_GOING_AWAY
							  : WEBSOCKET_STATUS_NORMAL);
	return NULL;
}

/* ---- messages in ---- */

static void send_fault(struct session *session, const char *code, const char *text)
{
	json_t *message = json_pack("{s:s,s:{s:{s:s,s:o}}}", "type", "error", "data", "error",
				    "code", code, "message", http_json_text(text, strlen(text)));
	_cleanup_free_ char *out = message ? json_dumps(message, JSON_COMPACT) : NULL;

	json_decref(message);
	if (out)
		websocket_send_text(&session->socket, out, strlen(out));
}

static int take_stdin(struct session *session, const json_t *message, struct error *err)
{
	const char *text = NULL;
	size_t len = 0;
	int r = json_get_bytes(message, "", "text", JSON_REQUIRED, &text, &len, err);

	return r < 0 ? r : job_stdin(session->job, text, len);
}

static int take_stdin_close(struct session *session, const json_t *message, struct error *err)
{
	(void)message;
	(void)err;
	return job_stdin_close(session->job);
}

static int take_kill(struct session *session, const json_t *message, struct error *err)
{
	(void)message;
	(void)err;
	job_kill(session->job);
	return 0;
}

static int take_message(struct session *session, const json_t *message, struct error *err)
{
	static const char *const known[] = {"type", "text", NULL};
	static const struct {
		const char *type;
		int (*take)(struct session *session, const json_t *message, struct error *err);
	} rows[] = {{"stdin", take_stdin}, {"stdin_close", take_stdin_close}, {"kill", take_kill}};
	const char *type = NULL;
	int r = json_check_keys(message, "", known, err);

	if (r >= 0)
		r = json_get_text(message, "", "type", JSON_REQUIRED, &type, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].type, type) == 0)
			return rows[i].take(session, message, err);
	return error_set_plain(err, -EINVAL, "json",
			       "`type` is \"%.40s\"; it must be stdin, stdin_close or kill", type);
}

static void handle(struct session *session, const char *text, size_t len)
{
	struct error err = {0};
	json_t *message = NULL;
	int r = json_read_object(text, len, &message, &err);

	if (r == 0)
		r = take_message(session, message, &err);
	json_decref(message);
	if (r == -EPIPE)
		send_fault(session, "closed",
			   "the program takes no more input: stdin is closed or the job has ended");
	else if (r == -ENOBUFS)
		send_fault(session, "stdin_full",
			   "the program has not read what it was sent before");
	else if (r < 0)
		send_fault(session, r == -EINVAL ? "bad_request" : "unavailable",
			   err.text[0] ? err.text : "the input could not be taken");
}

static void session_loop(struct session *session)
{
	int r = 0;

	while (r >= 0 && !atomic_load(&session->over) &&
	       !http_server_is_stopping(session->request->server)) {
		_cleanup_free_ char *text = NULL;
		size_t len;
		r = websocket_receive(&session->socket, clock_monotonic_usec() + SESSION_LOOK_USEC,
				      &text, &len);
		if (r > 0)
			handle(session, text, len);
	}
	/* What is on its way may take some seconds to fail: the program need not wait for that. */
	event_stream_close(&session->stream);
	if (!atomic_exchange(&session->over, 1) && r != -ECONNRESET)
		websocket_close(&session->socket, websocket_status_of(r < 0 ? r : 0));
	if (r >= 0)
		websocket_wait_for_close(&session->socket, clock_monotonic_usec() + CLOSE_USEC);
}

static void session_run(struct session *session)
{
	event_stream_open(&session->stream, session->job);
	if (http_thread_start(&session->follower, follow, session) == 0) {
		session_loop(session);
		pthread_join(session->follower, NULL);
	} else {
		websocket_close(&session->socket, WEBSOCKET_STATUS_GOING_AWAY);
	}
	event_stream_close(&session->stream);
}

void api_socket_run(struct http_request *request)
{
	int fd = http_client_socket(request->client);
	struct session *session = fd < 0 ? NULL : calloc(1, sizeof(*session));

	if (!session)
		return;
	session->request = request;
	session->job = job_find(request->service, request->id);
	session->stream =
		(struct event_stream){.send = send_event, .idle = stop_when_over, .owner = session};
	websocket_init(&session->socket, fd, http_server_limits(request->server)->message_bytes);
	if (session->job)
		session_run(session);
	else
		websocket_close(&session->socket, WEBSOCKET_STATUS_GOING_AWAY);
	websocket_fini(&session->socket);
	job_unref(session->job);
	free(session);
}

int api_socket_admit(struct http_request *request)
{
	struct job *job = job_find(request->service, request->id);

	if (!job)
		http_reply_error(request, 404, "not_found", NULL,
				 "there is no job %s; results are kept for a while only",
				 request->id);
	job_unref(job);
	return job != NULL;
}
