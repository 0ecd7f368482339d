/*
 * What the stages of a bake share. `sandlot bake` is one single-threaded process, run by root: it
 * fetches (with the machine's own apt and cargo, running nothing of what it fetches), checks,
 * unpacks, and compiles in cells without network. It decides nothing by what comes out of a cell
 * but what is written into the image.
 */
#ifndef BAKE_BAKE_H
#define BAKE_BAKE_H

#include <jansson.h>

#include "bake/cache.h"
#include "bake/child.h"
#include "bake/config.h"
#include "bake/definition.h"
#include "bake/parts.h"
#include "bake/progress.h"
#include "bake/sign.h"
#include "bake/vet.h"

/* Part of every key: raise it when the program makes something else of the same inputs. */
#define BAKE_FORMAT "3"

enum { BAKE_CHANNELS_MAX = 4 };

/* Stages in the order they are worked on; those whose result is in the cache are left out. */
#define BAKE_STAGES(X)                                                                             \
	X(STAGE_TAKE, "tool chains and tools")                                                     \
	X(STAGE_DEBIAN, "Debian packages")                                                         \
	X(STAGE_FETCH, "crates: fetch")                                                            \
	X(STAGE_CRATES, "crates: check, unpack")                                                   \
	X(STAGE_COMPILE, "crates: compile in cells")                                               \
	X(STAGE_TEST, "image and self-test")                                                       \
	X(STAGE_FORM, "EROFS file")

enum bake_stage {
	STAGE_NONE,
#define X(constant, name) constant,
	BAKE_STAGES(X)
#undef X
		STAGE_COUNT
};

/* One Rust channel the image has. */
struct channel {
	char name[33];
	const json_t *source;	      /* the one that was taken; borrowed from the recipe */
	int from_debian;	      /* 1: Debian's packages */
	struct path toolchain;	      /* rustup's folder; else empty */
	char digest[DIGEST_HEX_SIZE]; /* tree_sha256 of its files; empty when from Debian */
	struct path layer;	      /* holds root/opt/rust/NAME; empty when from Debian */
	json_t *lock;		      /* owned: what lock.json says of it */
};

/* One tool the image has: by the definition's number. */
struct tool {
	const json_t *source; /* as a channel's */
	int from_debian;
	char digest[DIGEST_HEX_SIZE];
	struct path layer;
	json_t *lock;
};

struct bake {
	struct cache cache;
	struct progress progress;
	struct definition *definition; /* owned */
	struct signer *signer;	       /* owned; by bake_run() alone */
	struct path programs;	       /* libexec/sandlot; ../../bin has sandlot */
	struct config config;
	int refresh;			     /* of the options */
	json_t *locked;			     /* owned: lock.json beside the definition, or NULL */
	json_t *debian_packages;	     /* owned: package list (packages.h) */
	struct path debian_layer;	     /* holds root/ and packages.json */
	char debian_digest[DIGEST_HEX_SIZE]; /* of the packages and of what is done to them */
	struct channel channels[BAKE_CHANNELS_MAX];
	size_t channel_count;
	struct tool tools[DEFINITION_TOOLS_MAX]; /* as definition->tools */
	struct path image;			 /* the image while it is made: holds root/ */
	json_t *crates;	    /* owned: direct crates as the manifest lists them, or NULL */
	struct parts parts; /* what the image is made from */
	json_t *steps;	    /* owned: commands since the last layer, provenance.h; or NULL */
	json_t *layers;	    /* owned: the same of the image's layers; or NULL */
	struct cargo_lock cargo_lock; /* owned: of the crate set; empty without one */
	struct vet_result vetting;    /* owned: of the lock's packages; empty without a set */
	char tail[CHILD_TAIL_SIZE];   /* the last lines of a tool that failed, for the edge to print
				       */
};

/* What an image is kept as: a folder, one file that the kernel mounts, or both. */
/* A tree is always made; EROFS: one file of it besides, which servers mount instead. */
enum bake_form { BAKE_FORM_TREE, BAKE_FORM_EROFS };

/* What is for `sandlot bake vet` alone. Borrowed. */
struct bake_vet_options {
	int all, document;
	const char *source, *who, *criteria, *notes, *violation;
};

/* The command line, of every verb: each has some of the options. Borrowed. */
struct bake_options {
	const char *image;    /* name or folder */
	const char *output;   /* link to make, or NULL */
	const char *cache;    /* or NULL */
	const char *keys;     /* folder, or NULL */
	const char *key;      /* name, or NULL */
	const char *config;   /* file; NULL: the default one */
	const char *set;      /* folder of a crate set, or NULL */
	const char *features; /* of a crate, or NULL */
	enum bake_form form;
	unsigned jobs; /* at a time; 0: as many as there are processors */
	int verbose;
	int refresh;	  /* 1: take the newest there is, whatever the lock says */
	int yes, dry_run; /* of update */
	struct bake_vet_options vet;
	const char *const *arguments; /* the words that are no options */
	size_t argument_count;
};

/*
 * Reads what the image is made from, its lock and the configuration, and opens the cache. bake:
 * zeroed; bake_fini() it in any case.
 */
int bake_open(struct bake *bake, const struct bake_options *options, struct error *err);

/* Fills in bake->programs: the folder this program is in has the others of the same build. */
int bake_find_programs(struct bake *bake, struct error *err);

/* Ends what the progress shows; r: below 0 when the work failed. */
void bake_close_progress(struct bake *bake, int r);

/* Bakes. ret_image: the finished folder in the cache. Returns 0 or a negative errno. */
int bake_run(struct bake *bake, const struct bake_options *options, struct path *ret_image,
	     struct error *err);

/* Frees. */
void bake_fini(struct bake *bake);

/* Shows that a stage has work to do. */
void bake_stage(struct bake *bake, enum bake_stage stage);

/* Runs a tool with its lines shown, whatever its exit code. ret_result: child_result_fini() it. */
int bake_try(struct bake *bake, const struct child_spec *spec, struct child_result *ret_result,
	     struct error *err);

/*
 * Runs a tool with its lines shown, unless spec has a line() of its own; an exit code other than 0
 * is a failure: -EIO with "WHAT failed", and its last lines in bake->tail. ret_result may be NULL.
 */
int bake_tool(struct bake *bake, const char *what, const struct child_spec *spec,
	      struct child_result *ret_result, struct error *err);

/* Makes a path below the cache of KIND-KEY and says whether it is there. Returns 1, 0 or -errno. */
int bake_layer(const struct bake *bake, const char *kind, const char *key, struct path *ret_layer,
	       struct error *err);

#endif
