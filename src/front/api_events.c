/*
 * A job's events as server-sent events (WHATWG HTML, section 9.2). A reader may come late or again:
 * it gets everything from the first event on. The stream ends after `result`.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "front/api_result.h"
#include "front/api_routes.h"
#include "front/http_clients.h"
#include "front/job.h"

enum {
	HEARTBEAT_USEC =
		15000000,    /* silence after which a comment shows that the server is alive */
	LOOK_USEC = 1000000, /* how often a silent stream looks whether its client is there */
};

struct event_stream {
	struct http_request *request;
	struct api_output output;
	uint64_t sent_usec; /* CLOCK_MONOTONIC */
	int failed;
};

/* Sends one event. take_data: taken. id: for Last-Event-ID, or NULL. */
static void stream_send(struct event_stream *stream, const char *name, const char *id,
			json_t *take_data)
{
	_cleanup_free_ char *text = take_data ? json_dumps(take_data, JSON_COMPACT) : NULL;
	_cleanup_free_ char *event = NULL;
	int n = -1;

	json_decref(take_data);
	if (text)
		n = asprintf(&event, "%s%s%sevent: %s\ndata: %s\n\n", id ? "id: " : "",
			     id ? id : "", id ? "\n" : "", name, text);
	if (n < 0) {
		event = NULL;
		/* Without memory the stream breaks off; the client sees that no result came. */
		stream->failed = 1;
		return;
	}
	if (http_stream_write(stream->request, event, (size_t)n) < 0)
		stream->failed = 1;
	stream->sent_usec = clock_monotonic_usec();
}

static void send_held_back(struct event_stream *stream, enum step_kind kind)
{
	int empty;

	for (int out = 1; out <= 2; out++) {
		json_t *object = api_output_last_json(&stream->output, kind, out, &empty);
		if (!empty)
			stream_send(stream, "output", NULL, object);
	}
}

static void send_event(struct event_stream *stream, struct job *job, struct job_event *event)
{
	json_t *object;
	int empty;

	switch (event->type) {
	case JOB_EVENT_STATE:
		stream_send(stream, "state", NULL, api_state_json(event->state, event->position));
		break;
	case JOB_EVENT_OUTPUT:
		object = api_output_json(&stream->output, event, &empty);
		if (!empty)
			stream_send(stream, "output", NULL, object);
		break;
	case JOB_EVENT_STEP:
		send_held_back(stream, event->step.kind);
		stream_send(stream, "step", NULL, api_step_json(&event->step, job_is_action(job)));
		break;
	case JOB_EVENT_RESULT:
		stream_send(stream, "result", "end",
			    api_result_json(&event->result, job_product(job)));
		break;
	}
}

/* Nothing happened for a while. */
static void stream_idle(struct event_stream *stream, int socket_fd)
{
	static const char comment[] = ": still here\n\n";

	if (http_server_is_stopping(stream->request->server) || http_client_is_gone(socket_fd)) {
		stream->failed = 1;
		return;
	}
	if (clock_monotonic_usec() - stream->sent_usec < HEARTBEAT_USEC)
		return;
	if (http_stream_write(stream->request, comment, sizeof(comment) - 1) < 0)
		stream->failed = 1;
	stream->sent_usec = clock_monotonic_usec();
}

static void stream_job(struct event_stream *stream, struct job *job)
{
	int socket_fd = http_client_socket(stream->request->client);
	struct job_event event;
	size_t cursor = 0;
	int r;

	while (!stream->failed) {
		r = job_next_event(job, &cursor, LOOK_USEC, &event);
		if (r < 0)
			break;
		if (r > 0)
			send_event(stream, job, &event);
		else
			stream_idle(stream, socket_fd);
		if (r > 0 && event.type == JOB_EVENT_RESULT)
			break;
	}
}

void api_job_events(struct http_request *request)
{
	const char *last = http_header(request, "Last-Event-ID");
	struct event_stream stream = {.request = request, .sent_usec = clock_monotonic_usec()};
	struct job *job;

	/* An EventSource comes back after every end: 204 tells it that this one was the last. */
	if (last && strcmp(last, "end") == 0) {
		http_reply(request, &(struct http_reply){.status = 204});
		return;
	}
	job = job_find(request->service, request->id);
	if (!job) {
		http_reply_error(request, 404, "not_found", NULL,
				 "there is no job %s; results are kept for a while only",
				 request->id);
		return;
	}
	stream.output.is_action = job_is_action(job);
	http_stream_begin(request, "text/event-stream");
	stream_job(&stream, job);
	if (!stream.failed)
		http_stream_end(request);
	else
		mg_disable_connection_keep_alive(request->conn);
	job_unref(job);
}
