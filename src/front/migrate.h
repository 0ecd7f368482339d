/*
 * A database's schema, moved up and down through numbered versions. Runs in the front end and in
 * tools that open its files.
 *
 * Each step up leaves the statements of its way back in the file itself (table `migrations`), so
 * that an older program, which cannot know what came after it, can go down from a newer file
 * without losing what both know. Every step is one transaction: a crash leaves a whole version.
 */
#ifndef FRONT_MIGRATE_H
#define FRONT_MIGRATE_H

#include <sqlite3.h>
#include <stddef.h>

#include "base/error.h"

/* One version: how to get to it from the one before, and back. SQL, may be several statements. */
struct migration {
	const char *up, *down;
};

/* The file's version, 0 for a new one. Returns 0 or -EIO. */
int migrate_version(sqlite3 *db, unsigned *ret_version, struct error *err);

/*
 * Brings the file to version target (0 to count) from whatever it has. migrations: version 1 first.
 * Returns 0; -EPROTO when the file is of a later version and does not say the way back; -EIO with
 * the database's error still set.
 */
int migrate(sqlite3 *db, const struct migration *migrations, size_t count, unsigned target,
	    struct error *err);

#endif
