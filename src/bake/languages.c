#include "bake/languages.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bake/actions.h"
#include "bake/cell.h"
#include "bake/json.h"
#include "bake/rust.h"
#include "bake/selftest_crates.h"
#include "bake/template.h"
#include "bake/versions.h"
#include "base/clock.h"
#include "base/fd.h"

enum { VERSION_WALL_SEC = 60, PROGRAM_SIZE = 128 };

/* What a program prints about itself, from a cell. ret_text: new. */
static int ask(struct bake *bake, const char *const *argv, char **ret_text, struct error *err)
{
	const struct cell_job job = {
		.image = bake->image.text,
		.profile = "compile",
		.argv = argv,
		.wall_usec = VERSION_WALL_SEC * USEC_PER_SEC,
	};
	__attribute__((cleanup(child_result_fini))) struct child_result result;

	int r = cell_job_must(bake, argv[0], &job, &result, err);
	if (r < 0)
		return r;
	if (!result.stdout_data)
		return error_set_plain(err, -EIO, "languages", "%s printed no version", argv[0]);
	*ret_text = TAKE_PTR(result.stdout_data);
	return 0;
}

static int set(json_t *object, const char *name, json_t *value, struct error *err)
{
	if (json_object_set_new(object, name, value) < 0)
		return error_set(err, -ENOMEM, "languages", "cannot write the manifest");
	return 0;
}

/* argv may name options, such as the channel; the defaults count. */
static int add_version(struct bake *bake, const struct recipe *recipe, json_t *language,
		       struct error *err)
{
	const json_t *version = json_object_get(recipe->json, "version");
	const char *prefix = json_text(version, "prefix");
	const struct template_values values = {.language = language, .main_file = ""};
	_cleanup_free_ char *text = NULL, *found = NULL;
	char **argv = NULL;

	int r = template_argv(json_object_get(version, "argv"), &values, &argv, err);
	if (r >= 0)
		r = ask(bake, (const char *const *)argv, &text, err);
	template_argv_free(argv);
	if (r < 0)
		return r;
	found = versions_find(text, prefix);
	if (!found)
		return error_set_plain(err, -EIO, "languages",
				       "%s: the version command printed no line that starts with "
				       "\"%s\"",
				       recipe->id, prefix);
	return set(language, "version", json_string(found), err);
}

/* A test of a recipe as the manifest has it: with the program instead of its file. New, or NULL. */
static json_t *program_of(const json_t *test, const char *code)
{
	json_t *program = json_copy((json_t *)test);

	json_object_del(program, "file");
	json_object_set_new(program, "code", json_string(code));
	return program;
}

static int add_sources(const struct recipe *recipe, json_t *language, struct error *err)
{
	const json_t *hello = json_object_get(recipe->json, "hello");
	_cleanup_free_ char *sample = NULL, *code = NULL;

	int r = recipe_source(recipe, json_text(recipe->json, "sample"), &sample, err);
	if (r >= 0)
		r = recipe_source(recipe, json_text(hello, "file"), &code, err);
	if (r >= 0)
		r = set(language, "sample", json_string(sample), err);
	return r < 0 ? r : set(language, "hello", program_of(hello, code), err);
}

static int append_check(json_t *checks, json_t *take_check, struct error *err)
{
	if (json_array_append_new(checks, take_check) < 0)
		return error_set(err, -ENOMEM, "languages", "cannot write the manifest");
	return 0;
}

/* What the crate set says of itself, for each channel and mode. */
static int add_crates_check(const struct bake *bake, json_t *checks, struct error *err)
{
	const struct definition *definition = bake->definition;
	const char *printed = definition->crates_stdout ? definition->crates_stdout : "";
	_cleanup_free_ char *code = NULL;

	int r = selftest_crates_code(definition->crates_check, bake->crates, &code, err);
	if (r < 0)
		return r;
	return append_check(checks,
			    json_pack("{s:s, s:s, s:{}, s:s, s:[s, s]}", "name", "crates", "code",
				      code, "options", "stdout", printed, "for_each", "channel",
				      "mode"),
			    err);
}

static int add_checks(const struct bake *bake, const struct recipe *recipe, json_t *language,
		      struct error *err)
{
	json_t *checks = json_array(), *check;
	size_t i;

	int r = set(language, "checks", checks, err);
	json_array_foreach (json_object_get(recipe->json, "checks"), i, check) {
		const char *file = json_text(check, "file"), *own = json_text(check, "code");
		_cleanup_free_ char *code = NULL;
		if (r >= 0 && file)
			r = recipe_source(recipe, file, &code, err);
		if (r >= 0)
			r = append_check(checks, program_of(check, file ? code : own), err);
	}
	if (r >= 0 && bake->crates && recipe == definition_rust(bake->definition))
		r = add_crates_check(bake, checks, err);
	return r;
}

/* One tool of a channel, or nothing when the tool chain lacks it. */
static int add_tool(struct bake *bake, const char *channel, const char *program, json_t *tools,
		    struct error *err)
{
	struct path host;
	char path[PROGRAM_SIZE];
	_cleanup_free_ char *text = NULL;
	const int is_rustc = strcmp(program, "rustc") == 0;
	const char *const argv[] = {path, is_rustc ? "-vV" : "--version", NULL};

	snprintf(path, sizeof(path), "/opt/rust/%s/bin/%s", channel, program);
	int r = path_format(&host, err, "%s/root%s", bake->image.text, path);
	if (r < 0)
		return r;
	if (!path_exists(host.text))
		return 0;
	r = ask(bake, argv, &text, err);
	if (r < 0)
		return r;
	json_t *version = is_rustc ? versions_rustc(text) : versions_tool(text);
	if (!version)
		return error_set_plain(err, -EIO, "languages", "cannot make out the version of %s",
				       path);
	const char *name = strcmp(program, "clippy-driver") == 0 ? "clippy" : program;
	return set(tools, name, version, err);
}

static int add_channel(struct bake *bake, const struct channel *channel, json_t *channels,
		       struct error *err)
{
	static const char *const programs[] = {"rustc", "cargo", "rustfmt", "clippy-driver"};
	json_t *tools = json_object();
	int r = set(channels, channel->name, tools, err);

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]) && r >= 0; i++)
		r = add_tool(bake, channel->name, programs[i], tools, err);
	if (r >= 0)
		r = set(tools, "crates", bake->crates ? json_incref(bake->crates) : json_array(),
			err);
	if (r >= 0 && bake->vetting.count > 0)
		r = set(tools, "vetting",
			json_pack("{s:I, s:I}", "audited", (json_int_t)bake->vetting.audited,
				  "exempted", (json_int_t)bake->vetting.exempted),
			err);
	return r;
}

/* A channel the machine did not have moves from the option's values to what is unavailable, with
 * its sentence. */
static int limit_channels(const struct bake *bake, const json_t *rust, json_t *language,
			  struct error *err)
{
	json_t *option = json_object_get(json_object_get(language, "options"), "channel");
	json_t *unavailable = json_object_get(option, "unavailable");
	json_t *values = json_array();
	const char *name;
	json_t *channel;
	int r = 0;

	if (!unavailable) {
		unavailable = json_object();
		r = set(option, "unavailable", unavailable, err);
	}
	json_object_foreach (json_object_get(rust, "channels"), name, channel) {
		if (r >= 0 && rust_channel(bake, name))
			r = json_array_append_new(values, json_string(name));
		else if (r >= 0)
			r = set(unavailable, name, json_incref(json_object_get(channel, "missing")),
				err);
	}
	if (r >= 0)
		r = set(option, "values", values, err);
	else
		json_decref(values);
	if (r >= 0 && bake->channel_count > 0 && !rust_channel(bake, json_text(option, "default")))
		r = set(option, "default", json_string(bake->channels[0].name), err);
	return r;
}

static int add_rust(struct bake *bake, const struct recipe *recipe, json_t *language,
		    struct error *err)
{
	const json_t *rust = json_object_get(recipe->json, "rust");

	if (!rust)
		return 0;
	json_t *channels = json_object();
	int r = set(language, "channels", channels, err);
	for (size_t i = 0; i < bake->channel_count && r >= 0; i++)
		r = add_channel(bake, &bake->channels[i], channels, err);
	return r < 0 ? r : limit_channels(bake, rust, language, err);
}

static int add_language(struct bake *bake, const struct recipe *recipe, json_t *languages,
			struct error *err)
{
	json_t *language = json_deep_copy(json_object_get(recipe->json, "language"));
	if (json_array_append_new(languages, language) < 0)
		return error_set(err, -ENOMEM, "languages", "cannot write the manifest");
	progress_tick(&bake->progress, json_text(language, "name"));
	int r = add_rust(bake, recipe, language, err); /* may change the default channel */
	if (r >= 0)
		r = actions_settle(language, bake->image.text, err);
	if (r >= 0)
		r = add_version(bake, recipe, language, err);
	if (r >= 0)
		r = add_sources(recipe, language, err);
	return r < 0 ? r : add_checks(bake, recipe, language, err);
}

int languages_manifest(struct bake *bake, const char *id, json_t **ret_manifest, struct error *err)
{
	const struct definition *definition = bake->definition;
	json_t *languages = json_array();
	json_auto_t *manifest = json_pack("{s:i, s:s, s:s, s:o}", "schema", 1, "name",
					  definition->name, "id", id, "languages", languages);
	if (!manifest)
		return error_set(err, -ENOMEM, "languages", "cannot write the manifest");
	for (size_t i = 0; i < definition->recipe_count; i++) {
		int r = add_language(bake, &definition->recipes[i], languages, err);
		if (r < 0)
			return r;
	}
	*ret_manifest = json_incref(manifest);
	return 0;
}
