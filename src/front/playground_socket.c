/*
 * The Rust Playground's WebSocket session. The worker's thread reads messages; while something is
 * executed, a second thread follows its job and sends what comes. A session executes one thing at a
 * time: a new request ends the one before. It runs on the socket itself (http_websocket.h), with
 * bounds for everything: message size, waiting for a browser that does not read, idle time, total
 * time.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/http_limits.h"
#include "front/carry.h"
#include "front/http_clients.h"
#include "front/http_websocket.h"
#include "front/job.h"
#include "front/playground_execution.h"
#include "front/playground_message.h"
#include "front/playground_request.h"
#include "front/playground_routes.h"

enum {
	HANDSHAKE_USEC = 5000000,
	LOOK_USEC = 1000000, /* how often the session looks at its clocks */
};

#define SESSION_USEC (UINT64_C(45) * 60 * USEC_PER_SEC)

struct session {
	struct http_request *request;
	struct websocket socket;
	struct execution *execution; /* the latest, running or ended */
	uint64_t started_usec, active_usec;
	char name[CARRY_SESSION_MAX + 1]; /* what it is called where compiles carry something */
};

/* ---- messages ---- */

static void execute(struct session *session, const struct playground_message *message)
{
	struct playground_request *parsed = calloc(1, sizeof(*parsed));
	struct error err = {0};
	struct job *job = NULL;
	unsigned retry_sec = http_rate_take(session->request, 1);
	int r = -ENOMEM;

	/* Whatever becomes of this request, it ends the one before. */
	session->execution = execution_free(session->execution);
	if (!parsed)
		error_set(&err, r, "request", "no memory");
	else if (retry_sec)
		r = error_set_plain(&err, -EBUSY, "rate",
				    "too many requests from your address; try again in %u s",
				    retry_sec);
	else if (!json_is_object(message->payload))
		r = error_set_plain(&err, -EINVAL, "json", "missing field `payload`");
	else
		r = playground_request_read(message->payload, parsed, &err);
	if (r == 0) {
		parsed->job.client = http_client_key(session->request->client);
		parsed->job.session = session->name;
		parsed->job.interactive = 1;
		r = job_submit(session->request->service, &parsed->job, &job, &retry_sec, &err);
		if (r == -EINVAL)
			r = -EPROTO;
	}
	if (r == 0)
		session->execution =
			execution_new(&session->socket, job, message->sequence, &parsed->build);
	if (r == 0 && !session->execution)
		r = error_set(&err, -EAGAIN, "request", "cannot follow the execution");
	if (r < 0)
		execution_send_error(&session->socket, message->sequence,
				     r == -EINVAL ? "Unable to deserialize request"
				     : r == -EPROTO || r == -E2BIG
					     ? "The request could not be parsed"
					     : "Could not begin the execution session",
				     err.text);
	free(parsed);
}

/* The execution a message is for, or NULL: it may have ended while the message was under way. */
static struct execution *execution_of(struct session *session,
				      const struct playground_message *message)
{
	struct execution *execution = session->execution;

	return execution && execution_sequence(execution) == message->sequence ? execution : NULL;
}

static void feed_stdin(struct session *session, const struct playground_message *message)
{
	struct execution *execution = execution_of(session, message);

	if (!json_is_string(message->payload)) {
		execution_send_error(&session->socket, message->sequence,
				     "Unable to deserialize request", "`payload` must be a text");
		return;
	}
	if (execution && job_stdin(execution_job(execution), json_string_value(message->payload),
				   json_string_length(message->payload)) == -ENOBUFS)
		execution_send_error(&session->socket, message->sequence, "Could not send stdin",
				     "the program has not read what it was sent before");
}

static void close_stdin(struct session *session, const struct playground_message *message)
{
	struct execution *execution = execution_of(session, message);

	if (execution)
		job_stdin_close(execution_job(execution));
}

static void stop(struct session *session, const struct playground_message *message)
{
	struct execution *execution = execution_of(session, message);

	if (execution)
		job_kill(execution_job(execution));
}

/* Once is enough: a second greeting says nothing new. */
static void greet_again(struct session *session, const struct playground_message *message)
{
	execution_send_error(&session->socket, message->sequence, "",
			     "websocket/connected may come only at the start");
}

static void handle_message(struct session *session, const char *text, size_t len)
{
	static void (*const handlers[PLAYGROUND_MESSAGE_TYPES])(
		struct session *, const struct playground_message *) = {
		[PLAYGROUND_CONNECTED] = greet_again,
		[PLAYGROUND_EXECUTE_REQUEST] = execute,
		[PLAYGROUND_EXECUTE_STDIN] = feed_stdin,
		[PLAYGROUND_EXECUTE_STDIN_CLOSE] = close_stdin,
		[PLAYGROUND_EXECUTE_KILL] = stop,
	};
	struct playground_message message;
	struct error err = {0};
	json_int_t sequence;

	if (playground_message_read(text, len, &message, &sequence, &err) < 0) {
		execution_send_error(&session->socket, sequence, "Unable to deserialize request",
				     err.text);
		return;
	}
	handlers[message.type](session, &message);
	playground_message_fini(&message);
}

/* ---- the session ---- */

/* Waits for the greeting and echoes it word for word. Returns 0, or -EPROTO when there was none. */
static int session_greet(struct session *session)
{
	struct playground_message message;
	_cleanup_free_ char *text = NULL;
	json_int_t sequence;
	size_t len;
	int ok = 0;

	if (websocket_receive(&session->socket, session->started_usec + HANDSHAKE_USEC, &text,
			      &len) != 1)
		return -EPROTO;
	if (playground_message_read(text, len, &message, &sequence, NULL) == 0) {
		ok = playground_message_is_greeting(&message);
		playground_message_fini(&message);
	}
	if (!ok || websocket_send_text(&session->socket, text, len) < 0)
		return -EPROTO;
	execution_send(&session->socket, "featureFlags", json_pack("{s:n}", "multifileThreshold"),
		       PLAYGROUND_SERVER_SEQUENCE);
	return 0;
}

/* Is it time to end the session? */
static int session_is_over(struct session *session)
{
	struct execution *execution = session->execution;
	uint64_t now = clock_monotonic_usec();

	if (execution && !execution_has_ended(execution))
		session->active_usec = now;
	return http_server_is_stopping(session->request->server) ||
	       now - session->active_usec >
		       http_server_limits(session->request->server)->session_usec ||
	       now - session->started_usec > SESSION_USEC;
}

static void session_refuse(struct session *session, int error)
{
	char most[HTTP_LIMIT_TEXT], text[64];

	switch (error) {
	case -EMSGSIZE:
		http_limit_format(HTTP_LIMIT_message_bytes, session->socket.message_max, most);
		snprintf(text, sizeof(text), "the message is larger than %s", most);
		execution_send_error(&session->socket, PLAYGROUND_SERVER_SEQUENCE, "", text);
		websocket_close(&session->socket, WEBSOCKET_STATUS_TOO_BIG);
		break;
	case -EOPNOTSUPP:
		execution_send_error(&session->socket, PLAYGROUND_SERVER_SEQUENCE, "",
				     "only text messages are taken");
		websocket_close(&session->socket, WEBSOCKET_STATUS_UNSUPPORTED);
		break;
	default:
		websocket_close(&session->socket, WEBSOCKET_STATUS_PROTOCOL_ERROR);
	}
}

static void session_loop(struct session *session)
{
	while (!session_is_over(session)) {
		_cleanup_free_ char *text = NULL;
		size_t len;
		/* One that runs nothing gives way when places run out. */
		http_client_wait(session->request->client,
				 !session->execution || execution_has_ended(session->execution));
		int r = websocket_receive(&session->socket, clock_monotonic_usec() + LOOK_USEC,
					  &text, &len);
		if (r == -ECONNRESET)
			return;
		if (r < 0) {
			session_refuse(session, r);
			return;
		}
		if (r > 0) {
			http_client_wait(session->request->client, 0);
			session->active_usec = clock_monotonic_usec();
			handle_message(session, text, len);
		}
	}
	websocket_close(&session->socket, WEBSOCKET_STATUS_GOING_AWAY);
}

void playground_websocket_run(struct http_request *request)
{
	int fd = http_client_socket(request->client);
	struct session *session = fd < 0 ? NULL : calloc(1, sizeof(*session));

	if (!session)
		return;
	session->request = request;
	session->started_usec = session->active_usec = clock_monotonic_usec();
	websocket_init(&session->socket, fd, http_server_limits(request->server)->message_bytes);
	if (carry_session_make(session->name) == 0 && session_greet(session) == 0)
		session_loop(session);
	else
		websocket_close(&session->socket, WEBSOCKET_STATUS_POLICY);
	execution_free(session->execution);
	websocket_fini(&session->socket);
	free(session);
}
