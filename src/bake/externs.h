/*
 * From what cargo said it built (--message-format=json) to the arguments rustc finds the crates by.
 * Pure.
 */
#ifndef BAKE_EXTERNS_H
#define BAKE_EXTERNS_H

#include <jansson.h>

#include "bake/cargo_lock.h"
#include "base/error.h"

/*
 * messages: cargo's output, one JSON object per line. folder: where the image has the files.
 * ret_args: new text, a line "-Ldependency=FOLDER" and one "--extern=NAME=FOLDER/FILE" for each
 * crate the set names itself. ret_crates: new array of {name, version, id}. -EINVAL when a crate is
 * missing or a name is odd.
 */
int externs_make(const char *messages, const struct cargo_lock *lock, const char *folder,
		 char **ret_args, json_t **ret_crates, struct error *err);

#endif
