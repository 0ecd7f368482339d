#include "front/piston_runtime.h"

#include <errno.h>
#include <string.h>

static struct semver version_or_zero(const char *text)
{
	struct semver version;

	if (!text || semver_coerce(text, &version) < 0)
		version = (struct semver){.pre = ""};
	return version;
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* Adds a language's runtimes. Returns the new count. */
static size_t add_language(const json_t *language, struct piston_runtime *runtimes, size_t count)
{
	const json_t *channels = json_object_get(language, "channels");
	const char *name;
	json_t *channel;

	if (json_object_size(channels) == 0) {
		struct semver version = version_or_zero(text_of(language, "version"));
		/* What a distribution appends to a release does not make it a pre-release. */
		version.pre[0] = '\0';
		if (count < PISTON_RUNTIMES_MAX)
			runtimes[count++] = (struct piston_runtime){language, NULL, version};
		return count;
	}
	/* jansson's walk takes a non-const object but changes nothing. */
	json_object_foreach ((json_t *)(uintptr_t)channels, name, channel) {
		const json_t *rustc = json_object_get(channel, "rustc");
		if (count < PISTON_RUNTIMES_MAX)
			runtimes[count++] = (struct piston_runtime){
				language, name, version_or_zero(text_of(rustc, "version"))};
	}
	return count;
}

size_t piston_runtimes(const struct manifest *manifest,
		       struct piston_runtime ret_runtimes[PISTON_RUNTIMES_MAX])
{
	const json_t *language;
	size_t count = 0, i;

	json_array_foreach (json_object_get(manifest_json(manifest), "languages"), i, language)
		count = add_language(language, ret_runtimes, count);
	return count;
}

int piston_runtime_find(const struct manifest *manifest, const char *language, const char *range,
			struct piston_runtime *ret_runtime, struct error *err)
{
	const json_t *wanted = manifest_language(manifest, language);
	struct piston_runtime runtimes[PISTON_RUNTIMES_MAX];
	size_t count = wanted ? add_language(wanted, runtimes, 0) : 0;
	const struct piston_runtime *best = NULL;

	for (size_t i = 0; i < count; i++) {
		int r = semver_in_range(&runtimes[i].version, range);
		if (r < 0)
			return error_set_plain(err, r, "piston",
					       "version \"%.40s\" is not a version or a range of "
					       "versions, such as *, 1.2.3 or ^1.2",
					       range);
		if (r > 0 && (!best || semver_compare(&runtimes[i].version, &best->version) > 0))
			best = &runtimes[i];
	}
	if (!best)
		return error_set_plain(err, -EINVAL, "piston", "%.40s-%.40s runtime is unknown",
				       language, range);
	*ret_runtime = *best;
	return 0;
}
