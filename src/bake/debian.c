#include "bake/debian.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bake/apt_sources.h"
#include "bake/debian_finish.h"
#include "image/digest.h"
#include "bake/json.h"
#include "bake/packages.h"
#include "bake/tree.h"
#include "base/clock.h"
#include "base/fd.h"

/*
 * A layer is a folder with root/ and packages.json. It is found by its key, which is made of the
 * list of packages wanted and of the base's file; what the image is made from is the hash of
 * packages.json, which has the exact versions. So an image made again after a refresh that brought
 * nothing new is the same image.
 */

enum { MMDEBSTRAP_WALL_SEC = 1800, APT_CONFIG_WALL_SEC = 60, NAMES_SIZE = 16384 };

/* The names of all packages wanted, each once, comma-separated. */
static int wanted_packages(const struct bake *bake, char names[NAMES_SIZE], struct error *err)
{
	const struct definition *definition = bake->definition;
	__attribute__((cleanup(packages_set_fini))) struct packages_set set = {.names = NULL};

	int r = packages_set_add(&set, json_object_get(definition->base, "packages"));
	for (size_t i = 0; i < definition->recipe_count && r >= 0; i++)
		r = packages_set_add(&set,
				     json_object_get(definition->recipes[i].json, "packages"));
	for (size_t i = 0; i < bake->channel_count && r >= 0; i++) {
		const json_t *rust = json_object_get(definition_rust(definition)->json, "rust");
		if (bake->channels[i].from_debian)
			r = packages_set_add(
				&set, json_object_get(json_object_get(rust, "debian"), "packages"));
	}
	if (r >= 0)
		r = packages_set_join(&set, names, NAMES_SIZE);
	if (r == -EINVAL)
		return error_set_plain(
			err, r, "debian",
			"a package's name in the base or a recipe is not [a-z0-9+.-]");
	return r < 0 ? error_set(err, r, "debian", "cannot list the packages") : 0;
}

static int layer_key(const struct bake *bake, const char *names, char ret_key[DIGEST_HEX_SIZE],
		     struct error *err)
{
	const struct definition *definition = bake->definition;
	_cleanup_free_ char *base = json_dumps(definition->base, JSON_COMPACT | JSON_SORT_KEYS);
	_cleanup_free_ char *epoch =
		json_dumps(json_object_get(definition->json, "epoch"), JSON_ENCODE_ANY);
	if (!base || !epoch)
		return error_set(err, -ENOMEM, "debian", "cannot name the layer");
	struct digest digest;
	digest_begin(&digest);
	digest_field_text(&digest, "format", BAKE_FORMAT);
	digest_field_text(&digest, "base", base);
	digest_field_text(&digest, "epoch", epoch);
	digest_field_text(&digest, "packages", names);
	for (size_t i = 0; i < definition->recipe_count; i++) {
		const json_t *prepare = json_object_get(definition->recipes[i].json, "prepare");
		_cleanup_free_ char *text = prepare ? json_dumps(prepare, JSON_COMPACT) : NULL;
		if (prepare && !text) {
			digest_drop(&digest);
			return error_set(err, -ENOMEM, "debian", "cannot name the layer");
		}
		digest_field_text(&digest, "prepare", text ? text : "");
	}
	return digest_end(&digest, ret_key, err);
}

/* Writes the sources and options mmdebstrap is to use into the folder. */
static int write_sources(struct bake *bake, const char *folder, struct path *ret_sources,
			 struct path *ret_options, struct error *err)
{
	const struct apt_wanted wanted = {.suites =
						  json_object_get(bake->definition->base, "suites"),
					  .keyring = json_text(bake->definition->base, "keyring")};
	static const char *const argv[] = {"apt-config", "dump", NULL};
	const struct child_spec spec = {.argv = argv,
					.keep_fd = -EBADF,
					.capture_stdout = 1,
					.wall_usec = APT_CONFIG_WALL_SEC * USEC_PER_SEC};
	_cleanup_free_ char *sources = NULL, *options = NULL;
	__attribute__((cleanup(child_result_fini))) struct child_result result = {.exit_code = 0};

	int r = apt_sources_read(&wanted, &sources, err);
	if (r >= 0)
		r = bake_tool(bake, "apt-config", &spec, &result, err);
	if (r >= 0)
		r = apt_options_select(result.stdout_data ? result.stdout_data : "", &options, err);
	if (r >= 0)
		r = path_format(ret_sources, err, "%s/debian.sources", folder);
	if (r >= 0)
		r = path_write_file(ret_sources->text, 0644, sources, strlen(sources), err);
	if (r >= 0)
		r = path_format(ret_options, err, "%s/apt.conf", folder);
	if (r >= 0)
		r = path_write_file(ret_options->text, 0644, options, strlen(options), err);
	return r;
}

/* The commonest reason in plain words; the tool's own are printed too. */
static int explain(const struct bake *bake, struct error *err)
{
	static const char *const signs[] = {"Failed to fetch", "Could not resolve",
					    "Could not connect", "Unable to connect",
					    "Temporary failure"};

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (strstr(bake->tail, signs[i]))
			return error_set_plain(
				err, -EIO, "debian",
				"the Debian mirror this machine's apt is set to cannot "
				"be reached; does apt-get update work?");
	return -EIO;
}

static int run_mmdebstrap(struct bake *bake, const char *folder, const char *names,
			  struct error *err)
{
	struct path sources, options, root, include, aptopt, epoch;
	int r = write_sources(bake, folder, &sources, &options, err);
	if (r >= 0)
		r = path_format(&root, err, "%s/root", folder);
	if (r >= 0)
		r = path_format(&aptopt, err, "--aptopt=%s", options.text);
	if (r >= 0)
		r = path_format(&epoch, err, "SOURCE_DATE_EPOCH=%lld",
				(long long)bake->definition->epoch);
	if (r >= 0)
		r = path_format(&include, err, "--include=%s", names);
	if (r < 0)
		return r;

	const char *const argv[] = {"mmdebstrap",
				    "--mode=root",
				    "--format=directory",
				    "--variant=extract",
				    "--skip=essential/unlink",
				    "--skip=cleanup/apt/cache",
				    "--skip=output/dev",
				    "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
				    aptopt.text,
				    include.text,
				    json_text(bake->definition->base, "suite"),
				    root.text,
				    sources.text,
				    NULL};
	const char *const env[] = {epoch.text, "LC_ALL=C.UTF-8", "TMPDIR=/tmp", NULL};
	const struct child_spec spec = {.argv = argv,
					.env = env,
					.cwd = "/",
					.keep_fd = -EBADF,
					.wall_usec = MMDEBSTRAP_WALL_SEC * USEC_PER_SEC};
	r = bake_tool(bake, "mmdebstrap", &spec, NULL, err);
	return r == -EIO ? explain(bake, err) : r;
}

/* Makes the whole layer in folder. */
static int make_layer(struct bake *bake, const char *folder, const char *names, struct error *err)
{
	struct path path;

	int r = run_mmdebstrap(bake, folder, names, err);
	if (r >= 0)
		r = packages_record(folder, &bake->progress, err);
	if (r >= 0)
		r = debian_finish(bake, folder, err);
	/* What only the making needed is no part of the layer. */
	static const char *const scratch[] = {"debian.sources", "apt.conf"};
	for (size_t i = 0; i < sizeof(scratch) / sizeof(scratch[0]) && r >= 0; i++) {
		r = path_format(&path, err, "%s/%s", folder, scratch[i]);
		if (r >= 0 && unlink(path.text) < 0)
			r = error_set(err, -errno, "debian", "cannot remove %s", path.text);
	}
	return r;
}

static int layer_digest(struct bake *bake, const char *key, struct error *err)
{
	struct path path;
	char packages[DIGEST_HEX_SIZE];
	struct digest digest;

	int r = path_format(&path, err, "%s/packages.json", bake->debian_layer.text);
	if (r >= 0)
		r = digest_file(path.text, packages, NULL, err);
	if (r < 0)
		return r;
	digest_begin(&digest);
	digest_field_text(&digest, "key", key);
	digest_field_text(&digest, "packages", packages);
	return digest_end(&digest, bake->debian_digest, err);
}

int debian_bake(struct bake *bake, int refresh, struct error *err)
{
	char names[NAMES_SIZE], key[DIGEST_HEX_SIZE];
	struct path folder = {.text = ""};

	int r = wanted_packages(bake, names, err);
	if (r >= 0)
		r = layer_key(bake, names, key, err);
	if (r >= 0)
		r = bake_layer(bake, "debian", key, &bake->debian_layer, err);
	if (r < 0)
		return r;
	if (r == 0 || refresh) {
		bake_stage(bake, STAGE_DEBIAN);
		r = cache_begin(&bake->cache, &folder, err);
		if (r >= 0)
			r = make_layer(bake, folder.text, names, err);
		if (r >= 0)
			r = cache_commit(&bake->cache, folder.text, bake->debian_layer.text, err);
		if (r < 0) {
			cache_abandon(folder.text);
			return r;
		}
	}
	return layer_digest(bake, key, err);
}
