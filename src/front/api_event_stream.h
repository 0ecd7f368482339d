/*
 * A job's events on their way to one live reader, as /api/v1 writes them: server-sent events and
 * the job's WebSocket differ in how a piece goes over the line. One thread follows a stream.
 */
#ifndef FRONT_API_EVENT_STREAM_H
#define FRONT_API_EVENT_STREAM_H

#include "front/api_result.h"
#include "front/job.h"

struct event_stream {
	/*
	 * Sends one event. name: "output" …; text: its JSON; last: it is the result. Returns 0, or
	 * a negative errno when the reader is gone.
	 */
	int (*send)(struct event_stream *stream, const char *name, const char *text, int last);
	/* Nothing happened for a second. Returns 0, or a negative errno to stop. */
	int (*idle)(struct event_stream *stream);
	void *owner;

	/* The stream's own. */
	struct job_reader reader;
	struct api_output output;
	int failed;
};

/* The job waits for the stream from here on. job: borrowed until the stream is closed. */
void event_stream_open(struct event_stream *stream, struct job *job);

/* It does not any more. Any thread; harmless when done again. */
void event_stream_close(struct event_stream *stream);

/* Sends every event from the first one on, up to the result. Sets failed when that was not reached.
 */
void event_stream_follow(struct event_stream *stream);

#endif
