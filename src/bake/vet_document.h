/*
 * vetting.json, as docs/vetting.md describes it: what is known of every crate of an image, and
 * which audits say so. Made in the confined child.
 */
#ifndef BAKE_VET_DOCUMENT_H
#define BAKE_VET_DOCUMENT_H

#include "bake/vet_scan.h"
#include "bake/vet_set.h"

/* What was found of one crate. All borrowed. */
struct vet_finding {
	const char *name, *version, *sha256;
	const struct vet_facts *facts;
	unsigned criteria;		      /* it is audited for */
	const struct vet_audit *const *chain; /* the audits that say so, in order */
	size_t chain_len;
	int audited; /* as the policy wants it */
};

/* A new document without crates; name: the set's. NULL when memory is short. */
json_t *vet_document_new(const char *name, const struct vet_set *set);

/* Adds a crate and counts it. Returns 0 or -ENOMEM. */
int vet_document_add(json_t *document, const struct vet_set *set,
		     const struct vet_finding *finding);

#endif
