/*
 * lock.json: what an image is made from, exactly. The one beside image.json is what is asked for;
 * the one in an image says what it has. docs/baking.md describes the file. Pure, but for
 * lock_read().
 */
#ifndef BAKE_LOCK_H
#define BAKE_LOCK_H

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"

/* Checks what was read from file. Returns 0, or -EINVAL with file, path and reason. */
int lock_check(const json_t *lock, const char *file, struct error *err);

/* Is it "YYYY-MM-DD"? That becomes part of an address. Returns 1 or 0. */
int lock_is_date(const char *text);

/* Reads folder/lock.json. ret_lock: new; NULL when there is none. */
int lock_read(const char *folder, json_t **ret_lock, struct error *err);

/*
 * The packages a lock has for the names wanted and those of some alternatives: NULL when it is for
 * another suite or architecture, or for other names. wanted: a name list; alternatives: an object
 * of name lists, {PART: names}. Returns a new package list.
 */
json_t *lock_packages(const json_t *lock, const char *suite, const char *architecture,
		      const json_t *wanted, const json_t *alternatives);

/* All packages of a lock, its alternatives' too. A new package list, or NULL for want of memory. */
json_t *lock_all_packages(const json_t *lock);

/* Called with one line of a difference, without its end. */
typedef void lock_line(void *owner, const char *line);

/* Tells the difference between two package lists. Either may be NULL. Returns the number of lines.
 */
size_t lock_compare_packages(const json_t *before, const json_t *after, lock_line *line,
			     void *owner);

/*
 * Tells the difference between the parts of two locks, "rust" or "tools". what: how a line begins,
 * such as "Rust ". Either may be NULL.
 */
size_t lock_compare_parts(const char *what, const json_t *before, const json_t *after,
			  lock_line *line, void *owner);

#endif
