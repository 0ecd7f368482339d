/*
 * Another page in place of the embedded one: the files below a folder of the operator's, read once,
 * when the front end starts, from inside its jail, where the folder is mounted read-only. Symbolic
 * links and what is neither file nor folder are left out; so what is served is what lies there.
 * Immutable afterwards.
 */
#ifndef FRONT_WEB_ROOT_H
#define FRONT_WEB_ROOT_H

#include "base/error.h"
#include "front/assets.h"

enum {
	WEB_ROOT_FILES_MAX = 4096,
	WEB_ROOT_DEPTH_MAX = 16,
};

#define WEB_ROOT_BYTES_MAX ((size_t)128 << 20) /* of all files together */

/* A list of assets whose members are owned. Zero-initialise. */
struct web_root {
	struct web_asset *assets;
	size_t count;
	size_t bytes;
};

/*
 * Reads the folder. Each file has its path as address, index.html "/" besides; a file that lies
 * there as FILE.gz or FILE.br, too, is sent so to who takes it. Returns 0; -ENOENT when there is no
 * index.html; -E2BIG; or another negative errno with a sentence that names the file.
 */
int web_root_read(const char *folder, struct web_root *ret_root, struct error *err);
void web_root_fini(struct web_root *root);

/* The Content-Type of a file's name, by what it ends in. Static. Pure. */
const char *web_root_type(const char *name);

#endif
