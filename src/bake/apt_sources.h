/*
 * The machine's own apt sources, cut down to Debian's: only entries of the wanted suites with the
 * component "main", and every one of them pinned to Debian's archive keyring, whatever the entry
 * itself says. So no third-party source that happens to be configured gets into an image.
 */
#ifndef BAKE_APT_SOURCES_H
#define BAKE_APT_SOURCES_H

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"

/* What is wanted. Borrowed. */
struct apt_wanted {
	const json_t *suites; /* array of texts; the first must be found */
	const char *keyring;  /* path */
	const char *file;     /* the only file that is read; NULL: the machine's */
};

/*
 * Reads one sources file's text. deb822: 1 for the *.sources form, 0 for one-line entries. Adds
 * what is wanted as deb822 stanzas to *text (malloc'ed or NULL, grows). Pure. Returns 0 or -ENOMEM.
 */
int apt_sources_select(const char *file_text, int deb822, const struct apt_wanted *wanted,
		       char **text, struct error *err);

/*
 * Adds one stanza of an archive as it was at some time, whose index may be out of date. suites:
 * array of texts. Pure.
 */
int apt_sources_add_snapshot(const char *address, const json_t *suites, const char *keyring,
			     char **text, struct error *err);

/* All of the machine's files, or the one that is wanted. ret_text: new. -ENOENT with a text when
 * the first suite is not there.
 */
int apt_sources_read(const struct apt_wanted *wanted, char **ret_text, struct error *err);

/*
 * Of `apt-config dump`'s output, the lines that say how to reach a mirror (proxies, retries,
 * validity of dates): never those that would weaken signatures. ret_text: new. Pure.
 */
int apt_options_select(const char *dump, char **ret_text, struct error *err);

#endif
