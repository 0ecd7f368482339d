/*
 * What one step may use. One table gives the struct, the parser, the printer, the help and the
 * checks, so that no limit can be forgotten in one of them.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum limit_unit { LIMIT_USEC, LIMIT_BYTES, LIMIT_COUNT };

/*
 * X(field, name in options and the API, unit, least, most, default for compile, default for run,
 * help) least and most bound what may be asked for at all; the server's own ceiling is a struct
 * limits.
 */
#define LIMITS(X)                                                                                  \
	X(wall_usec, "wall", LIMIT_USEC, 1000, UINT64_C(86400000000), 10000000, 10000000,          \
	  "time by the clock on the wall")                                                         \
	X(cpu_usec, "cpu", LIMIT_USEC, 1000, UINT64_C(86400000000), 20000000, 5000000,             \
	  "processor time of all processes together")                                              \
	X(memory_bytes, "memory", LIMIT_BYTES, 1 << 20, UINT64_C(1) << 40, 1 << 30, 512 << 20,     \
	  "memory of all processes together, files included")                                      \
	X(files_bytes, "files", LIMIT_BYTES, 1 << 16, UINT64_C(1) << 40, 256 << 20, 64 << 20,      \
	  "bytes in all files together")                                                           \
	X(file_count, "inodes", LIMIT_COUNT, 16, 1 << 24, 16384, 4096, "files and folders")        \
	X(processes, "processes", LIMIT_COUNT, 1, 32768, 64, 64, "processes and threads")          \
	X(open_files, "open-files", LIMIT_COUNT, 8, 1 << 20, 1024, 1024,                           \
	  "open files of one process")                                                             \
	X(output_bytes, "output", LIMIT_BYTES, 1, UINT64_C(1) << 32, 1 << 20, 1 << 20,             \
	  "bytes on each of stdout and stderr")                                                    \
	X(artefact_bytes, "artefact", LIMIT_BYTES, 0, UINT64_C(1) << 36, 128 << 20, 4 << 20,       \
	  "bytes of the file a step hands on, or of a folder's files")

struct limits {
#define X(field, name, unit, least, most, compile, run, help) uint64_t field;
	LIMITS(X)
#undef X
};

enum { LIMIT_FIELDS = sizeof(struct limits) / sizeof(uint64_t) };

/* One row of the table, for code that walks it. offset: of the field in struct limits. */
struct limit_row {
	const char *name;
	const char *help;
	enum limit_unit unit;
	size_t offset;
	uint64_t least, most;
};

/* All LIMIT_FIELDS rows, in the order of the struct. Static. */
const struct limit_row *limit_rows(void);

/* The design's defaults: compile 10 s, 1 GiB, 256 MiB of files; run 10 s, 5 s CPU, 512 MiB, 64 MiB.
 */
struct limits limits_default_compile(void);
struct limits limits_default_run(void);

/* The row called name, or NULL. */
const struct limit_row *limit_find(const char *name);

static inline uint64_t *limit_field(struct limits *limits, const struct limit_row *row)
{
	return (uint64_t *)(void *)((char *)limits + row->offset);
}

/*
 * Takes "name=value" as written on a command line: wall=2s, wall=300ms, memory=64M, processes=8.
 * Units: us ms s m for times, K M G (powers of 1024) for bytes, none for counts; a plain number is
 * seconds, bytes, or a count. Returns 0, or -EINVAL with a text that names what is wrong and what
 * is allowed; limits is changed on success only.
 */
int limits_parse(struct limits *limits, const char *text, struct error *err);

/*
 * Takes the value alone, of any row. label: what it is called to people. Returns 0, or -EINVAL or
 * -ERANGE with a text that says what is wrong and what is allowed.
 */
int limit_value_parse(const struct limit_row *row, const char *label, const char *value,
		      uint64_t *ret_number, struct error *err);

/* Lowers every field of limits to that of ceiling where it is above. */
void limits_clamp(struct limits *limits, const struct limits *ceiling);

#endif
