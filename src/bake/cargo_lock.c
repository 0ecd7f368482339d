#include "bake/cargo_lock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The format, version 3 and 4: comment lines, `version = N`, then tables `[[package]]` with the
 * keys name, version, source, checksum and dependencies, the last an array with one text per line.
 */

struct parser {
	const char *file;
	unsigned line_number;
	struct cargo_lock lock;
	int in_dependencies;
	int version_seen;
	struct error *err;
};

static int refuse(const struct parser *parser, const char *why)
{
	return error_set_plain(parser->err, -EINVAL, "lock", "%s:%u: %s", parser->file,
			       parser->line_number, why);
}

static struct cargo_package *current(const struct parser *parser)
{
	return parser->lock.count ? &parser->lock.packages[parser->lock.count - 1] : NULL;
}

static int start_package(struct parser *parser)
{
	struct cargo_lock *lock = &parser->lock;

	if (lock->count >= CARGO_PACKAGES_MAX)
		return refuse(parser, "there are too many packages");
	struct cargo_package *grown =
		realloc(lock->packages, (lock->count + 1) * sizeof(*lock->packages));
	if (!grown)
		return error_set(parser->err, -ENOMEM, "lock", "cannot read %s", parser->file);
	lock->packages = grown;
	lock->packages[lock->count++] = (struct cargo_package){.is_root = 1};
	return 0;
}

/* Takes `"text"` with an optional comma behind; ret: size bytes. */
static int take_text(const struct parser *parser, const char *value, char *ret, size_t size)
{
	size_t len;

	if (*value != '"')
		return refuse(parser, "a text in double quotes is expected");
	value++;
	len = strcspn(value, "\"\\");
	if (value[len] != '"' || (value[len + 1] && strcmp(value + len + 1, ",") != 0))
		return refuse(parser, "a text in double quotes, without escapes, is expected");
	if (len == 0 || len >= size)
		return refuse(parser, "the text is empty or too long");
	memcpy(ret, value, len);
	ret[len] = '\0';
	return 0;
}

/* What becomes part of a file's name holds nothing that could lead elsewhere. */
static int take_name(const struct parser *parser, const char *value, char *ret, const char *allowed)
{
	int r = take_text(parser, value, ret, CARGO_TEXT_SIZE);
	if (r < 0)
		return r;
	if (ret[0] == '.' || ret[0] == '-' || ret[strspn(ret, allowed)] != '\0')
		return refuse(parser, "the name or version has characters that are not allowed");
	return 0;
}

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static int take_dependency(struct parser *parser, const char *value)
{
	struct cargo_package *package = current(parser);
	char text[2 * CARGO_TEXT_SIZE];

	int r = take_text(parser, value, text, sizeof(text));
	if (r < 0)
		return r;
	void *grown =
		realloc(package->dependencies, (package->dependency_count + 1) * sizeof(text));
	if (!grown)
		return error_set(parser->err, -ENOMEM, "lock", "cannot read %s", parser->file);
	package->dependencies = grown;
	memcpy(package->dependencies[package->dependency_count++], text, sizeof(text));
	return 0;
}

static int take_checksum(struct parser *parser, const char *value)
{
	struct cargo_package *package = current(parser);

	int r = take_text(parser, value, package->sha256, sizeof(package->sha256));
	if (r >= 0 && !digest_is_hex(package->sha256))
		r = refuse(parser, "a checksum is 64 lower-case hex digits");
	return r;
}

static int take_key(struct parser *parser, const char *key, const char *value)
{
	struct cargo_package *package = current(parser);
	char source[CARGO_LINE_MAX];

	if (!package && strcmp(key, "version") == 0) {
		if (strcmp(value, "3") != 0 && strcmp(value, "4") != 0)
			return refuse(parser, "only lock versions 3 and 4 are known");
		parser->version_seen = 1;
		return 0;
	}
	if (!package)
		return refuse(parser, "a key outside of [[package]]");
	if (strcmp(key, "name") == 0)
		return take_name(parser, value, package->name, LETTERS "_-");
	if (strcmp(key, "version") == 0)
		return take_name(parser, value, package->version, LETTERS ".+-");
	if (strcmp(key, "checksum") == 0)
		return take_checksum(parser, value);
	if (strcmp(key, "source") == 0) {
		int r = take_text(parser, value, source, sizeof(source));
		package->is_root = 0;
		if (r >= 0 && strncmp(source, "registry+", 9) != 0)
			r = refuse(parser, "only crates from a registry can be checked");
		return r;
	}
	if (strcmp(key, "dependencies") == 0 && strcmp(value, "[") == 0) {
		parser->in_dependencies = 1;
		return 0;
	}
	return refuse(parser, "an unknown key");
}

/* line: NUL-terminated, may be changed. */
static int take_line(struct parser *parser, char *line)
{
	line += strspn(line, " \t");
	if (*line == '\0' || *line == '#')
		return 0;
	if (parser->in_dependencies) {
		if (strcmp(line, "]") != 0)
			return take_dependency(parser, line);
		parser->in_dependencies = 0;
		return 0;
	}
	if (strcmp(line, "[[package]]") == 0)
		return start_package(parser);
	char *equals = strstr(line, " = ");
	if (!equals)
		return refuse(parser, "neither [[package]] nor a key");
	*equals = '\0';
	return take_key(parser, line, equals + 3);
}

static int check_lock(struct parser *parser)
{
	const struct cargo_lock *lock = &parser->lock;
	size_t roots = 0;

	if (!parser->version_seen || parser->in_dependencies)
		return refuse(parser, "the file is not whole");
	for (size_t i = 0; i < lock->count; i++) {
		const struct cargo_package *package = &lock->packages[i];
		roots += (size_t)package->is_root;
		if (!package->name[0] || !package->version[0])
			return refuse(parser, "a package without name or version");
		if (!package->is_root && !package->sha256[0])
			return error_set_plain(parser->err, -EINVAL, "lock",
					       "%s: %s %s has no checksum", parser->file,
					       package->name, package->version);
		for (size_t k = 0; k < i; k++)
			if (strcmp(lock->packages[k].name, package->name) == 0 &&
			    strcmp(lock->packages[k].version, package->version) == 0)
				return error_set_plain(parser->err, -EINVAL, "lock",
						       "%s: %s %s is there twice", parser->file,
						       package->name, package->version);
	}
	if (roots != 1)
		return refuse(parser, "there must be exactly one package without a source");
	return 0;
}

int cargo_lock_parse(const char *text, const char *file, struct cargo_lock *ret_lock,
		     struct error *err)
{
	struct parser parser = {.file = file, .err = err};
	int r = 0;

	for (const char *at = text; *at && r >= 0;) {
		char line[CARGO_LINE_MAX];
		size_t len = strcspn(at, "\n");
		parser.line_number++;
		if (len >= sizeof(line)) {
			r = refuse(&parser, "the line is too long");
			break;
		}
		memcpy(line, at, len);
		line[len > 0 && line[len - 1] == '\r' ? len - 1 : len] = '\0';
		r = take_line(&parser, line);
		at += len + (at[len] == '\n');
	}
	if (r >= 0)
		r = check_lock(&parser);
	if (r < 0) {
		cargo_lock_fini(&parser.lock);
		return r;
	}
	*ret_lock = parser.lock;
	return 0;
}

void cargo_lock_fini(struct cargo_lock *lock)
{
	for (size_t i = 0; i < lock->count; i++)
		free(lock->packages[i].dependencies);
	free(lock->packages);
	*lock = (struct cargo_lock){.packages = NULL};
}

const struct cargo_package *cargo_lock_root(const struct cargo_lock *lock)
{
	for (size_t i = 0; i < lock->count; i++)
		if (lock->packages[i].is_root)
			return &lock->packages[i];
	return NULL;
}

const struct cargo_package *cargo_lock_find(const struct cargo_lock *lock, const char *dependency)
{
	const struct cargo_package *found = NULL;
	size_t name_len = strcspn(dependency, " ");
	const char *version = dependency[name_len] ? dependency + name_len + 1 : NULL;
	size_t version_len = version ? strcspn(version, " ") : 0;

	for (size_t i = 0; i < lock->count; i++) {
		const struct cargo_package *package = &lock->packages[i];
		if (strlen(package->name) != name_len ||
		    memcmp(package->name, dependency, name_len) != 0)
			continue;
		if (version && (strlen(package->version) != version_len ||
				memcmp(package->version, version, version_len) != 0))
			continue;
		if (found)
			return NULL;
		found = package;
	}
	return found;
}
