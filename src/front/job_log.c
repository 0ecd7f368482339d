#include "front/service_internal.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/fd.h"

/*
 * A job's events. Output is kept once, in one buffer for each stream of each step, bounded by the
 * step's limits; an OUTPUT entry says which part of the buffer came at this point. The newest entry
 * grows while nothing else comes in between. A reader's cursor is the entry's number in the upper
 * 32 bits and how much of that entry's output it has had in the lower 32: so a reader that saw half
 * of a growing entry goes on where it was.
 *
 * A program that alternates between stdout and stderr would make an entry for each write. After
 * JOB_LOG_SOFT entries output is therefore gathered: logged in chunks, or when the pump's tick says
 * so. Room for the few entries that must never be lost is kept in reserve.
 */

enum { CURSOR_SHIFT = 32 };

#define CURSOR_OFFSET_MAX UINT32_MAX

_Static_assert(sizeof(size_t) == 8, "a cursor holds two 32-bit numbers");

int job_log_init(struct job *job)
{
	pthread_condattr_t attributes;

	job->entries = calloc(JOB_LOG_RESERVE * 2, sizeof(*job->entries));
	if (!job->entries)
		return -ENOMEM;
	job->entry_room = (size_t)JOB_LOG_RESERVE * 2;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&job->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	return 0;
}

void job_log_fini(struct job *job)
{
	if (!job->entries)
		return;
	for (int kind = 0; kind < STEP_KIND_COUNT; kind++)
		for (int stream = 0; stream < 2; stream++)
			free(job->outputs[kind][stream].data);
	for (size_t i = 0; i < job->diagnostic_count; i++)
		free(job->diagnostics[i]);
	free(job->diagnostics);
	free(job->entries);
	pthread_cond_destroy(&job->changed);
}

/* reserve: how many entries must stay free after this one. Returns the entry, or NULL on ENOMEM. */
static struct job_entry *log_append(struct job *job, size_t reserve)
{
	if (job->entry_count + 1 + reserve > job->entry_room) {
		size_t room = job->entry_room * 2;
		struct job_entry *grown = realloc(job->entries, room * sizeof(*grown));
		if (grown) {
			job->entries = grown;
			job->entry_room = room;
		} else if (reserve > 0 || job->entry_count == job->entry_room) {
			return NULL;
		}
	}
	struct job_entry *entry = &job->entries[job->entry_count++];
	*entry = (struct job_entry){0};
	return entry;
}

/* For the entries that the reserve is for: there are far fewer of them in a job's life. */
static struct job_entry *log_append_sure(struct job *job, enum job_event_type type)
{
	job_log_flush_locked(job);
	struct job_entry *entry = log_append(job, 0);
	assert(entry);
	entry->type = (uint8_t)type;
	pthread_cond_broadcast(&job->changed);
	return entry;
}

void job_log_state_locked(struct job *job, enum job_state state, unsigned position)
{
	struct job_entry *entry;

	if (position) {
		/* Positions are a courtesy: each only once, on the way down, and never at any
		 * price. */
		entry = log_append(job, JOB_LOG_RESERVE);
		if (!entry)
			return;
		entry->type = JOB_EVENT_STATE;
		entry->position = position;
		pthread_cond_broadcast(&job->changed);
	} else {
		entry = log_append_sure(job, JOB_EVENT_STATE);
	}
	entry->state = (uint8_t)state;
}

void job_log_step_locked(struct job *job, enum step_kind kind)
{
	log_append_sure(job, JOB_EVENT_STEP)->kind = (uint8_t)kind;
}

void job_log_result_locked(struct job *job)
{
	log_append_sure(job, JOB_EVENT_RESULT);
}

/* Lets the log cover what the buffer holds. When there is no memory for it, a later call does. */
static void log_stream(struct job *job, enum step_kind kind, int stream)
{
	struct job_output_buffer *buffer = &job->outputs[kind][stream - 1];
	size_t len = buffer->used - buffer->logged;
	struct job_entry *last = job->entry_count ? &job->entries[job->entry_count - 1] : NULL;

	if (len == 0)
		return;
	if (!last || last->type != JOB_EVENT_OUTPUT || last->kind != kind ||
	    last->stream != stream || last->len > CURSOR_OFFSET_MAX - len) {
		last = log_append(job, JOB_LOG_RESERVE);
		if (!last)
			return;
		last->type = JOB_EVENT_OUTPUT;
		last->kind = (uint8_t)kind;
		last->stream = (uint8_t)stream;
		last->offset = buffer->logged;
	}
	last->len += len;
	buffer->logged = buffer->used;
	pthread_cond_broadcast(&job->changed);
}

void job_log_flush_locked(struct job *job)
{
	for (int kind = 0; kind < STEP_KIND_COUNT; kind++)
		for (int stream = 1; stream <= 2; stream++)
			log_stream(job, (enum step_kind)kind, stream);
}

int job_buffer_append(struct job_output_buffer *buffer, const char *data, size_t len)
{
	if (len > buffer->room - buffer->used) {
		size_t room = buffer->room ? buffer->room : 1024;
		while (room - buffer->used < len)
			room *= 2;
		char *grown = realloc(buffer->data, room);
		if (!grown)
			return -ENOMEM;
		buffer->data = grown;
		buffer->room = room;
	}
	memcpy(buffer->data + buffer->used, data, len);
	buffer->used += len;
	return 0;
}

int job_log_output_locked(struct job *job, enum step_kind kind, int stream, const char *data,
			  size_t len, uint64_t limit)
{
	struct job_output_buffer *buffer = &job->outputs[kind][stream - 1];
	uint64_t left = limit > buffer->used ? limit - buffer->used : 0;
	size_t take = len < left ? len : (size_t)left;

	/* Without memory for it the output is cut, and says so, like output beyond the limit. */
	if (take && job_buffer_append(buffer, data, take) < 0)
		take = 0;
	if (take < len)
		buffer->truncated = 1;
	if (job->entry_count < JOB_LOG_SOFT || buffer->used - buffer->logged >= JOB_LOG_GATHER)
		log_stream(job, kind, stream);
	return take < len;
}

void job_log_diagnostic_locked(struct job *job, const char *json, size_t len)
{
	size_t number = job->diagnostic_count;
	char **grown = realloc(job->diagnostics, (number + 1) * sizeof(*grown));

	if (!grown)
		return;
	job->diagnostics = grown;
	job_log_flush_locked(job);
	char *text = strndup(json, len);
	struct job_entry *entry = text ? log_append(job, JOB_LOG_RESERVE) : NULL;
	if (!entry) {
		free(text);
		return;
	}
	job->diagnostics[job->diagnostic_count++] = text;
	job->diagnostic_bytes += len;
	entry->type = JOB_EVENT_DIAGNOSTIC;
	entry->offset = number;
	entry->len = len;
	pthread_cond_broadcast(&job->changed);
}

/* ---- readers ---- */

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
	size_t at = *cursor >> CURSOR_SHIFT, had = *cursor & CURSOR_OFFSET_MAX;
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

int job_next_event(struct job *job, size_t *cursor, uint64_t timeout_usec,
		   struct job_event *ret_event)
{
	uint64_t until = clock_monotonic_usec() + timeout_usec;
	struct timespec deadline = {
		.tv_sec = (time_t)(until / USEC_PER_SEC),
		.tv_nsec = (long)(until % USEC_PER_SEC) * 1000,
	};
	int r, waited = 0;

	service_lock(job->service);
	for (;;) {
		r = event_next(job, cursor, ret_event);
		if (r != 0 || waited == ETIMEDOUT)
			break;
		waited = pthread_cond_timedwait(&job->changed, service_mutex(job->service),
						&deadline);
	}
	service_unlock(job->service);
	/* Out of memory: nothing is lost, the reader asks again. */
	return r == -ENOMEM ? 0 : r;
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
