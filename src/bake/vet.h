/*
 * Vets the crates of a set: what they are made of, who audited them, and whether the set's policy
 * accepts that (docs/vetting.md). The crates, and audits that others wrote, are read in a confined
 * child (confined.h), which makes vetting.json; the caller gets it as bytes, and of each crate a
 * record of fixed size, checked.
 */
#ifndef BAKE_VET_H
#define BAKE_VET_H

#include <stddef.h>
#include <stdint.h>

#include "bake/cargo_lock.h"
#include "bake/licence.h"
#include "bake/path.h"
#include "base/error.h"

#define VET_DOCUMENT_FILE "vetting.json"
/* How manifests and documents call the two states of a crate. */
#define VET_AUDITED "audited"
#define VET_EXEMPTED "exempted: unreviewed"

enum { VET_REASONS_SIZE = 4096 };

/* What is known of one package of the lock. */
struct vet_state {
	uint64_t unsafe_occurrences; /* vet_rust.h */
	uint64_t native_files;
	char licence[LICENCE_SIZE]; /* SPDX expression, printable ASCII; empty: none said */
	uint8_t audited;	    /* 1: as the policy wants it; 0: exempted, unreviewed */
	uint8_t criteria;	    /* enum vet_criteria, or-ed: what it is audited for */
	uint8_t build_script, proc_macro, links; /* 1 or 0 */
};

/* Zero-initialise. */
struct vet_result {
	struct vet_state *states; /* owned; one for each package of the lock, in its order */
	size_t count;
	size_t audited, exempted; /* crates; the set's own package is neither */
	char *document; /* owned: vetting.json, document_len bytes; not to be parsed by root */
	size_t document_len;
};

/* All borrowed. */
struct vet_request {
	const char *set;    /* folder of the crate set */
	const char *name;   /* what the document calls it */
	const char *vendor; /* folder that holds NAME-VERSION/ of every crate */
	const struct cargo_lock *lock;
};

/*
 * Vets. ret_reasons: one line for each reason to refuse, when there are any. Returns 0, and
 * vet_result_fini() the result; -EACCES when the policy refuses something, or a violation covers a
 * crate; -EBADMSG and -EINVAL when a crate, the policy or an audit is not well formed; others.
 */
int vet_run(const struct vet_request *request, struct vet_result *ret_result,
	    char ret_reasons[VET_REASONS_SIZE], struct error *err);

void vet_result_fini(struct vet_result *result);

/* The state of a crate by name and version, or NULL. Borrowed from result. */
const struct vet_state *vet_result_find(const struct vet_result *result,
					const struct cargo_lock *lock, const char *name,
					const char *version);

#endif
