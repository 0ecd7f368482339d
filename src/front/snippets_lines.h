/*
 * Snippets as lines of JSON, one for each: how they are carried from server to server and kept in
 * backups. Runs in sandlot-snippets.
 */
#ifndef FRONT_SNIPPETS_LINES_H
#define FRONT_SNIPPETS_LINES_H

#include <stdio.h>

#include "front/snippets.h"

/*
 * Writes every snippet with its claims. Those that are shared meanwhile may be among them or not.
 * Returns 0 and how many, or a negative errno.
 */
int snippets_export(struct snippets *snippets, FILE *to, unsigned long *ret_count,
		    struct error *err);

/*
 * Takes lines of snippets_export(). What is here already is left as it is but for further claims;
 * what has expired is passed over. Lines are put on record some hundreds at a time; on an error
 * those before it may be, and taking them again is harmless. Returns 0 and how many lines there
 * were, -EINVAL naming line and fault, or another negative errno.
 */
int snippets_import(struct snippets *snippets, FILE *from, unsigned long *ret_count,
		    struct error *err);

#endif
