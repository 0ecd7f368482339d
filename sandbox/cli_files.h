/* Host files into the bundle of `sandlot cell`. */
#ifndef SANDBOX_CLI_FILES_H
#define SANDBOX_CLI_FILES_H

#include "base/bundle.h"
#include "base/error.h"

/* Adds a copy of a regular file, under a path below /playground. Returns 0 or a negative errno. */
int cli_add_file(struct bundle_writer *bundle, const char *host_path, const char *path,
		 struct error *err);

/* Adds every regular file below a folder. Anything else in it but folders is an error. */
int cli_add_tree(struct bundle_writer *bundle, const char *host_dir, const char *path,
		 struct error *err);

#endif
