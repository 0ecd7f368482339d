#include "front/manifest_choice.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bundle.h"
#include "base/fd.h"
#include "front/diagnostics.h"
#include "front/template.h"

/* From a checked request to bundles: templates filled, conditions applied. */

static const char *choice_lookup(const void *context, const char *name)
{
	const struct choice *choice = context;
	return strcmp(name, "main_file") == 0 ? choice->main_file : choice_option(choice, name);
}

static int choice_fill(const struct choice *choice, const char *template, char **ret_text)
{
	return template_fill(template, choice_lookup, choice, ret_text, choice->err);
}

static int object_holds(const struct choice *choice, const json_t *when)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)when, key, value) {
		const char *chosen = choice_option(choice, key);
		if (!chosen || !manifest_text_among(value, chosen))
			return 0;
	}
	return 1;
}

/* An array of conditions holds when one of them does. */
int choice_holds(const struct choice *choice, const json_t *when)
{
	const json_t *one;
	size_t i;

	if (!json_is_array(when))
		return object_holds(choice, when);
	json_array_foreach (when, i, one)
		if (object_holds(choice, one))
			return 1;
	return 0;
}

/* The command line of a step while it is put together: records of a bundle, or lines. */
struct argv {
	struct bundle_writer *bundle; /* NULL: lines */
	FILE *lines;
	size_t count;
	int takes_args;
	int is_no_line; /* a word cannot be one */
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
	if (argv->bundle) {
		bundle_add_text(argv->bundle, BUNDLE_ARG, text);
	} else {
		argv->is_no_line |= strpbrk(text, "\r\n") != NULL;
		fprintf(argv->lines, "%s\n", text);
	}
	return 0;
}

/* {args} and {files} stand for any number of words. */
static int argv_add_many(struct argv *argv, const struct choice *choice, int files)
{
	size_t count = files ? choice->request->file_count : choice->request->arg_count;
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = argv_add(argv, choice,
			     files ? choice_file_name(choice, i) : choice->request->args[i]);
	return r;
}

static int argv_add_texts(struct argv *argv, const struct choice *choice, const json_t *texts)
{
	const json_t *text;
	size_t i;
	int r = 0;

	json_array_foreach (texts, i, text)
		if (r == 0)
			r = argv_add(argv, choice, json_string_value(text));
	return r;
}

/* What makes the compiler's messages readable by machines, when somebody asked for that. */
static const json_t *diagnostics_words(const struct choice *choice)
{
	return choice->request->diagnostics
		       ? json_object_get(json_object_get(choice->language, "diagnostics"), "words")
		       : NULL;
}

static int argv_add_word(struct argv *argv, const struct choice *choice, const char *word)
{
	_cleanup_free_ char *text = NULL;

	if (strcmp(word, "{args}") == 0) {
		argv->takes_args = 1;
		return argv_add_many(argv, choice, 0);
	}
	if (strcmp(word, "{files}") == 0)
		return argv_add_many(argv, choice, 1);
	if (strcmp(word, "{diagnostics}") == 0)
		return argv_add_texts(argv, choice, diagnostics_words(choice));
	if (strcmp(word, "{lines}") == 0)
		return argv_add_texts(argv, choice, choice->line_words);
	int r = choice_fill(choice, word, &text);
	return r < 0 ? r : argv_add(argv, choice, text);
}

/* The last element of a command line when its words may come later, or NULL. */
static const json_t *later_words(const json_t *elements)
{
	const json_t *last = json_array_get(elements, json_array_size(elements) - 1);
	return json_object_get(last, "later") ? last : NULL;
}

/* Words that may come later simply follow, but for those of `except`. */
static int argv_fill(struct argv *argv, const struct choice *choice, const json_t *elements,
		     const json_t *except)
{
	const json_t *element;
	size_t i;
	int r = 0;

	json_array_foreach (elements, i, element) {
		if (json_is_string(element))
			r = argv_add_word(argv, choice, json_string_value(element));
		else if (element != except &&
			 (json_object_get(element, "later") ||
			  choice_holds(choice, json_object_get(element, "when"))))
			r = argv_fill(argv, choice, json_object_get(element, "words"), NULL);
		if (r < 0)
			return r;
	}
	return 0;
}

static int env_add(struct bundle_writer *bundle, const struct choice *choice, const char *key,
		   const json_t *value)
{
	_cleanup_free_ char *text = NULL, *entry = NULL;

	if (json_is_object(value)) {
		if (!choice_holds(choice, json_object_get(value, "when")))
			return 0;
		value = json_object_get(value, "value");
	}
	int r = choice_fill(choice, json_string_value(value), &text);
	if (r < 0)
		return r;
	if (asprintf(&entry, "%s=%s", key, text) < 0)
		return error_set(choice->err, -ENOMEM, "plan", "cannot plan the job");
	bundle_add_text(bundle, BUNDLE_ENV, entry);
	return 0;
}

static int env_fill(struct bundle_writer *bundle, const struct choice *choice, const json_t *env)
{
	const char *key;
	json_t *value;

	bundle_add_text(bundle, BUNDLE_ENV, "PATH=/usr/local/bin:/usr/bin:/bin");
	bundle_add_text(bundle, BUNDLE_ENV, "HOME=/playground");
	bundle_add_text(bundle, BUNDLE_ENV, "LANG=C.UTF-8");
	json_object_foreach ((json_t *)(uintptr_t)env, key, value) {
		int r = env_add(bundle, choice, key, value);
		if (r < 0)
			return r;
	}
	return 0;
}

static void files_fill(struct bundle_writer *bundle, const struct choice *choice)
{
	for (size_t i = 0; i < choice->request->file_count; i++)
		bundle_add(bundle, BUNDLE_FILE, choice_file_name(choice, i),
			   choice->request->files[i].content, choice->request->files[i].len);
}

/* What a step that carries a folder has at the end of its command line. */
static int argv_add_carries(struct argv *argv, const struct choice *choice, const json_t *carries)
{
	return argv_fill(argv, choice, json_object_get(carries, "words"), NULL);
}

/* ---- steps ---- */

/* What it leaves, and for whom. */
static void step_end_fill(struct bundle_writer *bundle, const struct step_spec *spec)
{
	if (spec->artefact)
		bundle_add(bundle, spec->artefact_type, spec->artefact, NULL, 0);
	if (spec->collects) /* after the files: they may lie there */
		bundle_add(bundle, BUNDLE_COLLECT, spec->collects, NULL, 0);
	if (spec->carries)
		bundle_add(bundle, BUNDLE_CARRY, manifest_text(spec->carries, "folder"), NULL, 0);
}

static int step_fill(struct bundle_writer *bundle, const struct choice *choice,
		     const struct step_spec *spec)
{
	struct argv argv = {.bundle = bundle};

	int r = argv_fill(&argv, choice, json_object_get(spec->step, "argv"), NULL);
	if (r == 0)
		r = argv_add_carries(&argv, choice, spec->carries);
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
	step_end_fill(bundle, spec);
	return 0;
}

static int bundle_seal(const struct choice *choice, struct bundle_writer *bundle)
{
	int fd = bundle_finish(bundle);

	if (fd < 0)
		return error_set(choice->err, fd == -E2BIG ? -EINVAL : fd, "plan",
				 "the job cannot be put together");
	return fd;
}

int choice_step_bundle(const struct choice *choice, const struct step_spec *spec)
{
	struct bundle_writer bundle = {0};
	int r = step_fill(&bundle, choice, spec);
	if (r < 0) {
		free(bundle.data);
		return r;
	}
	return bundle_seal(choice, &bundle);
}

/* ---- a step in two bundles ---- */

/* A file of the request may be where the FIFO would be, or below it. */
static int files_leave_room(const struct choice *choice, const char *path)
{
	size_t len = strlen(path);

	for (size_t i = 0; i < choice->request->file_count; i++) {
		const char *name = choice_file_name(choice, i);
		if (strncmp(name, path, len) == 0 && (name[len] == '\0' || name[len] == '/'))
			return 0;
	}
	return 1;
}

static int early_fill(struct bundle_writer *bundle, const struct choice *choice,
		      const struct step_spec *spec, const json_t *later)
{
	struct argv argv = {.bundle = bundle};

	int r = argv_fill(&argv, choice, json_object_get(spec->step, "argv"), later);
	if (r == 0)
		r = argv_add_word(&argv, choice, manifest_text(later, "as"));
	if (r == 0)
		r = env_fill(bundle, choice, json_object_get(spec->step, "env"));
	if (r < 0)
		return r;
	bundle_add(bundle, BUNDLE_FIFO, manifest_text(later, "later"), NULL, 0);
	return bundle_end(bundle);
}

/* Returns the later words as lines, new, or NULL: they cannot be, or memory is out. */
static char *later_lines(const struct choice *choice, const struct step_spec *spec,
			 const json_t *later, size_t *ret_len)
{
	char *text = NULL;
	struct argv argv = {.lines = open_memstream(&text, ret_len), .count = 1};

	if (!argv.lines)
		return NULL;
	int r = argv_fill(&argv, choice, json_object_get(later, "words"), NULL);
	if (r == 0)
		r = argv_add_carries(&argv, choice, spec->carries);
	if (fclose(argv.lines) == 0 && r == 0 && !argv.is_no_line)
		return text;
	free(text);
	return NULL;
}

static int later_bundle(const struct choice *choice, const struct step_spec *spec,
			const json_t *later)
{
	struct bundle_writer bundle = {0};
	size_t len;
	_cleanup_free_ char *lines = later_lines(choice, spec, later, &len);

	if (!lines)
		return -EINVAL;
	files_fill(&bundle, choice);
	step_end_fill(&bundle, spec);
	bundle_add(&bundle, BUNDLE_LATER, manifest_text(later, "later"), lines, len);
	return bundle_finish(&bundle);
}

/* What fails here is no failure: the step has been planned whole. */
static void plan_early(const struct choice *choice, const struct step_spec *spec,
		       struct job_plan *plan)
{
	const json_t *later = later_words(json_object_get(spec->step, "argv"));
	struct bundle_writer early = {0};

	if (!later || !files_leave_room(choice, manifest_text(later, "later")))
		return;
	if (early_fill(&early, choice, spec, later) == 0)
		plan->later_bundle_fd = later_bundle(choice, spec, later);
	if (plan->later_bundle_fd < 0) {
		free(early.data);
		return;
	}
	plan->early = early.data;
	plan->early_len = early.used;
}

/* ---- a step that carries a folder ---- */

/* Over all that what is in the folder may depend on, but the files. */
static void carry_fit(const struct manifest *manifest, const struct choice *choice,
		      uint8_t ret_fit[SHA256_BYTES])
{
	const char *id = manifest_text(choice->language, "id"), *name;
	struct sha256 sha256;
	json_t *option;

	sha256_begin(&sha256);
	sha256_add(&sha256, manifest_image_id(manifest), strlen(manifest_image_id(manifest)) + 1);
	sha256_add(&sha256, id, strlen(id) + 1);
	json_object_foreach ((json_t *)(uintptr_t)choice->options, name, option) {
		const char *value = choice_option(choice, name);
		sha256_add(&sha256, name, strlen(name) + 1);
		sha256_add(&sha256, value, strlen(value) + 1);
	}
	sha256_end(&sha256, ret_fit);
}

/* As plan_early(): what fails here is no failure. */
static void plan_carry(const struct manifest *manifest, const struct choice *choice,
		       const struct step_spec *plain, struct job_plan *plan)
{
	const json_t *later = later_words(json_object_get(plain->step, "argv"));
	struct step_spec spec = *plain;

	spec.carries = json_object_get(plain->step, "carries");
	if (!choice->request->session || !spec.carries ||
	    !choice_holds(choice, json_object_get(spec.carries, "when")) ||
	    !files_leave_room(choice, manifest_text(spec.carries, "folder")))
		return;
	if (plan->early)
		plan->carry_later_bundle_fd = later_bundle(choice, &spec, later);
	if (plan->early && plan->carry_later_bundle_fd < 0)
		return;
	plan->carry_bundle_fd = choice_step_bundle(choice, &spec);
	carry_fit(manifest, choice, plan->carry_fit);
}

int choice_artefact(const struct choice *choice, const json_t *step, char **ret_path)
{
	const char *template = manifest_text(step, "artefact");

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

static int plan_steps(const struct manifest *manifest, const struct choice *choice,
		      struct job_plan *plan)
{
	const json_t *compile = json_object_get(choice->language, "compile");
	const json_t *run = json_object_get(choice->language, "run");
	_cleanup_free_ char *artefact = NULL;

	plan->has_compile = compile != NULL;
	plan->has_run = !choice->request->compile_only &&
			choice_holds(choice, json_object_get(run, "skip_unless"));
	if (!plan->has_compile && !plan->has_run)
		return error_set_plain(
			choice->err, -EINVAL, "compile_only",
			"%s has no compile step: with these options there is nothing "
			"to do",
			manifest_text(choice->language, "id"));
	int r = choice_artefact(choice, compile, &artefact);
	if (r < 0)
		return r;
	plan->run_takes_artefact = plan->has_run && artefact;
	if (plan->has_compile) {
		struct step_spec spec = {
			compile, 1,   BUNDLE_ARTEFACT_OUT, plan->has_run ? artefact : NULL,
			NULL,	 NULL};
		plan->compile_bundle_fd = choice_step_bundle(choice, &spec);
		if (plan->compile_bundle_fd < 0)
			return plan->compile_bundle_fd;
		plan_early(choice, &spec, plan);
		plan_carry(manifest, choice, &spec, plan);
	}
	if (plan->has_run) {
		int files = json_is_true(json_object_get(run, "files"));
		struct step_spec spec = {
			run, files, BUNDLE_ARTEFACT_IN, artefact, manifest_text(run, "collects"),
			NULL};
		plan->run_collects = spec.collects != NULL;
		plan->run_bundle_fd = choice_step_bundle(choice, &spec);
		if (plan->run_bundle_fd < 0)
			return plan->run_bundle_fd;
	}
	return 0;
}

/* Whom the compiler's messages go to, when somebody asked and the language has such a form. */
static int plan_diagnostics(const struct choice *choice, struct job_plan *plan)
{
	const json_t *form = json_object_get(choice->language, "diagnostics");
	const char *names[JOB_FILES_MAX];

	if (!choice->request->diagnostics || !form || !plan->has_compile)
		return 0;
	for (size_t i = 0; i < choice->request->file_count; i++)
		names[i] = choice_file_name(choice, i);
	plan->diagnostics = diagnostics_new(
		strcmp(manifest_text(form, "format"), "gcc") == 0 ? DIAGNOSTICS_GCC
								  : DIAGNOSTICS_RUSTC,
		choice->request->files, names, choice->request->file_count);
	return plan->diagnostics ? 0
				 : error_set(choice->err, -ENOMEM, "plan", "cannot plan the job");
}

int manifest_plan(const struct manifest *manifest, const struct job_request *request,
		  struct job_plan *ret_plan, struct error *err)
{
	struct choice choice;
	struct job_plan plan = JOB_PLAN_NONE;

	int r = choice_make(manifest, request, &choice, err);
	if (r == 0 && request->action && strcmp(request->action, "run") != 0)
		r = choice_plan_action(&choice, &plan);
	else if (r == 0)
		r = plan_steps(manifest, &choice, &plan);
	if (r == 0)
		r = plan_diagnostics(&choice, &plan);
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
	plan->later_bundle_fd = fd_close(plan->later_bundle_fd);
	plan->carry_bundle_fd = fd_close(plan->carry_bundle_fd);
	plan->carry_later_bundle_fd = fd_close(plan->carry_later_bundle_fd);
	free(plan->early);
	plan->early = NULL;
	plan->action = action_plan_free(plan->action);
	plan->diagnostics = diagnostics_free(plan->diagnostics);
}
