/*
 * bom.json: what an image is made of, as a CycloneDX 1.5 document (cyclonedx.org, ECMA-424): Debian
 * packages, Rust tool chains, tools, crates with their licences and how they depend on each other.
 * The same inputs give the same bytes: it has neither time nor serial number. Pure, but for memory.
 */
#ifndef BAKE_BOM_H
#define BAKE_BOM_H

#include <jansson.h>

#include "bake/cargo_lock.h"
#include "bake/vet.h"

#define BOM_FILE "bom.json"

/* Everything is borrowed. */
struct bom_inputs {
	const char *name, *id;	/* the image's */
	const char *suite;	/* Debian's, e.g. "bookworm" */
	const json_t *packages; /* array of {name, version, architecture, sha256} */
	const json_t *channels; /* object: channel -> {rustc: {version}}; or NULL */
	const json_t *tools;	/* object: name -> {sha256 or tree_sha256}, as lock.json has it */
	const struct cargo_lock *lock;	  /* empty without crates */
	const struct vet_result *vetting; /* of the lock's packages */
};

/* ret_bom: a new document. Returns 0 or -ENOMEM. */
int bom_make(const struct bom_inputs *inputs, json_t **ret_bom, struct error *err);

/* "pkg:TYPE/NAME@VERSION" with what must be escaped escaped (the purl specification). ret: size
 * bytes, cut when too short. */
void bom_purl(const char *type, const char *name, const char *version, char *ret, size_t size);

#endif
