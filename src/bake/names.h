/*
 * The set of names an archive has used, told apart by how they are written and compared without
 * case: two names that are one on some file systems are not both allowed. Pure.
 */
#ifndef BAKE_NAMES_H
#define BAKE_NAMES_H

#include <stddef.h>

enum names_kind { NAMES_FOLDER, NAMES_FILE };

struct names_entry {
	char *name; /* owned; NULL: free slot */
	enum names_kind kind;
};

/* A hash table, open addressing. Zero-initialise. */
struct names {
	int any_case; /* 1: names that differ in case only are two */
	struct names_entry *entries;
	size_t used, room;
};

/*
 * Adds a name. Returns 1 when it is new; 0 for a folder that is there already, written alike;
 * -EEXIST for a file that is there, for a file where a folder is or the other way round, and for a
 * name that differs in ASCII case only; -ENOMEM.
 */
int names_add(struct names *names, const char *name, enum names_kind kind);

void names_fini(struct names *names);

#endif
