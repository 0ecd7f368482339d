/*
 * Finding what nobody needs: sweep.h.
 */
#include "store/sweep_plan.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bake/parts.h"
#include "base/fd.h"
#include "store/archive.h"
#include "store/sizes.h"
#include "store/sweep.h"

struct plan {
	struct sweep *sweep;
	const struct store *store;
	const struct uses *uses;
	uint64_t newest_kept_sec;
	struct inodes removed;
	json_t *needed; /* owned: an object with the parts that stay as its keys */
	json_t *kept;	/* owned: the same of the ids of images that stay */
};

static int add_item(struct plan *plan, enum sweep_kind kind, const char *path, struct error *err)
{
	struct sweep *sweep = plan->sweep;
	struct sweep_item *grown =
		reallocarray(sweep->items, sweep->count + 1, sizeof(*sweep->items));
	if (!grown)
		return error_set(err, -ENOMEM, "gc", "cannot list what can go");
	sweep->items = grown;

	struct sweep_item *item = &grown[sweep->count];
	*item = (struct sweep_item){.kind = kind};
	int r = path_format(&item->path, err, "%s", path);
	if (r >= 0)
		r = sizes_of_removal(&plan->removed, path, &item->bytes, err);
	if (r < 0)
		return r;
	sweep->bytes += item->bytes;
	sweep->count++;
	return 0;
}

static int note(json_t *set, const char *name, struct error *err)
{
	return json_object_set_new(set, name, json_true()) < 0
		       ? error_set(err, -ENOMEM, "gc", "cannot list what stays")
		       : 0;
}

/* When it came to be here: baked, or brought in. */
static uint64_t age_of(const struct store_image *image)
{
	struct stat st;
	uint64_t here = stat(image->folder.text, &st) < 0 ? 0 : (uint64_t)st.st_mtime;

	return here > image->baked_sec ? here : image->baked_sec;
}

static int stays(const struct plan *plan, const struct store_image *image)
{
	return uses_is_held(&image->folder) || uses_of_links(plan->uses, &image->folder, NULL) ||
	       age_of(image) >= plan->newest_kept_sec;
}

/* What an image that stays was made from stays too. */
static int note_parts(struct plan *plan, const struct path *image, struct error *err)
{
	struct parts parts;
	struct path part;
	int r = 0, len;

	if (parts_read(image->text, &parts, NULL) < 0) {
		plan->sweep->parts_unknown = *image;
		return 0;
	}
	for (const char *line = NULL; r >= 0 && (line = parts_next(&parts, line, &len));) {
		r = path_format(&part, err, "%.*s", len, line);
		if (r >= 0)
			r = note(plan->needed, part.text, err);
	}
	parts_fini(&parts);
	return r;
}

static int plan_images(struct plan *plan, struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < plan->store->count && r >= 0; i++) {
		const struct store_image *image = &plan->store->images[i];
		if (!stays(plan, image)) {
			r = add_item(plan, SWEEP_IMAGE, image->folder.text, err);
			continue;
		}
		r = note(plan->kept, image->id, err);
		if (r >= 0)
			r = note_parts(plan, &image->folder, err);
	}
	return r;
}

/* Does name end so? */
static int ends(const char *name, const char *suffix)
{
	size_t len = strlen(name), tail = strlen(suffix);

	return len >= tail && strcmp(name + len - tail, suffix) == 0;
}

/* A test of one entry of a folder of the cache: is it needed? */
typedef int is_needed(const struct plan *plan, const char *folder, const char *name);

static int part_is_needed(const struct plan *plan, const char *folder, const char *name)
{
	struct path part;

	return plan->sweep->parts_unknown.text[0] ||
	       path_format(&part, NULL, "%s/%s", folder, name) < 0 ||
	       json_object_get(plan->needed, part.text) != NULL;
}

/* An export is called NAME-ID12.erofs.zst. */
static int export_is_needed(const struct plan *plan, const char *folder, const char *name)
{
	const char *id;
	json_t *value;
	size_t len = strlen(name), tail = STORE_ID_SHORT + strlen(ARCHIVE_SUFFIX);

	(void)folder;
	if (!ends(name, ARCHIVE_SUFFIX) || len < tail)
		return 1;
	json_object_foreach (plan->kept, id, value)
		if (strncmp(id, name + len - tail, STORE_ID_SHORT) == 0)
			return 1;
	return 0;
}

static const struct {
	const char *folder;
	enum sweep_kind kind;
	is_needed *is_needed; /* NULL: of everything there only remains can go */
} folders[] = {
	{"layers", SWEEP_LAYER, part_is_needed},     {"vendor", SWEEP_SOURCES, part_is_needed},
	{"crates", SWEEP_DOWNLOAD, part_is_needed},  {"debs", SWEEP_DOWNLOAD, part_is_needed},
	{"files", SWEEP_DOWNLOAD, part_is_needed},   {"memo", SWEEP_MEMO, part_is_needed},
	{"exports", SWEEP_EXPORT, export_is_needed}, {"images", SWEEP_REMAINS, NULL},
};

static int plan_entry(struct plan *plan, size_t row, const char *name, struct error *err)
{
	struct path path;
	int is_gone = ends(name, SWEEP_GONE);

	if (name[0] == '.' ||
	    (!is_gone &&
	     (!folders[row].is_needed || folders[row].is_needed(plan, folders[row].folder, name))))
		return 0;
	int r = path_format(&path, err, "%s/%s/%s", plan->store->cache.text, folders[row].folder,
			    name);
	return r < 0 ? r
		     : add_item(plan, is_gone ? SWEEP_REMAINS : folders[row].kind, path.text, err);
}

static int plan_folder(struct plan *plan, size_t row, struct error *err)
{
	struct dirent **entries = NULL;
	struct path folder;

	int r = path_format(&folder, err, "%s/%s", plan->store->cache.text, folders[row].folder);
	if (r < 0)
		return r;
	int count = scandir(folder.text, &entries, NULL, alphasort);
	if (count < 0)
		return errno == ENOENT
			       ? 0
			       : error_set(err, -errno, "gc", "cannot read %s", folder.text);
	for (int i = 0; i < count; i++) {
		if (r >= 0)
			r = plan_entry(plan, row, entries[i]->d_name, err);
		free(entries[i]);
	}
	free(entries);
	return r;
}

/* Links that are no more, of checkouts that were removed. */
static int plan_links(struct plan *plan, struct error *err)
{
	struct path previous;
	int r = 0;

	for (size_t i = 0; i < plan->uses->count && r >= 0; i++) {
		const struct uses_link *link = &plan->uses->links[i];
		r = path_format(&previous, err, "%s" LINK_PREVIOUS, link->link.text);
		if (r >= 0 && link->root.text[0] && !path_exists(link->link.text) &&
		    !path_exists(previous.text))
			r = add_item(plan, SWEEP_LINK, link->root.text, err);
	}
	return r;
}

int sweep_plan(struct sweep *sweep, const struct store *store, const struct uses *uses,
	       uint64_t newest_kept_sec, struct error *err)
{
	struct plan plan = {.sweep = sweep,
			    .store = store,
			    .uses = uses,
			    .newest_kept_sec = newest_kept_sec,
			    .needed = json_object(),
			    .kept = json_object()};

	*sweep = (struct sweep){.items = NULL};
	int r = plan.needed && plan.kept ? plan_images(&plan, err)
					 : error_set(err, -ENOMEM, "gc", "cannot list what stays");
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]) && r >= 0; i++)
		r = plan_folder(&plan, i, err);
	if (r >= 0)
		r = plan_links(&plan, err);
	json_decref(plan.needed);
	json_decref(plan.kept);
	inodes_fini(&plan.removed);
	return r;
}

void sweep_fini(struct sweep *sweep)
{
	free(sweep->items);
	*sweep = (struct sweep){.items = NULL};
}
