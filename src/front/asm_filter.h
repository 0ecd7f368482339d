/*
 * Assembly as people want to read it: without what is there for the linker, the debugger and the
 * unwinder. Runs in the front end, over what a compiler wrote in a cell. Pure.
 */
#ifndef FRONT_ASM_FILTER_H
#define FRONT_ASM_FILTER_H

#include <stddef.h>

#include "front/asm_lines.h"

/*
 * Keeps instructions, the labels of functions and data, local labels (.L…) that something kept
 * names, and the data under kept labels; drops all other directives, comments and empty lines, but
 * puts an empty line before each label that is not local. AT&T and Intel syntax of GNU as (gcc,
 * LLVM for ELF), names mangled or not. text: any bytes. lines: where what is kept comes from is
 * noted there, instructions alone come from anywhere; NULL: nobody asks. ret_text: new,
 * NUL-terminated, at most len and a byte for each label. Returns 0 or -ENOMEM.
 */
int asm_filter(const char *text, size_t len, struct asm_lines *lines, char **ret_text,
	       size_t *ret_len);

#endif
