#include "front/service_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "front/flight.h"

enum { STOPPING_RETRY_SEC = 5 };

struct service_config service_config_default(const struct ipc_welcome *welcome)
{
	struct service_config config = {
		.welcome = welcome,
		.queue_total_max = QUEUE_TOTAL_MAX,
		.queue_client_max = QUEUE_CLIENT_MAX,
		.queue_wait_max_usec = QUEUE_WAIT_MAX_USEC,
		.kept_jobs_max = 4096,
		.kept_bytes_max = UINT64_C(64) << 20,
		.kept_usec_max = UINT64_C(300) * USEC_PER_SEC,
		.cache_bytes_max = welcome->cache_memory_bytes,
		.carry_bytes_max = welcome->carry_memory_bytes,
	};
	snprintf(config.metrics_token, sizeof(config.metrics_token), "%s", welcome->metrics_token);
	return config;
}

/* A job's position in the queue has changed: its readers are told, on the way down only. */
static void position_moved(struct queue_item *item, void *context)
{
	struct job *job = item->owner;

	(void)context;
	if (job->state != JOB_QUEUED)
		return;
	if (job->position_shown && item->position >= job->position_shown)
		return;
	job->position_shown = item->position;
	job_log_state_locked(job, JOB_QUEUED, item->position);
}

static struct service *service_alloc(const struct service_config *config)
{
	const struct ipc_welcome *welcome = config->welcome;
	struct service *service = calloc(1, sizeof(*service));

	if (!service)
		return NULL;
	service->config = *config;
	service->config.welcome = NULL;
	service->limits[STEP_COMPILE] = welcome->compile_limits;
	service->limits[STEP_RUN] = welcome->run_limits;
	service->interactive_wall_usec = welcome->interactive_wall_usec;
	service->early_slots = welcome->early_slots;
	queue_init(&service->queue, &(struct queue_config){
					    .total_max = config->queue_total_max,
					    .client_max = config->queue_client_max,
					    .slots = {welcome->compile_slots, welcome->run_slots},
					    .wait_max_usec = config->queue_wait_max_usec,
				    });
	queue_watch(&service->queue, position_moved, service);
	TAILQ_INIT(&service->open);
	TAILQ_INIT(&service->recording);
	TAILQ_INIT(&service->kept);
	TAILQ_INIT(&service->attention);
	TAILQ_INIT(&service->flights);
	compile_cache_init(&service->cache, config->cache_bytes_max);
	carry_init(&service->carry, config->carry_bytes_max);
	pthread_mutex_init(&service->lock, NULL);
	pthread_cond_init(&service->record_changed, NULL);
	return service;
}

int service_new(const struct service_config *config, struct manifest *take_manifest,
		struct store *take_store, struct service **ret_service, struct error *err)
{
	struct service *service = service_alloc(config);
	int r = -ENOMEM;

	if (!service)
		goto fail;
	service->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = service->wake_fd < 0 ? -errno : 0;
	if (r < 0)
		goto fail;
	service->manifest = take_manifest;
	service->store = take_store;
	service->compile_store = config->take_compile_store;
	r = -pthread_create(&service->recorder, NULL, recorder_main, service);
	if (r < 0) {
		fd_close(service->wake_fd);
		goto fail;
	}
	*ret_service = service;
	return 0;
fail:
	free(service);
	manifest_unref(take_manifest);
	store_close(take_store);
	compile_store_close(config->take_compile_store);
	return error_set(err, r, "service", "cannot start");
}

static void job_forget_locked(struct service *service, struct job *job)
{
	TAILQ_REMOVE(&service->kept, job, in_list);
	LIST_REMOVE(job, in_table);
	service->kept_jobs--;
	service->kept_bytes -= job_output_bytes_locked(job);
	job_unref(job);
}

void service_prune_kept_locked(struct service *service, uint64_t now_usec)
{
	const struct service_config *config = &service->config;
	struct job *job;

	while ((job = TAILQ_FIRST(&service->kept)) != NULL) {
		if (service->kept_jobs <= config->kept_jobs_max &&
		    service->kept_bytes <= config->kept_bytes_max &&
		    now_usec - job->ended_usec <= config->kept_usec_max)
			break;
		job_forget_locked(service, job);
	}
}

void service_stop(struct service *service)
{
	struct job *job;

	service_lock(service);
	service->stopping = 1;
	queue_drain(&service->queue);
	while ((job = TAILQ_FIRST(&service->open)) != NULL) {
		job_ref(job);
		service_unlock(service);
		service_end_early(
			service, job, OUTCOME_INTERNAL_ERROR,
			"The server stopped while this job was waiting or running; run it "
			"again.");
		job_unref(job);
		service_lock(service);
	}
	service->recorder_stopping = 1;
	pthread_cond_signal(&service->record_changed);
	service_unlock(service);
	pthread_join(service->recorder, NULL);
}

struct service *service_free(struct service *service)
{
	struct job *job;

	if (!service)
		return NULL;
	assert(service->recorder_stopping);
	while ((job = TAILQ_FIRST(&service->attention)) != NULL) {
		TAILQ_REMOVE(&service->attention, job, in_attention);
		job_unref(job);
	}
	while ((job = TAILQ_FIRST(&service->kept)) != NULL)
		job_forget_locked(service, job);
	queue_fini(&service->queue);
	compile_cache_fini(&service->cache);
	carry_clear(&service->carry);
	compile_store_close(service->compile_store);
	fd_close(service->wake_fd);
	manifest_unref(service->manifest);
	for (unsigned i = 0; i < service->retired_count; i++)
		manifest_unref(service->retired[i]);
	store_close(service->store);
	pthread_cond_destroy(&service->record_changed);
	pthread_mutex_destroy(&service->lock);
	free(service);
	return NULL;
}

struct manifest *service_manifest(struct service *service)
{
	service_lock(service);
	struct manifest *manifest = manifest_ref(service->manifest);
	service_unlock(service);
	return manifest;
}

const struct limits *service_limits(struct service *service, enum step_kind kind)
{
	return &service->limits[kind];
}

uint64_t service_interactive_wall_usec(struct service *service)
{
	return service->interactive_wall_usec;
}

void service_wake(struct service *service)
{
	uint64_t one = 1;
	/* It fails only when the counter is full: the pump is then as awake as can be. */
	if (write(service->wake_fd, &one, sizeof(one)) < 0)
		return;
}

void service_attention_locked(struct service *service, struct job *job)
{
	if (!job->wants_attention) {
		job->wants_attention = 1;
		job_ref(job);
		TAILQ_INSERT_TAIL(&service->attention, job, in_attention);
	}
	service_wake(service);
}

/* ---- jobs in ---- */

static int id_is_valid(const char *id)
{
	return strlen(id) == JOB_ID_SIZE - 1 && strspn(id, "0123456789abcdef") == JOB_ID_SIZE - 1;
}

/* Ids are random: any bits of them are a hash. */
static struct job_chain *table_chain(struct service *service, const char *id)
{
	unsigned hash = 0;

	for (int i = 0; i < 3; i++)
		hash = hash << 4 | (unsigned)(id[i] <= '9' ? id[i] - '0' : id[i] - 'a' + 10);
	return &service->table[hash % SERVICE_TABLE_SIZE];
}

static int reserve(struct service *service, struct job *job, unsigned *ret_retry_sec,
		   struct error *err)
{
	service_lock(service);
	int r = queue_reserve(&service->queue, &job->item, job->client);
	unsigned retry_sec = queue_retry_sec(&service->queue, clock_monotonic_usec());
	service_unlock(service);
	switch (r) {
	case -EBUSY:
		*ret_retry_sec = retry_sec;
		return error_set_plain(err, -EBUSY, "queue",
				       "the queue is full (%u jobs wait); try again in %u s",
				       service->config.queue_total_max, retry_sec);
	case -EDQUOT:
		*ret_retry_sec = retry_sec;
		return error_set_plain(err, -EBUSY, "queue",
				       "%u of your jobs are waiting already, and more may not; try "
				       "again in %u s",
				       service->config.queue_client_max, retry_sec);
	case -ESHUTDOWN:
		*ret_retry_sec = STOPPING_RETRY_SEC;
		return error_set_plain(err, -EBUSY, "queue", "the server is stopping");
	case -ENOMEM:
		return error_set(err, -EIO, "queue", "cannot take the job");
	default:
		return r;
	}
}

static void unreserve(struct service *service, struct job *job)
{
	service_lock(service);
	queue_cancel(&service->queue, &job->item);
	service_unlock(service);
}

static struct store_job job_record(const struct job *job)
{
	return (struct store_job){
		.id = job->id,
		.client = job->client,
		.language = job->language,
		.accepted_usec = job->accepted_usec,
	};
}

/* The job is on record: lets it wait. Returns 0, or -ESHUTDOWN when the server began to stop. */
static int enqueue(struct service *service, struct job *job)
{
	uint64_t now = clock_monotonic_usec();

	service_lock(service);
	if (service->stopping) {
		queue_cancel(&service->queue, &job->item);
		service_unlock(service);
		return -ESHUTDOWN;
	}
	job_ref(job); /* the table's */
	LIST_INSERT_HEAD(table_chain(service, job->id), job, in_table);
	TAILQ_INSERT_TAIL(&service->open, job, in_list);
	job->submitted_usec = now;
	if (!job->plan.has_compile)
		queue_submit(&service->queue, &job->item, STEP_RUN, now);
	else if (flight_board_locked(service, job) == FLIGHT_COMPILE)
		queue_submit(&service->queue, &job->item, STEP_COMPILE, now);
	service_unlock(service);
	service_wake(service);
	return 0;
}

/* Names the job's compile, and has what is kept of it on disk at hand. */
static int find_compile(struct service *service, struct job *job, struct error *err)
{
	int r = compile_key_make(manifest_image_id(job->manifest), &job->limits[STEP_COMPILE],
				 job->plan.compile_bundle_fd, &job->compile_key, err);
	if (r < 0)
		return r;
	job->has_compile_key = 1;
	service_lock(service);
	int known = compile_cache_find(&service->cache, &job->compile_key) != NULL;
	service_unlock(service);
	struct compile_entry *entry =
		known ? NULL : compile_store_load(service->compile_store, &job->compile_key);
	if (!entry)
		return 0;
	service_lock(service);
	compile_cache_put(&service->cache, entry);
	service_unlock(service);
	compile_entry_unref(entry);
	return 0;
}

int job_submit(struct service *service, const struct job_request *request, struct job **ret_job,
	       unsigned *ret_retry_sec, struct error *err)
{
	struct job *job;

	int r = job_new(service, request, &job, err);
	if (r < 0)
		return r == -EINVAL ? r : -EIO;
	r = reserve(service, job, ret_retry_sec, err);
	if (r < 0) {
		job_unref(job);
		return r;
	}
	job->manifest = service_manifest(service);
	r = manifest_plan(job->manifest, request, &job->plan, err);
	if (r == 0 && job->plan.has_compile && service->config.cache_bytes_max)
		r = find_compile(service, job, err);
	if (r < 0 && r != -EINVAL && r != -E2BIG)
		r = -EIO;
	if (r == 0) {
		struct store_job record = job_record(job);
		r = store_accept(service->store, &record, err) < 0 ? -EIO : 0;
	}
	if (r < 0) {
		unreserve(service, job);
	} else if (enqueue(service, job) < 0) {
		store_forget(service->store, job->id, NULL);
		*ret_retry_sec = STOPPING_RETRY_SEC;
		r = error_set_plain(err, -EBUSY, "queue", "the server is stopping");
	}
	if (r < 0) {
		job_unref(job);
		return r;
	}
	*ret_job = job;
	return 0;
}

struct job *job_find(struct service *service, const char *id)
{
	struct store_end end;
	struct job *job;

	if (!id_is_valid(id))
		return NULL;
	service_lock(service);
	LIST_FOREACH (job, table_chain(service, id), in_table)
		if (strcmp(job->id, id) == 0)
			break;
	if (job)
		job_ref(job);
	service_unlock(service);
	if (job)
		return job;
	if (store_find(service->store, id, &end, NULL) <= 0)
		return NULL;
	return job_new_ended(service, id, &end);
}
