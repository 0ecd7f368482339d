/*
 * What an action made, from the artefact of its step: a text, or the request's files anew; or what
 * a program left in a folder (collected.h). Runs in the front end's recorder thread; the bytes come
 * from a cell and may be anything. Immutable once it is made.
 *
 * The artefact of files is: the size of each file in decimal on a line of its own, in the order of
 * the request, then the files' bytes one after the other.
 */
#ifndef FRONT_PRODUCT_H
#define FRONT_PRODUCT_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "front/asm_lines.h"
#include "front/manifest.h"

enum {
	PRODUCT_MAX = 1 << 20,	     /* bytes of a text, or of all files together */
	PRODUCT_READ_MAX = 16 << 20, /* bytes of an artefact that are looked at */
};

struct product_file {
	char *name;
	const char *content; /* in the product's text */
	size_t len;
	const char *type; /* collected: static */
};

struct product {
	enum action_result result;
	char *text; /* the artefact's bytes, filtered; NUL-terminated */
	size_t len;
	int truncated;		/* TEXT: there was more */
	int has_lines;		/* TEXT: where its lines come from was asked for */
	struct asm_line *lines; /* … for each line of the text, up to ASM_LINES_MAX; owned */
	size_t line_count;
	struct product_file *files; /* FILES, or collected */
	size_t file_count;
	int is_collected;  /* no action's, and no result: a program's files … */
	uint64_t left_out; /* … and how many it left besides */
};

/*
 * Reads an artefact, from its start. fd: borrowed. plan: its file names are taken. Returns 0,
 * -EBADMSG with a sentence when it is not what the action should leave, -ENOMEM, or another
 * negative errno.
 */
int product_read(struct action_plan *plan, int fd, struct product **ret_product, struct error *err);

/*
 * Fills text, len and truncated from up to `most` bytes of an artefact, from its start. fd:
 * borrowed. Returns 0 or a negative errno.
 */
int product_read_artefact(struct product *product, int fd, size_t most);

/* NULL-safe, returns NULL. */
struct product *product_free(struct product *product);

#endif
