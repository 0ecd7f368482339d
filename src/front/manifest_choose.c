#include "front/manifest_choice.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bundle.h"

/* Every fault names the field of the request, what is wrong with it and what is allowed. */

/* ---- texts that list what is allowed ---- */

void choice_list_add(char list[CHOICE_LIST_MAX], const char *name)
{
	size_t used = strlen(list);
	snprintf(list + used, CHOICE_LIST_MAX - used, "%s%s", used ? ", " : "", name);
}

static void list_values(char *list, const json_t *option)
{
	const json_t *unavailable = json_object_get(option, "unavailable");
	const json_t *value;
	size_t i;

	json_array_foreach (json_object_get(option, "values"), i, value)
		if (!json_object_get(unavailable, json_string_value(value)))
			choice_list_add(list, json_string_value(value));
}

static void list_keys(char *list, const json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)object, key, value)
		choice_list_add(list, key);
}

/* ---- the request's parts ---- */

static int choose_language(const struct manifest *manifest, struct choice *choice)
{
	const char *id = choice->request->language;
	char list[CHOICE_LIST_MAX] = "";
	const json_t *language;
	size_t i;

	choice->language = id ? manifest_language(manifest, id) : NULL;
	if (choice->language) {
		choice->options = json_object_get(choice->language, "options");
		return 0;
	}
	json_array_foreach (json_object_get(manifest->root, "languages"), i, language)
		choice_list_add(list, manifest_text(language, "id"));
	if (!id)
		return error_set_plain(choice->err, -EINVAL, "language",
				       "language is missing; this image has %s", list);
	return error_set_plain(choice->err, -EINVAL, "language",
			       "language: \"%.40s\" is not in this image, which has %s", id, list);
}

static int check_one_option(const struct choice *choice, const struct job_option *asked)
{
	const json_t *option = json_object_get(choice->options, asked->name);
	char list[CHOICE_LIST_MAX] = "";

	if (!option && json_object_size(choice->options) == 0)
		return error_set_plain(choice->err, -EINVAL, "options",
				       "options: %s has no options, so no \"%.40s\"",
				       manifest_text(choice->language, "id"), asked->name);
	if (!option) {
		list_keys(list, choice->options);
		return error_set_plain(choice->err, -EINVAL, "options",
				       "options: \"%.40s\" is not an option of %s, which has %s",
				       asked->name, manifest_text(choice->language, "id"), list);
	}
	const char *sentence = manifest_text(json_object_get(option, "unavailable"), asked->value);
	if (sentence)
		return error_set_plain(choice->err, -EINVAL, "options", "options.%s: %s",
				       asked->name, sentence);
	if (manifest_text_among(json_object_get(option, "values"), asked->value))
		return 0;
	list_values(list, option);
	return error_set_plain(choice->err, -EINVAL, "options",
			       "options.%s: \"%.40s\" is not one of %s", asked->name, asked->value,
			       list);
}

static int choose_options(const struct choice *choice)
{
	const struct job_request *request = choice->request;

	if (request->option_count > JOB_OPTIONS_MAX)
		return error_set_plain(choice->err, -EINVAL, "options",
				       "options: at most %d are allowed", JOB_OPTIONS_MAX);
	for (size_t i = 0; i < request->option_count; i++) {
		int r = check_one_option(choice, &request->options[i]);
		if (r < 0)
			return r;
		for (size_t j = 0; j < i; j++)
			if (!strcmp(request->options[i].name, request->options[j].name))
				return error_set_plain(choice->err, -EINVAL, "options",
						       "options: \"%.40s\" is given twice",
						       request->options[i].name);
	}
	return 0;
}

const char *choice_option(const struct choice *choice, const char *name)
{
	for (size_t i = 0; i < choice->request->option_count; i++)
		if (strcmp(choice->request->options[i].name, name) == 0)
			return choice->request->options[i].value;
	return manifest_text(json_object_get(choice->options, name), "default");
}

const char *choice_file_name(const struct choice *choice, size_t i)
{
	return i == 0 ? choice->main_file : choice->request->files[i].name;
}

/* One of the paths is the other, or a folder above it. */
static int paths_clash(const char *a, const char *b)
{
	size_t a_len = strlen(a), b_len = strlen(b);
	size_t len = a_len < b_len ? a_len : b_len;

	if (memcmp(a, b, len) != 0)
		return 0;
	return a_len == b_len || (a_len > len ? a : b)[len] == '/';
}

static int name_fault(const struct choice *choice, size_t i, const char *name, const char *why)
{
	return error_set_plain(choice->err, -EINVAL, "files", "files[%zu].name: \"%.60s\" %s", i,
			       name, why);
}

static int check_file_name(const struct choice *choice, size_t i)
{
	const char *name = choice_file_name(choice, i);

	if (!name)
		return error_set_plain(choice->err, -EINVAL, "files",
				       "files[%zu].name is missing; only the first may go without",
				       i);
	if (!bundle_path_is_valid(name, strlen(name)))
		return name_fault(choice, i, name,
				  "is not a relative path of up to 255 bytes without empty, \".\" "
				  "or \"..\" parts");
	for (const char *at = name; *at; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			return name_fault(choice, i, name, "contains control characters");
	/* It becomes a word of a command line: neither an option nor a response file. */
	if (name[0] == '-' || name[0] == '@')
		return name_fault(choice, i, name, "must not begin with '-' or '@'");
	for (size_t j = 0; j < i; j++)
		if (paths_clash(name, choice_file_name(choice, j)))
			return name_fault(choice, i, name, "collides with another file's name");
	return 0;
}

static int choose_files(struct choice *choice)
{
	const struct job_request *request = choice->request;
	size_t total = 0;

	if (request->file_count == 0 || request->file_count > JOB_FILES_MAX)
		return error_set_plain(choice->err, -EINVAL, "files",
				       "files: 1 to %d are allowed, not %zu", JOB_FILES_MAX,
				       request->file_count);
	for (size_t i = 0; i < request->file_count; i++) {
		if (request->files[i].len > JOB_SOURCE_MAX - total)
			return error_set_plain(choice->err, -E2BIG, "files",
					       "the source is larger than %d KiB in all",
					       JOB_SOURCE_MAX >> 10);
		total += request->files[i].len;
	}
	choice->main_file = request->files[0].name;
	if (!choice->main_file)
		choice->main_file = manifest_text(choice->language, "main_file");
	for (size_t i = 0; i < request->file_count; i++) {
		int r = check_file_name(choice, i);
		if (r < 0)
			return r;
	}
	return 0;
}

static int choose_args(const struct choice *choice)
{
	const struct job_request *request = choice->request;
	size_t total = 0;

	if (request->arg_count > JOB_ARGS_MAX)
		return error_set_plain(choice->err, -EINVAL, "args",
				       "args: at most %d are allowed, not %zu", JOB_ARGS_MAX,
				       request->arg_count);
	/* Far below what execve(2) takes with the environment. */
	for (size_t i = 0; i < request->arg_count; i++)
		total += strlen(request->args[i]) + 1;
	if (total > BUNDLE_ARG_BYTES_MAX)
		return error_set_plain(choice->err, -EINVAL, "args",
				       "args: at most %d bytes are allowed in all, not %zu",
				       BUNDLE_ARG_BYTES_MAX, total);
	return 0;
}

int choice_make(const struct manifest *manifest, const struct job_request *request,
		struct choice *ret_choice, struct error *err)
{
	struct choice choice = {.request = request, .err = err};

	int r = choose_language(manifest, &choice);
	if (r == 0)
		r = choose_options(&choice);
	if (r == 0)
		r = choose_files(&choice);
	if (r == 0)
		r = choose_args(&choice);
	if (r < 0)
		return r;
	*ret_choice = choice;
	return 0;
}
