#include "store/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/verb.h"

/* One row per option: everything else comes from here. */
static const struct row {
	const char *name, *argument; /* argument: what it is called in the help; NULL: none */
	const char *help;
	enum option_bit bit;
	size_t offset; /* of the text in struct options; of the number, when most is not 0 */
	uint64_t most;
} rows[] = {
	{"cache", "DIR",
	 "the cache with the images; otherwise $SANDLOT_CACHE, $XDG_CACHE_HOME/sandlot or "
	 "~/.cache/sandlot",
	 OPTION_CACHE, offsetof(struct options, cache), 0},
	{"link", "LINK", "the link that says which image is in use; otherwise the server's default",
	 OPTION_LINK, offsetof(struct options, link), 0},
	{"keys", "DIR",
	 "the folder of keys; otherwise $SANDLOT_KEYS, /etc/sandlot/keys as root, "
	 "~/.config/sandlot/keys",
	 OPTION_KEYS, offsetof(struct options, keys), 0},
	{"stamps", "DIR",
	 "the server's folder of stamps, when it was started with one; otherwise "
	 "/var/cache/sandlot/stamps as root, $XDG_CACHE_HOME/sandlot/stamps, "
	 "~/.cache/sandlot/stamps",
	 OPTION_STAMPS, offsetof(struct options, stamps), 0},
	{"key", "NAME", "the key to sign with; otherwise the only one there is, or this host's",
	 OPTION_KEY, offsetof(struct options, key), 0},
	{"expires", "WHEN", "no server takes it from then on: a date (2027-12-31) or a time (90d)",
	 OPTION_EXPIRES, offsetof(struct options, expires), 0},
	{"name", "NAME", "what an image without a record is to be called", OPTION_NAME,
	 offsetof(struct options, name), 0},
	{"audits", "DIR",
	 "the crate set with audits to look for violations in; otherwise that of the image's "
	 "definition, when it is at hand",
	 OPTION_AUDITS, offsetof(struct options, audits), 0},
	{"output", "FILE", "the file to write", OPTION_OUTPUT, offsetof(struct options, output), 0},
	{"level", "N", "how hard to compress, 1 to 19; otherwise 9", OPTION_LEVEL,
	 offsetof(struct options, level), OPTIONS_LEVEL_MAX},
	{"keep-days", "N", "keep images that are not older than N days", OPTION_KEEP_DAYS,
	 offsetof(struct options, keep_days), OPTIONS_KEEP_DAYS_MAX},
	{"hashes", NULL, "print the list of chunks of an exported file instead", OPTION_HASHES, 0,
	 0},
	{"files", NULL, "name every file that differs, not the first of each kind", OPTION_FILES, 0,
	 0},
	{"allow-unsigned", NULL, "take an image that nobody signed", OPTION_UNSIGNED, 0, 0},
	{"allow-older", NULL,
	 "have a server take it even though one of its name that was baked later was served",
	 OPTION_OLDER, 0, 0},
	{"selftest", NULL, "also run its self-tests, each in a cell", OPTION_SELFTEST, 0, 0},
	{"dry-run", NULL, "say what would be done, and do nothing", OPTION_DRY_RUN, 0, 0},
	{"json", NULL, "print JSON", OPTION_JSON, 0, 0},
};

enum { COLUMN = 20, WIDTH = 79 }; /* of help */

enum { ROWS = sizeof(rows) / sizeof(rows[0]), OPT_FIRST = 256, OPT_HELP = OPT_FIRST + ROWS };

static void fill_long(struct option ret_long[ROWS + 2])
{
	for (int i = 0; i < ROWS; i++)
		ret_long[i] = (struct option){rows[i].name,
					      rows[i].argument ? required_argument : no_argument,
					      NULL, OPT_FIRST + i};
	ret_long[ROWS] = (struct option){"help", no_argument, NULL, OPT_HELP};
	ret_long[ROWS + 1] = (struct option){NULL, 0, NULL, 0};
}

static int take_number(const struct verb *verb, const struct row *row, const char *text,
		       uint64_t *ret_number, struct error *err)
{
	char *end;

	errno = 0;
	unsigned long long number = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || number < 1 || number > row->most)
		return error_set_plain(err, -EINVAL, verb->name,
				       "--%s takes a whole number from 1 to %llu, not \"%.40s\"",
				       row->name, (unsigned long long)row->most, text);
	*ret_number = number;
	return 0;
}

static int take_option(const struct verb *verb, const struct row *row, const char *text,
		       struct options *options, struct error *err)
{
	char *field = (char *)options + row->offset;

	if (!(verb->options & row->bit))
		return error_set_plain(err, -EINVAL, verb->name,
				       "it takes no --%s; try sandlot image %s --help", row->name,
				       verb->name);
	options->given |= row->bit;
	if (row->most)
		return take_number(verb, row, text, (uint64_t *)(void *)field, err);
	if (row->argument && !*text)
		return error_set_plain(err, -EINVAL, verb->name, "--%s takes a %s, not nothing",
				       row->name, row->argument);
	if (row->argument)
		*(const char **)(void *)field = text;
	return 0;
}

/* In a build tree build/libexec/sandlot/ stands beside build/image; installed ones have /var/lib.
 */
static void find_default_link(struct path *ret_link)
{
	struct path self;
	ssize_t n = readlink("/proc/self/exe", self.text, sizeof(self.text) - 1);

	self.text[n > 0 ? n : 0] = '\0';
	for (int up = 0; up < 3; up++) {
		char *slash = strrchr(self.text, '/');
		if (slash)
			*slash = '\0';
	}
	if (path_format(ret_link, NULL, "%s/image", self.text) < 0 || !path_exists(ret_link->text))
		path_format(ret_link, NULL, "/var/lib/sandlot/image");
}

int options_parse(const struct verb *verb, int argc, char **argv, struct options *ret_options,
		  struct error *err)
{
	struct option long_options[ROWS + 2];
	int c, r = 0;

	*ret_options = (struct options){.level = OPTIONS_LEVEL_DEFAULT};
	fill_long(long_options);
	opterr = 0;
	while (r >= 0 && (c = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
		if (c == OPT_HELP)
			return OPTIONS_HELP;
		if (c == ':')
			return error_set_plain(err, -EINVAL, verb->name, "%s takes a value",
					       argv[optind - 1]);
		if (c < OPT_FIRST)
			return error_set_plain(err, -EINVAL, verb->name,
					       "there is no option %.60s; try sandlot image %s "
					       "--help",
					       argv[optind - 1], verb->name);
		r = take_option(verb, &rows[c - OPT_FIRST], optarg, ret_options, err);
	}
	if (r < 0)
		return r;
	ret_options->operands = argv + optind;
	ret_options->operand_count = (size_t)(argc - optind);
	if (ret_options->operand_count < verb->least || ret_options->operand_count > verb->most)
		return error_set_plain(err, -EINVAL, verb->name,
				       "usage: sandlot image %s [OPTION]...%s%s; try sandlot image "
				       "%s --help",
				       verb->name, *verb->operands ? " " : "", verb->operands,
				       verb->name);
	if (!ret_options->link) {
		find_default_link(&ret_options->default_link);
		ret_options->link = ret_options->default_link.text;
	}
	return OPTIONS_RUN;
}

/* Text behind a column, broken between words. */
static void print_column(const char *text)
{
	size_t at = COLUMN;

	while (*text) {
		size_t len = strcspn(text, " ");
		if (at > COLUMN && at + 1 + len > WIDTH) {
			printf("\n%*s", COLUMN, "");
			at = COLUMN;
		} else if (at > COLUMN) {
			putchar(' ');
			at++;
		}
		printf("%.*s", (int)len, text);
		at += len;
		text += len + (text[len] == ' ');
	}
	putchar('\n');
}

void verb_help(const struct verb *verb)
{
	printf("Usage: sandlot image %s [OPTION]...%s%s\n%s\n", verb->name,
	       *verb->operands ? " " : "", verb->operands, verb->help);
	for (int i = 0; i < ROWS; i++) {
		char option[40];
		if (!(verb->options & rows[i].bit))
			continue;
		snprintf(option, sizeof(option), "--%s%s%s", rows[i].name,
			 rows[i].argument ? " " : "", rows[i].argument ? rows[i].argument : "");
		printf("  %-*s", COLUMN - 2, option);
		print_column(rows[i].help);
	}
	printf("  %-*s", COLUMN - 2, "--help");
	print_column("this text");
	printf("\nExamples:\n%s", verb->examples);
}
