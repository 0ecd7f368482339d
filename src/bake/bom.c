#include "bake/bom.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bake/json.h"

enum { PURL_SIZE = 512 };

/* Percent-encodes all but what purl lets stand. Returns the new length. */
static size_t put_escaped(const char *text, char *ret, size_t used, size_t size)
{
	for (; *text && used + 4 < size; text++) {
		unsigned char c = (unsigned char)*text;
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_~:",
			   c))
			ret[used++] = (char)c;
		else
			used += (size_t)snprintf(ret + used, size - used, "%%%02X", c);
	}
	ret[used] = '\0';
	return used;
}

void bom_purl(const char *type, const char *name, const char *version, char *ret, size_t size)
{
	size_t used = (size_t)snprintf(ret, size, "pkg:%s/", type);

	used = put_escaped(name, ret, used, size);
	if (used + 1 < size)
		ret[used++] = '@';
	put_escaped(version, ret, used, size);
}

static json_t *hashes(const char *sha256)
{
	return json_pack("[{s:s, s:s}]", "alg", "SHA-256", "content", sha256);
}

static json_t *property(const char *name, const char *value)
{
	return json_pack("{s:s, s:s}", "name", name, "value", value);
}

static json_t *package_component(const struct bom_inputs *inputs, const json_t *package)
{
	char purl[PURL_SIZE];
	const char *name = json_text(package, "name"), *version = json_text(package, "version");

	bom_purl("deb/debian", name, version, purl, sizeof(purl));
	size_t used = strlen(purl);
	snprintf(purl + used, sizeof(purl) - used, "?arch=%s&distro=%s",
		 json_text(package, "architecture"), inputs->suite);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "type", "library", "bom-ref", purl,
			 "name", name, "version", version, "purl", purl, "hashes",
			 hashes(json_text(package, "sha256")));
}

/* A tool chain is many files: the hash over them is a property, for it is of no one file. */
static json_t *channel_component(const json_t *channel)
{
	const char *name = json_text(channel, "channel"),
		   *sha256 = json_text(channel, "files_sha256");
	const char *version = json_text(json_object_get(channel, "rustc"), "version");
	char ref[PURL_SIZE];

	snprintf(ref, sizeof(ref), "rust-%s", name);
	json_t *properties = json_pack("[o]", property("sandlot:channel", name));
	if (sha256 &&
	    json_array_append_new(properties, property("sandlot:files-sha256", sha256)) < 0) {
		json_decref(properties);
		return NULL;
	}
	return json_pack("{s:s, s:s, s:s, s:s, s:o}", "type", "application", "bom-ref", ref, "name",
			 "rust", "version", version ? version : "unknown", "properties",
			 properties);
}

/* A file has its hash; of a folder the hash over it is a property. Debian's is a package. */
static json_t *tool_component(const char *name, const json_t *tool)
{
	const char *sha256 = json_text(tool, "sha256"), *tree = json_text(tool, "tree_sha256");
	char ref[PURL_SIZE];

	snprintf(ref, sizeof(ref), "tool-%s", name);
	json_t *component = json_pack("{s:s, s:s, s:s, s:[o]}", "type", "application", "bom-ref",
				      ref, "name", name, "properties",
				      property(tree ? "sandlot:tree-sha256" : "sandlot:source",
					       tree ? tree : json_text(tool, "source")));
	if (component && sha256)
		json_object_set_new(component, "hashes", hashes(sha256));
	return component;
}

static json_t *crate_component(const struct cargo_package *package, const struct vet_state *state)
{
	char purl[PURL_SIZE];

	bom_purl("cargo", package->name, package->version, purl, sizeof(purl));
	json_t *component =
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:[o]}", "type", "library", "bom-ref",
			  purl, "name", package->name, "version", package->version, "purl", purl,
			  "hashes", hashes(package->sha256), "properties",
			  property("sandlot:vetting", state->audited ? VET_AUDITED : VET_EXEMPTED));
	if (component && state->licence[0])
		json_object_set_new(component, "licenses",
				    json_pack("[{s:s}]", "expression", state->licence));
	return component;
}

static int add_components(const struct bom_inputs *inputs, json_t *components)
{
	const char *name;
	json_t *item;
	size_t i;
	int r = 0;

	json_array_foreach (inputs->packages, i, item)
		r |= json_array_append_new(components, package_component(inputs, item));
	json_array_foreach (inputs->channels, i, item)
		r |= json_array_append_new(components, channel_component(item));
	json_object_foreach ((json_t *)inputs->tools, name, item)
		r |= json_array_append_new(components, tool_component(name, item));
	for (i = 0; i < inputs->lock->count && i < inputs->vetting->count; i++)
		if (!inputs->lock->packages[i].is_root)
			r |= json_array_append_new(components,
						   crate_component(&inputs->lock->packages[i],
								   &inputs->vetting->states[i]));
	return r < 0 ? -ENOMEM : 0;
}

/* What one crate needs; the set's own package stands for the image. */
static json_t *dependency(const struct bom_inputs *inputs, const struct cargo_package *package)
{
	char purl[PURL_SIZE];
	json_t *needs = json_array();

	for (size_t i = 0; i < package->dependency_count; i++) {
		const struct cargo_package *needed =
			cargo_lock_find(inputs->lock, package->dependencies[i]);
		if (!needed)
			continue;
		bom_purl("cargo", needed->name, needed->version, purl, sizeof(purl));
		if (json_array_append_new(needs, json_string(purl)) < 0)
			break;
	}
	if (package->is_root)
		snprintf(purl, sizeof(purl), "%s", inputs->id);
	else
		bom_purl("cargo", package->name, package->version, purl, sizeof(purl));
	return json_pack("{s:s, s:o}", "ref", purl, "dependsOn", needs);
}

int bom_make(const struct bom_inputs *inputs, json_t **ret_bom, struct error *err)
{
	json_auto_t *components = json_array(), *dependencies = json_array();
	int r = components && dependencies ? add_components(inputs, components) : -ENOMEM;

	for (size_t i = 0; i < inputs->lock->count && r >= 0; i++)
		r = json_array_append_new(dependencies,
					  dependency(inputs, &inputs->lock->packages[i]));
	if (r >= 0)
		*ret_bom = json_pack(
			"{s:s, s:s, s:i, s:{s:{s:s, s:s, s:s, s:s}, s:{s:[{s:s, s:s}]}}, s:O, s:O}",
			"bomFormat", "CycloneDX", "specVersion", "1.5", "version", 1, "metadata",
			"component", "type", "operating-system", "bom-ref", inputs->id, "name",
			inputs->name, "version", inputs->id, "tools", "components", "type",
			"application", "name", "sandlot bake", "components", components,
			"dependencies", dependencies);
	if (r < 0 || !*ret_bom)
		return error_set(err, -ENOMEM, "bom", "cannot write " BOM_FILE);
	return 0;
}
