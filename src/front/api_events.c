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
#include "front/api_event_stream.h"
#include "front/api_routes.h"
#include "front/http_clients.h"
#include "front/job.h"

enum {
	HEARTBEAT_USEC =
		15000000,    /* silence after which a comment shows that the server is alive */
	LOOK_USEC = 1000000, /* how often a silent stream looks whether its client is there */
};

/* Sends one event. text: JSON, or NULL when memory is out. */
static void stream_send_text(struct event_stream *stream, const char *name, const char *text,
			     int last)
{
	/* Without memory the stream breaks off; the client sees that no result came. */
	if (!text || stream->send(stream, name, text, last) < 0)
		stream->failed = 1;
}

/* The same of a JSON value, which is taken. */
static void stream_send(struct event_stream *stream, const char *name, json_t *take_data, int last)
{
	_cleanup_free_ char *text = take_data ? json_dumps(take_data, JSON_COMPACT) : NULL;

	json_decref(take_data);
	stream_send_text(stream, name, text, last);
}

static void send_held_back(struct event_stream *stream, enum step_kind kind)
{
	int empty;

	for (int out = 1; out <= 2; out++) {
		json_t *object = api_output_last_json(&stream->output, kind, out, &empty);
		if (!empty)
			stream_send(stream, "output", object, 0);
	}
}

static void send_event(struct event_stream *stream, struct job *job, struct job_event *event)
{
	json_t *object;
	int empty;

	switch (event->type) {
	case JOB_EVENT_STATE:
		stream_send(stream, "state", api_state_json(event->state, event->position), 0);
		break;
	case JOB_EVENT_OUTPUT:
		object = api_output_json(&stream->output, event, &empty);
		if (!empty)
			stream_send(stream, "output", object, 0);
		break;
	case JOB_EVENT_DIAGNOSTIC:
		stream_send_text(stream, "diagnostic", event->data, 0);
		free(TAKE_PTR(event->data));
		break;
	case JOB_EVENT_STEP:
		send_held_back(stream, event->step.kind);
		stream_send(stream, "step", api_step_json(&event->step, job_is_action(job)), 0);
		break;
	case JOB_EVENT_RESULT:
		stream_send(stream, "result",
			    api_result_json(job_id(job), &event->result, job_product(job)), 1);
		break;
	}
}

void event_stream_open(struct event_stream *stream, struct job *job)
{
	stream->output.is_action = job_is_action(job);
	job_reader_open(&stream->reader, job);
}

void event_stream_close(struct event_stream *stream)
{
	job_reader_close(&stream->reader);
}

void event_stream_follow(struct event_stream *stream)
{
	struct job_event event;
	int r;

	while (!stream->failed) {
		r = job_reader_next(&stream->reader, LOOK_USEC, &event);
		if (r < 0)
			break;
		if (r > 0)
			send_event(stream, stream->reader.job, &event);
		else if (stream->idle(stream) < 0)
			stream->failed = 1;
		if (r > 0 && event.type == JOB_EVENT_RESULT)
			break;
	}
}

/* ---- server-sent events ---- */

struct sse {
	struct http_request *request;
	uint64_t sent_usec; /* CLOCK_MONOTONIC */
};

static int sse_send(struct event_stream *stream, const char *name, const char *text, int last)
{
	_cleanup_free_ char *event = NULL;
	struct sse *sse = stream->owner;
	/* The id is for Last-Event-ID. */
	int n = asprintf(&event, "%sevent: %s\ndata: %s\n\n", last ? "id: end\n" : "", name, text);

	if (n < 0) {
		event = NULL;
		return -ENOMEM;
	}
	sse->sent_usec = clock_monotonic_usec();
	return http_stream_write(sse->request, event, (size_t)n);
}

static int sse_idle(struct event_stream *stream)
{
	static const char comment[] = ": still here\n\n";
	struct sse *sse = stream->owner;

	if (http_server_is_stopping(sse->request->server) ||
	    http_client_is_gone(sse->request->stream_fd))
		return -EPIPE;
	if (clock_monotonic_usec() - sse->sent_usec < HEARTBEAT_USEC)
		return 0;
	sse->sent_usec = clock_monotonic_usec();
	return http_stream_write(sse->request, comment, sizeof(comment) - 1);
}

void api_job_events(struct http_request *request)
{
	const char *last = http_header(request, "Last-Event-ID");
	struct sse sse = {
		.request = request,
		.sent_usec = clock_monotonic_usec(),
	};
	struct event_stream stream = {.send = sse_send, .idle = sse_idle, .owner = &sse};
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
	http_stream_begin(request, "text/event-stream");
	event_stream_open(&stream, job);
	event_stream_follow(&stream);
	event_stream_close(&stream);
	if (!stream.failed)
		http_stream_end(request);
	else
		mg_disable_connection_keep_alive(request->conn);
	job_unref(job);
}
