/*
 * Which line of the visitor's files each line of an assembly comes from: what a compiler says with
 * the directives .file and .loc (GNU as; gcc and LLVM). Runs in the front end, over what a compiler
 * wrote in a cell. Pure.
 */
#ifndef FRONT_ASM_LINES_H
#define FRONT_ASM_LINES_H

#include <stddef.h>
#include <stdint.h>

#include "front/job.h"

enum {
	ASM_FILES_MAX = 4096,  /* numbers a .file may give; lines of others come from nowhere */
	ASM_LINES_MAX = 65536, /* lines that are noted; what follows comes from nowhere */
};

/* Where a line comes from. */
struct asm_line {
	uint32_t line; /* from 1; 0: from none of the visitor's files */
	uint32_t file; /* which of them, from 0 */
};

/* What was read so far; begun with names and name_count, all else zero. */
struct asm_lines {
	char *const *names; /* the visitor's files, paths below /playground; borrowed */
	size_t name_count;  /* at most JOB_FILES_MAX */
	unsigned char files[ASM_FILES_MAX]; /* by a .file's number: which of the names, from 1 */
	struct asm_line now;		    /* where code at this place comes from */
	struct asm_line *noted;		    /* owned by the caller; for each line that is kept */
	size_t count, room;
};

/* Takes a directive, which begins with a dot; those it does not know change nothing. */
void asm_lines_directive(struct asm_lines *lines, const char *text, size_t len);

/* Notes one more line of the text that is kept: from here, or from nowhere. Returns 0 or -ENOMEM.
 */
int asm_lines_note(struct asm_lines *lines, struct asm_line from);

#endif
