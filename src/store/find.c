/*
 * What people call an image: store_find() of store.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bake/link.h"
#include "store/store.h"

/* "current" and "previous". */
static int find_linked(const char *name, const char *link, struct store_image *ret_image,
		       struct error *err)
{
	struct link_state state;

	int r = link_read(link, &state, err);
	if (r < 0)
		return r;
	const char *folder =
		strcmp(name, "current") == 0 ? state.current.text : state.previous.text;
	if (!*folder)
		return error_set_plain(err, -ENOENT, "image",
				       "%s has no %s image; name another link with --link", link,
				       name);
	return store_read_image(folder, ret_image, err);
}

static const struct store_image *find_named(const struct store *store, const char *name)
{
	for (size_t i = 0; i < store->count; i++)
		if (strcmp(store->images[i].name, name) == 0)
			return &store->images[i];
	return NULL;
}

/* Whose ids start so: how many, and the last of them. */
static size_t find_digits(const struct store *store, const char *digits,
			  const struct store_image **ret_image)
{
	size_t len = strlen(digits), found = 0;

	*ret_image = NULL;
	if (strspn(digits, "0123456789abcdef") != len || len < STORE_ID_LEAST)
		return 0;
	for (size_t i = 0; i < store->count; i++)
		if (strncmp(store->images[i].id, digits, len) == 0) {
			*ret_image = &store->images[i];
			found++;
		}
	return found;
}

static int refuse(const struct store *store, const char *name, struct error *err)
{
	size_t len = strlen(name);

	if (len > 0 && len < STORE_ID_LEAST && strspn(name, "0123456789abcdef") == len)
		return error_set_plain(err, -EINVAL, "image",
				       "\"%s\" is too short for an id: give at least %d digits",
				       name, STORE_ID_LEAST);
	if (store->count == 0)
		return error_set_plain(err, -ENOENT, "image",
				       "there is no image \"%.70s\": %s holds none; bake one with "
				       "`sandlot bake`, or name another cache with --cache",
				       name, store->folder.text);
	return error_set_plain(err, -ENOENT, "image",
			       "there is no image \"%.70s\"; `sandlot image list` shows names and "
			       "ids",
			       name);
}

int store_find(const struct store *store, const char *name, const char *link,
	       struct store_image *ret_image, struct error *err)
{
	const struct store_image *by_digits;

	if (link && (strcmp(name, "current") == 0 || strcmp(name, "previous") == 0))
		return find_linked(name, link, ret_image, err);
	if (strchr(name, '/'))
		return store_read_image(name, ret_image, err);
	size_t found = find_digits(store, name, &by_digits);
	const struct store_image *by_name = find_named(store, name);
	if (found > 1 || (found == 1 && by_name && by_name != by_digits))
		return error_set_plain(err, -EINVAL, "image",
				       "\"%s\" is more than one image; give more digits of its id",
				       name);
	if (!found && !by_name)
		return refuse(store, name, err);
	*ret_image = found ? *by_digits : *by_name;
	return 0;
}
