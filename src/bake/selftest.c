#include "bake/selftest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bake/cell.h"
#include "bake/json.h"
#include "bake/selftest_crates.h"
#include "bake/template.h"
#include "base/clock.h"
#include "base/fd.h"

enum { TEST_WALL_SEC = 150, TITLE_SIZE = 160 };

/* One program with one choice of options. All borrowed. */
struct selftest {
	struct bake *bake;
	const json_t *language; /* of the manifest */
	const json_t *expected; /* hello or one of checks, of the recipe */
	const char *title;
	struct template_values values;
	struct path source, binary; /* in the scratch folder */
};

static int failed(const struct selftest *test, const char *why, const struct child_result *result,
		  struct error *err)
{
	snprintf(test->bake->tail, sizeof(test->bake->tail), "%s%s",
		 result->stdout_data ? result->stdout_data : "", result->tail);
	return error_set_plain(err, -EIO, "self-test", "%s: %s; what it printed follows",
			       test->title, why);
}

/* "NAME=value" for the step's variables. Freed with template_argv_free(). */
static int fill_env(const json_t *step, const struct template_values *values, char ***ret_env,
		    struct error *err)
{
	char **env = calloc(CELL_JOB_ENV_MAX, sizeof(*env));
	const char *name;
	json_t *template;
	size_t n = 0;

	if (!env)
		return error_set(err, -ENOMEM, "self-test", "cannot fill a step");
	json_object_foreach (json_object_get(step, "env"), name, template) {
		_cleanup_free_ char *value = NULL;
		int r = template_env(template, values, &value, err);
		if (r >= 0 && value &&
		    (n + 1 >= CELL_JOB_ENV_MAX || asprintf(&env[n++], "%s=%s", name, value) < 0))
			r = error_set(err, -ENOMEM, "self-test", "cannot fill a step");
		if (r < 0) {
			template_argv_free(env);
			return r;
		}
	}
	*ret_env = env;
	return 0;
}

/* Runs a step with a file in and maybe one out: "HOST:PATH" each. */
static int run_step(const struct selftest *test, const char *step_name, const char *file,
		    const char *artefact, struct child_result *ret_result, struct error *err)
{
	const json_t *step = json_object_get(test->language, step_name);
	const int compiles = strcmp(step_name, "compile") == 0;
	char **argv = NULL, **env = NULL;

	*ret_result = (struct child_result){.exit_code = 0};
	int r = template_argv(json_object_get(step, "argv"), &test->values, &argv, err);
	if (r >= 0)
		r = fill_env(step, &test->values, &env, err);
	if (r >= 0) {
		struct cell_job job = {
			.image = test->bake->image.text,
			.profile = step_name,
			.argv = (const char *const *)argv,
			/* The default limits but for time: the machine may be busy. */
			.limits = {"wall=120s", compiles ? "cpu=120s" : "cpu=60s"},
			.files = {file},
			.artefact = artefact,
			.wall_usec = TEST_WALL_SEC * USEC_PER_SEC,
		};
		for (size_t i = 0; env[i]; i++)
			job.env[i] = env[i];
		r = cell_job_run(test->bake, &job, ret_result, err);
	}
	template_argv_free(argv);
	template_argv_free(env);
	return r;
}

static int compile(const struct selftest *test, const char *path, struct error *err)
{
	struct path file, artefact;
	__attribute__((cleanup(child_result_fini))) struct child_result result = {.exit_code = 0};

	unlink(test->binary.text);
	int r = path_format(&file, err, "%s:%s", test->source.text, test->values.main_file);
	if (r >= 0)
		r = path_format(&artefact, err, "%s:%s", path, test->binary.text);
	if (r >= 0)
		r = run_step(test, "compile", file.text, artefact.text, &result, err);
	if (r < 0)
		return r;
	if (result.exit_code != 0)
		return failed(test, "it does not compile", &result, err);
	if (chmod(test->binary.text, 0755) < 0)
		return failed(test, "compiling made no program", &result, err);
	return 0;
}

static int compare(const struct selftest *test, const struct child_result *result,
		   struct error *err)
{
	const json_t *code = json_object_get(test->expected, "exit_code");
	const char *whole = json_text(test->expected, "stdout");
	const char *part = json_text(test->expected, "stdout_contains");
	const char *err_part = json_text(test->expected, "stderr_contains");
	const char *printed = result->stdout_data ? result->stdout_data : "";
	char why[64];

	if (result->exit_code != (int)json_integer_value(code)) {
		snprintf(why, sizeof(why), "it ended with exit status %d", result->exit_code);
		return failed(test, why, result, err);
	}
	if ((whole && strcmp(whole, printed) != 0) || (part && !strstr(printed, part)))
		return failed(test, "its output is not what it should be", result, err);
	if (err_part && !strstr(result->tail, err_part))
		return failed(test, "its error output lacks what should be there", result, err);
	return 0;
}

/* Compiles (when the language does) and runs. */
static int run_one(const struct selftest *test, struct error *err)
{
	const json_t *compile_step = json_object_get(test->language, "compile");
	_cleanup_free_ char *artefact = NULL;
	struct path file;
	__attribute__((cleanup(child_result_fini))) struct child_result result = {.exit_code = 0};
	int r;

	progress_tick(&test->bake->progress, test->title);
	if (compile_step) {
		r = template_fill(json_text(compile_step, "artefact"), &test->values, &artefact,
				  err);
		if (r >= 0)
			r = compile(test, artefact, err);
		if (r >= 0)
			r = path_format(&file, err, "%s:%s", test->binary.text, artefact);
	} else {
		r = path_format(&file, err, "%s:%s", test->source.text, test->values.main_file);
	}
	if (r >= 0)
		r = run_step(test, "run", file.text, NULL, &result, err);
	if (r >= 0)
		r = compare(test, &result, err);
	if (r >= 0)
		progress_add(&test->bake->progress, NULL, 0);
	return r;
}

/* Runs the program for every value of the options in for_each, from the i-th on. */
static int run_each(struct selftest *test, json_t *chosen, size_t i, struct error *err)
{
	const json_t *names = json_object_get(test->expected, "for_each");
	const char *name = json_string_value(json_array_get(names, i));
	size_t k;
	json_t *value;

	if (!name) {
		char title[TITLE_SIZE];
		_cleanup_free_ char *options = json_dumps(chosen, JSON_COMPACT);
		snprintf(title, sizeof(title), "%s, %s %s", json_text(test->language, "name"),
			 json_object_get(test->expected, "name") ? json_text(test->expected, "name")
								 : "hello",
			 options ? options : "");
		test->title = title;
		test->values.chosen = chosen;
		return run_one(test, err);
	}
	const json_t *option = json_object_get(json_object_get(test->language, "options"), name);
	json_array_foreach (json_object_get(option, "values"), k, value) {
		if (json_object_set(chosen, name, value) < 0)
			return error_set(err, -ENOMEM, "self-test", "cannot fill a step");
		int r = run_each(test, chosen, i + 1, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* One hello or check. */
static int run_program(struct selftest *test, const struct recipe *recipe, const json_t *expected,
		       struct error *err)
{
	_cleanup_free_ char *code = NULL;
	const json_t *options = json_object_get(expected, "options");
	json_auto_t *chosen = options ? json_copy((json_t *)options) : json_object();
	if (!chosen)
		return error_set(err, -ENOMEM, "self-test", "cannot fill a step");

	test->expected = expected;
	int r = recipe_source(recipe, json_text(expected, "file"), &code, err);
	if (r >= 0)
		r = path_write_file(test->source.text, 0644, code, strlen(code), err);
	return r < 0 ? r : run_each(test, chosen, 0, err);
}

/* What the set says of itself, for each channel and mode. */
static int run_crates(struct selftest *test, struct error *err)
{
	const struct definition *definition = test->bake->definition;
	_cleanup_free_ char *code = NULL;
	const char *printed = definition->crates_stdout ? definition->crates_stdout : "";
	json_auto_t *chosen = json_object();
	json_auto_t *expected = json_pack("{s:s, s:s, s:[s, s]}", "name", "crates", "stdout",
					  printed, "for_each", "channel", "mode");

	if (!chosen || !expected)
		return error_set(err, -ENOMEM, "self-test", "cannot fill a step");
	test->expected = expected;
	int r = selftest_crates_code(definition->crates_check, test->bake->crates, &code, err);
	if (r >= 0)
		r = path_write_file(test->source.text, 0644, code, strlen(code), err);
	return r < 0 ? r : run_each(test, chosen, 0, err);
}

static int run_language(struct bake *bake, const struct recipe *recipe, const json_t *language,
			const char *scratch, struct error *err)
{
	struct selftest test = {.bake = bake, .language = language};
	size_t i;
	json_t *check;

	test.values.language = language;
	test.values.main_file = json_text(language, "main_file");
	int r = path_format(&test.source, err, "%s/source", scratch);
	if (r >= 0)
		r = path_format(&test.binary, err, "%s/program", scratch);
	if (r >= 0)
		r = run_program(&test, recipe, json_object_get(recipe->json, "hello"), err);
	json_array_foreach (json_object_get(recipe->json, "checks"), i, check)
		if (r >= 0)
			r = run_program(&test, recipe, check, err);
	if (r >= 0 && bake->crates && recipe == definition_rust(bake->definition))
		r = run_crates(&test, err);
	return r;
}

int selftest_run(struct bake *bake, const json_t *manifest, const char *scratch, struct error *err)
{
	const json_t *languages = json_object_get(manifest, "languages");
	int r = 0;

	for (size_t i = 0; i < bake->definition->recipe_count && r >= 0; i++)
		r = run_language(bake, &bake->definition->recipes[i], json_array_get(languages, i),
				 scratch, err);
	return r;
}
