#include "front/service_internal.h"

#include <errno.h>

/*
 * From one image to the next. Only the current manifest can be come by; so a retired one whose last
 * reference is ours will never be used again, and the supervisor may be told.
 */

int service_use_manifest(struct service *service, struct manifest *take_manifest, struct error *err)
{
	service_lock(service);
	int full = service->retired_count == SERVICE_RETIRED_MAX;
	if (!full) {
		service->retired[service->retired_count++] = service->manifest;
		service->manifest = take_manifest;
		carry_clear(&service->carry); /* no compiler is the one it was */
	}
	service_unlock(service);
	if (!full)
		return 0;
	manifest_unref(take_manifest);
	return error_set_plain(err, -EBUSY, "image", "jobs still run on %d earlier images",
			       SERVICE_RETIRED_MAX);
}

uint64_t service_unused_generation(struct service *service)
{
	uint64_t generation = 0;

	service_lock(service);
	for (unsigned i = 0; i < service->retired_count && !generation; i++)
		if (manifest_is_last_ref(service->retired[i]))
			generation = manifest_generation(service->retired[i]);
	service_unlock(service);
	return generation;
}

void service_forget_generation(struct service *service, uint64_t generation)
{
	struct manifest *forgotten = NULL;

	service_lock(service);
	for (unsigned i = 0; i < service->retired_count && !forgotten; i++)
		if (manifest_generation(service->retired[i]) == generation) {
			forgotten = service->retired[i];
			service->retired[i] = service->retired[--service->retired_count];
		}
	service_unlock(service);
	manifest_unref(forgotten);
}
