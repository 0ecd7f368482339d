/* A file of audits that somebody else wrote: what is taken from it is well formed, every chain leads
 * to the version asked for, step by step, and never over one that is violated. Input: the file. */
#include "fuzz.h"

#include <errno.h>
#include <jansson.h>

#include "bake/vet_audits.h"

/* A chain begins with a full audit, each delta goes on where the one before ended. */
static void check_chain(const struct vet_audits *audits, const char *crate, const char *version,
			enum vet_criteria criterion)
{
	const struct vet_audit *chain[VET_CHAIN_MAX];
	int len = vet_audits_chain(audits, crate, version, criterion, chain);

	FUZZ_ASSERT(len >= 0 && len <= VET_CHAIN_MAX);
	if (len == 0)
		return;
	FUZZ_ASSERT(chain[0]->kind == VET_FULL);
	FUZZ_ASSERT(strcmp(chain[len - 1]->to, version) == 0);
	for (int i = 0; i < len; i++) {
		FUZZ_ASSERT(strcmp(chain[i]->crate, crate) == 0);
		FUZZ_ASSERT(chain[i]->criteria & criterion);
		FUZZ_ASSERT(!vet_audits_violation(audits, crate, chain[i]->to));
		if (i > 0)
			FUZZ_ASSERT(chain[i]->kind == VET_DELTA &&
				    strcmp(chain[i]->from, chain[i - 1]->to) == 0);
	}
}

static void check_row(const struct vet_audits *audits, const struct vet_audit *row)
{
	FUZZ_ASSERT(json_is_string(row->said) || json_is_array(row->said));
	if (row->kind == VET_VIOLATION) {
		FUZZ_ASSERT(row->violation);
		return;
	}
	FUZZ_ASSERT(row->to[0] && (row->kind == VET_DELTA) == (row->from[0] != '\0'));
	check_chain(audits, row->crate, row->to, VET_RUN);
	check_chain(audits, row->crate, row->to, VET_DEPLOY);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *copy = fuzz_copy(data, len);
	struct vet_audits audits = {.files = NULL};
	struct error err = {.code = 0};

	int r = vet_audits_add(&audits, copy, len, "their.toml", VET_IMPORTED, &err);
	FUZZ_ASSERT(r == 0 || (r == -EINVAL && err.text[0]));
	for (size_t i = 0; r == 0 && i < audits.count && i < 50; i++)
		check_row(&audits, &audits.rows[i]);
	vet_audits_fini(&audits);
	free(copy);
	return 0;
}
