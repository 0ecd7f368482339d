#include "bake/apt_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bake/packages.h"
#include "base/fd.h"
#include "image/digest.h"

enum { VALUE_SIZE = 256 };

/* The line's n-th word, from 0. Returns its length, 0 when there are fewer. */
static size_t word_of(const char *line, size_t len, unsigned n, const char **ret_word)
{
	size_t at = 0;

	for (;; n--) {
		at += strspn(line + at, " ");
		size_t word = at < len ? strcspn(line + at, " \n") : 0;
		if (n == 0 || word == 0) {
			*ret_word = line + at;
			return word;
		}
		at += word;
	}
}

static int copy_word(const char *line, size_t len, unsigned n, char ret_word[VALUE_SIZE])
{
	const char *word;
	size_t used = word_of(line, len, n, &word);

	if (used == 0 || used >= VALUE_SIZE)
		return -EINVAL;
	memcpy(ret_word, word, used);
	ret_word[used] = '\0';
	return 0;
}

static int add_uri(json_t *list, const char *line, size_t len)
{
	static const char kind[] = "SHA256:";
	char file[VALUE_SIZE], sum[VALUE_SIZE];

	if (copy_word(line, len, 1, file) < 0 || copy_word(line, len, 3, sum) < 0 ||
	    strncmp(sum, kind, strlen(kind)) != 0 || !digest_is_hex(sum + strlen(kind)))
		return -EINVAL;
	json_auto_t *package = packages_parse_name(file);
	if (!package)
		return -EINVAL;
	if (json_object_set_new(package, "sha256", json_string(sum + strlen(kind))) < 0)
		return -ENOMEM;
	return packages_add(list, package);
}

int apt_text_uris(const char *text, json_t **ret_list, struct error *err)
{
	json_auto_t *list = json_array();
	if (!list)
		return error_set(err, -ENOMEM, "apt", "cannot read apt's list");
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");
		int r = *line == '\'' ? add_uri(list, line, len) : 0;
		if (r == -ENOMEM)
			return error_set(err, r, "apt", "cannot read apt's list");
		if (r < 0)
			return error_set_plain(err, -EINVAL, "apt",
					       "apt-get names a package in a way that is not "
					       "understood: %.*s",
					       (int)(len > 120 ? 120 : len), line);
		line += len + (line[len] == '\n');
	}
	*ret_list = json_incref(list);
	return 0;
}

/* The fields of a stanza that count, in the order of names. */
struct stanza {
	char values[4][VALUE_SIZE];
};

static void stanza_line(struct stanza *stanza, const char *line, size_t len)
{
	static const char *const names[] = {"Package: ", "Version: ", "Architecture: ", "SHA256: "};

	for (size_t i = 0; i < 4; i++) {
		size_t name = strlen(names[i]);
		if (len > name && len - name < VALUE_SIZE && strncmp(line, names[i], name) == 0) {
			memcpy(stanza->values[i], line + name, len - name);
			stanza->values[i][len - name] = '\0';
		}
	}
}

static int stanza_end(struct stanza *stanza, json_t *array)
{
	int r = 0;

	if (packages_is_name(stanza->values[0]) && stanza->values[1][0] && stanza->values[2][0] &&
	    digest_is_hex(stanza->values[3]))
		r = json_array_append_new(
			array, json_pack("{s:s, s:s, s:s, s:s}", "name", stanza->values[0],
					 "version", stanza->values[1], "architecture",
					 stanza->values[2], "sha256", stanza->values[3]));
	*stanza = (struct stanza){.values = {""}};
	return r;
}

int apt_text_show(const char *text, json_t **ret_array, struct error *err)
{
	struct stanza stanza = {.values = {""}};
	json_auto_t *array = json_array();
	int r = array ? 0 : -1;

	for (const char *line = text; *line && r == 0;) {
		size_t len = strcspn(line, "\n");
		if (len == 0)
			r = stanza_end(&stanza, array);
		else
			stanza_line(&stanza, line, len);
		line += len + (line[len] == '\n');
	}
	if (r == 0)
		r = stanza_end(&stanza, array);
	if (r < 0)
		return error_set(err, -ENOMEM, "apt", "cannot read apt's packages");
	*ret_array = json_incref(array);
	return 0;
}

/*
 * apt.conf(5). APT_CONFIG is read first, so that the machine's own files, which would be read after
 * it, can be put out of the way.
 */
int apt_text_config(const char *folder, const char *architecture, const char *more, char **ret_text,
		    struct error *err)
{
	static const char form[] = "Dir \"%s/\";\n"
				   "Dir::State \"state\";\n"
				   "Dir::State::status \"status\";\n"
				   "Dir::Cache \"cache\";\n"
				   "Dir::Cache::pkgcache \"\";\n"
				   "Dir::Cache::srcpkgcache \"\";\n"
				   "Dir::Etc \"etc\";\n"
				   "Dir::Etc::sourcelist \"/dev/null\";\n"
				   "Dir::Etc::sourceparts \"sources.d\";\n"
				   "Dir::Etc::main \"/dev/null\";\n"
				   "Dir::Etc::parts \"/dev/null\";\n"
				   "Dir::Etc::preferences \"/dev/null\";\n"
				   "Dir::Etc::preferencesparts \"/dev/null\";\n"
				   "Dir::Etc::trusted \"/dev/null\";\n"
				   "Dir::Etc::trustedparts \"/dev/null\";\n"
				   "Dir::Log \"/dev/null\";\n"
				   "APT::Architecture \"%s\";\n"
				   "APT::Architectures { \"%s\"; };\n"
				   "APT::Install-Recommends \"false\";\n"
				   "Acquire::Languages \"none\";\n"
				   "Acquire::ForceHash \"SHA256\";\n"
				   "%s";

	if (asprintf(ret_text, form, folder, architecture, architecture, more) < 0)
		return error_set(err, -ENOMEM, "apt", "cannot configure apt");
	return 0;
}
