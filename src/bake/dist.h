/*
 * Rust's official distribution, or a mirror of it, at the address that is configured: manifests of
 * channels, signed, and the archives they name by SHA-256. Nothing of it is run; its installer is
 * left out.
 */
#ifndef BAKE_DIST_H
#define BAKE_DIST_H

#include "bake/bake.h"
#include "bake/dist_manifest.h"

/* A manifest whose signature was good. */
struct dist_found {
	struct path path; /* in the cache */
	char name[DIST_TEXT_SIZE];
	char sha256[DIGEST_HEX_SIZE];
	int is_known; /* 1: not the newest, but that of the lock, or found before */
};

/*
 * Finds a channel's manifest: the one this machine has found before for the same lock, the one that
 * is locked (its part of lock.json, or NULL), else the newest; newest: 1 for that alone. Returns 1;
 * 0 when none can be had, or no distribution is configured; -EBADMSG when it is not what its hash
 * and signature say; another negative errno.
 */
int dist_find(struct bake *bake, const char *channel, const json_t *locked, int newest,
	      struct dist_found *ret_found, struct error *err);

/*
 * Gets the components and unpacks them into one folder, which must exist, like an installed tool
 * chain. -ENOENT when one cannot be had.
 */
int dist_unpack(struct bake *bake, const struct dist_manifest *manifest, const char *folder,
		struct error *err);

#endif
