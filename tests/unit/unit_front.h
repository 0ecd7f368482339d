/* A service with its store in a folder, as the front end makes one of its welcome. */
#ifndef UNIT_FRONT_H
#define UNIT_FRONT_H

#include "unit.h"

#include "base/clock.h"
#include "front/service.h"

/* slots: of compiles, runs and compiles begun early. take_manifest goes to the service. */
static inline struct service *unit_service(const char *folder, struct manifest *take_manifest,
					   const unsigned slots[3])
{
	struct ipc_welcome welcome = {
		.generation = 1,
		.compile_slots = slots[0],
		.run_slots = slots[1],
		.early_slots = slots[2],
		.compile_limits = limits_default_compile(),
		.run_limits = limits_default_run(),
		.interactive_wall_usec = 60 * USEC_PER_SEC,
	};
	struct service_config config = service_config_default(&welcome);
	struct service *service;
	struct store *store;
	unsigned recovered;
	int set_aside;

	assert_int_equal(store_open(folder, &store, &set_aside, &recovered, NULL), 0);
	assert_int_equal(service_new(&config, take_manifest, store, &service, NULL), 0);
	return service;
}

#endif
