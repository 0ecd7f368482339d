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
 * grows while nothing else comes in between. job_reader.c reads it.
 *
 * A program that alternates between stdout and stderr would make an entry for each write. After
 * JOB_LOG_SOFT entries output is therefore gathered: logged in chunks, or when the pump's tick says
 * so. Room for the few entries that must never be lost is kept in reserve.
 */

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
	    last->stream != stream || last->len > JOB_CURSOR_OFFSET_MAX - len) {
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
