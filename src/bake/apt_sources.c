#include "bake/apt_sources.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bake/path.h"
#include "bake/template.h"
#include "base/fd.h"

enum { SOURCES_FILE_MAX = 1 << 20, WORD_SIZE = 1024, SOURCES_FILES_MAX = 256 };

/* One entry, whichever way it was written. */
struct apt_entry {
	char types[WORD_SIZE], uris[WORD_SIZE], suites[WORD_SIZE], components[WORD_SIZE];
	char signed_by[WORD_SIZE];
	int disabled;
};

/* Cuts the next word out of *at. Returns its length, 0 at the end. */
static size_t next_word(const char **at, const char **ret_word)
{
	*at += strspn(*at, " \t\n");
	size_t len = strcspn(*at, " \t\n");
	*ret_word = *at;
	*at += len;
	return len;
}

static int has_word(const char *words, const char *wanted)
{
	const char *word;
	size_t len;

	while ((len = next_word(&words, &word)) > 0)
		if (len == strlen(wanted) && memcmp(word, wanted, len) == 0)
			return 1;
	return 0;
}

/* An entry that trusts some other key is not Debian's; one without a key trusts all of apt's. */
static int is_debians(const struct apt_entry *entry)
{
	return entry->signed_by[0] == '\0' || strstr(entry->signed_by, "debian-archive") != NULL;
}

static int append(char **text, const char *more)
{
	size_t used = *text ? strlen(*text) : 0;
	char *grown = realloc(*text, used + strlen(more) + 1);
	if (!grown)
		return -ENOMEM;
	memcpy(grown + used, more, strlen(more) + 1);
	*text = grown;
	return 0;
}

static int emit(const struct apt_entry *entry, const struct apt_wanted *wanted, char **text,
		struct error *err)
{
	char suites[WORD_SIZE] = "", stanza[4 * WORD_SIZE];
	size_t i, used = 0;
	json_t *suite;

	if (entry->disabled || !has_word(entry->types, "deb") ||
	    !has_word(entry->components, "main") || !is_debians(entry))
		return 0;
	json_array_foreach (wanted->suites, i, suite)
		if (has_word(entry->suites, json_string_value(suite)) && used < sizeof(suites))
			used += (size_t)snprintf(suites + used, sizeof(suites) - used, " %s",
						 json_string_value(suite));
	if (used == 0 || used >= sizeof(suites))
		return 0;
	int n = snprintf(stanza, sizeof(stanza),
			 "Types: deb\nURIs: %s\nSuites:%s\nComponents: main\nSigned-By: %s\n\n",
			 entry->uris, suites, wanted->keyring);
	if (n < 0 || (size_t)n >= sizeof(stanza))
		return 0;
	if (append(text, stanza) < 0)
		return error_set(err, -ENOMEM, "sources", "cannot read the apt sources");
	return 0;
}

static void set_field(char *field, const char *value, size_t len)
{
	size_t used = strlen(field);

	if (used + len + 2 > WORD_SIZE)
		return; /* absurdly long: what is missing is then not selected */
	if (used > 0)
		field[used++] = ' ';
	memcpy(field + used, value, len);
	field[used + len] = '\0';
}

static char *find_field(struct apt_entry *entry, const char *line, size_t name_len)
{
	const struct {
		const char *name;
		char *field;
	} fields[] = {{"Types", entry->types},
		      {"URIs", entry->uris},
		      {"Suites", entry->suites},
		      {"Components", entry->components},
		      {"Signed-By", entry->signed_by}};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (strlen(fields[i].name) == name_len &&
		    strncasecmp(fields[i].name, line, name_len) == 0)
			return fields[i].field;
	return NULL;
}

static int select_deb822(const char *file_text, const struct apt_wanted *wanted, char **text,
			 struct error *err)
{
	struct apt_entry entry = {.disabled = 0};
	char *field = NULL;

	for (const char *line = file_text; *line;) {
		size_t len = strcspn(line, "\n");
		const char *next = line + len + (line[len] == '\n');
		if (strspn(line, " \t\r") >= len) {
			int r = emit(&entry, wanted, text, err);
			if (r < 0)
				return r;
			entry = (struct apt_entry){.disabled = 0};
			field = NULL;
		} else if (*line == ' ' || *line == '\t') {
			if (field)
				set_field(field, line, len);
		} else if (*line != '#') {
			size_t name = strcspn(line, ":\n");
			size_t skip = name < len ? name + 1 : len;
			skip += strspn(line + skip, " \t");
			field = find_field(&entry, line, name);
			if (field)
				set_field(field, line + skip, len > skip ? len - skip : 0);
			else if (name == 7 && strncasecmp(line, "Enabled", 7) == 0)
				entry.disabled = strncasecmp(line + skip, "no", 2) == 0;
		}
		line = next;
	}
	return emit(&entry, wanted, text, err);
}

/* "deb [signed-by=… arch=…] URI SUITE COMPONENT…" */
static void parse_line(const char *line, struct apt_entry *entry)
{
	const char *word;
	size_t len = next_word(&line, &word);

	set_field(entry->types, word, len);
	line += strspn(line, " \t");
	if (*line == '[') {
		size_t options = strcspn(line, "]");
		const char *key = strstr(line, "signed-by=");
		if (key && key < line + options)
			set_field(entry->signed_by, key + 10, strcspn(key + 10, " \t]"));
		line += options + (line[options] == ']');
	}
	len = next_word(&line, &word);
	set_field(entry->uris, word, len);
	len = next_word(&line, &word);
	set_field(entry->suites, word, len);
	while ((len = next_word(&line, &word)) > 0)
		set_field(entry->components, word, len);
}

static int select_lines(const char *file_text, const struct apt_wanted *wanted, char **text,
			struct error *err)
{
	for (const char *line = file_text; *line;) {
		char copy[WORD_SIZE];
		struct apt_entry entry = {.disabled = 0};
		size_t len = strcspn(line, "\n"), used = strcspn(line, "#\n");
		if (used < sizeof(copy)) {
			memcpy(copy, line, used);
			copy[used] = '\0';
			parse_line(copy, &entry);
			int r = emit(&entry, wanted, text, err);
			if (r < 0)
				return r;
		}
		line += len + (line[len] == '\n');
	}
	return 0;
}

int apt_sources_select(const char *file_text, int deb822, const struct apt_wanted *wanted,
		       char **text, struct error *err)
{
	return deb822 ? select_deb822(file_text, wanted, text, err)
		      : select_lines(file_text, wanted, text, err);
}

int apt_sources_add_snapshot(const char *address, const json_t *suites, const char *keyring,
			     char **text, struct error *err)
{
	_cleanup_free_ char *head = NULL, *tail = NULL;
	size_t i;
	json_t *suite;
	int r = asprintf(&head, "Types: deb\nURIs: %s\nSuites:", address) < 0 ||
				asprintf(&tail,
					 "\nComponents: main\nSigned-By: %s\n"
					 "Check-Valid-Until: no\n\n",
					 keyring) < 0
			? -ENOMEM
			: append(text, head);

	json_array_foreach (suites, i, suite) {
		if (r >= 0)
			r = append(text, " ");
		if (r >= 0)
			r = append(text, json_string_value(suite));
	}
	if (r >= 0)
		r = append(text, tail);
	return r < 0 ? error_set(err, -ENOMEM, "sources", "cannot name a snapshot") : 0;
}

/* A file that cannot be read is left out: what is missing then is told by the end result. */
static int select_file(const char *path, const struct apt_wanted *wanted, char **text,
		       struct error *err)
{
	size_t len = strlen(path);
	int deb822 = len > 8 && strcmp(path + len - 8, ".sources") == 0;
	_cleanup_free_ char *file_text = NULL;

	if (!deb822 && !(len > 5 && strcmp(path + len - 5, ".list") == 0))
		return 0;
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fd_read_all(fd, SOURCES_FILE_MAX, &file_text, NULL) < 0)
		return 0;
	return apt_sources_select(file_text, deb822, wanted, text, err);
}

static int select_folder(const char *folder, const struct apt_wanted *wanted, char **text,
			 struct error *err)
{
	struct dirent **entries = NULL;
	int count = scandir(folder, &entries, NULL, alphasort), r = 0;

	for (int i = 0; i < count; i++) {
		struct path path;
		if (r >= 0 && i < SOURCES_FILES_MAX)
			r = path_format(&path, err, "%s/%s", folder, entries[i]->d_name);
		if (r >= 0 && i < SOURCES_FILES_MAX)
			r = select_file(path.text, wanted, text, err);
		free(entries[i]);
	}
	free(entries);
	return r;
}

int apt_sources_read(const struct apt_wanted *wanted, char **ret_text, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	const char *first = json_string_value(json_array_get(wanted->suites, 0));

	int r = select_file(wanted->file ? wanted->file : "/etc/apt/sources.list", wanted, &text,
			    err);
	if (r >= 0 && !wanted->file)
		r = select_folder("/etc/apt/sources.list.d", wanted, &text, err);
	if (r < 0)
		return r;
	for (const char *at = text; at && (at = strstr(at, "Suites:")); at++) {
		char line[WORD_SIZE];
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
		if (has_word(line, first)) {
			*ret_text = TAKE_PTR(text);
			return 0;
		}
	}
	return error_set_plain(
		err, -ENOENT, "sources",
		"no Debian source for the suite %s, component main, signed by Debian's "
		"archive key, is in %s",
		first,
		wanted->file ? wanted->file : "/etc/apt/sources.list or /etc/apt/sources.list.d");
}

int apt_options_select(const char *dump, char **ret_text, struct error *err)
{
	static const char *const wanted[] = {
		"Acquire::http::",	"Acquire::https::",	   "Acquire::Check-Valid-Until ",
		"Acquire::Check-Date ", "Acquire::Retries ",	   "Acquire::ForceIPv4 ",
		"Acquire::ForceIPv6 ",	"Acquire::Max-ValidTime ",
	};
	_cleanup_free_ char *text = NULL;
	int r = append(&text, "");

	for (const char *line = dump; *line && r >= 0;) {
		size_t len = strcspn(line, "\n");
		for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]) && r >= 0; i++) {
			if (strncmp(line, wanted[i], strlen(wanted[i])) != 0)
				continue;
			_cleanup_free_ char *copy = strndup(line, len);
			r = copy ? append(&text, copy) : -ENOMEM;
			if (r >= 0)
				r = append(&text, "\n");
		}
		line += len + (line[len] == '\n');
	}
	if (r < 0)
		return error_set(err, r, "sources", "cannot read apt's options");
	*ret_text = TAKE_PTR(text);
	return 0;
}
