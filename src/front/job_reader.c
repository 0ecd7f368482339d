#include "front/service_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

/*
 * Those who follow a job. A cursor is the entry's number in the upper 32 bits and how much of that
 * entry's output was had in the lower 32: so who saw half of a growing entry goes on where he was.
 *
 * A live reader passes on what he takes, at the pace of whoever is at the other end. Of each stream
 * of the program he has a window: as long as that much waits for him, the stream is on hold, which
 * is to say that the pump does not read it, and a program that goes on printing blocks. The hold
 * ends when half of the window is free in front of every live reader, or when the last who is
 * behind has left. One who came late counts from when he has had all that was there when he came.
 */

enum { CURSOR_SHIFT = 32 };

_Static_assert(sizeof(size_t) == 8, "a cursor holds two 32-bit numbers");

static int event_output(struct job *job, const struct job_entry *entry, size_t had,
			struct job_event *event)
{
	size_t len = entry->len - had;

	if (len > JOB_EVENT_OUTPUT_MAX)
		len = JOB_EVENT_OUTPUT_MAX;
	event->data = malloc(len);
	if (!event->data)
		return -ENOMEM;
	event->kind = (enum step_kind)entry->kind;
	event->stream = entry->stream;
	event->len = len;
	memcpy(event->data, job->outputs[entry->kind][entry->stream - 1].data + entry->offset + had,
	       len);
	return 0;
}

/* Returns 1 and an event, 0 when there is none yet, or a negative errno. */
static int event_next(struct job *job, size_t *cursor, struct job_event *event)
{
	size_t at = *cursor >> CURSOR_SHIFT, had = *cursor & JOB_CURSOR_OFFSET_MAX;
	const struct job_entry *entry = &job->entries[at];

	if (at < job->entry_count && entry->type == JOB_EVENT_OUTPUT && had == entry->len &&
	    at + 1 < job->entry_count) {
		at++;
		entry++;
		had = 0;
	}
	if (at >= job->entry_count)
		return job->state == JOB_ENDED ? -ENODATA : 0;
	*event = (struct job_event){.type = (enum job_event_type)entry->type};
	switch (event->type) {
	case JOB_EVENT_OUTPUT:
		if (had == entry->len)
			return 0;
		if (event_output(job, entry, had, event) < 0)
			return -ENOMEM;
		*cursor = at << CURSOR_SHIFT | (had + event->len);
		return 1;
	case JOB_EVENT_STATE:
		event->state = (enum job_state)entry->state;
		event->position = entry->position;
		break;
	case JOB_EVENT_DIAGNOSTIC:
		event->data = strndup(job->diagnostics[entry->offset], entry->len);
		if (!event->data)
			return -ENOMEM;
		event->len = entry->len;
		break;
	case JOB_EVENT_STEP:
		event->kind = (enum step_kind)entry->kind;
		event->step = job->result.steps[entry->kind];
		break;
	case JOB_EVENT_RESULT:
		event->result = job->result;
		break;
	}
	*cursor = (at + 1) << CURSOR_SHIFT;
	return 1;
}

/* Waits for the next event, with the lock held. As job_next_event(). */
static int event_wait_locked(struct job *job, size_t *cursor, uint64_t timeout_usec,
			     struct job_event *ret_event)
{
	uint64_t until = clock_monotonic_usec() + timeout_usec;
	struct timespec deadline = {
		.tv_sec = (time_t)(until / USEC_PER_SEC),
		.tv_nsec = (long)(until % USEC_PER_SEC) * 1000,
	};
	int r, waited = 0;

	for (;;) {
		r = event_next(job, cursor, ret_event);
		if (r != 0 || waited == ETIMEDOUT)
			break;
		waited = pthread_cond_timedwait(&job->changed, service_mutex(job->service),
						&deadline);
	}
	/* Out of memory: nothing is lost, the reader asks again. */
	return r == -ENOMEM ? 0 : r;
}

int job_next_event(struct job *job, size_t *cursor, uint64_t timeout_usec,
		   struct job_event *ret_event)
{
	service_lock(job->service);
	int r = event_wait_locked(job, cursor, timeout_usec, ret_event);
	service_unlock(job->service);
	return r;
}

/* ---- live readers ---- */

static size_t printed(const struct job *job, int stream)
{
	return job->outputs[STEP_RUN][stream - 1].used;
}

/* Has he had all that was there when he came? */
static int reader_is_live(const struct job_reader *reader)
{
	return reader->had[0] >= reader->found[0] && reader->had[1] >= reader->found[1];
}

/* Does more than this wait for one of the live readers? */
static int is_behind(const struct job *job, int stream, size_t bytes)
{
	const struct job_reader *reader;

	LIST_FOREACH (reader, &job->readers, in_readers)
		if (reader_is_live(reader) &&
		    printed(job, stream) - reader->had[stream - 1] > bytes)
			return 1;
	return 0;
}

int job_hold_locked(struct job *job, int stream)
{
	job->held[stream - 1] = is_behind(job, stream, JOB_WINDOW - 1);
	return job->held[stream - 1];
}

/* A reader has got on, or has left: the pump may have to go on as well. */
static void readers_moved(struct job *job)
{
	int goes_on = 0;

	for (int stream = 1; stream <= 2; stream++)
		if (job->held[stream - 1] && !is_behind(job, stream, JOB_WINDOW / 2)) {
			job->held[stream - 1] = 0;
			goes_on = 1;
		}
	if (goes_on)
		service_attention_locked(job->service, job);
}

void job_reader_open(struct job_reader *reader, struct job *job)
{
	*reader = (struct job_reader){.job = job, .is_open = 1};
	service_lock(job->service);
	for (int stream = 1; stream <= 2; stream++)
		reader->found[stream - 1] = printed(job, stream);
	LIST_INSERT_HEAD(&job->readers, reader, in_readers);
	service_unlock(job->service);
}

void job_reader_close(struct job_reader *reader)
{
	struct job *job = reader->job;

	service_lock(job->service);
	if (reader->is_open) {
		LIST_REMOVE(reader, in_readers);
		reader->is_open = 0;
		readers_moved(job);
	}
	service_unlock(job->service);
}

int job_reader_next(struct job_reader *reader, uint64_t timeout_usec, struct job_event *ret_event)
{
	struct job *job = reader->job;

	service_lock(job->service);
	/* Who comes for more has passed on what he took before. */
	for (int i = 0; i < 2; i++) {
		reader->had[i] += reader->taken[i];
		reader->taken[i] = 0;
	}
	readers_moved(job);
	int r = event_wait_locked(job, &reader->cursor, timeout_usec, ret_event);
	if (r > 0 && ret_event->type == JOB_EVENT_OUTPUT && ret_event->kind == STEP_RUN)
		reader->taken[ret_event->stream - 1] = ret_event->len;
	service_unlock(job->service);
	return r;
}

int job_output(struct job *job, enum step_kind kind, int stream, char **ret_data, size_t *ret_len)
{
	assert((unsigned)kind < STEP_KIND_COUNT && (stream == 1 || stream == 2));
	service_lock(job->service);
	const struct job_output_buffer *buffer = &job->outputs[kind][stream - 1];
	size_t len = buffer->used;
	char *data = malloc(len + 1);
	if (data && len)
		memcpy(data, buffer->data, len);
	service_unlock(job->service);
	if (!data)
		return -ENOMEM;
	data[len] = '\0';
	*ret_data = data;
	if (ret_len)
		*ret_len = len;
	return 0;
}
