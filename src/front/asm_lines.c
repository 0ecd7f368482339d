#include "front/asm_lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_ROOM = 1024 };

/* What of a directive has not been read yet. */
struct words {
	const char *at, *end;
};

static void skip_blanks(struct words *words)
{
	while (words->at < words->end && (*words->at == ' ' || *words->at == '\t'))
		words->at++;
}

static int take_word(struct words *words, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(words->end - words->at) <= len || memcmp(words->at, word, len) != 0 ||
	    (words->at[len] != ' ' && words->at[len] != '\t'))
		return 0;
	words->at += len;
	return 1;
}

/* A number up to most. Returns 1, or 0 when there is none. */
static int take_number(struct words *words, uint32_t most, uint32_t *ret_number)
{
	uint64_t number = 0;

	skip_blanks(words);
	const char *start = words->at;
	for (; words->at < words->end && *words->at >= '0' && *words->at <= '9'; words->at++) {
		number = number * 10 + (uint64_t)(*words->at - '0');
		if (number > most)
			return 0;
	}
	*ret_number = (uint32_t)number;
	return words->at > start;
}

/* The character after a backslash: itself, or up to three octal digits. */
static char take_escaped(struct words *words)
{
	int value = 0;
	const char *start = words->at;

	while (words->at < words->end && words->at - start < 3 && *words->at >= '0' &&
	       *words->at <= '7')
		value = value * 8 + (*words->at++ - '0');
	return words->at > start ? (char)value : *words->at++;
}

/* A text in quotes. Returns its length, or 0 when there is none or it does not fit. */
static size_t take_text(struct words *words, char *text, size_t room)
{
	size_t len = 0;

	skip_blanks(words);
	if (words->at == words->end || *words->at != '"')
		return 0;
	words->at++;
	while (words->at < words->end && *words->at != '"' && len + 1 < room) {
		char c = *words->at++;
		text[len++] = c == '\\' && words->at < words->end ? take_escaped(words) : c;
	}
	if (words->at == words->end || *words->at != '"')
		return 0;
	words->at++;
	text[len] = '\0';
	return len;
}

/* Which of the visitor's files this path is, from 1; 0: none. */
static unsigned char own_file(const struct asm_lines *lines, const char *path)
{
	static const char home[] = "/playground/";

	if (strncmp(path, home, strlen(home)) == 0)
		path += strlen(home);
	while (strncmp(path, "./", 2) == 0)
		path += 2;
	for (size_t i = 0; i < lines->name_count; i++)
		if (strcmp(lines->names[i], path) == 0)
			return (unsigned char)(i + 1);
	return 0;
}

/* .file NUMBER "NAME" or .file NUMBER "FOLDER" "NAME" */
static void take_file(struct asm_lines *lines, struct words *words)
{
	char path[2 * PATH_ROOM], name[PATH_ROOM];
	uint32_t number;

	if (!take_number(words, ASM_FILES_MAX - 1, &number))
		return;
	size_t len = take_text(words, path, PATH_ROOM);
	if (len && take_text(words, name, sizeof(name))) {
		path[len++] = '/';
		memcpy(name[0] == '/' ? path : path + len, name, strlen(name) + 1);
	}
	lines->files[number] = len ? own_file(lines, path) : 0;
}

/* .loc NUMBER LINE … */
static void take_loc(struct asm_lines *lines, struct words *words)
{
	uint32_t number, line;

	lines->now = (struct asm_line){0};
	if (!take_number(words, ASM_FILES_MAX - 1, &number) ||
	    !take_number(words, INT32_MAX, &line) || line == 0 || !lines->files[number])
		return;
	lines->now = (struct asm_line){line, lines->files[number] - 1U};
}

void asm_lines_directive(struct asm_lines *lines, const char *text, size_t len)
{
	struct words words = {text, text + len};

	if (take_word(&words, ".loc"))
		take_loc(lines, &words);
	else if (take_word(&words, ".file"))
		take_file(lines, &words);
}

int asm_lines_note(struct asm_lines *lines, struct asm_line from)
{
	if (lines->count == ASM_LINES_MAX)
		return 0;
	if (lines->count == lines->room) {
		size_t room = lines->room ? lines->room * 2 : 256;
		struct asm_line *more = realloc(lines->noted, room * sizeof(*more));
		if (!more)
			return -ENOMEM;
		lines->noted = more;
		lines->room = room;
	}
	lines->noted[lines->count++] = from;
	return 0;
}
