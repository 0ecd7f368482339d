/*
 * Where a bake on this machine may get things from, beyond what its apt, cargo and rustup give:
 * /etc/sandlot/bake.json, or the file named by --config. Nothing else is contacted.
 * docs/baking.md describes the file.
 */
#ifndef BAKE_CONFIG_H
#define BAKE_CONFIG_H

#include <jansson.h>

#include "base/error.h"

#define CONFIG_DEFAULT "/etc/sandlot/bake.json"

/* Borrowed from json; NULL where the file says nothing. */
struct config {
	json_t *json;		 /* owned; NULL: no file */
	const char *apt_sources; /* path of a sources file, used instead of the machine's */
	const json_t *snapshots; /* array of {address, suites} */
	const char *dist_address, *dist_keyring;
	const char *tars; /* address */
};

/*
 * Reads a file, or the default one where there is one (path NULL). Returns 0, or a negative errno
 * with file, path and reason; config_fini() in any case.
 */
int config_read(const char *path, struct config *ret_config, struct error *err);

void config_fini(struct config *config);

/* Checks what was read from file. */
int config_check(const json_t *json, const char *file, struct error *err);

#endif
