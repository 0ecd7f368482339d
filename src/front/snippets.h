/*
 * Snippets that were shared: source, language and options, kept under an id made from the content.
 * Owned by the front end; `sandlot snippets` opens the same file beside it.
 *
 * They have a file of their own in the data folder, snippets.db, and not a table in the job record
 * (store.h): that one is pruned, is started anew when it is damaged, and gives up durability for
 * speed; what is here was promised to somebody and must outlive all of that, a restored backup and
 * a change of version either way.
 *
 * Who shares a snippet holds a claim on it: a delete token, of which only the hash is kept, and
 * perhaps an end. The same content shared twice is one snippet with two claims, and goes when its
 * last claim has: nobody can take away what somebody else has shared as well.
 *
 * Invariants: what snippet_put() returned 0 for is on the disk; an id never names other content
 * than the one it was made from. Every function may be called from any thread.
 */
#ifndef FRONT_SNIPPETS_H
#define FRONT_SNIPPETS_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum {
	SNIPPET_ID_SIZE = 17,	 /* 16 letters, digits, - or _ (96 bits of a SHA-256) and NUL */
	SNIPPET_TOKEN_SIZE = 33, /* 32 lower-case hex digits (128 random bits) and NUL */
};

#define SNIPPETS_BYTES_MAX (UINT64_C(1) << 30) /* of the file */
#define SNIPPET_EXPIRES_MAX_SEC (UINT64_C(10) * 366 * 24 * 3600)

struct snippets;

enum snippets_user {
	SNIPPETS_SERVER, /* brings the schema to its version, removes what has expired */
	SNIPPETS_TOOL,	 /* takes the file as it is, or makes it */
};

/*
 * Opens or makes folder/snippets.db. A damaged file is set aside (".damaged", ".damaged-1" …) and
 * ret_set_aside is 1, else 0. Returns 0; -EPROTO when it is of a version that this program cannot
 * go to; -EBUSY; -EIO.
 */
int snippets_open(const char *folder, enum snippets_user user, struct snippets **ret_snippets,
		  int *ret_set_aside, struct error *err);

/* NULL-safe, returns NULL. */
struct snippets *snippets_close(struct snippets *snippets);

/*
 * A snippet's document: {"language", "files": [{"name"?, "content"}…], "options"?}, checked as a
 * job's are. body: borrowed, an object with those keys, or "code" in place of "files".
 * ret_document: new reference. Returns 0, -EINVAL naming what is wrong, -E2BIG. Whether there is
 * such a language is not looked at.
 */
int snippet_document_read(const json_t *body, json_t **ret_document, struct error *err);

/* The document of one file without a name. New reference, or NULL when out of memory. */
json_t *snippet_document_of_code(const char *language, const char *code, size_t len);

/* The first file's content: borrowed, ret_len bytes, NUL-terminated. NULL: there is none. */
const char *snippet_document_code(const json_t *document, size_t *ret_len);

/* What who shares a snippet gets. */
struct snippet_receipt {
	char id[SNIPPET_ID_SIZE];
	char delete_token[SNIPPET_TOKEN_SIZE];
};

/*
 * Puts a snippet on record with a claim of its own. document: borrowed, of the functions above.
 * expires_usec: CLOCK_REALTIME, 0: never. Returns 0, -ENOSPC when there is no room for more, -EIO.
 */
int snippet_put(struct snippets *snippets, const json_t *document, uint64_t expires_usec,
		struct snippet_receipt *ret_receipt, struct error *err);

struct snippet {
	json_t *document;      /* owned */
	uint64_t created_usec; /* CLOCK_REALTIME */
	uint64_t expires_usec; /* 0: never */
};

/* Returns 1 and ret_snippet (snippet_fini() it), 0 when there is none or it has expired, -EIO. */
int snippet_get(struct snippets *snippets, const char *id, struct snippet *ret_snippet,
		struct error *err);
void snippet_fini(struct snippet *snippet);

/*
 * Gives up the claim of a token, and the snippet with the last one. Returns 0, -ENOENT when there
 * is no such snippet, -EACCES when the token is none of it, -EIO.
 */
int snippet_delete(struct snippets *snippets, const char *id, const char *token, struct error *err);

/* Removes what has expired by now_usec. The server's does so by itself. Returns 0 or -EIO. */
int snippets_sweep(struct snippets *snippets, uint64_t now_usec, struct error *err);

#endif
