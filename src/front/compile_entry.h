/*
 * What a compile came to, kept for the next one that asks for the same: what it printed, how it
 * ended, and the artefact as a sealed memfd, which run steps are given as it is. Immutable once
 * made, with counted references; any thread.
 */
#ifndef FRONT_COMPILE_ENTRY_H
#define FRONT_COMPILE_ENTRY_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/error.h"
#include "front/job.h"
#include "front/sha256.h"

/* SHA-256 over the image's id, the limits granted, and the bundle: argv, environment, files. */
struct compile_key {
	uint8_t bytes[SHA256_BYTES];
};

/* bundle_fd: sealed, borrowed. image_id: text. Returns 0 or a negative errno. */
int compile_key_make(const char *image_id, const struct limits *limits, int bundle_fd,
		     struct compile_key *ret_key, struct error *err);

int compile_key_equal(const struct compile_key *one, const struct compile_key *other);

struct compile_entry {
	atomic_uint refs;
	struct compile_key key;
	struct step_result result;
	struct compile_output {
		char *data;
		size_t len;
	} outputs[2];	 /* stdout, stderr */
	int artefact_fd; /* sealed memfd; -EBADF: none */
	uint64_t artefact_bytes;
	/* The cache's own, under its lock. */
	TAILQ_ENTRY(compile_entry) in_order;
	LIST_ENTRY(compile_entry) in_chain;
};

/* Empty, one reference, or NULL on ENOMEM. */
struct compile_entry *compile_entry_new(const struct compile_key *key);

struct compile_entry *compile_entry_ref(struct compile_entry *entry);

/* NULL-safe; returns NULL. */
struct compile_entry *compile_entry_unref(struct compile_entry *entry);

/* Copies what was printed on a stream (1 stdout, 2 stderr). Returns 0 or -ENOMEM. */
int compile_entry_set_output(struct compile_entry *entry, int stream, const char *data, size_t len);

/* Bytes it holds on to. */
uint64_t compile_entry_bytes(const struct compile_entry *entry);

/*
 * Would the same compile come to the same again? Not what a limit, a kill or a fault of ours ended,
 * and not what was cut.
 */
int compile_result_lasts(const struct step_result *result);

#endif
