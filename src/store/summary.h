/*
 * What an image's documents say is in it, in a form that can be shown and compared: flat objects of
 * texts. Documents may have come from elsewhere. They are read as bytes first, and only parsed when
 * this process has given up all that it could do harm with (summary_confine()).
 */
#ifndef STORE_SUMMARY_H
#define STORE_SUMMARY_H

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"
#include "store/store.h"

/* X(field, file): the documents that are looked into. */
#define SUMMARY_DOCUMENTS(X)                                                                       \
	X(manifest, "manifest.json")                                                               \
	X(packages, "packages.json")                                                               \
	X(vetting, "vetting.json")

/* A document's bytes; NULL: the image has none of this name. */
struct summary_document {
	char *data; /* owned */
	size_t len;
};

struct summary_documents {
#define X(field, file) struct summary_document field;
	SUMMARY_DOCUMENTS(X)
#undef X
};

/* X(field, what it is called): objects whose keys are names and whose values are texts. */
#define SUMMARY_MAPS(X)                                                                            \
	X(tools, "tool_chains") /* "Rust nightly": "1.97.0-nightly" */                             \
	X(packages, "packages") /* "gcc:amd64": "12.2.0" */                                        \
	X(crates, "crates")	/* "syn": "2.0.119, 3.0.9" */                                      \
	X(settings, "settings") /* "languages.rust.options.mode.default": "\"debug\"" */

struct summary {
#define X(field, name) json_t *field; /* owned */
	SUMMARY_MAPS(X)
#undef X
	json_t *vetting; /* owned: vetting.json's counts, or NULL */
};

/* Reads an image's documents without looking into them. Returns 0 or a negative errno. */
int summary_load(const struct store_image *image, struct summary_documents *ret_documents,
		 struct error *err);

void summary_documents_fini(struct summary_documents *documents);

/*
 * Gives up everything but what is open: as root this process becomes nobody, in a chroot of the
 * image's folder. Nothing can be opened by path afterwards. Returns 0 or a negative errno.
 */
int summary_confine(const struct store_image *image, struct error *err);

/*
 * Parses them; summary_fini() in either case. Returns 0, or -EINVAL with document and fault. What
 * has another shape than documents of this program's is left out. Pure.
 */
int summary_parse(const struct summary_documents *documents, struct summary *ret_summary,
		  struct error *err);

void summary_fini(struct summary *summary);

#endif
