#include "bake/names.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FIRST_ROOM = 256 };

/* FNV-1a over the name with ASCII letters in lower case. */
static size_t hash_name(const char *name)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (; *name; name++) {
		unsigned char c = (unsigned char)*name;
		hash ^= c >= 'A' && c <= 'Z' ? (unsigned char)(c + ('a' - 'A')) : c;
		hash *= UINT64_C(1099511628211);
	}
	return (size_t)hash;
}

static int same_but_for_case(const char *a, const char *b)
{
	for (; *a && *b; a++, b++) {
		int ca = *a >= 'A' && *a <= 'Z' ? *a + ('a' - 'A') : *a;
		int cb = *b >= 'A' && *b <= 'Z' ? *b + ('a' - 'A') : *b;
		if (ca != cb)
			return 0;
	}
	return *a == *b;
}

/* The entry of this name, or the free one where it belongs. room is a power of two and never full.
 */
static struct names_entry *find(struct names_entry *entries, size_t room, int any_case,
				const char *name)
{
	size_t i = hash_name(name) & (room - 1);

	while (entries[i].name && !(any_case ? strcmp(entries[i].name, name) == 0
					     : same_but_for_case(entries[i].name, name)))
		i = (i + 1) & (room - 1);
	return &entries[i];
}

static int grow(struct names *names)
{
	size_t room = names->room ? names->room * 2 : FIRST_ROOM;
	struct names_entry *entries = calloc(room, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	for (size_t i = 0; i < names->room; i++)
		if (names->entries[i].name)
			*find(entries, room, names->any_case, names->entries[i].name) =
				names->entries[i];
	free(names->entries);
	names->entries = entries;
	names->room = room;
	return 0;
}

int names_add(struct names *names, const char *name, enum names_kind kind)
{
	if ((names->used + 1) * 2 > names->room) {
		int r = grow(names);
		if (r < 0)
			return r;
	}
	struct names_entry *entry = find(names->entries, names->room, names->any_case, name);
	if (entry->name)
		return kind == NAMES_FOLDER && entry->kind == NAMES_FOLDER &&
				       strcmp(entry->name, name) == 0
			       ? 0
			       : -EEXIST;
	entry->name = strdup(name);
	if (!entry->name)
		return -ENOMEM;
	entry->kind = kind;
	names->used++;
	return 1;
}

void names_fini(struct names *names)
{
	for (size_t i = 0; i < names->room; i++)
		free(names->entries[i].name);
	free(names->entries);
	*names = (struct names){.any_case = names->any_case};
}
