#include "bake/selftest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bake/cell.h"
#include "bake/json.h"
#include "bake/selftest_judge.h"
#include "bake/template.h"
#include "base/clock.h"
#include "base/fd.h"

enum { TEST_WALL_SEC = 150, TITLE_SIZE = 160, LIMIT_SIZE = 64 };

/* One program with one choice of options. All borrowed. */
struct selftest {
	struct bake *bake;
	const json_t *language; /* of the manifest */
	const json_t *expected; /* hello or one of checks, of the same */
	const char *title;
	struct template_values values;
	struct path source, binary, input; /* in the scratch folder */
};

/* The step whose end is what the test is about. */
static const char *judged_step(const struct selftest *test)
{
	const char *step = json_text(test->expected, "step");

	return step ? step : "run";
}

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

/* Adds the limits of the test, behind those that hold for every test. */
static void add_limits(const struct selftest *test, struct cell_job *job, char (*texts)[LIMIT_SIZE])
{
	const char *name;
	json_t *value;
	size_t n = 0;

	while (job->limits[n])
		n++;
	json_object_foreach (json_object_get(test->expected, "limits"), name, value) {
		if (n + 1 >= CELL_JOB_LIMITS_MAX)
			break;
		snprintf(texts[n], LIMIT_SIZE, "%s=%s", name, json_string_value(value));
		job->limits[n] = texts[n];
		n++;
	}
}

/* Runs a step with a file in and maybe one out: "HOST:PATH" each. */
static int run_step(const struct selftest *test, const char *step_name, const char *file,
		    const char *artefact, struct child_result *ret_result, struct cell_end *ret_end,
		    struct error *err)
{
	const json_t *step = json_object_get(test->language, step_name);
	const int compiles = strcmp(step_name, "compile") == 0;
	char **argv = NULL, **env = NULL, limits[CELL_JOB_LIMITS_MAX][LIMIT_SIZE];

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
			.input = test->input.text,
			.artefact = artefact,
			.wall_usec = TEST_WALL_SEC * USEC_PER_SEC,
		};
		for (size_t i = 0; env[i]; i++)
			job.env[i] = env[i];
		if (strcmp(step_name, judged_step(test)) == 0)
			add_limits(test, &job, limits);
		r = cell_job_run(test->bake, &job, ret_result, ret_end, err);
	}
	template_argv_free(argv);
	template_argv_free(env);
	return r;
}

/* Is it what was expected? The test's own account of it is the failure. */
static int judge(const struct selftest *test, const struct child_result *result,
		 const struct cell_end *end, struct error *err)
{
	const struct selftest_seen seen = {.end = *end,
					   .out = result->stdout_data ? result->stdout_data : "",
					   .errors = result->tail};
	char why[SELFTEST_WHY_SIZE];

	if (selftest_judge(test->expected, &seen, why))
		return 0;
	return failed(test, why, result, err);
}

/* Returns 1 when there is a program to run now, 0 when that it did not compile was the test. */
static int compile(const struct selftest *test, const char *path, struct error *err)
{
	const int is_judged = strcmp(judged_step(test), "compile") == 0;
	struct path file, artefact;
	struct cell_end end;
	__attribute__((cleanup(child_result_fini))) struct child_result result = {.exit_code = 0};

	unlink(test->binary.text);
	int r = path_format(&file, err, "%s:%s", test->source.text, test->values.main_file);
	if (r >= 0)
		r = path_format(&artefact, err, "%s:%s", path, test->binary.text);
	if (r >= 0)
		r = run_step(test, "compile", file.text, artefact.text, &result, &end, err);
	if (r < 0)
		return r;
	if (is_judged)
		return judge(test, &result, &end, err);
	if (result.exit_code != 0)
		return failed(test, "it does not compile", &result, err);
	if (chmod(test->binary.text, 0755) < 0)
		return failed(test, "compiling made no program", &result, err);
	return 1;
}

/* file: "HOST:PATH" of the program, or of its source. */
static int run_and_judge(const struct selftest *test, const char *file, struct error *err)
{
	__attribute__((cleanup(child_result_fini))) struct child_result result = {.exit_code = 0};
	struct cell_end end;

	int r = run_step(test, "run", file, NULL, &result, &end, err);
	return r < 0 ? r : judge(test, &result, &end, err);
}

/* Compiles (when the language does) and runs. */
static int run_one(const struct selftest *test, struct error *err)
{
	const json_t *compile_step = json_object_get(test->language, "compile");
	const char *from = test->source.text, *to = test->values.main_file;
	_cleanup_free_ char *artefact = NULL;
	struct path file;
	int r = 1;

	progress_tick(&test->bake->progress, test->title);
	if (compile_step) {
		r = template_fill(json_text(compile_step, "artefact"), &test->values, &artefact,
				  err);
		if (r >= 0)
			r = compile(test, artefact, err);
		from = test->binary.text;
		to = artefact;
	}
	if (r > 0)
		r = path_format(&file, err, "%s:%s", from, to) < 0 ? -ENAMETOOLONG : 1;
	if (r > 0)
		r = run_and_judge(test, file.text, err);
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
static int run_program(struct selftest *test, const json_t *expected, struct error *err)
{
	const char *code = json_text(expected, "code"), *input = json_text(expected, "stdin");
	const json_t *options = json_object_get(expected, "options");
	json_auto_t *chosen = options ? json_copy((json_t *)options) : json_object();

	if (!chosen)
		return error_set(err, -ENOMEM, "self-test", "cannot fill a step");
	if (!code)
		return error_set_plain(err, -EINVAL, "self-test", "%s: a test has no program",
				       json_text(test->language, "name"));
	test->expected = expected;
	int r = path_write_file(test->source.text, 0644, code, strlen(code), err);
	if (r >= 0)
		r = path_write_file(test->input.text, 0644, input ? input : "",
				    input ? strlen(input) : 0, err);
	return r < 0 ? r : run_each(test, chosen, 0, err);
}

static int run_language(struct bake *bake, const json_t *language, const char *scratch,
			struct error *err)
{
	const json_t *hello = json_object_get(language, "hello");
	struct selftest test = {.bake = bake, .language = language};
	size_t i;
	json_t *check;

	test.values.language = language;
	test.values.main_file = json_text(language, "main_file");
	int r = path_format(&test.source, err, "%s/source", scratch);
	if (r >= 0)
		r = path_format(&test.binary, err, "%s/program", scratch);
	if (r >= 0)
		r = path_format(&test.input, err, "%s/input", scratch);
	if (r >= 0 && hello)
		r = run_program(&test, hello, err);
	json_array_foreach (json_object_get(language, "checks"), i, check)
		if (r >= 0)
			r = run_program(&test, check, err);
	return r;
}

/* How many programs a hello or check is: one for each choice of values. */
static size_t count_choices(const json_t *language, const json_t *expected)
{
	const json_t *options = json_object_get(language, "options");
	size_t i, count = 1;
	json_t *name;

	json_array_foreach (json_object_get(expected, "for_each"), i, name) {
		const json_t *option = json_object_get(options, json_string_value(name));
		count *= json_array_size(json_object_get(option, "values"));
	}
	return count;
}

static size_t count_programs(const json_t *languages)
{
	size_t i, k, count = 0;
	json_t *language, *check;

	json_array_foreach (languages, i, language) {
		const json_t *hello = json_object_get(language, "hello");
		count += hello ? count_choices(language, hello) : 0;
		json_array_foreach (json_object_get(language, "checks"), k, check)
			count += count_choices(language, check);
	}
	return count;
}

int selftest_run(struct bake *bake, const json_t *manifest, const char *scratch, struct error *err)
{
	const json_t *languages = json_object_get(manifest, "languages");
	size_t i;
	json_t *language;
	int r = 0;

	progress_total(&bake->progress, count_programs(languages));
	json_array_foreach (languages, i, language)
		if (r >= 0)
			r = run_language(bake, language, scratch, err);
	return r;
}
