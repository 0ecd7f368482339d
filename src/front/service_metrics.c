#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>

#include "front/service_internal.h"

/* What the service counts, to whom it may tell it. */

void service_request_took(struct service *service, const char *path, uint64_t usec)
{
	service_lock(service);
	metrics_request(&service->metrics, path, usec);
	service_unlock(service);
}

static int check(const struct service *service, const char *authorization, struct error *err)
{
	static const char scheme[] = "Bearer ";
	const char *token = service->config.metrics_token;

	if (!*token)
		return error_set_plain(err, -EACCES, "metrics",
				       "this server tells its metrics to nobody; start it with "
				       "--metrics-token-file FILE");
	if (!authorization || strncmp(authorization, scheme, strlen(scheme)) != 0)
		return error_set_plain(err, -EACCES, "metrics",
				       "the metrics take an \"Authorization: Bearer TOKEN\"");
	authorization += strlen(scheme);
	/* The time it takes tells the token's length and no more. */
	if (strlen(authorization) != strlen(token) ||
	    CRYPTO_memcmp(authorization, token, strlen(token)) != 0)
		return error_set_plain(err, -EACCES, "metrics", "this is not the token");
	return 0;
}

static unsigned outputs_held_locked(const struct service *service)
{
	const struct job *job;
	unsigned count = 0;

	TAILQ_FOREACH (job, &service->open, in_list)
		count += (unsigned)(job->held[0] + job->held[1]);
	return count;
}

int service_metrics(struct service *service, const char *authorization, char **ret_text,
		    size_t *ret_len, struct error *err)
{
	int r = check(service, authorization, err);
	if (r < 0)
		return r;
	service_lock(service);
	struct metrics metrics = service->metrics;
	struct metrics_now now = {
		.waiting = service->queue.pending,
		.cache_entries = service->cache.count,
		.cache_bytes = service->cache.bytes,
		.carried_states = service->carry.states,
		.carried_bytes = service->carry.bytes,
		.carried_given = service->carry.given,
		.carried_kept = service->carry.kept,
		.carried_dropped = service->carry.dropped,
		.memory_is_short = service->memory_is_short,
		.outputs_held = outputs_held_locked(service),
	};
	for (int kind = 0; kind < STEP_KIND_COUNT; kind++)
		now.running[kind] = service->queue.used[kind];
	service_unlock(service);
	r = metrics_write(&metrics, &now, ret_text, ret_len);
	return r < 0 ? error_set(err, r, "metrics", "cannot write the metrics") : 0;
}
