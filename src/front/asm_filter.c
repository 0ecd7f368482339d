/*
 * Theory of operation. Two passes over the lines. The first notes every local label that an
 * instruction or data names, outside sections that are dropped whole; sorted, they can be looked
 * up. The second copies what is kept. It has one state: whether the lines at hand belong to a label
 * that is kept, which is when data directives are copied.
 */
#include "front/asm_filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"

struct span {
	const char *at;
	size_t len;
};

struct spans {
	struct span *items;
	size_t count, room;
};

enum line_kind { LINE_NOTHING, LINE_LABEL, LINE_SECTION, LINE_DATA, LINE_DIRECTIVE, LINE_CODE };

static int is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static int is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '.' || c == '$' || c == '@';
}

static int starts(struct span line, const char *literal)
{
	size_t n = strlen(literal);
	return line.len >= n && memcmp(line.at, literal, n) == 0;
}

/* The next line, without its end. Returns 0 at the end of the text. */
static int next_line(struct span *rest, struct span *ret_line)
{
	if (rest->len == 0)
		return 0;
	const char *end = memchr(rest->at, '\n', rest->len);
	size_t len = end ? (size_t)(end - rest->at) : rest->len, taken = end ? len + 1 : len;
	*ret_line = (struct span){rest->at, len};
	rest->at += taken;
	rest->len -= taken;
	return 1;
}

static struct span trimmed(struct span line)
{
	while (line.len && is_blank(*line.at)) {
		line.at++;
		line.len--;
	}
	while (line.len && is_blank(line.at[line.len - 1]))
		line.len--;
	return line;
}

/* The first word of a directive, which begins with a dot. */
static struct span directive_word(struct span line)
{
	size_t n = 0;

	while (n < line.len && is_word(line.at[n]))
		n++;
	return (struct span){line.at, n};
}

static int is_one_of(struct span word, const char *const *list)
{
	for (; *list; list++)
		if (word.len == strlen(*list) && memcmp(word.at, *list, word.len) == 0)
			return 1;
	return 0;
}

/* A label stands at the start of its line and ends with a colon; a comment may follow. */
static int is_label(struct span line, size_t *ret_name)
{
	if (line.len == 0 || is_blank(line.at[0]) || line.at[0] == '#')
		return 0;
	size_t n = 1;
	/* "{closure#0}" is part of a name. */
	while (n < line.len && !(line.at[n] == '#' && is_blank(line.at[n - 1])))
		n++;
	while (is_blank(line.at[n - 1]))
		n--;
	if (n < 2 || line.at[n - 1] != ':')
		return 0;
	*ret_name = n - 1;
	return 1;
}

static enum line_kind line_kind(struct span line)
{
	static const char *const sections[] = {".section", ".text", ".data", ".bss", NULL};
	static const char *const data[] = {
		".ascii", ".asciz", ".string", ".byte",	  ".short",  ".value", ".word", ".2byte",
		".long",  ".int",   ".4byte",  ".quad",	  ".8byte",  ".octa",  ".zero", ".skip",
		".space", ".fill",  ".float",  ".single", ".double", NULL};
	size_t name;

	if (is_label(line, &name))
		return LINE_LABEL;
	line = trimmed(line);
	if (line.len == 0 || line.at[0] == '#' || starts(line, "//"))
		return LINE_NOTHING;
	if (line.at[0] != '.')
		return LINE_CODE;
	struct span word = directive_word(line);
	return is_one_of(word, sections) ? LINE_SECTION
	       : is_one_of(word, data)	 ? LINE_DATA
					 : LINE_DIRECTIVE;
}

/* Is this the start of a section nobody wants to read? */
static int is_dropped_section(struct span line)
{
	static const char *const dropped[] = {".debug", ".eh_frame", ".gcc_except_table", ".note",
					      ".comment"};

	line = trimmed(line);
	if (!starts(line, ".section"))
		return 0;
	struct span name =
		trimmed((struct span){line.at + strlen(".section"), line.len - strlen(".section")});
	if (name.len && name.at[0] == '"')
		name = (struct span){name.at + 1, name.len - 1};
	for (size_t i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++)
		if (starts(name, dropped[i]))
			return 1;
	return 0;
}

static int span_compare(const void *left, const void *right)
{
	const struct span *a = left, *b = right;
	int r = memcmp(a->at, b->at, a->len < b->len ? a->len : b->len);

	return r ? r : (a->len > b->len) - (a->len < b->len);
}

static int spans_add(struct spans *spans, struct span span)
{
	if (spans->count == spans->room) {
		size_t room = spans->room ? spans->room * 2 : 256;
		struct span *more = realloc(spans->items, room * sizeof(*more));
		if (!more)
			return -ENOMEM;
		spans->items = more;
		spans->room = room;
	}
	spans->items[spans->count++] = span;
	return 0;
}

/* Notes the local labels that a line names. */
static int note_names(struct spans *used, struct span line)
{
	for (size_t i = 0; i + 1 < line.len; i++) {
		if (line.at[i] != '.' || line.at[i + 1] != 'L' || (i && is_word(line.at[i - 1])))
			continue;
		size_t n = 2;
		while (i + n < line.len && is_word(line.at[i + n]) && line.at[i + n] != '@')
			n++;
		if (spans_add(used, (struct span){line.at + i, n}) < 0)
			return -ENOMEM;
		i += n - 1;
	}
	return 0;
}

static int note_used(struct span text, struct spans *used)
{
	struct span line;
	int dropped = 0;

	while (next_line(&text, &line)) {
		enum line_kind kind = line_kind(line);
		if (kind == LINE_SECTION)
			dropped = is_dropped_section(line);
		if (!dropped && (kind == LINE_CODE || kind == LINE_DATA) &&
		    note_names(used, line) < 0)
			return -ENOMEM;
	}
	if (used->count)
		qsort(used->items, used->count, sizeof(*used->items), span_compare);
	return 0;
}

static int label_is_kept(struct span line, const struct spans *used)
{
	struct span name = {line.at, 0};

	if (!is_label(line, &name.len))
		return 0;
	return !starts(name, ".L") || (used->count && bsearch(&name, used->items, used->count,
							      sizeof(*used->items), span_compare));
}

static size_t put(char *out, size_t used, const char *data, size_t len)
{
	memcpy(out + used, data, len);
	return used + len;
}

/* The copy of what is kept, and where it comes from. */
struct copy {
	char *text;
	size_t len;
	struct asm_lines *lines; /* NULL: nobody asks */
};

static int copy_line(struct copy *copy, struct span line, int is_code)
{
	copy->len = put(copy->text, copy->len, line.at, line.len);
	copy->len = put(copy->text, copy->len, "\n", 1);
	return copy->lines ? asm_lines_note(copy->lines,
					    is_code ? copy->lines->now : (struct asm_line){0})
			   : 0;
}

/* What a line that is not kept, or a label, says about those that follow. */
static void follow_lines(struct asm_lines *lines, struct span line, enum line_kind kind)
{
	line = trimmed(line);
	if (kind == LINE_DIRECTIVE)
		asm_lines_directive(lines, line.at, line.len);
	/* What a compiler adds of its own has labels, but no .loc. */
	else if (kind == LINE_LABEL && !starts(line, ".L"))
		lines->now = (struct asm_line){0};
}

static int copy_kept(struct span text, const struct spans *names, struct copy *copy)
{
	struct span line;
	int dropped = 0, under_label = 0, r = 0;

	while (r == 0 && next_line(&text, &line)) {
		enum line_kind kind = line_kind(line);
		int keep = kind == LINE_CODE || (kind == LINE_DATA && under_label);
		if (kind == LINE_SECTION)
			dropped = is_dropped_section(line);
		if (kind == LINE_LABEL)
			keep = under_label = label_is_kept(line, names);
		if (copy->lines)
			follow_lines(copy->lines, line, kind);
		if (!keep || dropped)
			continue;
		if (kind == LINE_LABEL && copy->len && !starts(line, ".L"))
			r = copy_line(copy, (struct span){line.at, 0}, 0);
		if (r == 0)
			r = copy_line(copy, line, kind == LINE_CODE);
	}
	return r;
}

int asm_filter(const char *text, size_t len, struct asm_lines *lines, char **ret_text,
	       size_t *ret_len)
{
	const struct span whole = {text, len};
	struct spans used = {0};
	/* Each kept line may grow by one byte, and only labels do, which have two at least. */
	struct copy copy = {.text = malloc(len + len / 2 + 2), .lines = lines};

	int r = copy.text ? note_used(whole, &used) : -ENOMEM;
	if (r == 0)
		r = copy_kept(whole, &used, &copy);
	free(used.items);
	if (r < 0) {
		free(copy.text);
		return r;
	}
	copy.text[copy.len] = '\0';
	*ret_text = copy.text;
	*ret_len = copy.len;
	return 0;
}
