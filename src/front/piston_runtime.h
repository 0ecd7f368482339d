/*
 * The image's languages as Piston's runtimes: one for each version there is of a language, so for
 * Rust one for each channel. Borrows from the manifest. Pure.
 */
#ifndef FRONT_PISTON_RUNTIME_H
#define FRONT_PISTON_RUNTIME_H

#include "front/manifest.h"
#include "front/semver_range.h"

enum { PISTON_RUNTIMES_MAX = 256 };

struct piston_runtime {
	const json_t *language;
	const char *channel; /* NULL: the language has none */
	struct semver version;
};

/* Fills ret_runtimes in the manifest's order. Returns how many there are. */
size_t piston_runtimes(const struct manifest *manifest,
		       struct piston_runtime ret_runtimes[PISTON_RUNTIMES_MAX]);

/*
 * The runtime of this language (id or alias) with the highest version in the range. Returns 0, or
 * -EINVAL with Piston's words when there is none or the range is no range.
 */
int piston_runtime_find(const struct manifest *manifest, const char *language, const char *range,
			struct piston_runtime *ret_runtime, struct error *err);

#endif
