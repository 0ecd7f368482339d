#include "bake/effective.h"

#include <errno.h>
#include <string.h>

#include "bake/apt.h"
#include "bake/debian_wanted.h"
#include "bake/json.h"
#include "bake/lock.h"
#include "bake/packages.h"

json_t *effective_rust(const struct bake *bake)
{
	json_auto_t *parts = json_object();

	for (size_t i = 0; i < bake->channel_count; i++)
		if (json_object_set(parts, bake->channels[i].name, bake->channels[i].lock) < 0)
			return NULL;
	return json_incref(parts);
}

json_t *effective_tools(const struct bake *bake)
{
	json_auto_t *parts = json_object();

	for (size_t i = 0; i < bake->definition->tool_count; i++)
		if (json_object_set(parts, json_text(bake->definition->tools[i].json, "name"),
				    bake->tools[i].lock) < 0)
			return NULL;
	return json_incref(parts);
}

int effective_lock(const struct bake *bake, json_t **ret_lock, struct error *err)
{
	struct debian_wanted wanted = {.names = NULL};

	int r = debian_wanted_find(bake, 0, &wanted, err);
	if (r < 0)
		return r;
	json_auto_t *names = debian_wanted_together(&wanted);
	json_auto_t *rust = effective_rust(bake);
	json_auto_t *tools = effective_tools(bake);
	debian_wanted_fini(&wanted);
	*ret_lock = json_pack("{s:i, s:{s:s, s:s, s:O, s:O}, s:O, s:O}", "schema", 1, "debian",
			      "suite", json_text(bake->definition->base, "suite"), "architecture",
			      apt_architecture(), "wanted", names, "packages",
			      bake->debian_packages, "rust", rust, "tools", tools);
	return *ret_lock ? 0 : error_set(err, -ENOMEM, "lock", "cannot write the lock");
}

struct telling {
	struct bake *bake;
	const char *head; /* said before the first line */
};

static void tell(void *owner, const char *line)
{
	struct telling *telling = owner;

	if (telling->head)
		progress_say(&telling->bake->progress, "%s", telling->head);
	telling->head = NULL;
	progress_say(&telling->bake->progress, "  %s", line);
}

/*
 * What the lock has for the same choice of sources; of another choice all it has, so that the
 * difference is told too.
 */
static json_t *locked_packages(const struct bake *bake, const json_t *lock)
{
	struct debian_wanted wanted = {.names = NULL};
	json_t *list = NULL;

	if (debian_wanted_find(bake, 0, &wanted, NULL) < 0)
		return NULL;
	list = lock_packages(bake->locked, json_text(json_object_get(lock, "debian"), "suite"),
			     json_text(json_object_get(lock, "debian"), "architecture"),
			     wanted.names, wanted.alternatives);
	debian_wanted_fini(&wanted);
	return list ? list : lock_all_packages(bake->locked);
}

void effective_tell(struct bake *bake, const json_t *lock)
{
	struct telling telling = {bake, "this image differs from its lock.json:"};

	if (!bake->locked)
		return;
	json_auto_t *before = locked_packages(bake, lock);
	lock_compare_packages(before, bake->debian_packages, tell, &telling);
	lock_compare_parts("Rust ", json_object_get(bake->locked, "rust"),
			   json_object_get(lock, "rust"), tell, &telling);
	lock_compare_parts("tool ", json_object_get(bake->locked, "tools"),
			   json_object_get(lock, "tools"), tell, &telling);
}
