/*
 * An image's manifest in memory: which languages, versions, options, crates, and how each is
 * compiled and run. Read from the fd the supervisor hands over; read-only after, so any thread may
 * use it. Counted references: jobs keep the manifest they were planned with when the server goes on
 * to another image, and whoever looks at the current one holds it meanwhile. docs/manifest.md
 * describes the file.
 */
#ifndef FRONT_MANIFEST_H
#define FRONT_MANIFEST_H

#include <errno.h>
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "front/job.h"
#include "front/sha256.h"

struct manifest; /* owns the parsed JSON */

/*
 * Reads and checks. fd: borrowed. generation: of the image, as the supervisor counts them. Returns
 * 0 and one reference, or -EINVAL with the path of what is wrong in it.
 */
int manifest_read(int fd, uint64_t generation, struct manifest **ret_manifest, struct error *err);

struct manifest *manifest_ref(struct manifest *manifest);

/* Gives a reference back. NULL-safe; returns NULL. */
struct manifest *manifest_unref(struct manifest *manifest);

/* Is the caller's reference the only one? Then that stays so, if nobody else can come by it. */
int manifest_is_last_ref(const struct manifest *manifest);

uint64_t manifest_generation(const struct manifest *manifest);

/* The image's id: lower-case hex. Borrowed. */
const char *manifest_image_id(const struct manifest *manifest);

#define _cleanup_manifest_ __attribute__((cleanup(manifest_unrefp)))

static inline void manifest_unrefp(struct manifest **manifest)
{
	*manifest = manifest_unref(*manifest);
}

/* The whole document, borrowed, never to be changed: for /api/v1/languages and /meta/… */
const json_t *manifest_json(const struct manifest *manifest);

/* The language object with this id or alias, or NULL. */
const json_t *manifest_language(const struct manifest *manifest, const char *id);

/* What an action leaves for the client. */
enum action_result {
	ACTION_TEXT,	 /* its artefact is a text, such as assembly */
	ACTION_FILES,	 /* its artefact has the request's files anew (product.h) */
	ACTION_MESSAGES, /* nothing but what it prints */
};

/* What is to become of an action's artefact. */
struct action_plan {
	enum action_result result;
	int filters_asm;   /* TEXT: asm_filter.h goes over it … */
	int links_lines;   /* … and notes which source lines it comes from */
	char **file_names; /* FILES, and where lines are linked: the request's, in its order; owned
			    */
	size_t file_count;
};

/* What a request comes to: the steps to run and their bundles. An action is a compile step alone.
 */
struct job_plan {
	int has_compile, has_run;
	int compile_bundle_fd; /* sealed, or -EBADF */
	/* The same in two, for a compiler that was started before: an early bundle's bytes … */
	void *early; /* owned; NULL: it cannot be done so */
	size_t early_len;
	int later_bundle_fd; /* … and the later one, sealed, or -EBADF */
	/* The same for a compile that carries a folder: sealed, or -EBADF when it cannot … */
	int carry_bundle_fd, carry_later_bundle_fd;
	uint8_t carry_fit[SHA256_BYTES]; /* … and over image, language and options */
	int run_bundle_fd;		 /* sealed, or -EBADF */
	int run_takes_artefact;
	int run_collects;	    /* it hands on what the program leaves in a folder */
	struct action_plan *action; /* owned; NULL: the language's own steps */
	struct diagnostics
		*diagnostics; /* owned: reads the compiler's stderr; NULL: nobody asked */
};

#define JOB_PLAN_NONE                                                                              \
	((struct job_plan){.compile_bundle_fd = -EBADF,                                            \
			   .run_bundle_fd = -EBADF,                                                \
			   .later_bundle_fd = -EBADF,                                              \
			   .carry_bundle_fd = -EBADF,                                              \
			   .carry_later_bundle_fd = -EBADF})

/*
 * Checks a request's language, options, file names and arguments against the manifest and fills the
 * argv templates. Returns 0 with new fds in ret_plan, or -EINVAL naming field, fault and choices.
 */
int manifest_plan(const struct manifest *manifest, const struct job_request *request,
		  struct job_plan *ret_plan, struct error *err);

void job_plan_fini(struct job_plan *plan);

#endif
