/*
 * The verbs of `sandlot bake`: `sandlot bake IMAGE` itself and those named by the first argument.
 * Each is a file verb_NAME.c with a `const struct verb`; main.c lists them.
 */
#ifndef BAKE_VERB_H
#define BAKE_VERB_H

#include <stddef.h>

#include "bake/bake.h"

enum { VERB_EXIT_USAGE = 64, VERB_EXIT_INTERRUPTED = 130 };

enum verb_option_kind {
	VERB_OPTION_TEXT,  /* const char *: the argument, borrowed */
	VERB_OPTION_FLAG,  /* int: 1 */
	VERB_OPTION_COUNT, /* unsigned: the argument, 1…VERB_COUNT_MAX */
	VERB_OPTION_FORM,  /* enum bake_form */
};

enum { VERB_COUNT_MAX = 1024 };

/* An option and where it goes: offsetof() in struct bake_options. */
struct verb_option {
	const char *name;
	enum verb_option_kind kind;
	size_t offset;
};

#define VERB_OPTION(text, kind, field)                                                             \
	{                                                                                          \
		text, VERB_OPTION_##kind, offsetof(struct bake_options, field)                     \
	}

struct verb {
	const char *name;  /* "" for `sandlot bake IMAGE` */
	const char *what;  /* one line, for the list in --help; NULL for "" */
	const char *help;  /* what --help prints */
	const char *wants; /* what to name when there are too few words; NULL: an image */
	const struct verb_option *options; /* --help is always known */
	size_t option_count;
	int arguments_min, arguments_max; /* words that are no options */
	int (*run)(const struct bake_options *options);
};

extern const struct verb verb_add_crate, verb_bake, verb_check, verb_new, verb_update, verb_vet;

/*
 * Reads a verb's command line: argv[1] is its first word. Returns -1 to go on, or the exit status
 * when it was --help or wrong, with what is to be said already printed. ret_options->arguments:
 * borrowed from argv.
 */
int verb_parse(const struct verb *verb, int argc, char **argv, struct bake_options *ret_options);

/* Prints a failure as the last words of a command and returns the exit status for it. */
int verb_fail(const struct error *err, const char *tail);

#endif
