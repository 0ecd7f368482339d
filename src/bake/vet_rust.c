#include "bake/vet_rust.h"

#include <string.h>

/* The lexical structure is that of the Rust Reference, chapters "Comments" and "Tokens". */

struct lexer {
	const char *at, *end;
};

static char ahead(const struct lexer *lexer, size_t n)
{
	return n < (size_t)(lexer->end - lexer->at) ? lexer->at[n] : '\0';
}

static void skip(struct lexer *lexer, size_t n)
{
	size_t left = (size_t)(lexer->end - lexer->at);
	lexer->at += n < left ? n : left;
}

/* Letters beyond ASCII count: identifiers may have them, and nothing else outside of texts does. */
static int is_word(char c)
{
	return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static void skip_line(struct lexer *lexer)
{
	while (lexer->at < lexer->end && *lexer->at != '\n')
		lexer->at++;
}

/* Block comments nest. */
static void skip_block(struct lexer *lexer)
{
	size_t depth = 0;

	do {
		if (ahead(lexer, 0) == '/' && ahead(lexer, 1) == '*') {
			depth++;
			skip(lexer, 2);
		} else if (ahead(lexer, 0) == '*' && ahead(lexer, 1) == '/') {
			depth--;
			skip(lexer, 2);
		} else {
			skip(lexer, 1);
		}
	} while (depth > 0 && lexer->at < lexer->end);
}

/* A text or character in which a backslash hides what follows; at the opening quote. */
static void skip_quoted(struct lexer *lexer)
{
	char quote = *lexer->at;

	for (skip(lexer, 1); lexer->at < lexer->end && *lexer->at != quote; skip(lexer, 1))
		if (*lexer->at == '\\')
			skip(lexer, 1);
	skip(lexer, 1);
}

/* r"…" and r#"…"#, at the first # or quote. Returns 0 when it is no such text but r#word. */
static int skip_raw(struct lexer *lexer)
{
	size_t hashes = 0;

	while (ahead(lexer, hashes) == '#')
		hashes++;
	if (ahead(lexer, hashes) != '"')
		return 0;
	skip(lexer, hashes + 1);
	for (; lexer->at < lexer->end; skip(lexer, 1)) {
		size_t n = 0;
		if (*lexer->at != '"')
			continue;
		while (n < hashes && ahead(lexer, n + 1) == '#')
			n++;
		if (n == hashes)
			break;
	}
	skip(lexer, hashes + 1);
	return 1;
}

/* 'x' is a character, 'a a lifetime: told apart by a quote behind one character. */
static void skip_tick(struct lexer *lexer)
{
	size_t n = 2;

	if (ahead(lexer, 1) != '\\') {
		while (((unsigned char)ahead(lexer, n) & 0xc0) == 0x80)
			n++;
		if (ahead(lexer, n) != '\'') {
			skip(lexer, 1);
			while (is_word(ahead(lexer, 0)))
				skip(lexer, 1);
			return;
		}
	}
	skip_quoted(lexer);
}

static int is_one_of(const char *word, size_t len, const char *const *list)
{
	for (; *list; list++)
		if (strlen(*list) == len && memcmp(*list, word, len) == 0)
			return 1;
	return 0;
}

/* A word; what it begins when it is the prefix of a text. Returns 1 for `unsafe`. */
static int take_word(struct lexer *lexer)
{
	static const char *const raw[] = {"r", "br", "cr", NULL};
	static const char *const escaped[] = {"b", "c", NULL};
	const char *word = lexer->at;
	char next;

	while (is_word(ahead(lexer, 0)))
		skip(lexer, 1);
	size_t len = (size_t)(lexer->at - word);
	next = ahead(lexer, 0);
	if ((next == '"' || next == '#') && is_one_of(word, len, raw)) {
		if (skip_raw(lexer) || next != '#' || len != 1)
			return 0;
		skip(lexer, 1); /* r#unsafe is a name */
		while (is_word(ahead(lexer, 0)))
			skip(lexer, 1);
		return 0;
	}
	if ((next == '"' && is_one_of(word, len, escaped)) ||
	    (next == '\'' && len == 1 && *word == 'b')) {
		skip_quoted(lexer);
		return 0;
	}
	return len == 6 && memcmp(word, "unsafe", 6) == 0;
}

uint64_t vet_rust_unsafe(const char *text, size_t len)
{
	struct lexer lexer = {text, text + len};
	uint64_t count = 0;

	while (lexer.at < lexer.end) {
		char c = *lexer.at;
		if (c == '/' && ahead(&lexer, 1) == '/')
			skip_line(&lexer);
		else if (c == '/' && ahead(&lexer, 1) == '*')
			skip_block(&lexer);
		else if (c == '"')
			skip_quoted(&lexer);
		else if (c == '\'')
			skip_tick(&lexer);
		else if (is_word(c))
			count += (uint64_t)take_word(&lexer);
		else
			skip(&lexer, 1);
	}
	return count;
}
