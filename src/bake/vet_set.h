/*
 * What a folder of crates says about vetting (docs/vetting.md): policy.json, the operator's own
 * audits.toml and the files imported from others, with where they came from. Their bytes are read
 * and hashed here; audits are parsed by vet_set_audits(), in the confined child.
 */
#ifndef BAKE_VET_SET_H
#define BAKE_VET_SET_H

#include <jansson.h>
#include <stddef.h>

#include "bake/path.h"
#include "bake/vet_audits.h"
#include "bake/vet_policy.h"
#include "image/digest.h"

#define VET_POLICY_FILE "policy.json"
#define VET_OWN_FILE "audits.toml"
#define VET_IMPORTS_FOLDER "imports"
#define VET_INDEX_FILE VET_IMPORTS_FOLDER "/index.json"

enum { VET_SOURCES_MAX = 64, VET_FILE_MAX = 4 << 20 };

/* One file of audits. */
struct vet_source {
	char file[128]; /* below the folder; what records and messages call it */
	enum vet_origin origin;
	const json_t *index; /* its entry of imports/index.json, borrowed; or NULL for the own */
	char sha256[DIGEST_HEX_SIZE];
	char *text; /* owned, len bytes */
	size_t len;
};

/* Zero-initialise. */
struct vet_set {
	struct path policy_path;
	struct vet_policy policy;
	json_t *index; /* owned: array, or NULL */
	struct vet_source sources[VET_SOURCES_MAX];
	size_t source_count;
};

/* Reads policy.json and everything vet_set_read_audits() does. */
int vet_set_read(const char *folder, struct vet_set *ret_set, struct error *err);

/*
 * Reads the audits alone, for what needs no policy. Returns 0; -EBADMSG when an imported file is
 * not what was imported; -EINVAL. vet_set_fini() it, also after a failure.
 */
int vet_set_read_audits(const char *folder, struct vet_set *ret_set, struct error *err);

/* Parses the audits, which borrow from set. vet_audits_fini() them, also after a failure. */
int vet_set_audits(const struct vet_set *set, struct vet_audits *ret_audits, struct error *err);

/* Reads imports/index.json. ret_index: a new array, empty when there is no such file. */
int vet_index_read(const char *folder, json_t **ret_index, struct error *err);

void vet_set_fini(struct vet_set *set);

#endif
