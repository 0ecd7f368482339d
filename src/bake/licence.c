#include "bake/licence.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define ID_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-+:"

enum { ID_SIZE = 128, DEPTH_MAX = 16, TERM_SIZE = 2 * ID_SIZE + 8 };

/*
 * expression = all *( "OR" all ), all = term *( "AND" term ),
 * term = id [ "WITH" id ] / "(" expression ")"
 */
struct reading {
	const char *at;
	const json_t *accepted;
	unsigned depth;
};

static int take_expression(struct reading *reading);

static void skip_space(struct reading *reading)
{
	reading->at += strspn(reading->at, " ");
}

/* Takes a word when it is next and ends there. Returns 1 or 0. */
static int take_word(struct reading *reading, const char *word)
{
	size_t len = strlen(word);

	skip_space(reading);
	if (strncmp(reading->at, word, len) != 0 || strchr(" (", reading->at[len]) == NULL ||
	    reading->at[len] == '\0')
		return 0;
	reading->at += len;
	return 1;
}

static int take_id(struct reading *reading, char ret[ID_SIZE])
{
	skip_space(reading);
	size_t len = strspn(reading->at, ID_LETTERS);

	if (len == 0 || len >= ID_SIZE)
		return -EINVAL;
	memcpy(ret, reading->at, len);
	ret[len] = '\0';
	reading->at += len;
	return 0;
}

static int is_accepted(const json_t *accepted, const char *term)
{
	size_t i;
	json_t *item;

	json_array_foreach (accepted, i, item)
		if (strcasecmp(json_string_value(item), term) == 0)
			return 1;
	return 0;
}

static int take_term(struct reading *reading)
{
	char id[ID_SIZE], exception[ID_SIZE], term[TERM_SIZE];

	skip_space(reading);
	if (*reading->at == '(') {
		if (reading->depth++ >= DEPTH_MAX)
			return -EINVAL;
		reading->at++;
		int r = take_expression(reading);
		skip_space(reading);
		if (r < 0 || *reading->at != ')')
			return -EINVAL;
		reading->at++;
		reading->depth--;
		return r;
	}
	if (take_id(reading, id) < 0 || strcmp(id, "AND") == 0 || strcmp(id, "OR") == 0 ||
	    strcmp(id, "WITH") == 0)
		return -EINVAL;
	snprintf(term, sizeof(term), "%s", id);
	if (take_word(reading, "WITH")) {
		if (take_id(reading, exception) < 0)
			return -EINVAL;
		snprintf(term, sizeof(term), "%s WITH %s", id, exception);
	}
	return is_accepted(reading->accepted, term);
}

static int take_all(struct reading *reading)
{
	int all = take_term(reading);

	while (all >= 0 && take_word(reading, "AND")) {
		int r = take_term(reading);
		all = r < 0 ? r : all & r;
	}
	return all;
}

static int take_or(struct reading *reading)
{
	skip_space(reading);
	if (*reading->at != '/')
		return take_word(reading, "OR");
	reading->at++;
	return 1;
}

static int take_expression(struct reading *reading)
{
	int any = take_all(reading);

	while (any >= 0 && take_or(reading)) {
		int r = take_all(reading);
		any = r < 0 ? r : any | r;
	}
	return any;
}

int licence_accepted(const char *expression, const json_t *accepted)
{
	struct reading reading = {.at = expression, .accepted = accepted};
	int r = take_expression(&reading);

	skip_space(&reading);
	return r >= 0 && *reading.at ? -EINVAL : r;
}

int licence_normalise(const char *expression, char ret[LICENCE_SIZE])
{
	size_t used = 0;

	if (licence_accepted(expression, NULL) < 0)
		return -EINVAL;
	for (; *expression; expression++) {
		int spaced = used > 0 && ret[used - 1] == ' ';
		const char *text = *expression == '/' ? (spaced ? "OR " : " OR ") : NULL;
		size_t len = text ? strlen(text) : 1;
		if (*expression == ' ' && (used == 0 || spaced))
			continue;
		if (used + len >= LICENCE_SIZE)
			return -ENAMETOOLONG;
		memcpy(ret + used, text ? text : expression, len);
		used += len;
	}
	while (used > 0 && ret[used - 1] == ' ')
		used--;
	ret[used] = '\0';
	return 0;
}
