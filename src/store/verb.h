/*
 * What `sandlot image` can do: one verb per file cmd_NAME.c, listed in main.c.
 */
#ifndef STORE_VERB_H
#define STORE_VERB_H

#include <stddef.h>

#include "base/error.h"
#include "store/options.h"

struct verb {
	const char *name;
	const char *operands; /* as shown in its usage line, e.g. "IMAGE..." */
	const char *summary;  /* one line for `sandlot image --help` */
	const char *help;     /* what it does; the options come from their table */
	const char *examples; /* lines */
	unsigned options;     /* enum option_bit, or-ed */
	size_t least, most;   /* operands */
	int changes;	      /* 1: it changes things; SIGINT and the like let it clean up */
	int trouble;	      /* exit status of a failure, when it is not EXIT_FAILURE */
	/* Returns an exit status, or a negative errno with a text. */
	int (*run)(const struct options *options, struct error *err);
};

extern const struct verb verb_list, verb_show, verb_verify, verb_diff, verb_sign, verb_export,
	verb_import, verb_use, verb_rollback, verb_remove, verb_gc;

/* Prints a verb's help on stdout. */
void verb_help(const struct verb *verb);

#endif
