/*
 * Piston's WebSocket, /api/v2/connect: one job for each connection. The client's init, which must
 * come within a second, is what POST /api/v2/execute takes; stdin stays open. The worker's thread
 * reads messages, a second one follows the job and closes when it has ended. Piston says what is
 * wrong by the status it closes with; what it has no status for is told by an error message first.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/http_limits.h"
#include "front/http_clients.h"
#include "front/http_runner.h"
#include "front/http_websocket.h"
#include "front/json_read.h"
#include "front/piston_reply.h"
#include "front/piston_request.h"
#include "front/piston_routes.h"
#include "front/service.h"

enum {
	INIT_USEC = 1000000,
	LOOK_USEC = 1000000,  /* how often the session looks whether it goes on */
	CLOSE_USEC = 2000000, /* how long a client may take to close as well */
};

/* What Piston closes with, and the words beside it. */
static const struct farewell {
	unsigned status;
	const char *reason;
} already_initialized = {4000, "Already Initialized"},
  initialization_timeout = {4001, "Initialization Timeout"},
  notified_error = {4002, "Notified Error"}, not_yet_initialized = {4003, "Not yet initialized"},
  stdin_only = {4004, "Can only write to stdin"}, invalid_signal = {4005, "Invalid signal"},
  job_completed = {4999, "Job Completed"};

struct session {
	struct http_request *request;
	struct websocket socket;
	uint64_t init_deadline_usec;
	struct job *job; /* owned; NULL before init */
	pthread_t follower;
	atomic_int over; /* either side has closed */
	struct job_reader reader;
	/* The follower's own. */
	struct piston_stream stream;
};

static void session_close(struct session *session, const struct farewell *farewell)
{
	if (!atomic_exchange(&session->over, 1))
		websocket_close_saying(&session->socket, farewell->status, farewell->reason);
}

static void session_send(struct session *session, json_t *take_message)
{
	_cleanup_free_ char *text = take_message ? json_dumps(take_message, JSON_COMPACT) : NULL;

	json_decref(take_message);
	/* A message that cannot be sent ends the session by itself: see websocket_send_text(). */
	if (text && !atomic_load(&session->over))
		websocket_send_text(&session->socket, text, strlen(text));
}

static void session_fail(struct session *session, const char *text)
{
	session_send(session, json_pack("{s:s,s:o}", "type", "error", "message",
					http_json_text(text, strlen(text))));
	session_close(session, &notified_error);
}

/* ---- events out, on the follower's thread ---- */

static void stream_send(struct piston_stream *stream, json_t *take_message)
{
	session_send(stream->owner, take_message);
}

static void *follow(void *argument)
{
	struct session *session = argument;
	struct job_event event = {0};
	int r = 0;

	session->stream = (struct piston_stream){.send = stream_send, .owner = session};
	while (!atomic_load(&session->over) && event.type != JOB_EVENT_RESULT &&
	       (r = job_reader_next(&session->reader, LOOK_USEC, &event)) >= 0)
		if (r > 0)
			piston_stream_event(&session->stream, &event);
	job_reader_close(&session->reader);
	session_close(session, &job_completed);
	return NULL;
}

/* ---- messages in ---- */

/* Returns 0; a negative errno with a sentence. ret_hello: what to say before the job's events. */
static int job_begin(struct session *session, const json_t *message, json_t **ret_hello,
		     struct error *err)
{
	struct http_request *request = session->request;
	_cleanup_manifest_ struct manifest *manifest = service_manifest(request->service);
	const struct limits *const limits[STEP_KIND_COUNT] = {
		[STEP_COMPILE] = service_limits(request->service, STEP_COMPILE),
		[STEP_RUN] = service_limits(request->service, STEP_RUN),
	};
	struct piston_request *parsed = malloc(sizeof(*parsed));
	unsigned retry_sec = http_rate_take(request, 1);
	char version[SEMVER_TEXT_SIZE];

	if (!parsed)
		return error_set(err, -ENOMEM, "piston", "no memory");
	int r = piston_request_read(message, manifest, limits, parsed, err);
	if (r == 0 && retry_sec)
		r = error_set_plain(err, -EBUSY, "rate",
				    "too many requests from your address; try again in %u s",
				    retry_sec);
	if (r == 0) {
		parsed->job.client = http_client_key(request->client);
		parsed->job.interactive = 1;
		r = job_submit(request->service, &parsed->job, &session->job, &retry_sec, err);
	}
	if (r == 0) {
		semver_format(&parsed->runtime.version, version);
		*ret_hello = json_pack("{s:s,s:s,s:s}", "type", "runtime", "language",
				       parsed->job.language, "version", version);
	}
	piston_request_fini(parsed);
	free(parsed);
	return r;
}

static void take_init(struct session *session, const json_t *message)
{
	struct error err = {0};
	json_t *hello = NULL;

	if (session->job) {
		session_close(session, &already_initialized);
		return;
	}
	if (job_begin(session, message, &hello, &err) < 0) {
		session_fail(session, err.text);
		return;
	}
	job_reader_open(&session->reader, session->job);
	session_send(session, hello);
	if (http_thread_start(&session->follower, follow, session) == 0)
		return;
	job_reader_close(&session->reader);
	job_kill(session->job);
	job_unref(session->job);
	session->job = NULL;
	session_fail(session, "the server cannot follow another job now");
}

static void take_data(struct session *session, const json_t *message)
{
	const json_t *stream = json_object_get(message, "stream");
	const json_t *data = json_object_get(message, "data");

	if (!session->job)
		session_close(session, &not_yet_initialized);
	else if (!json_is_string(stream) || strcmp(json_string_value(stream), "stdin") != 0)
		session_close(session, &stdin_only);
	else if (!json_is_string(data))
		session_fail(session, "data must be a string");
	else if (job_stdin(session->job, json_string_value(data), json_string_length(data)) ==
		 -ENOBUFS)
		session_fail(session, "the program has not read what it was sent before");
}

static void take_signal(struct session *session, const json_t *message)
{
	int number = signal_number(json_string_value(json_object_get(message, "signal")));

	if (!session->job)
		session_close(session, &not_yet_initialized);
	else if (!number)
		session_close(session, &invalid_signal);
	else
		job_signal(session->job, number);
}

static void handle(struct session *session, const char *text, size_t len)
{
	static const struct {
		const char *type;
		void (*take)(struct session *session, const json_t *message);
	} rows[] = {{"init", take_init}, {"data", take_data}, {"signal", take_signal}};
	struct error err = {0};
	json_t *message = NULL;

	if (json_read_object(text, len, &message, &err) < 0) {
		session_fail(session, err.text);
		return;
	}
	const char *type = json_string_value(json_object_get(message, "type"));
	size_t i = 0;
	while (i < 3 && (!type || strcmp(rows[i].type, type) != 0))
		i++;
	if (i < 3)
		rows[i].take(session, message);
	else
		session_fail(session, "type must be init, data or signal");
	json_decref(message);
}

/* ---- the session ---- */

static void session_refuse(struct session *session, int error)
{
	if (!atomic_exchange(&session->over, 1) && error != -ECONNRESET)
		websocket_close(&session->socket, websocket_status_of(error));
}

static void session_loop(struct session *session)
{
	while (!atomic_load(&session->over)) {
		_cleanup_free_ char *text = NULL;
		uint64_t now = clock_monotonic_usec(), until = now + LOOK_USEC;
		size_t len;

		if (!session->job && now >= session->init_deadline_usec)
			session_close(session, &initialization_timeout);
		if (http_server_is_stopping(session->request->server))
			session_refuse(session, 0);
		if (!session->job && until > session->init_deadline_usec)
			until = session->init_deadline_usec;
		int r = websocket_receive(&session->socket, until, &text, &len);
		if (r > 0 && !atomic_load(&session->over))
			handle(session, text, len);
		if (r < 0)
			session_refuse(session, r);
	}
}

void piston_socket_run(struct http_request *request)
{
	int fd = http_client_socket(request->client);
	struct session *session = fd < 0 ? NULL : calloc(1, sizeof(*session));

	if (!session)
		return;
	session->request = request;
	session->init_deadline_usec = clock_monotonic_usec() + INIT_USEC;
	websocket_init(&session->socket, fd, http_server_limits(request->server)->message_bytes);
	session_loop(session);
	if (session->job) {
		job_kill(session->job); /* nobody else knows of it */
		pthread_join(session->follower, NULL);
	}
	websocket_wait_for_close(&session->socket, clock_monotonic_usec() + CLOSE_USEC);
	websocket_fini(&session->socket);
	job_unref(session->job);
	free(session);
}
