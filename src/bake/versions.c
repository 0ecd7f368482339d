#include "bake/versions.h"

#include <stdlib.h>
#include <string.h>

#include "base/fd.h"

char *versions_find(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	for (const char *line = text; *line;) {
		size_t end = strcspn(line, "\n");
		if (end >= len && strncmp(line, prefix, len) == 0) {
			size_t word = strcspn(line + len, " \t\r\n");
			return word > 0 ? strndup(line + len, word) : NULL;
		}
		line += end + (line[end] == '\n');
	}
	return NULL;
}

json_t *versions_rustc(const char *text)
{
	_cleanup_free_ char *version = versions_find(text, "release: ");
	_cleanup_free_ char *hash = versions_find(text, "commit-hash: ");
	_cleanup_free_ char *date = versions_find(text, "commit-date: ");

	if (!version)
		return NULL;
	return json_pack("{s:s, s:s, s:s}", "version", version, "hash", hash ? hash : "", "date",
			 date ? date : "");
}

json_t *versions_tool(const char *text)
{
	const char *space = strchr(text, ' ');
	const char *open = strchr(text, '(');
	_cleanup_free_ char *version = space ? versions_find(space + 1, "") : NULL;
	_cleanup_free_ char *hash = NULL, *date = NULL;

	if (!version)
		return NULL;
	if (open) {
		size_t hash_len = strcspn(open + 1, " )\n");
		const char *after = open + 1 + hash_len;
		after += strspn(after, " ");
		hash = strndup(open + 1, hash_len);
		date = strndup(after, strcspn(after, " )\n"));
	}
	return json_pack("{s:s, s:s, s:s}", "version", version, "hash", hash ? hash : "", "date",
			 date ? date : "");
}
