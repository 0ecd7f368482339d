/* What toml.c and toml_text.c share: the parser's place in the file, and steps in it. */
#ifndef BAKE_TOML_INTERNAL_H
#define BAKE_TOML_INTERNAL_H

#include <errno.h>
#include <string.h>

#include "bake/toml.h"

struct toml_parser {
	const char *at, *end; /* what is left */
	const char *file;
	unsigned line;
	unsigned depth; /* values around the one being read */
	json_t *marks;	/* what may not be opened or added to again: address -> enum mark */
	char *scratch; /* room for any text of the file: none grows when its escapes are resolved */
	struct error *err;
};

/* "FILE:LINE: why". Returns -EINVAL. */
static inline int toml_refuse(const struct toml_parser *parser, const char *why)
{
	return error_set_plain(parser->err, -EINVAL, "toml", "%s:%u: %s", parser->file,
			       parser->line, why);
}

/* The byte n ahead, or NUL at the end: there is none in a file that gets here. */
static inline char toml_ahead(const struct toml_parser *parser, size_t n)
{
	return n < (size_t)(parser->end - parser->at) ? parser->at[n] : '\0';
}

static inline int toml_starts_with(const struct toml_parser *parser, const char *word)
{
	size_t len = strlen(word);
	return (size_t)(parser->end - parser->at) >= len && memcmp(parser->at, word, len) == 0;
}

static inline void toml_skip_space(struct toml_parser *parser)
{
	while (toml_ahead(parser, 0) == ' ' || toml_ahead(parser, 0) == '\t')
		parser->at++;
}

/* How many bytes the line end here has; 0: none. */
static inline size_t toml_newline(const struct toml_parser *parser)
{
	if (toml_ahead(parser, 0) == '\n')
		return 1;
	return toml_ahead(parser, 0) == '\r' && toml_ahead(parser, 1) == '\n' ? 2 : 0;
}

/* Reads a text in quotes into scratch, without a NUL. multi: 1: over several lines too. */
int toml_take_text(struct toml_parser *parser, int multi, size_t *ret_len);

#endif
