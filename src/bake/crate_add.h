/*
 * Adds a crate to a set: the machine's cargo changes copies of Cargo.toml and Cargo.lock in a
 * folder of its own, fetches what is new and says what it is. Nothing of any crate runs. The set's
 * files are replaced at the end, both or none.
 */
#ifndef BAKE_CRATE_ADD_H
#define BAKE_CRATE_ADD_H

#include <jansson.h>

#include "bake/bake.h"
#include "bake/cargo_lock.h"

struct crate_add_spec {
	const char *crate;    /* NAME or NAME@VERSION */
	const char *features; /* "a,b", or NULL */
	const char *set;      /* folder with Cargo.toml and Cargo.lock */
};

/* What crate_add_prepare() made. */
struct crate_add {
	struct path folder;	    /* the copies; empty: there is none */
	struct cargo_lock was, now; /* owned */
	json_t *metadata;	    /* owned: of `cargo metadata`, this machine's platform */
};

/* What is known of one package. */
struct crate_facts {
	const char *licence; /* borrowed from the metadata; "?" when not said */
	uint64_t bytes;	     /* of its .crate; 0 when that is not to be found */
	int is_compiled;     /* 0: only on other platforms */
	int has_build_script, is_proc_macro;
};

/*
 * Works out the set with the crate in it. Returns 0; -EINVAL for a crate or features that are no
 * such names; -EIO when cargo refuses, with its words in bake->tail. crate_add_fini() it in every
 * case.
 */
int crate_add_prepare(struct bake *bake, const struct crate_add_spec *spec,
		      struct crate_add *ret_add, struct error *err);

/* Does the lock have this very package? Returns 1 or 0. */
int crate_add_has(const struct cargo_lock *lock, const struct cargo_package *package);

void crate_add_facts(const struct crate_add *add, const struct cargo_package *package,
		     struct crate_facts *ret_facts);

/* Puts both files in their place. After a failure the set is as it was. */
int crate_add_commit(const struct crate_add *add, const char *set, struct error *err);

/* Takes the folder away. */
void crate_add_fini(struct crate_add *add);

#endif
