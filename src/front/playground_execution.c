/*
 * The supervisor tells what a step has used when it has ended, not before: wsExecuteStatus carries
 * the time since the program was started, and 0 for its memory.
 */
#include "front/playground_execution.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "front/http_request.h"
#include "front/http_runner.h"
#include "front/playground_message.h"
#include "front/playground_run.h"

enum { STATUS_USEC = 1000000 };

#define EXECUTE "output/execute/"

struct execution {
	struct websocket *socket;
	json_int_t sequence;
	struct job *job;
	struct job_reader reader;
	struct playground_run run;
	pthread_t thread;
	atomic_int abandoned; /* nothing of it may be sent any more */
	atomic_int ended;
};

void execution_send(struct websocket *socket, const char *type, json_t *take_payload,
		    json_int_t sequence)
{
	_cleanup_free_ char *text = playground_message_write(type, take_payload, sequence);

	/* A message that cannot be sent ends the session by itself: see websocket_send_text(). */
	if (text)
		websocket_send_text(socket, text, strlen(text));
}

void execution_send_error(struct websocket *socket, json_int_t sequence, const char *outer,
			  const char *inner)
{
	char text[512];

	snprintf(text, sizeof(text), "%s%s%s", outer, *outer ? ": " : "", inner);
	execution_send(socket, "websocket/error",
		       json_pack("{s:o}", "error", http_json_text(text, strlen(text))), sequence);
}

/* ---- on its own thread ---- */

static void execution_emit(struct playground_run *run, int stream, const char *text, size_t len)
{
	struct execution *execution = run->owner;

	if (!atomic_load(&execution->abandoned))
		execution_send(execution->socket,
			       stream == 2 ? EXECUTE "wsExecuteStderr" : EXECUTE "wsExecuteStdout",
			       json_stringn_nocheck(text, len), execution->sequence);
}

static void execution_send_status(struct execution *execution, uint64_t now)
{
	double seconds = (double)(now - execution->run.running_since_usec) / (double)USEC_PER_SEC;

	if (!atomic_load(&execution->abandoned))
		execution_send(
			execution->socket, EXECUTE "wsExecuteStatus",
			json_pack("{s:f,s:i}", "totalTimeSecs", seconds, "residentSetSizeBytes", 0),
			execution->sequence);
}

static void execution_send_end(struct execution *execution, const struct job_result *result)
{
	char detail[PLAYGROUND_DETAIL_SIZE];
	struct error err = {0};
	int r;

	if (atomic_load(&execution->abandoned))
		return;
	r = playground_run_end(&execution->run, result, detail, &err);
	/* One that the visitor stopped has ended as asked; its own server says so with the signal.
	 */
	if (r < 0 && result->last.outcome == OUTCOME_KILLED) {
		r = 0;
		snprintf(detail, sizeof(detail), "Exited with signal 9 (SIGKILL): kill program");
	}
	if (r < 0) {
		execution_send_error(execution->socket, execution->sequence,
				     "Could not end the execution session", err.text);
		return;
	}
	execution_send(execution->socket, EXECUTE "wsExecuteEnd",
		       json_pack("{s:b,s:s}", "success", r, "exitDetail", detail),
		       execution->sequence);
}

static void execution_follow(struct execution *execution)
{
	struct job_event event;
	uint64_t status_usec = 0; /* when the next one is due */

	while (!atomic_load(&execution->abandoned)) {
		int r = job_reader_next(&execution->reader, STATUS_USEC / 4, &event);
		if (r < 0)
			return;
		if (r > 0)
			playground_run_event(&execution->run, &event);
		if (r > 0 && event.type == JOB_EVENT_RESULT) {
			execution_send_end(execution, &event.result);
			return;
		}
		uint64_t now = clock_monotonic_usec(), since = execution->run.running_since_usec;
		if (!since)
			status_usec = 0;
		else if (!status_usec)
			status_usec = since + STATUS_USEC;
		else if (now >= status_usec) {
			execution_send_status(execution, now);
			status_usec += STATUS_USEC;
		}
	}
}

static void *execution_main(void *argument)
{
	struct execution *execution = argument;

	execution_send(execution->socket, EXECUTE "wsExecuteBegin", NULL, execution->sequence);
	execution_follow(execution);
	job_reader_close(&execution->reader);
	atomic_store(&execution->ended, 1);
	return NULL;
}

struct execution *execution_new(struct websocket *socket, struct job *take_job, json_int_t sequence,
				const struct cargo_build *build)
{
	struct execution *execution = calloc(1, sizeof(*execution));

	if (!execution) {
		job_kill(take_job);
		job_unref(take_job);
		return NULL;
	}
	execution->socket = socket;
	execution->sequence = sequence;
	execution->job = take_job;
	playground_run_init(&execution->run, build, execution_emit, execution);
	job_reader_open(&execution->reader, take_job);
	if (http_thread_start(&execution->thread, execution_main, execution) == 0)
		return execution;
	job_reader_close(&execution->reader);
	job_kill(take_job);
	job_unref(take_job);
	playground_run_fini(&execution->run);
	free(execution);
	return NULL;
}

struct execution *execution_free(struct execution *execution)
{
	if (!execution)
		return NULL;
	atomic_store(&execution->abandoned, 1);
	job_kill(execution->job);
	pthread_join(execution->thread, NULL);
	job_unref(execution->job);
	playground_run_fini(&execution->run);
	free(execution);
	return NULL;
}

int execution_has_ended(const struct execution *execution)
{
	return atomic_load(&execution->ended);
}

json_int_t execution_sequence(const struct execution *execution)
{
	return execution->sequence;
}

struct job *execution_job(struct execution *execution)
{
	return execution->job;
}
