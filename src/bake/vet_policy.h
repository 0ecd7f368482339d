/*
 * What a set of crates accepts: its policy.json (docs/vetting.md). Read strictly; what it does not
 * accept is refused with the crate and the reason. A violation is refused whatever it says. Pure,
 * but for reading the file.
 */
#ifndef BAKE_VET_POLICY_H
#define BAKE_VET_POLICY_H

#include <jansson.h>
#include <stddef.h>

#include "bake/vet_audits.h"
#include "bake/vet_scan.h"
#include "base/error.h"

/* What a crate may be or have that a policy can refuse, and except a crate from. */
#define VET_TRAITS(X)                                                                              \
	X(VET_UNREVIEWED, "unreviewed")                                                            \
	X(VET_LICENCE, "licence")                                                                  \
	X(VET_BUILD_SCRIPT, "build_script")                                                        \
	X(VET_PROC_MACRO, "proc_macro")                                                            \
	X(VET_NATIVE_FILES, "native_files")                                                        \
	X(VET_LINKS, "links")

enum vet_trait {
#define X(constant, name) constant,
	VET_TRAITS(X)
#undef X
		VET_TRAIT_COUNT
};

struct vet_policy {
	json_t *json;	   /* owned */
	const char *file;  /* borrowed: for messages */
	unsigned criteria; /* what every crate needs: enum vet_criteria, or-ed */
	unsigned refused;  /* traits, or-ed as 1 << enum vet_trait; licences are always looked at */
};

/* What is known of a crate when it is judged. All borrowed. */
struct vet_subject {
	const char *name, *version;
	const struct vet_facts *facts;
	unsigned criteria;		   /* for which it is audited */
	const struct vet_audit *violation; /* or NULL */
};

/* Reads and checks it. file: kept by reference. Returns 0, or -EINVAL with file, key and reason. */
int vet_policy_read(const char *file, struct vet_policy *ret_policy, struct error *err);

/* Checks one that is read already. take_json: owned by the policy afterwards, also on failure. */
int vet_policy_check(json_t *take_json, const char *file, struct vet_policy *ret_policy,
		     struct error *err);

void vet_policy_fini(struct vet_policy *policy);

/* Is a crate audited by all the criteria the policy needs? Returns 1 or 0. */
int vet_policy_is_audited(const struct vet_policy *policy, unsigned criteria);

/*
 * Appends one line for each reason to refuse the crate to text, which has size bytes and is
 * NUL-terminated; lines that have no room are left out. Returns the number of reasons.
 */
size_t vet_policy_judge(const struct vet_policy *policy, const struct vet_subject *subject,
			char *text, size_t size);

/* Makes text one line: what would end it, or do something to a terminal, becomes a space. */
void vet_flatten(char *text);

/* An exception's reason for this crate and trait, or NULL when there is none. Borrowed. */
const char *vet_policy_exception(const struct vet_policy *policy, const char *name,
				 const char *version, enum vet_trait trait);

/* The name of a trait. Static. */
const char *vet_trait_name(enum vet_trait trait);

#endif
