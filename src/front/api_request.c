#include "front/api_request.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const request_keys[] = {"language", "code",	 "files",	"options",
					   "args",     "stdin",	 "interactive", "compile_only",
					   "limits",   "action", "diagnostics", NULL};
static const char *const file_keys[] = {"name", "content", NULL};
static const char *const limits_keys[] = {"compile", "run", NULL};

int api_request_read_file(const json_t *file, const char *where, enum json_need name_need,
			  struct job_file *ret_file, struct error *err)
{
	int r;

	*ret_file = (struct job_file){0};
	if (!json_is_object(file))
		return error_set_plain(err, -EINVAL, "json",
				       "`%s` must be an object with name and content, not %s",
				       where, json_kind(file));
	r = json_get_text(file, where, "name", name_need, &ret_file->name, err);
	if (r < 0)
		return r;
	r = json_get_bytes(file, where, "content", JSON_REQUIRED, &ret_file->content,
			   &ret_file->len, err);
	return r < 0 ? r : 0;
}

int api_request_check_size(const struct job_file *files, size_t count, struct error *err)
{
	size_t total = 0;

	for (size_t i = 0; i < count; i++)
		total += files[i].len;
	if (total > JOB_SOURCE_MAX)
		return error_set_plain(err, -E2BIG, "files",
				       "the source has %zu bytes; at most %d are allowed", total,
				       JOB_SOURCE_MAX);
	return 0;
}

static int read_files(const json_t *body, struct api_request *request, struct error *err)
{
	const json_t *files = NULL;
	char where[32];
	int code = json_get_bytes(body, "", "code", JSON_OPTIONAL, &request->files[0].content,
				  &request->files[0].len, err);
	int many = code < 0 ? code
			    : json_get_array(body, "", "files", JSON_OPTIONAL, JOB_FILES_MAX,
					     &files, err);

	if (many < 0)
		return many;
	if (code == many)
		return error_set_plain(
			err, -EINVAL, "json", "%s: give `code` (a text) or `files` (an array)",
			code ? "there are both `code` and `files`" : "there is no source");
	request->job.file_count = code ? 1 : json_array_size(files);
	if (request->job.file_count == 0)
		return error_set_plain(err, -EINVAL, "json",
				       "`files` is empty; 1 to %d files are needed", JOB_FILES_MAX);
	for (size_t i = 0; !code && i < request->job.file_count; i++) {
		const json_t *file = json_array_get(files, i);
		snprintf(where, sizeof(where), "files[%zu]", i);
		/* The first may go without a name: it is the main file. */
		int r = api_request_read_file(file, where, i ? JSON_REQUIRED : JSON_OPTIONAL,
					      &request->files[i], err);
		if (r == 0)
			r = json_check_keys(file, where, file_keys, err);
		if (r < 0)
			return r;
	}
	request->job.files = request->files;
	return api_request_check_size(request->files, request->job.file_count, err);
}

static int read_options(const json_t *body, struct api_request *request, struct error *err)
{
	const json_t *options = NULL;
	const char *name;
	json_t *value;
	int r = json_get_object(body, "", "options", JSON_OPTIONAL, &options, err);

	if (r <= 0)
		return r;
	if (json_object_size(options) > JOB_OPTIONS_MAX)
		return error_set_plain(err, -EINVAL, "json", "`options` has more than %d keys",
				       JOB_OPTIONS_MAX);
	/* jansson's walk takes a non-const object but changes nothing. */
	json_object_foreach ((json_t *)(uintptr_t)options, name, value) {
		struct job_option *option = &request->options[request->job.option_count++];
		option->name = name;
		if (json_is_boolean(value)) {
			option->value = json_is_true(value) ? "true" : "false";
			continue;
		}
		r = json_get_text(options, "options", name, JSON_REQUIRED, &option->value, err);
		if (r < 0)
			return r;
	}
	request->job.options = request->options;
	return 0;
}

static int read_args(const json_t *body, struct api_request *request, struct error *err)
{
	const json_t *args = NULL;
	int r = json_get_array(body, "", "args", JSON_OPTIONAL, JOB_ARGS_MAX, &args, err);

	if (r <= 0)
		return r;
	for (size_t i = 0; i < json_array_size(args); i++) {
		const json_t *arg = json_array_get(args, i);
		if (!json_is_string(arg) ||
		    strlen(json_string_value(arg)) != json_string_length(arg))
			return error_set_plain(
				err, -EINVAL, "json",
				"`args[%zu]` must be a text without the character "
				"U+0000, not %s",
				i, json_is_string(arg) ? "one with it" : json_kind(arg));
		request->args[i] = json_string_value(arg);
	}
	request->job.args = request->args;
	request->job.arg_count = json_array_size(args);
	return 0;
}

/* The limits a request may set: a part of the table. */
static const struct {
	const char *key;
	size_t offset;
	uint64_t least;
} limit_keys[] = {
#define X(field, name, unit, least, most, compile, run, help)                                      \
	{#field, offsetof(struct limits, field), least},
	LIMITS(X)
#undef X
};

static int limit_is_settable(const char *key)
{
	static const char *const settable[] = {"wall_usec",   "cpu_usec",  "memory_bytes",
					       "files_bytes", "processes", "output_bytes"};

	for (size_t i = 0; i < sizeof(settable) / sizeof(settable[0]); i++)
		if (strcmp(settable[i], key) == 0)
			return 1;
	return 0;
}

static int read_step_limits(const json_t *limits, const char *step, struct limits *ret_limits,
			    struct error *err)
{
	static const char *const known[] = {"wall_usec",   "cpu_usec",	"memory_bytes",
					    "files_bytes", "processes", "output_bytes",
					    NULL};
	const json_t *object = NULL;
	char where[32];
	int r = json_get_object(limits, "limits", step, JSON_OPTIONAL, &object, err);

	if (r <= 0)
		return r;
	snprintf(where, sizeof(where), "limits.%s", step);
	r = json_check_keys(object, where, known, err);
	for (size_t i = 0; r >= 0 && i < sizeof(limit_keys) / sizeof(limit_keys[0]); i++) {
		uint64_t *field = (uint64_t *)(void *)((char *)ret_limits + limit_keys[i].offset);
		if (limit_is_settable(limit_keys[i].key))
			r = json_get_u64(object, where, limit_keys[i].key, JSON_OPTIONAL,
					 limit_keys[i].least, field, err);
	}
	return r < 0 ? r : 0;
}

static int read_limits(const json_t *body, struct job_request *job, struct error *err)
{
	const json_t *limits = NULL;
	int r = json_get_object(body, "", "limits", JSON_OPTIONAL, &limits, err);

	if (r <= 0)
		return r;
	r = json_check_keys(limits, "limits", limits_keys, err);
	if (r == 0)
		r = read_step_limits(limits, "compile", &job->compile_limits, err);
	if (r == 0)
		r = read_step_limits(limits, "run", &job->run_limits, err);
	return r;
}

int api_request_read(const json_t *body, struct api_request *ret_request, struct error *err)
{
	struct job_request *job = &ret_request->job;
	int r;

	memset(ret_request, 0, sizeof(*ret_request));
	r = json_check_keys(body, "", request_keys, err);
	if (r < 0)
		return r;
	r = json_get_text(body, "", "language", JSON_REQUIRED, &job->language, err);
	if (r >= 0)
		r = json_get_text(body, "", "action", JSON_OPTIONAL, &job->action, err);
	if (r >= 0)
		r = read_files(body, ret_request, err);
	if (r >= 0)
		r = read_options(body, ret_request, err);
	if (r >= 0)
		r = read_args(body, ret_request, err);
	if (r >= 0)
		r = json_get_bytes(body, "", "stdin", JSON_OPTIONAL, &job->stdin_text,
				   &job->stdin_len, err);
	if (r >= 0)
		r = json_get_bool(body, "", "interactive", JSON_OPTIONAL, &job->interactive, err);
	if (r >= 0)
		r = json_get_bool(body, "", "compile_only", JSON_OPTIONAL, &job->compile_only, err);
	if (r >= 0)
		r = json_get_bool(body, "", "diagnostics", JSON_OPTIONAL, &job->diagnostics, err);
	if (r >= 0)
		r = read_limits(body, job, err);
	return r < 0 ? r : 0;
}
