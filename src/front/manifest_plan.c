#include "front/manifest_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bundle.h"
#include "base/fd.h"
#include "front/template.h"

/* What a request has chosen: the context of all its templates. */
struct choice {
	const json_t *language;
	const json_t *options; /* of the language; NULL: none */
	const struct job_request *request;
	const char *main_file;
	struct error *err;
};

/* ---- texts that list what is allowed ---- */

enum { LIST_MAX = 160 };

static void list_add(char *list, const char *name)
{
	size_t used = strlen(list);
	snprintf(list + used, LIST_MAX - used, "%s%s", used ? ", " : "", name);
}

static void list_values(char *list, const json_t *option)
{
	const json_t *unavailable = json_object_get(option, "unavailable");
	const json_t *value;
	size_t i;

	json_array_foreach(json_object_get(option, "values"), i,
			   value) if (!json_object_get(unavailable, json_string_value(value)))
		list_add(list, json_string_value(value));
}

static void list_keys(char *list, const json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value) list_add(list, key);
}

/* ---- the request's parts ---- */

static int choose_language(const struct manifest *manifest, struct choice *choice)
{
	const char *id = choice->request->language;
	char list[LIST_MAX] = "";
	const json_t *language;
	size_t i;

	choice->language = id ? manifest_language(manifest, id) : NULL;
	if (choice->language) {
		choice->options = json_object_get(choice->language, "options");
		return 0;
	}
	json_array_foreach(json_object_get(manifest->root, "languages"), i, language)
		list_add(list, manifest_text(language, "id"));
	if (!id)
		return error_set_plain(choice->err, -EINVAL, "language",
				       "language is missing; this image has %s", list);
	return error_set_plain(choice->err, -EINVAL, "language",
			       "language: \"%.40s\" is not in this image, which has %s", id, list);
}

static int check_one_option(const struct choice *choice, const struct job_option *asked)
{
	const json_t *option = json_object_get(choice->options, asked->name);
	char list[LIST_MAX] = "";

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

static const char *option_value(const struct choice *choice, const char *name)
{
	for (size_t i = 0; i < choice->request->option_count; i++)
		if (strcmp(choice->request->options[i].name, name) == 0)
			return choice->request->options[i].value;
	return manifest_text(json_object_get(choice->options, name), "default");
}

static const char *file_name(const struct choice *choice, size_t i)
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
	const char *name = file_name(choice, i);

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
		if (paths_clash(name, file_name(choice, j)))
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

/* ---- templates ---- */

static const char *choice_lookup(const void *context, const char *name)
{
	const struct choice *choice = context;
	return strcmp(name, "main_file") == 0 ? choice->main_file : option_value(choice, name);
}

static int choice_fill(const struct choice *choice, const char *template, char **ret_text)
{
	return template_fill(template, choice_lookup, choice, ret_text, choice->err);
}

static int condition_holds(const struct choice *choice, const json_t *when)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)when, key, value)
	{
		const char *chosen = option_value(choice, key);
		if (!chosen || !manifest_text_among(value, chosen))
			return 0;
	}
	return 1;
}

/* The command line of a step while it is put together. */
struct argv {
	struct bundle_writer *bundle;
	size_t count;
	int takes_args;
};

static int argv_add(struct argv *argv, const struct choice *choice, const char *text)
{
	if (argv->count == 0 && text[0] != '/')
		return error_set_plain(
			choice->err, -EINVAL, "manifest",
			"the image's manifest: the program \"%.80s\" of %s is not an "
			"absolute path",
			text, manifest_text(choice->language, "id"));
	argv->count++;
	bundle_add_text(argv->bundle, BUNDLE_ARG, text);
	return 0;
}

static int argv_add_word(struct argv *argv, const struct choice *choice, const char *word)
{
	_cleanup_free_ char *text = NULL;

	if (strcmp(word, "{args}") == 0) {
		argv->takes_args = 1;
		for (size_t i = 0; i < choice->request->arg_count; i++) {
			int r = argv_add(argv, choice, choice->request->args[i]);
			if (r < 0)
				return r;
		}
		return 0;
	}
	int r = choice_fill(choice, word, &text);
	return r < 0 ? r : argv_add(argv, choice, text);
}

static int argv_fill(struct argv *argv, const struct choice *choice, const json_t *elements)
{
	const json_t *element, *word;
	size_t i, j;
	int r = 0;

	json_array_foreach(elements, i, element)
	{
		if (json_is_string(element)) {
			r = argv_add_word(argv, choice, json_string_value(element));
		} else if (condition_holds(choice, json_object_get(element, "when"))) {
			json_array_foreach(json_object_get(element, "words"), j, word) if (r == 0)
				r = argv_add_word(argv, choice, json_string_value(word));
		}
		if (r < 0)
			return r;
	}
	return 0;
}

static int env_fill(struct bundle_writer *bundle, const struct choice *choice, const json_t *env)
{
	const char *key;
	json_t *value;

	bundle_add_text(bundle, BUNDLE_ENV, "PATH=/usr/local/bin:/usr/bin:/bin");
	bundle_add_text(bundle, BUNDLE_ENV, "HOME=/playground");
	bundle_add_text(bundle, BUNDLE_ENV, "LANG=C.UTF-8");
	json_object_foreach((json_t *)(uintptr_t)env, key, value)
	{
		_cleanup_free_ char *text = NULL, *entry = NULL;
		int r = choice_fill(choice, json_string_value(value), &text);
		if (r < 0)
			return r;
		if (asprintf(&entry, "%s=%s", key, text) < 0)
			return error_set(choice->err, -ENOMEM, "plan", "cannot plan the job");
		bundle_add_text(bundle, BUNDLE_ENV, entry);
	}
	return 0;
}

static void files_fill(struct bundle_writer *bundle, const struct choice *choice)
{
	for (size_t i = 0; i < choice->request->file_count; i++)
		bundle_add(bundle, BUNDLE_FILE, file_name(choice, i),
			   choice->request->files[i].content, choice->request->files[i].len);
}

/* ---- steps ---- */

struct step_spec {
	const json_t *step;
	int with_files;
	enum bundle_type artefact_type;
	const char *artefact; /* filled template, or NULL */
};

static int step_fill(struct bundle_writer *bundle, const struct choice *choice,
		     const struct step_spec *spec)
{
	struct argv argv = {.bundle = bundle};

	int r = argv_fill(&argv, choice, json_object_get(spec->step, "argv"));
	if (r == 0)
		r = env_fill(bundle, choice, json_object_get(spec->step, "env"));
	if (r < 0)
		return r;
	if (spec->artefact_type == BUNDLE_ARTEFACT_IN && choice->request->arg_count > 0 &&
	    !argv.takes_args)
		return error_set_plain(choice->err, -EINVAL, "args", "args: %s takes none",
				       manifest_text(choice->language, "id"));
	if (spec->with_files)
		files_fill(bundle, choice);
	if (spec->artefact)
		bundle_add(bundle, spec->artefact_type, spec->artefact, NULL, 0);
	return 0;
}

/* Makes the bundle of a step. Returns a new fd or a negative errno. */
static int step_bundle(const struct choice *choice, const struct step_spec *spec)
{
	struct bundle_writer bundle = {0};
	int r = step_fill(&bundle, choice, spec);
	int fd = bundle_finish(&bundle);

	if (r < 0) {
		fd_close(fd);
		return r;
	}
	if (fd < 0)
		return error_set(choice->err, fd == -E2BIG ? -EINVAL : fd, "plan",
				 "the job cannot be put together");
	return fd;
}

static int artefact_path(const struct choice *choice, const json_t *compile, char **ret_path)
{
	const char *template = manifest_text(compile, "artefact");

	if (!template)
		return 0;
	int r = choice_fill(choice, template, ret_path);
	if (r == 0 && !bundle_path_is_valid(*ret_path, strlen(*ret_path)))
		r = error_set_plain(choice->err, -EINVAL, "manifest",
				    "the image's manifest: artefact \"%.80s\" of %s is not a path "
				    "below /playground",
				    *ret_path, manifest_text(choice->language, "id"));
	return r;
}

static int plan_steps(const struct choice *choice, struct job_plan *plan)
{
	const json_t *compile = json_object_get(choice->language, "compile");
	const json_t *run = json_object_get(choice->language, "run");
	_cleanup_free_ char *artefact = NULL;

	plan->has_compile = compile != NULL;
	plan->has_run = !choice->request->compile_only &&
			condition_holds(choice, json_object_get(run, "skip_unless"));
	if (!plan->has_compile && !plan->has_run)
		return error_set_plain(
			choice->err, -EINVAL, "compile_only",
			"%s has no compile step: with these options there is nothing "
			"to do",
			manifest_text(choice->language, "id"));
	int r = artefact_path(choice, compile, &artefact);
	if (r < 0)
		return r;
	plan->run_takes_artefact = plan->has_run && artefact;
	if (plan->has_compile) {
		struct step_spec spec = {compile, 1, BUNDLE_ARTEFACT_OUT,
					 plan->has_run ? artefact : NULL};
		plan->compile_bundle_fd = step_bundle(choice, &spec);
		if (plan->compile_bundle_fd < 0)
			return plan->compile_bundle_fd;
	}
	if (plan->has_run) {
		int files = json_is_true(json_object_get(run, "files"));
		struct step_spec spec = {run, files, BUNDLE_ARTEFACT_IN, artefact};
		plan->run_bundle_fd = step_bundle(choice, &spec);
		if (plan->run_bundle_fd < 0)
			return plan->run_bundle_fd;
	}
	return 0;
}

int manifest_plan(const struct manifest *manifest, const struct job_request *request,
		  struct job_plan *ret_plan, struct error *err)
{
	struct choice choice = {.request = request, .err = err};
	struct job_plan plan = {.compile_bundle_fd = -EBADF, .run_bundle_fd = -EBADF};

	int r = choose_language(manifest, &choice);
	if (r == 0)
		r = choose_options(&choice);
	if (r == 0)
		r = choose_files(&choice);
	if (r == 0)
		r = choose_args(&choice);
	if (r == 0)
		r = plan_steps(&choice, &plan);
	if (r < 0) {
		job_plan_fini(&plan);
		return r;
	}
	*ret_plan = plan;
	return 0;
}

void job_plan_fini(struct job_plan *plan)
{
	plan->compile_bundle_fd = fd_close(plan->compile_bundle_fd);
	plan->run_bundle_fd = fd_close(plan->run_bundle_fd);
}
