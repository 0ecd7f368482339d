/*
 * Reads Cargo.lock: which crates a set is made of and their SHA-256. Understands the subset of TOML
 * that cargo writes there and refuses everything else. Pure.
 */
#ifndef BAKE_CARGO_LOCK_H
#define BAKE_CARGO_LOCK_H

#include <stddef.h>

#include "image/digest.h"
#include "base/error.h"

enum { CARGO_TEXT_SIZE = 129, CARGO_PACKAGES_MAX = 4096, CARGO_LINE_MAX = 1024 };

struct cargo_package {
	char name[CARGO_TEXT_SIZE], version[CARGO_TEXT_SIZE];
	char sha256[DIGEST_HEX_SIZE];		   /* empty for the set's own package */
	int is_root;				   /* the set's own package: it has no source */
	char (*dependencies)[2 * CARGO_TEXT_SIZE]; /* owned; "name" or "name version" */
	size_t dependency_count;
};

struct cargo_lock {
	struct cargo_package *packages; /* owned */
	size_t count;
};

/* file: for messages. Returns 0, or -EINVAL with file, line and reason. */
int cargo_lock_parse(const char *text, const char *file, struct cargo_lock *ret_lock,
		     struct error *err);

void cargo_lock_fini(struct cargo_lock *lock);

/* The set's own package; every checked lock has exactly one. */
const struct cargo_package *cargo_lock_root(const struct cargo_lock *lock);

/* The package a dependency line ("name" or "name version") means, or NULL when it is not exactly
 * one. */
const struct cargo_package *cargo_lock_find(const struct cargo_lock *lock, const char *dependency);

#endif
