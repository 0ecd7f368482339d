/*
 * What a compiler says about the source, made machine-readable while it comes. Runs in the front
 * end's pump thread, over the stderr of a compile step or an action whose command line has been
 * given the words that ask for it (docs/manifest.md, "diagnostics"). The bytes come from a cell and
 * may be anything; what is not a diagnostic passes through as text. Pure.
 *
 * Two forms. rustc: a JSON object on each line; its "rendered" is the human text. gcc: the human
 * text itself, with a line for each edit of a fix ("fix-it:…"), which is taken out.
 *
 * A diagnostic is one JSON text, as docs/http.md describes it. Columns are counted from 1 in
 * Unicode scalar values. Numbers and sizes are bounded: what goes beyond is text only.
 */
#ifndef FRONT_DIAGNOSTICS_H
#define FRONT_DIAGNOSTICS_H

#include <stddef.h>

struct job_file;
struct diagnostics;

enum diagnostics_format { DIAGNOSTICS_NONE, DIAGNOSTICS_RUSTC, DIAGNOSTICS_GCC };

enum {
	DIAGNOSTICS_MAX = 256,		  /* of one job */
	DIAGNOSTICS_LINE_MAX = 256 << 10, /* bytes of a line that is looked at */
	DIAGNOSTICS_BYTES_MAX = 1 << 20,  /* of all JSON texts together */
	DIAGNOSTICS_INPUT_TIMES = 16,	  /* input may be this much larger than text is allowed */
};

/* What a reader calls, in the order of the input. Both borrow their texts. */
struct diagnostics_sink {
	void (*text)(void *owner, const char *data, size_t len);
	void (*diagnostic)(void *owner, const char *json, size_t len);
	void *owner;
};

/*
 * A reader for one step. files: the request's, copied, for columns; names: their paths. Returns
 * NULL when out of memory.
 */
struct diagnostics *diagnostics_new(enum diagnostics_format format, const struct job_file *files,
				    const char *const *names, size_t count);

/* The next bytes. last: nothing more comes. Out of memory, bytes pass as text or are lost. */
void diagnostics_feed(struct diagnostics *diagnostics, const char *data, size_t len, int last,
		      const struct diagnostics_sink *sink);

/* NULL-safe, returns NULL. */
struct diagnostics *diagnostics_free(struct diagnostics *diagnostics);

#endif
