#include "front/piston_request.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "front/api_request.h"
#include "front/piston_decode.h"

static int required(const char *what, struct error *err)
{
	return error_set_plain(err, -EINVAL, "piston", "%s is required as %s", what,
			       strcmp(what, "files") == 0 ? "an array" : "a string");
}

/* A text without NUL that is not empty, or NULL. */
static const char *text_of(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	const char *text = json_string_value(value);

	return text && *text && strlen(text) == json_string_length(value) ? text : NULL;
}

/* ---- files ---- */

static const struct {
	const char *name;
	int (*decode)(const char *text, size_t len, char *to, size_t *ret_len);
} encodings[] = {{"base64", piston_decode_base64}, {"hex", piston_decode_hex}};

static int is_utf8(const json_t *file)
{
	const char *encoding = text_of(file, "encoding");

	for (size_t i = 0; encoding && i < sizeof(encodings) / sizeof(encodings[0]); i++)
		if (strcmp(encoding, encodings[i].name) == 0)
			return 0;
	return 1; /* what is unknown is, too, there */
}

static int decode(const json_t *from, size_t at, struct piston_request *request,
		  struct job_file *file, struct error *err)
{
	const char *encoding = text_of(from, "encoding");
	char *to = malloc(file->len + 1);

	if (!to)
		return error_set(err, -ENOMEM, "piston", "cannot take the files");
	request->decoded[at] = to;
	for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++)
		if (strcmp(encoding, encodings[i].name) == 0 &&
		    encodings[i].decode(file->content, file->len, to, &file->len) < 0)
			return error_set_plain(err, -EINVAL, "piston",
					       "files[%zu].content is not valid %s", at, encoding);
	file->content = to;
	return 0;
}

static int read_file(const json_t *from, size_t at, struct piston_request *request,
		     struct job_file *file, struct error *err)
{
	const json_t *content = json_object_get(from, "content");
	const json_t *name = json_object_get(from, "name");
	char where[48];

	if (!json_is_string(content)) {
		snprintf(where, sizeof(where), "files[%zu].content", at);
		return required(where, err);
	}
	file->content = json_string_value(content);
	file->len = json_string_length(content);
	file->name = text_of(from, "name");
	if (!file->name && name && !json_is_null(name) && json_string_length(name) > 0)
		return error_set_plain(err, -EINVAL, "piston",
				       "files[%zu].name must be a string without U+0000", at);
	return is_utf8(from) ? 0 : decode(from, at, request, file, err);
}

/* The first file that is text is the main one: it comes first. */
static int settle_main(const json_t *files, struct piston_request *request, struct error *err)
{
	size_t main_at = 0, count = json_array_size(files);

	while (main_at < count && !is_utf8(json_array_get(files, main_at)))
		main_at++;
	if (main_at == count)
		return error_set_plain(err, -EINVAL, "piston",
				       "files must include at least one utf8 encoded file");
	struct job_file main_file = request->files[main_at];
	memmove(request->files + 1, request->files, main_at * sizeof(request->files[0]));
	request->files[0] = main_file;
	for (size_t i = 1; i < count; i++) {
		if (request->files[i].name)
			continue;
		snprintf(request->names[i], sizeof(request->names[i]), "file%zu.code", i);
		request->files[i].name = request->names[i];
	}
	return 0;
}

static int read_files(const json_t *body, struct piston_request *request, struct error *err)
{
	const json_t *files = json_object_get(body, "files");
	int r = 0;

	if (!json_is_array(files))
		return required("files", err);
	if (json_array_size(files) > JOB_FILES_MAX)
		return error_set_plain(err, -EINVAL, "piston",
				       "files has %zu elements, at most %d "
				       "are allowed",
				       json_array_size(files), JOB_FILES_MAX);
	request->job.file_count = json_array_size(files);
	for (size_t i = 0; r == 0 && i < request->job.file_count; i++)
		r = read_file(json_array_get(files, i), i, request, &request->files[i], err);
	if (r == 0)
		r = settle_main(files, request, err);
	if (r == 0)
		r = api_request_check_size(request->files, request->job.file_count, err);
	request->job.files = request->files;
	return r;
}

/* ---- limits ---- */

static const struct {
	const char *name;
	enum step_kind kind;
	size_t offset;
	uint64_t unit; /* of ours in one of Piston's: it counts milliseconds and bytes */
} constraints[] = {
	{"compile_memory_limit", STEP_COMPILE, offsetof(struct limits, memory_bytes), 1},
	{"run_memory_limit", STEP_RUN, offsetof(struct limits, memory_bytes), 1},
	{"compile_timeout", STEP_COMPILE, offsetof(struct limits, wall_usec), 1000},
	{"run_timeout", STEP_RUN, offsetof(struct limits, wall_usec), 1000},
	{"compile_cpu_time", STEP_COMPILE, offsetof(struct limits, cpu_usec), 1000},
	{"run_cpu_time", STEP_RUN, offsetof(struct limits, cpu_usec), 1000},
};

/* Absent, and what JavaScript takes for false. */
static int is_nothing(const json_t *value)
{
	return !value || json_is_null(value) || json_is_false(value) ||
	       (json_is_number(value) && json_number_value(value) == 0) ||
	       (json_is_string(value) && json_string_length(value) == 0);
}

static int read_limit(const json_t *body, size_t i, const struct limits *const *most,
		      struct job_request *job, struct error *err)
{
	const json_t *value = json_object_get(body, constraints[i].name);
	enum step_kind kind = constraints[i].kind;
	struct limits *limits = kind == STEP_COMPILE ? &job->compile_limits : &job->run_limits;
	uint64_t ceiling, *to;

	if (is_nothing(value))
		return 0;
	if (!json_is_number(value))
		return error_set_plain(err, -EINVAL, "piston", "If specified, %s must be a number",
				       constraints[i].name);
	double number = json_number_value(value);
	/* -1 says "none of my own". */
	if (number == -1)
		return 0;
	if (number < 0)
		return error_set_plain(err, -EINVAL, "piston", "%s must be non-negative",
				       constraints[i].name);
	to = (uint64_t *)(void *)((char *)limits + constraints[i].offset);
	ceiling = *(const uint64_t *)(const void *)((const char *)most[kind] +
						    constraints[i].offset) /
		  constraints[i].unit;
	if (number > (double)ceiling)
		return error_set_plain(err, -EINVAL, "piston",
				       "%s cannot exceed the configured limit of %llu",
				       constraints[i].name, (unsigned long long)ceiling);
	*to = (uint64_t)(number * (double)constraints[i].unit);
	*to += *to == 0; /* less than the least we know: refused below, but not "none" */
	return 0;
}

/* ---- the rest ---- */

static int read_args(const json_t *body, struct piston_request *request, struct error *err)
{
	const json_t *args = json_object_get(body, "args");

	if (is_nothing(args))
		return 0;
	if (!json_is_array(args) || json_array_size(args) > JOB_ARGS_MAX)
		return error_set_plain(err, -EINVAL, "piston",
				       "args must be an array of at most %d strings", JOB_ARGS_MAX);
	for (size_t i = 0; i < json_array_size(args); i++) {
		const json_t *arg = json_array_get(args, i);
		if (!json_is_string(arg) ||
		    strlen(json_string_value(arg)) != json_string_length(arg))
			return error_set_plain(err, -EINVAL, "piston",
					       "args[%zu] must be a string without U+0000", i);
		request->args[i] = json_string_value(arg);
	}
	request->job.args = request->args;
	request->job.arg_count = json_array_size(args);
	return 0;
}

static int read_stdin(const json_t *body, struct job_request *job, struct error *err)
{
	const json_t *text = json_object_get(body, "stdin");

	if (is_nothing(text))
		return 0;
	if (!json_is_string(text))
		return error_set_plain(err, -EINVAL, "piston", "stdin must be a string");
	job->stdin_text = json_string_value(text);
	job->stdin_len = json_string_length(text);
	return 0;
}

static int read_runtime(const json_t *body, const struct manifest *manifest,
			struct piston_request *request, struct error *err)
{
	const char *language = text_of(body, "language"), *version = text_of(body, "version");

	if (!language)
		return required("language", err);
	if (!version)
		return required("version", err);
	int r = piston_runtime_find(manifest, language, version, &request->runtime, err);
	if (r < 0)
		return r;
	request->job.language = json_string_value(json_object_get(request->runtime.language, "id"));
	if (request->runtime.channel) {
		request->channel = (struct job_option){"channel", request->runtime.channel};
		request->job.options = &request->channel;
		request->job.option_count = 1;
	}
	return 0;
}

int piston_request_read(const json_t *body, const struct manifest *manifest,
			const struct limits *const limits[STEP_KIND_COUNT],
			struct piston_request *ret_request, struct error *err)
{
	memset(ret_request, 0, sizeof(*ret_request));
	int r = read_runtime(body, manifest, ret_request, err);

	if (r == 0)
		r = read_files(body, ret_request, err);
	if (r == 0)
		r = read_args(body, ret_request, err);
	if (r == 0)
		r = read_stdin(body, &ret_request->job, err);
	for (size_t i = 0; r == 0 && i < sizeof(constraints) / sizeof(constraints[0]); i++)
		r = read_limit(body, i, limits, &ret_request->job, err);
	return r;
}

void piston_request_fini(struct piston_request *request)
{
	for (size_t i = 0; i < JOB_FILES_MAX; i++)
		free(request->decoded[i]);
}
