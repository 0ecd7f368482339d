#include "front/piston_reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"

static int text_add(struct piston_text *text, const char *data, size_t len)
{
	if (text->len + len > text->room) {
		size_t room = (text->len + len) * 2;
		char *more = realloc(text->data, room);
		if (!more)
			return -1;
		text->data = more;
		text->room = room;
	}
	memcpy(text->data + text->len, data, len);
	text->len += len;
	return 0;
}

static void gather(struct piston_reply *reply, enum step_kind kind, int stream, const char *data,
		   size_t len, int last)
{
	struct piston_stage *stage = &reply->stages[kind];
	_cleanup_free_ char *text = NULL;
	size_t text_len;

	if (utf8_text(&stage->carry[stream == 2], data, len, last, &text, &text_len) < 0 ||
	    (text_len && (text_add(&stage->streams[stream == 2], text, text_len) < 0 ||
			  text_add(&stage->both, text, text_len) < 0)))
		reply->failed = 1;
}

void piston_reply_event(struct piston_reply *reply, struct job_event *event)
{
	if (event->type == JOB_EVENT_OUTPUT) {
		gather(reply, event->kind, event->stream, event->data, event->len, 0);
		free(TAKE_PTR(event->data));
	}
	if (event->type == JOB_EVENT_STEP)
		for (int stream = 1; stream <= 2; stream++)
			gather(reply, event->step.kind, stream, "", 0, 1);
}

/* How a step ended, in Piston's words. */
struct ending {
	const char *status; /* NULL: well */
	const char *signal; /* NULL: none */
	char message[256];  /* empty: none */
	int has_code;
};

static void ending_say(struct ending *ending, const char *status, const char *signal,
		       const char *message)
{
	ending->status = status;
	ending->signal = signal;
	snprintf(ending->message, sizeof(ending->message), "%s", message);
}

static struct ending ending_of(const struct step_result *step)
{
	const char *sentence = step->detail[0] ? step->detail : outcome_sentence(step->outcome);
	struct ending ending = {.status = NULL};
	char text[64];

	switch (step->outcome) {
	case OUTCOME_EXITED:
		ending.has_code = 1;
		snprintf(text, sizeof(text), "Exited with error status %d", step->exit_code);
		if (step->exit_code)
			ending_say(&ending, "RE", NULL, text);
		break;
	case OUTCOME_SIGNALED:
		snprintf(text, sizeof(text), "Caught fatal signal %d", step->signal);
		ending_say(&ending, "SG", signal_name(step->signal), text);
		break;
	case OUTCOME_WALL_TIMEOUT:
		ending_say(&ending, "TO", "SIGKILL", "Time limit exceeded (wall clock)");
		break;
	case OUTCOME_CPU_TIMEOUT:
		ending_say(&ending, "TO", "SIGKILL", "Time limit exceeded");
		break;
	case OUTCOME_OUTPUT_LIMIT:
		if (step->truncated_stdout)
			ending_say(&ending, "OL", "SIGKILL", "stdout length exceeded");
		else
			ending_say(&ending, "EL", "SIGKILL", "stderr length exceeded");
		break;
	case OUTCOME_OUT_OF_MEMORY:
		ending_say(&ending, "SG", "SIGKILL", sentence);
		break;
	case OUTCOME_FILE_LIMIT:
		ending.has_code = step->signal == 0;
		ending_say(&ending, "RE", step->signal ? signal_name(step->signal) : NULL,
			   sentence);
		break;
	default:
		ending_say(&ending, "XX", "SIGKILL", sentence);
	}
	return ending;
}

static json_t *text_json(const struct piston_text *text)
{
	return json_stringn_nocheck(text->data ? text->data : "", text->len);
}

static json_t *text_or_null(const char *text)
{
	return text && *text ? json_string(text) : json_null();
}

static json_t *stage_json(const struct piston_stage *stage, const struct step_result *step)
{
	struct ending ending = ending_of(step);

	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:I,s:I,s:I}", "stdout",
			 text_json(&stage->streams[0]), "stderr", text_json(&stage->streams[1]),
			 "output", text_json(&stage->both), "code",
			 ending.has_code ? json_integer(step->exit_code) : json_null(), "signal",
			 text_or_null(ending.signal), "message", text_or_null(ending.message),
			 "status", text_or_null(ending.status), "cpu_time",
			 (json_int_t)((step->user_usec + step->system_usec) / 1000), "wall_time",
			 (json_int_t)(step->wall_usec / 1000), "memory",
			 (json_int_t)step->memory_peak_bytes);
}

static const char *stage_name(enum step_kind kind)
{
	return kind == STEP_COMPILE ? "compile" : "run";
}

static void stream_begin(struct piston_stream *stream, enum step_kind kind)
{
	if (!stream->begun[kind])
		stream->send(stream,
			     json_pack("{s:s,s:s}", "type", "stage", "stage", stage_name(kind)));
	stream->begun[kind] = 1;
}

static void stream_data(struct piston_stream *stream, enum step_kind kind, int number,
			const char *data, size_t len, int last)
{
	_cleanup_free_ char *text = NULL;
	size_t text_len;

	if (utf8_text(&stream->carry[kind][number == 2], data, len, last, &text, &text_len) == 0 &&
	    text_len)
		stream->send(stream, json_pack("{s:s,s:s,s:o}", "type", "data", "stream",
					       number == 2 ? "stderr" : "stdout", "data",
					       json_stringn_nocheck(text, text_len)));
}

static void stream_exit(struct piston_stream *stream, const struct step_result *step)
{
	struct ending ending = ending_of(step);

	for (int number = 1; number <= 2; number++)
		stream_data(stream, step->kind, number, "", 0, 1);
	stream->send(stream,
		     json_pack("{s:s,s:s,s:o,s:o,s:o,s:o}", "type", "exit", "stage",
			       stage_name(step->kind), "code",
			       ending.has_code ? json_integer(step->exit_code) : json_null(),
			       "signal", text_or_null(ending.signal), "message",
			       text_or_null(ending.message), "status",
			       text_or_null(ending.status)));
	stream->ended = 1;
}

void piston_stream_event(struct piston_stream *stream, struct job_event *event)
{
	switch (event->type) {
	case JOB_EVENT_STATE:
		if (event->state == JOB_COMPILING || event->state == JOB_RUNNING)
			stream_begin(stream, event->state == JOB_RUNNING ? STEP_RUN : STEP_COMPILE);
		break;
	case JOB_EVENT_OUTPUT:
		stream_begin(stream, event->kind);
		stream_data(stream, event->kind, event->stream, event->data, event->len, 0);
		free(TAKE_PTR(event->data));
		break;
	case JOB_EVENT_STEP:
		stream_begin(stream, event->step.kind);
		stream_exit(stream, &event->step);
		break;
	case JOB_EVENT_RESULT:
		/* Of a job that came to no step, this is the only word. */
		if (!stream->ended)
			stream_exit(stream, &event->result.last);
		break;
	default:
		free(TAKE_PTR(event->data));
	}
}

json_t *piston_reply_json(const struct piston_reply *reply, const struct job_result *result,
			  const char *language, const char *version)
{
	json_t *object = json_pack("{s:s,s:s}", "language", language, "version", version);
	const struct step_result *run = &result->last;

	if (!object || reply->failed) {
		json_decref(object);
		return NULL;
	}
	if (result->done[STEP_RUN])
		run = &result->steps[STEP_RUN];
	if (result->done[STEP_COMPILE])
		json_object_set_new(
			object, "compile",
			stage_json(&reply->stages[STEP_COMPILE], &result->steps[STEP_COMPILE]));
	/* A compilation that failed, or after which nothing runs, counts as the run. */
	json_object_set_new(object, "run", stage_json(&reply->stages[run->kind], run));
	return object;
}

void piston_reply_fini(struct piston_reply *reply)
{
	for (int kind = 0; kind < STEP_KIND_COUNT; kind++) {
		free(reply->stages[kind].streams[0].data);
		free(reply->stages[kind].streams[1].data);
		free(reply->stages[kind].both.data);
	}
}
