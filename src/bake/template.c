#include "bake/template.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"

enum { NAME_SIZE = 64, ARGV_MAX = 256 };

const char *template_option(const struct template_values *values, const char *name)
{
	const char *chosen = json_string_value(json_object_get(values->chosen, name));
	const json_t *options = json_object_get(values->language, "options");

	if (chosen)
		return chosen;
	return json_string_value(json_object_get(json_object_get(options, name), "default"));
}

int template_among(const json_t *value, const char *text)
{
	size_t i;
	json_t *item;

	if (json_is_string(value))
		return strcmp(json_string_value(value), text) == 0;
	json_array_foreach (value, i, item)
		if (json_is_string(item) && strcmp(json_string_value(item), text) == 0)
			return 1;
	return 0;
}

static int object_holds(const struct template_values *values, const json_t *when)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)when, key, value) {
		const char *chosen = template_option(values, key);
		if (!chosen || !template_among(value, chosen))
			return 0;
	}
	return 1;
}

int template_holds(const struct template_values *values, const json_t *when)
{
	json_t *one;
	size_t i;

	if (!json_is_array(when))
		return object_holds(values, when);
	json_array_foreach (when, i, one)
		if (object_holds(values, one))
			return 1;
	return 0;
}

/* The value of the name that starts at text (behind the brace); ret_len: up to the closing brace.
 */
static const char *find_name(const char *text, const struct template_values *values,
			     size_t *ret_len)
{
	char name[NAME_SIZE];
	size_t len = strcspn(text, "{}");

	if (text[len] != '}' || len >= sizeof(name))
		return NULL;
	memcpy(name, text, len);
	name[len] = '\0';
	*ret_len = len;
	return strcmp(name, "main_file") == 0 ? values->main_file : template_option(values, name);
}

int template_fill(const char *text, const struct template_values *values, char **ret_text,
		  struct error *err)
{
	_cleanup_free_ char *filled = NULL;
	size_t size;
	FILE *out = open_memstream(&filled, &size);
	if (!out)
		return error_set(err, -ENOMEM, "template", "cannot fill \"%s\"", text);

	int r = 0;
	for (const char *at = text; *at && r == 0; at++) {
		const char *value;
		size_t len = 0;
		if ((*at == '{' || *at == '}') && at[1] == *at)
			fputc(*at++, out);
		else if (*at != '{' && *at != '}')
			fputc(*at, out);
		else if (*at == '}')
			r = error_set_plain(err, -EINVAL, "template", "a lone } is written }}");
		else if (!(value = find_name(at + 1, values, &len)))
			r = error_set_plain(err, -EINVAL, "template",
					    "what follows { must be main_file or an option, and }");
		else {
			fputs(value, out);
			at += len + 1;
		}
	}
	if (fclose(out) != 0 && r == 0)
		r = error_set(err, -ENOMEM, "template", "cannot fill \"%s\"", text);
	if (r == 0)
		*ret_text = TAKE_PTR(filled);
	return r;
}

int template_env(const json_t *value, const struct template_values *values, char **ret_text,
		 struct error *err)
{
	*ret_text = NULL;
	if (json_is_object(value)) {
		if (!template_holds(values, json_object_get(value, "when")))
			return 0;
		value = json_object_get(value, "value");
	}
	return template_fill(json_string_value(value), values, ret_text, err);
}

static int add_word(char **argv, size_t *count, const char *word,
		    const struct template_values *values, struct error *err)
{
	if (strcmp(word, "{args}") == 0 || strcmp(word, "{diagnostics}") == 0 ||
	    strcmp(word, "{lines}") == 0)
		return 0;
	if (*count + 1 >= ARGV_MAX)
		return error_set_plain(err, -E2BIG, "template", "a step has more than %d words",
				       ARGV_MAX);
	int r = template_fill(word, values, &argv[*count], err);
	if (r == 0)
		++*count;
	return r;
}

/* Words, words under a condition, words that may come later: here all follow each other. */
static int add_words(char **argv, size_t *count, const json_t *items,
		     const struct template_values *values, struct error *err)
{
	size_t i;
	json_t *item;
	int r = 0;

	json_array_foreach (items, i, item) {
		if (r == 0 && json_is_string(item))
			r = add_word(argv, count, json_string_value(item), values, err);
		if (r == 0 && json_is_object(item) &&
		    (json_object_get(item, "later") ||
		     template_holds(values, json_object_get(item, "when"))))
			r = add_words(argv, count, json_object_get(item, "words"), values, err);
	}
	return r;
}

int template_argv(const json_t *argv, const struct template_values *values, char ***ret_argv,
		  struct error *err)
{
	char **words = calloc(ARGV_MAX, sizeof(*words));
	size_t count = 0;

	if (!words)
		return error_set(err, -ENOMEM, "template", "cannot fill a step");
	int r = add_words(words, &count, argv, values, err);
	if (r < 0) {
		template_argv_free(words);
		return r;
	}
	*ret_argv = words;
	return 0;
}

char **template_argv_free(char **argv)
{
	for (size_t i = 0; argv && argv[i]; i++)
		free(argv[i]);
	free(argv);
	return NULL;
}
