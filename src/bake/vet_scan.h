/*
 * What there is to know of a crate from its files: licence, build script, procedural macro, native
 * files, how often `unsafe` is written. Runs in the confined child (confined.h), over files that
 * anybody may have written.
 */
#ifndef BAKE_VET_SCAN_H
#define BAKE_VET_SCAN_H

#include <jansson.h>
#include <stdint.h>

#include "bake/licence.h"
#include "base/error.h"

enum {
	VET_LINKS_SIZE = 64,
	VET_LIST_MAX = 50,	   /* native files that are listed; all are counted */
	VET_SOURCE_MAX = 64 << 20, /* bytes of one Rust file */
};

/* Zero-initialise. */
struct vet_facts {
	char licence[LICENCE_SIZE]; /* SPDX expression; empty when Cargo.toml has none */
	char links[VET_LINKS_SIZE]; /* native library it says it links; or empty */
	int build_script, proc_macro;
	uint64_t native_files; /* C, C++, assembler, headers, objects, libraries, WebAssembly */
	uint64_t unsafe_occurrences; /* vet_rust.h */
	uint64_t rust_files;
	json_t *licence_files; /* owned: array of {path, sha256} */
	json_t *build_scripts; /* owned: likewise */
	json_t *natives;       /* owned: likewise, the first VET_LIST_MAX by path */
};

/*
 * Reads the crate unpacked at folder, which is relative to the working folder; its Cargo.toml must
 * give this name and version. Returns 0, or -EBADMSG with the crate and what is wrong with it.
 */
int vet_scan(const char *folder, const char *name, const char *version, struct vet_facts *ret_facts,
	     struct error *err);

void vet_facts_fini(struct vet_facts *facts);

/*
 * Is it native code, by its name or its first bytes? head: len bytes, the first of the file. Pure.
 * Returns 1 or 0.
 */
int vet_is_native(const char *path, const void *head, size_t len);

#endif
