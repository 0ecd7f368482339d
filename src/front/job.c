#include "front/service_internal.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"

/* X(state, name in the API, states that may follow) */
#define FOLLOWS(state) (1u << (state))
#define JOB_STATES(X)                                                                              \
	X(JOB_QUEUED, "queued",                                                                    \
	  FOLLOWS(JOB_COMPILING) | FOLLOWS(JOB_RUNNING) | FOLLOWS(JOB_ENDED))                      \
	X(JOB_COMPILING, "compiling",                                                              \
	  FOLLOWS(JOB_QUEUED) | FOLLOWS(JOB_WAITING_TO_RUN) | FOLLOWS(JOB_ENDED))                  \
	X(JOB_WAITING_TO_RUN, "waiting_to_run", FOLLOWS(JOB_RUNNING) | FOLLOWS(JOB_ENDED))         \
	X(JOB_RUNNING, "running", FOLLOWS(JOB_ENDED))                                              \
	X(JOB_ENDED, "ended", 0)

static const struct {
	const char *name;
	unsigned next;
} states[] = {
#define X(state, name, next) [state] = {name, next},
	JOB_STATES(X)
#undef X
};

const char *job_state_name(enum job_state state)
{
	assert((unsigned)state < sizeof(states) / sizeof(states[0]));
	return states[state].name;
}

void job_set_state_locked(struct job *job, enum job_state state)
{
	assert(states[job->state].next & FOLLOWS(state));
	job->state = state;
	if (state != JOB_ENDED)
		job_log_state_locked(job, state, 0);
}

/* ---- birth and death ---- */

static int id_make(char *id)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char random[(JOB_ID_SIZE - 1) / 2];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -EIO;
	for (size_t i = 0; i < sizeof(random); i++) {
		id[2 * i] = digits[random[i] >> 4];
		id[2 * i + 1] = digits[random[i] & 15];
	}
	id[JOB_ID_SIZE - 1] = '\0';
	return 0;
}

/* asked: 0 in a field means the default, which is the most as well. */
static int limits_choose(const char *step, const struct limits *asked, const struct limits *most,
			 struct limits *ret_limits, struct error *err)
{
	struct limits limits = *asked, defaults = *most;

	for (size_t i = 0; i < LIMIT_FIELDS; i++) {
		const struct limit_row *row = &limit_rows()[i];
		uint64_t *field = limit_field(&limits, row);
		if (*field == 0)
			*field = *limit_field(&defaults, row);
		else if (*field < row->least)
			return error_set_plain(err, -EINVAL, "limits",
					       "limits.%s: %s must be at least %llu, not %llu",
					       step, row->name, (unsigned long long)row->least,
					       (unsigned long long)*field);
	}
	limits_clamp(&limits, most);
	*ret_limits = limits;
	return 0;
}

static int job_fill(struct job *job, const struct job_request *request, struct error *err)
{
	struct limits run = *service_limits(job->service, STEP_RUN);

	snprintf(job->client, sizeof(job->client), "%s", request->client ? request->client : "");
	snprintf(job->language, sizeof(job->language), "%s",
		 request->language ? request->language : "");
	if (request->session && !carry_session_is_valid(request->session))
		return error_set_plain(err, -EINVAL, "session",
				       "Sandlot-Session must be %d to %d letters, digits, - and _",
				       CARRY_SESSION_MIN, CARRY_SESSION_MAX);
	if (request->session)
		carry_id_make(request->session, job->language, &job->carry_id);
	job->interactive = request->interactive != 0;
	job->result.is_action = request->action && strcmp(request->action, "run") != 0;
	if (job->interactive)
		run.wall_usec = service_interactive_wall_usec(job->service);
	int r = limits_choose("compile", &request->compile_limits,
			      service_limits(job->service, STEP_COMPILE),
			      &job->limits[STEP_COMPILE], err);
	if (r == 0)
		r = limits_choose("run", &request->run_limits, &run, &job->limits[STEP_RUN], err);
	if (r < 0)
		return r;
	if (request->stdin_len > JOB_STDIN_BUFFER)
		return error_set_plain(err, -EINVAL, "stdin", "stdin is larger than %d KiB",
				       JOB_STDIN_BUFFER >> 10);
	if (request->stdin_len > 0) {
		job->input.data = malloc(request->stdin_len);
		if (!job->input.data)
			return error_set(err, -ENOMEM, "job", "cannot take the job");
		memcpy(job->input.data, request->stdin_text, request->stdin_len);
		job->input.used = job->input.room = request->stdin_len;
	}
	job->input.closed = !job->interactive;
	return 0;
}

static struct job *job_alloc(struct service *service)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->service = service;
	job->item.owner = job;
	job->artefact_fd = -EBADF;
	job->collected_fd = -EBADF;
	job->loan.fd = -EBADF;
	TAILQ_INIT(&job->followers);
	LIST_INIT(&job->readers);
	job->plan = JOB_PLAN_NONE;
	job->accepted_usec = clock_real_usec();
	job->submitted_usec = clock_monotonic_usec();
	atomic_init(&job->refs, 1);
	if (job_log_init(job) < 0) {
		free(job);
		return NULL;
	}
	return job;
}

int job_new(struct service *service, const struct job_request *request, struct job **ret_job,
	    struct error *err)
{
	struct job *job = job_alloc(service);

	if (!job)
		return error_set(err, -ENOMEM, "job", "cannot take the job");
	int r = id_make(job->id);
	if (r < 0)
		error_set(err, r, "job", "no random numbers for the job's id");
	else
		r = job_fill(job, request, err);
	if (r < 0) {
		job_unref(job);
		return r;
	}
	*ret_job = job;
	return 0;
}

struct job *job_new_ended(struct service *service, const char *id, struct store_end *take_end)
{
	struct job *job = job_alloc(service);

	if (!job) {
		store_end_fini(take_end);
		return NULL;
	}
	snprintf(job->id, sizeof(job->id), "%s", id);
	job->result = take_end->result;
	job->input.closed = 1;
	service_lock(service);
	for (int kind = 0; kind < STEP_KIND_COUNT; kind++) {
		for (int stream = 0; stream < 2; stream++) {
			struct store_output *output = &take_end->outputs[kind][stream];
			job->outputs[kind][stream] = (struct job_output_buffer){
				.data = TAKE_PTR(output->data),
				.used = output->len,
				.room = output->len,
			};
		}
		job_log_flush_locked(job);
		if (job->result.done[kind])
			job_log_step_locked(job, (enum step_kind)kind);
	}
	job_set_state_locked(job, JOB_ENDED);
	job_log_result_locked(job);
	service_unlock(service);
	return job;
}

void job_close_locked(struct job *job)
{
	job_plan_fini(&job->plan);
	job->manifest = manifest_unref(job->manifest);
	job->artefact_fd = fd_close(job->artefact_fd);
	job->collected_fd = fd_close(job->collected_fd);
	free(job->diagnosed.data);
	job->diagnosed = (struct job_output_buffer){0};
	free(job->input.data);
	job->input = (struct job_stdin_buffer){.closed = 1};
}

size_t job_output_bytes_locked(const struct job *job)
{
	size_t bytes = job->entry_room * sizeof(*job->entries);

	bytes += job->diagnostic_bytes;
	if (job->product)
		bytes += job->product->len;
	for (int kind = 0; kind < STEP_KIND_COUNT; kind++)
		for (int stream = 0; stream < 2; stream++)
			bytes += job->outputs[kind][stream].room;
	return bytes;
}

struct job *job_ref(struct job *job)
{
	atomic_fetch_add(&job->refs, 1);
	return job;
}

void job_unref(struct job *job)
{
	if (!job || atomic_fetch_sub(&job->refs, 1) > 1)
		return;
	job_close_locked(job); /* nobody else knows of it any more */
	product_free(job->product);
	job_log_fini(job);
	free(job);
}

/* ---- what readers ask ---- */

const char *job_id(const struct job *job)
{
	return job->id;
}

int job_is_action(const struct job *job)
{
	return job->result.is_action;
}

const struct product *job_product(const struct job *job)
{
	return job->product;
}

int job_peek(struct job *job, enum job_state *ret_state, unsigned *ret_position,
	     struct job_result *ret_result)
{
	service_lock(job->service);
	int ended = job->state == JOB_ENDED;
	if (ret_state)
		*ret_state = job->state;
	if (ret_position)
		*ret_position = job->state == JOB_QUEUED ? job->item.position : 0;
	if (ended && ret_result)
		*ret_result = job->result;
	service_unlock(job->service);
	return ended;
}

/* ---- stdin ---- */

static int input_append(struct job_stdin_buffer *input, const void *data, size_t len)
{
	if (len > JOB_STDIN_BUFFER - input->used)
		return -ENOBUFS;
	if (len > input->room - input->used) {
		size_t room = input->used + len;
		char *grown = realloc(input->data, room);
		if (!grown)
			return -ENOBUFS;
		input->data = grown;
		input->room = room;
	}
	memcpy(input->data + input->used, data, len);
	input->used += len;
	return 0;
}

int job_stdin(struct job *job, const void *data, size_t len)
{
	int r = -EPIPE;

	service_lock(job->service);
	if (!job->input.closed && !job->ending && job->state != JOB_ENDED) {
		r = len ? input_append(&job->input, data, len) : 0;
		if (r == 0 && len)
			service_attention_locked(job->service, job);
	}
	service_unlock(job->service);
	return r;
}

int job_stdin_close(struct job *job)
{
	int r = -EPIPE;

	service_lock(job->service);
	if (!job->input.closed && !job->ending && job->state != JOB_ENDED) {
		job->input.closed = 1;
		service_attention_locked(job->service, job);
		r = 0;
	}
	service_unlock(job->service);
	return r;
}

void job_stdin_broken_locked(struct job *job)
{
	job->input.used = 0;
	job->input.closed = 1;
}

enum job_feed job_feed_locked(struct job *job, int fd)
{
	struct job_stdin_buffer *input = &job->input;

	while (input->used > 0) {
		ssize_t n = write(fd, input->data, input->used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return JOB_FEED_MORE;
		if (n <= 0) {
			job_stdin_broken_locked(job);
			return JOB_FEED_END;
		}
		input->used -= (size_t)n;
		memmove(input->data, input->data + n, input->used);
	}
	return input->closed ? JOB_FEED_END : JOB_FEED_EMPTY;
}

void job_signal(struct job *job, int signal)
{
	assert(signal > 0 && signal < SIGNALS_END);
	service_lock(job->service);
	int runs = job->state == JOB_RUNNING && !job->ending && !job->kill_asked;
	if (runs) {
		job->signals |= 1U << signal;
		service_attention_locked(job->service, job);
	}
	service_unlock(job->service);
	if (!runs && signal == SIGKILL)
		job_kill(job);
}

void job_kill(struct job *job)
{
	service_lock(job->service);
	if (!job->ending && job->state != JOB_ENDED && !job->kill_asked) {
		job->kill_asked = 1;
		service_attention_locked(job->service, job);
	}
	service_unlock(job->service);
}
