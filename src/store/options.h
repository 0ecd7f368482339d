/*
 * The command line of `sandlot image`: one table of options, of which each verb takes some. Pure
 * but for finding the default link.
 */
#ifndef STORE_OPTIONS_H
#define STORE_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "bake/path.h"
#include "base/error.h"

/* Options a verb may take; or-ed. All take --help. */
enum option_bit {
	OPTION_CACHE = 1 << 0,
	OPTION_LINK = 1 << 1,
	OPTION_KEYS = 1 << 2,
	OPTION_JSON = 1 << 3,
	OPTION_DRY_RUN = 1 << 4,
	OPTION_KEEP_DAYS = 1 << 5,
	OPTION_KEY = 1 << 6,
	OPTION_EXPIRES = 1 << 7,
	OPTION_OUTPUT = 1 << 8,
	OPTION_LEVEL = 1 << 9,
	OPTION_HASHES = 1 << 10,
	OPTION_UNSIGNED = 1 << 11,
	OPTION_FILES = 1 << 12,
	OPTION_NAME = 1 << 13,
	OPTION_AUDITS = 1 << 14,
	OPTION_STAMPS = 1 << 15,
	OPTION_OLDER = 1 << 16,
	OPTION_SELFTEST = 1 << 17,
};

enum { OPTIONS_KEEP_DAYS_MAX = 36500, OPTIONS_LEVEL_DEFAULT = 9, OPTIONS_LEVEL_MAX = 19 };

/* Texts are borrowed from argv; NULL: not given. */
struct options {
	const char *cache, *keys, *key, *expires, *output, *name, *audits, *stamps;
	const char *link; /* as given, else default_link */
	struct path default_link;
	unsigned given;		   /* enum option_bit, or-ed */
	uint64_t keep_days, level; /* defaults: 0, OPTIONS_LEVEL_DEFAULT */
	char **operands;	   /* borrowed */
	size_t operand_count;
};

struct verb;

enum options_verdict { OPTIONS_RUN, OPTIONS_HELP };

/*
 * Reads a verb's command line; argv[0] is the verb. Returns OPTIONS_RUN, OPTIONS_HELP when help was
 * asked for, or -EINVAL with a text that says what is wrong and what the verb takes.
 */
int options_parse(const struct verb *verb, int argc, char **argv, struct options *ret_options,
		  struct error *err);

static inline int options_has(const struct options *options, enum option_bit bit)
{
	return (options->given & bit) != 0;
}

#endif
