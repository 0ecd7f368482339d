/*
 * A bundle says what a step runs: argv, environment, files, and which file it hands on. The
 * asker (front end, `sandlot cell`) writes it into a sealed memfd; only the cell's pid 1, already
 * inside its namespaces, reads it. The supervisor passes the fd along and never looks inside.
 *
 * A step that is started early has two. The first says what can be known ahead: argv, environment
 * and a BUNDLE_FIFO that argv makes the program read; the second, which comes with the job, what is
 * left: files, the artefact, and in BUNDLE_LATER what the program reads.
 *
 * What a step leaves in a folder is handed on as a bundle, too: a BUNDLE_FILE for each file, their
 * names those in the folder, and perhaps a BUNDLE_LEFT_OUT.
 *
 * BUNDLE_CARRY names a folder that goes from one compile to the next. What was in it comes and goes
 * as a packet in a memfd of its own (sandbox/cell_carried.h), whose records are a bundle's, too.
 *
 * Layout, native byte order (writer and reader are one build on one machine): an 8-byte magic, then
 * records of {u32 type, u32 name length, u64 body length, name bytes, body bytes}, the last of type
 * BUNDLE_END. Names carry no NUL and are not terminated.
 */
#ifndef BASE_BUNDLE_H
#define BASE_BUNDLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum bundle_type {
	BUNDLE_END,  /* no name, no body; must come last */
	BUNDLE_ARG,  /* body: one argument; the first is the path of the program in the cell */
	BUNDLE_ENV,  /* body: NAME=value */
	BUNDLE_FILE, /* name: path below /playground; body: its bytes; made with mode 0644 */
	BUNDLE_ARTEFACT_IN,  /* name: path below /playground for the artefact fd's bytes, mode 0755
			      */
	BUNDLE_ARTEFACT_OUT, /* name: path below /playground to copy out at the end */
	BUNDLE_PROGRAM,	     /* as BUNDLE_FILE, made with mode 0755 */
	BUNDLE_FIFO,	/* name: path below /playground of the FIFO that later words come through */
	BUNDLE_LATER,	/* name: the FIFO's; body: words, a newline after each */
	BUNDLE_COLLECT, /* name: path below /playground of a folder, made for the program, whose
			   files are handed on at the end */
	BUNDLE_LEFT_OUT, /* body: a uint32_t, how many entries of the folder were not handed on */
	BUNDLE_CARRY,	 /* name: path below /playground of the folder that is carried */
	BUNDLE_TYPE_COUNT
};

enum {
	BUNDLE_ARGS_MAX = 1024,
	BUNDLE_ENV_MAX = 128,
	BUNDLE_FILES_MAX = 65536,
	BUNDLE_PATH_MAX = 255,			/* bytes of a path below /playground */
	BUNDLE_ARG_BYTES_MAX = 131071,		/* execve(2): MAX_ARG_STRLEN less the NUL */
	BUNDLE_BYTES_MAX = 64 << 20,		/* a whole bundle */
	BUNDLE_HEAD_MAX = 16 + BUNDLE_PATH_MAX, /* what stands before a record's body */
	/* Of a BUNDLE_COLLECT; all files together are bounded by the limit on artefacts. */
	COLLECT_FILES_MAX = 16,
	COLLECT_FILE_BYTES_MAX = 1 << 20,
	COLLECT_NAME_MAX = 100,	    /* bytes */
	CARRY_BYTES_MAX = 32 << 20, /* the memfd of a carried folder, which has this size always */
	CARRY_FILES_MAX = 4096,	    /* files in such a folder */
};

/* A growing buffer that records are added to. Zero-initialise. A failed add is kept in `failed`. */
struct bundle_writer {
	unsigned char *data;
	size_t used, room;
	int failed; /* first negative errno, 0 while all is well */
};

/* What a bundle begins with. */
extern const unsigned char bundle_magic[8];

/*
 * Writes what stands before the body of a record: its head and its name, of BUNDLE_PATH_MAX bytes
 * at most, or NULL. Returns its length.
 */
size_t bundle_head(enum bundle_type type, const char *name, uint64_t body_len,
		   unsigned char ret_head[BUNDLE_HEAD_MAX]);

/* Appends a record. Bytes are copied. Failures are sticky and come out of bundle_finish(). */
void bundle_add(struct bundle_writer *writer, enum bundle_type type, const char *name,
		const void *body, size_t len);

/* Convenience: a record whose body is a C string. */
void bundle_add_text(struct bundle_writer *writer, enum bundle_type type, const char *text);

/* Ends the bundle: its bytes are writer->data, writer->used. Returns 0 or what it failed with. */
int bundle_end(struct bundle_writer *writer);

/*
 * Ends the bundle and seals it. Frees the writer's buffer in every case. Returns a new fd, or a
 * negative errno: -E2BIG when the bundle is too large, -ENOMEM.
 */
int bundle_finish(struct bundle_writer *writer);

/* One decoded record: borrows from the mapped bundle. */
struct bundle_record {
	enum bundle_type type;
	const char *name; /* not NUL-terminated */
	size_t name_len;
	const char *body; /* not NUL-terminated */
	size_t body_len;
};

/*
 * Steps through a bundle in memory (data, len), at *offset (start with 0). Checks magic, type,
 * lengths, that a path is relative, non-empty, without empty, "." or ".." parts and without NUL,
 * and that arguments, later words and environment carry no NUL. Returns 1 and a record, 0 at
 * BUNDLE_END (which must be the last byte), or -EBADMSG with a text. Pure: touches nothing but its
 * arguments.
 */
int bundle_next(const void *data, size_t len, size_t *offset, struct bundle_record *ret_record,
		struct error *err);

/* Is this a path a bundle may name (see bundle_next)? path: len bytes. */
int bundle_path_is_valid(const char *path, size_t len);

#endif
