#include "store/change.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store/server.h"

/* The image's short id when the folder is called by one, else the folder. */
static void name_folder(const char *folder, char *ret_text, size_t size)
{
	const char *base = strrchr(folder, '/');

	if (base && digest_is_hex(base + 1))
		snprintf(ret_text, size, "%.*s", STORE_ID_SHORT, base + 1);
	else
		snprintf(ret_text, size, "%s", folder);
}

int change_announce(const char *link, const struct store_image *image, const char *before,
		    struct error *err)
{
	char id[PATH_MAX], old[PATH_MAX];
	pid_t pid = 0;

	name_folder(image->folder.text, id, sizeof(id));
	printf("%s is now %s %s", link, *image->name ? image->name : "?", id);
	if (before && *before) {
		name_folder(before, old, sizeof(old));
		printf(" (before: %s)", old);
	}
	putchar('\n');
	fflush(stdout);
	int r = server_tell(link, &pid, err);
	if (r < 0)
		return r;
	if (r == 1)
		printf("the server (pid %d) was told; it verifies the image and then takes it: its "
		       "log says how that went\n",
		       pid);
	else if (r > 1)
		printf("%d servers were told; each verifies the image and then takes it: their "
		       "logs say how that went\n",
		       r);
	else
		puts("no server runs on this link; the next one to start takes it");
	return 0;
}
