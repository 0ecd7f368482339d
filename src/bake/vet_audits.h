/*
 * Audits of crates in the format of cargo-vet (its book: "Audit Entries", "The criteria Table"):
 * the operator's own audits.toml, audits.toml files of others, and imports.lock files, in which a
 * project keeps the audits of others that it used. Every row says who looked at what, by which
 * criteria. Pure, but for memory.
 *
 * Taken: [[audits.CRATE]] rows with version, delta or violation; [criteria.NAME] with implies. Of
 * criteria only the two that have one meaning everywhere count: safe-to-run and safe-to-deploy,
 * which implies it; others count for what they imply. Not taken, though allowed to stand there:
 * rows with importable = false in a file of others; wildcard audits and trusted publishers, for
 * they speak of who published a version, which nothing here can know.
 */
#ifndef BAKE_VET_AUDITS_H
#define BAKE_VET_AUDITS_H

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"

/* What a version was found to be; or-ed. */
enum vet_criteria { VET_RUN = 1 << 0, VET_DEPLOY = 1 << 1 };

enum vet_audit_kind { VET_FULL, VET_DELTA, VET_VIOLATION };

enum vet_origin { VET_OWN, VET_IMPORTED };

enum { VET_AUDITS_MAX = 100000, VET_CHAIN_MAX = 64, VET_NAME_SIZE = 65 };

/* One row. Texts are borrowed from vet_audits.files. */
struct vet_audit {
	enum vet_audit_kind kind;
	const char *crate;
	char from[VET_NAME_SIZE], to[VET_NAME_SIZE]; /* from: of a delta; to: but of a violation */
	const char *violation; /* requirement, semver_matches() takes it; or NULL */
	unsigned criteria;     /* enum vet_criteria, or-ed */
	const json_t *who;     /* a text or an array of texts, or NULL */
	const json_t *said;    /* the row's criteria as it has them */
	const char *notes;     /* or NULL */
	const char *source;    /* which file: borrowed from the caller of vet_audits_add() */
	const char *set;       /* which set of an imports.lock, or NULL */
};

/* Zero-initialise. */
struct vet_audits {
	json_t *files; /* owned: array of what was read */
	struct vet_audit *rows;
	size_t count;
	size_t left_out; /* rows not taken, see above */
};

/*
 * Adds the rows of a file. text: len bytes. source: what the file is called in messages and
 * records; borrowed, must outlive audits. Returns 0, or -EINVAL with source, the row's place and
 * what is wrong with it.
 */
int vet_audits_add(struct vet_audits *audits, const char *text, size_t len, const char *source,
		   enum vet_origin origin, struct error *err);

void vet_audits_fini(struct vet_audits *audits);

/* "safe-to-run" -> VET_RUN, "safe-to-deploy" -> both bits; 0 for any other. */
unsigned vet_criteria_parse(const char *name);

/* The strongest name of a set of bits: "safe-to-deploy", "safe-to-run", or NULL for none. Static.
 */
const char *vet_criteria_name(unsigned criteria);

/*
 * Is this version of the crate audited for one criterion (one bit)? By a full audit, or one and
 * deltas that lead from it to the version, as cargo-vet has it. A row that touches a version which
 * a violation covers counts for nothing. ret_chain: the shortest way, in order. Returns its length,
 * 0 when there is none, or -ENOMEM.
 */
int vet_audits_chain(const struct vet_audits *audits, const char *crate, const char *version,
		     enum vet_criteria criterion, const struct vet_audit *ret_chain[VET_CHAIN_MAX]);

/* The first row that says a violation of this version, whatever the criteria; or NULL. Borrowed. */
const struct vet_audit *vet_audits_violation(const struct vet_audits *audits, const char *crate,
					     const char *version);

#endif
