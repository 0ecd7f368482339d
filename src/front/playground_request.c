#include "front/playground_request_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "front/api_request.h"
#include "front/json_read.h"

static const char *const channels[] = {"stable", "beta", "nightly", NULL};
static const char *const modes[] = {"debug", "release", NULL};
static const char *const editions[] = {"2015", "2018", "2021", "2024", NULL};
static const char *const crate_types[] = {"bin",       "lib",	 "dylib",      "rlib",
					  "staticlib", "cdylib", "proc-macro", NULL};

int playground_check_choice(const char *value, const char *const *choices, const char *what,
			    struct error *err)
{
	for (; value && *choices; choices++)
		if (strcmp(value, *choices) == 0)
			return 0;
	return !value ? 0
		      : error_set_plain(err, -EPROTO, "playground", "'%.60s' is not a valid %s",
					value, what);
}

int playground_choice_check(const struct playground_choice *choice, struct error *err)
{
	int r = playground_check_choice(choice->channel, channels, "channel", err);

	if (r == 0)
		r = playground_check_choice(choice->crate_type, crate_types, "crate type", err);
	if (r == 0)
		r = playground_check_choice(choice->mode, modes, "mode", err);
	if (r == 0)
		r = playground_check_choice(choice->edition, editions, "edition", err);
	return r;
}

void playground_add_option(struct playground_request *request, const char *name, const char *value)
{
	assert(request->job.option_count < PLAYGROUND_OPTIONS);
	if (value)
		request->options[request->job.option_count++] = (struct job_option){name, value};
}

void playground_choice_apply(const struct playground_choice *choice,
			     struct playground_request *request)
{
	const char *crate_type = choice->crate_type;

	request->job.language = "rust";
	request->job.options = request->options;
	request->job.files = request->files;
	playground_add_option(request, "channel", choice->channel);
	playground_add_option(request, "mode", choice->mode);
	playground_add_option(request, "edition", choice->edition);
	/* A test harness is a program, whatever it tests. */
	playground_add_option(request, "crate_type", choice->tests ? "bin" : crate_type);
	playground_add_option(request, "tests", choice->tests ? "true" : "false");
	playground_add_option(request, "backtrace", choice->backtrace ? "true" : "false");
	request->build = (struct cargo_build){
		.release = choice->mode && strcmp(choice->mode, "release") == 0,
		.tests = choice->tests,
		.is_bin = !crate_type || strcmp(crate_type, "bin") == 0,
	};
}

/* The conventional main file goes first; the others keep their order but for the one it changes
 * places with. */
static void main_file_first(struct playground_request *request)
{
	static const char *const names[] = {"src/main.rs", "src/lib.rs"};

	for (size_t n = 0; n < 2; n++) {
		for (size_t i = 0; i < request->job.file_count; i++) {
			if (strcmp(request->files[i].name, names[n]) != 0)
				continue;
			struct job_file first = request->files[0];
			request->files[0] = request->files[i];
			request->files[i] = first;
			return;
		}
	}
}

int playground_read_code(const json_t *body, struct playground_request *request, struct error *err)
{
	const json_t *code = json_object_get(body, "code"), *files = NULL;
	char where[32];
	int r;

	if (!json_is_array(code)) {
		request->job.file_count = 1;
		r = json_get_bytes(body, "", "code", JSON_REQUIRED, &request->files[0].content,
				   &request->files[0].len, err);
		return r < 0 ? r : api_request_check_size(request->files, 1, err);
	}
	r = json_get_array(body, "", "code", JSON_REQUIRED, JOB_FILES_MAX, &files, err);
	if (r < 0)
		return r;
	request->job.file_count = json_array_size(files);
	if (request->job.file_count == 0)
		return error_set_plain(err, -EINVAL, "json", "`code` is empty; a file is needed");
	for (size_t i = 0; i < request->job.file_count; i++) {
		snprintf(where, sizeof(where), "code[%zu]", i);
		r = api_request_read_file(json_array_get(files, i), where, JSON_REQUIRED,
					  &request->files[i], err);
		if (r < 0)
			return r;
	}
	main_file_first(request);
	return api_request_check_size(request->files, request->job.file_count, err);
}

int playground_read_fields(const json_t *body, struct playground_request *request,
			   struct playground_choice *ret_choice, struct error *err)
{
	struct playground_choice choice = {.edition = ""};

	memset(request, 0, sizeof(*request));
	int r = json_get_text(body, "", "channel", JSON_REQUIRED, &choice.channel, err);
	if (r >= 0)
		r = json_get_text(body, "", "mode", JSON_REQUIRED, &choice.mode, err);
	if (r >= 0)
		r = json_get_text(body, "", "edition", JSON_OPTIONAL, &choice.edition, err);
	if (r >= 0)
		r = json_get_text(body, "", "crateType", JSON_REQUIRED, &choice.crate_type, err);
	if (r >= 0)
		r = json_get_bool(body, "", "tests", JSON_REQUIRED, &choice.tests, err);
	if (r >= 0)
		r = json_get_bool(body, "", "backtrace", JSON_OPTIONAL, &choice.backtrace, err);
	if (r >= 0)
		r = playground_read_code(body, request, err);
	if (r < 0)
		return r;
	*ret_choice = choice;
	return 0;
}

int playground_request_read(const json_t *body, struct playground_request *ret_request,
			    struct error *err)
{
	struct playground_choice choice;
	int r = playground_read_fields(body, ret_request, &choice, err);

	if (r == 0)
		r = playground_choice_check(&choice, err);
	if (r == 0)
		playground_choice_apply(&choice, ret_request);
	return r;
}

/* As its server does it: no edition, or a blank one, is the first. */
static const char *edition_or_first(const char *edition)
{
	return edition[strspn(edition, " \t\r\n")] ? edition : "2015";
}

int playground_request_read_evaluate(const json_t *body, struct playground_request *ret_request,
				     struct error *err)
{
	struct playground_choice choice = {.edition = "", .crate_type = "bin"};
	const char *optimize = NULL;
	int r;

	memset(ret_request, 0, sizeof(*ret_request));
	r = json_get_text(body, "", "version", JSON_REQUIRED, &choice.channel, err);
	if (r >= 0)
		r = json_get_text(body, "", "optimize", JSON_REQUIRED, &optimize, err);
	if (r >= 0)
		r = json_get_text(body, "", "edition", JSON_OPTIONAL, &choice.edition, err);
	if (r >= 0)
		r = json_get_bool(body, "", "tests", JSON_OPTIONAL, &choice.tests, err);
	if (r >= 0)
		r = json_get_bytes(body, "", "code", JSON_REQUIRED, &ret_request->files[0].content,
				   &ret_request->files[0].len, err);
	if (r < 0)
		return r;
	ret_request->job.file_count = 1;
	choice.edition = edition_or_first(choice.edition);
	choice.mode = strcmp(optimize, "0") != 0 ? "release" : "debug";
	r = api_request_check_size(ret_request->files, 1, err);
	if (r == 0)
		r = playground_choice_check(&choice, err);
	if (r == 0)
		playground_choice_apply(&choice, ret_request);
	return r;
}
