/*
 * What an image is made from, read from files of the project or the operator: the definition
 * (image.json), the base (Debian) and one recipe for each language. Everything is checked here,
 * strictly, before any work starts; the rest of the bake reads the JSON without asking again.
 * docs/baking.md describes the files.
 */
#ifndef BAKE_DEFINITION_H
#define BAKE_DEFINITION_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "image/digest.h"
#include "bake/path.h"
#include "base/error.h"

enum {
	DEFINITION_LANGUAGES_MAX = 32,
	DEFINITION_TOOLS_MAX = 64,
	DEFINITION_MERGE_MAX = 16,
	DEFINITION_SOURCE_MAX = 256 << 10,
};

/* One language's recipe.json. */
struct recipe {
	json_t *json;	    /* owned, checked */
	struct path folder; /* where recipe.json and the files it names are */
	const char *id;	    /* language.id; borrowed from json */
};

/* Something beyond Debian's packages that is put into the image. */
struct tool_wanted {
	const json_t *json; /* of "tools", checked; borrowed */
	const char *folder; /* where its files are, when they are not absolute; borrowed */
};

struct definition {
	json_t *json;	     /* owned: image.json */
	json_t *base;	     /* owned: the base's file */
	struct path folder;  /* image.json's */
	struct path crates;  /* folder of the crate set; empty: none */
	char *crates_check;  /* owned: its check.rs, or NULL */
	char *crates_stdout; /* owned: what that prints (check.stdout), or NULL */
	json_t *files;	     /* owned: {path, sha256} of each file read */
	const char *name;    /* borrowed */
	int64_t epoch;	     /* time of every file in the image */
	struct recipe recipes[DEFINITION_LANGUAGES_MAX]; /* in the order of the page */
	size_t recipe_count;
	struct tool_wanted tools[DEFINITION_TOOLS_MAX]; /* image.json's, then the recipes' */
	size_t tool_count;
	char digest[DIGEST_HEX_SIZE]; /* of everything read */
};

/* Reads folder/image.json and all it names. Returns 0, or a negative errno with file, path and
 * reason. */
int definition_read(const char *folder, struct definition **ret_definition, struct error *err);

/* NULL-safe; returns NULL. */
struct definition *definition_free(struct definition *definition);

/* The recipe that has a "rust" part, or NULL. */
const struct recipe *definition_rust(const struct definition *definition);

/* The text of a file the recipe names (sample, hello, check). ret_text: new, NUL-terminated. */
int recipe_source(const struct recipe *recipe, const char *name, char **ret_text,
		  struct error *err);

#endif
