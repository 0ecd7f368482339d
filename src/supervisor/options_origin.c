#include "supervisor/options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int options_add_origin(const char *text, char *list, struct error *err)
{
	static const char host_characters[] = "abcdefghijklmnopqrstuvwxyz0123456789.-:[]";
	size_t room = sizeof(((struct options *)NULL)->allowed_origins), used = strlen(list);
	const char *host = strstr(text, "://");
	int is_web = strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0;
	int good = is_web && host[3] && host[3 + strspn(host + 3, host_characters)] == '\0';

	if (strcmp(text, "*") != 0 && !good)
		return error_set_plain(err, -EINVAL, "options",
				       "--allow-origin takes * or an origin as browsers write it, "
				       "such as https://book.example or http://127.0.0.1:3000, "
				       "without a path, not \"%.60s\"",
				       text);
	/* Any is any, whatever else is named. */
	if (strcmp(text, "*") == 0 || strcmp(list, "*") == 0) {
		memcpy(list, "*", sizeof("*"));
		return 0;
	}
	if (used + 1 + strlen(text) >= room)
		return error_set_plain(err, -EINVAL, "options",
				       "--allow-origin: all origins together take at most %zu "
				       "characters",
				       room - 1);
	snprintf(list + used, room - used, "%s%s", used ? " " : "", text);
	return 0;
}
