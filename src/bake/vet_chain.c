#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bake/semver.h"
#include "bake/vet_audits.h"
#include "base/fd.h"

/*
 * The audits of one crate are a graph: versions are its nodes, a delta leads from one to another,
 * a full audit from nothing to one. A version is audited when a way leads to it. The search goes by
 * breadth, so that the first way found is the shortest.
 */

static int covers(const struct vet_audit *audit, const char *version)
{
	struct semver parsed;
	char bare[SEMVER_TEXT_MAX];
	size_t len = strcspn(version, "@");

	if (len >= sizeof(bare))
		return 1;
	memcpy(bare, version, len);
	bare[len] = '\0';
	/* What cannot be compared is not taken to be innocent. */
	return semver_parse(bare, &parsed) < 0 || semver_matches(audit->violation, &parsed) != 0;
}

const struct vet_audit *vet_audits_violation(const struct vet_audits *audits, const char *crate,
					     const char *version)
{
	for (size_t i = 0; i < audits->count; i++) {
		const struct vet_audit *audit = &audits->rows[i];
		if (audit->kind == VET_VIOLATION && strcmp(audit->crate, crate) == 0 &&
		    covers(audit, version))
			return audit;
	}
	return NULL;
}

/* A row on the way: which one led to it. */
struct step {
	const struct vet_audit *audit;
	size_t before; /* index of a step; its own: the way begins here */
};

/* The search's steps, in the order in which they were found. */
struct search {
	const struct vet_audits *audits;
	const char *crate;
	enum vet_criteria criterion;
	struct step *steps; /* room for one of each row */
	size_t count;
};

static int is_reached(const struct search *search, const char *version)
{
	for (size_t i = 0; i < search->count; i++)
		if (strcmp(search->steps[i].audit->to, version) == 0)
			return 1;
	return 0;
}

/* May this row be used, and does it lead on from `from` (NULL: from nothing)? */
static int leads_on(const struct search *search, const struct vet_audit *audit, const char *from)
{
	if (audit->kind == VET_VIOLATION || strcmp(audit->crate, search->crate) != 0 ||
	    !(audit->criteria & search->criterion))
		return 0;
	if (from ? audit->kind != VET_DELTA || strcmp(audit->from, from) != 0
		 : audit->kind != VET_FULL)
		return 0;
	return !is_reached(search, audit->to) &&
	       !vet_audits_violation(search->audits, search->crate, audit->to);
}

static void extend(struct search *search, const char *from, size_t before)
{
	for (size_t i = 0; i < search->audits->count; i++) {
		const struct vet_audit *audit = &search->audits->rows[i];
		if (!leads_on(search, audit, from))
			continue;
		struct step *step = &search->steps[search->count];
		*step = (struct step){audit, from ? before : search->count};
		search->count++;
	}
}

/* Writes the way that ends with a step. Returns its length, 0 when it is too long. */
static int write_chain(const struct search *search, size_t last,
		       const struct vet_audit *ret_chain[VET_CHAIN_MAX])
{
	size_t len = 1;

	for (size_t at = last; search->steps[at].before != at; at = search->steps[at].before)
		len++;
	if (len > VET_CHAIN_MAX)
		return 0;
	for (size_t at = last, i = len; i > 0; at = search->steps[at].before)
		ret_chain[--i] = search->steps[at].audit;
	return (int)len;
}

int vet_audits_chain(const struct vet_audits *audits, const char *crate, const char *version,
		     enum vet_criteria criterion, const struct vet_audit *ret_chain[VET_CHAIN_MAX])
{
	if (audits->count == 0)
		return 0;
	_cleanup_free_ struct step *steps = calloc(audits->count, sizeof(*steps));
	struct search search = {
		.audits = audits, .crate = crate, .criterion = criterion, .steps = steps};

	if (!steps)
		return -ENOMEM;
	extend(&search, NULL, 0);
	for (size_t at = 0; at < search.count; at++) {
		if (strcmp(search.steps[at].audit->to, version) == 0)
			return write_chain(&search, at, ret_chain);
		extend(&search, search.steps[at].audit->to, at);
	}
	return 0;
}
