#include "store/uses.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/fd.h"

static int add_link(void *owner, const char *root, const char *link, struct error *err)
{
	struct uses *uses = owner;
	struct uses_link *grown = reallocarray(uses->links, uses->count + 1, sizeof(*uses->links));
	if (!grown)
		return error_set(err, -ENOMEM, "uses", "cannot list the links");
	uses->links = grown;

	struct uses_link *added = &grown[uses->count];
	int r = path_format(&added->root, err, "%s", root);
	if (r >= 0)
		r = path_format(&added->link, err, "%s", link);
	if (r >= 0)
		r = link_read(link, &added->state, err);
	if (r >= 0)
		uses->count++;
	return r;
}

int uses_read(struct uses *uses, const struct store *store, const char *link, struct error *err)
{
	struct path path;

	*uses = (struct uses){.links = NULL};
	int r = link_each(store->folder.text, add_link, uses, err);
	if (r < 0 || !link || link_path(link, &path, NULL) < 0)
		return r;
	for (size_t i = 0; i < uses->count; i++)
		if (strcmp(uses->links[i].link.text, path.text) == 0)
			return 0;
	/* Nobody's own: the default link may be somewhere this user may not look. */
	r = add_link(uses, "", path.text, err);
	return r == -EACCES ? 0 : r;
}

void uses_fini(struct uses *uses)
{
	free(uses->links);
	*uses = (struct uses){.links = NULL};
}

unsigned uses_of_links(const struct uses *uses, const struct path *image, const char **ret_link)
{
	const char *current = NULL, *previous = NULL;

	for (size_t i = 0; i < uses->count; i++) {
		const struct uses_link *link = &uses->links[i];
		if (strcmp(link->state.current.text, image->text) == 0)
			current = link->link.text;
		if (strcmp(link->state.previous.text, image->text) == 0)
			previous = link->link.text;
	}
	if (ret_link)
		*ret_link = current ? current : previous;
	return (current ? USE_CURRENT : 0u) | (previous ? USE_PREVIOUS : 0u);
}

/* proc(5): "1: FLOCK  ADVISORY  READ 4242 fd:01:1234 0 EOF". */
int uses_is_held(const struct path *image)
{
	_cleanup_free_ char *line = NULL;
	char wanted[64];
	size_t room = 0;
	struct stat st;
	int found = 0;

	FILE *locks = stat(image->text, &st) < 0 ? NULL : fopen("/proc/locks", "re");
	if (!locks)
		return 0;
	snprintf(wanted, sizeof(wanted), " %02x:%02x:%llu ", major(st.st_dev), minor(st.st_dev),
		 (unsigned long long)st.st_ino);
	while (!found && getline(&line, &room, locks) > 0)
		found = strstr(line, " FLOCK ") && strstr(line, wanted);
	fclose(locks);
	return found;
}

/* Returns the fd, -EWOULDBLOCK when it is locked otherwise, or another negative errno. */
static int lock_folder(const struct path *image, int how, struct error *err)
{
	_cleanup_fd_ int fd = open(image->text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_set(err, -errno, "uses", "cannot open %s", image->text);
	if (flock(fd, how | LOCK_NB) == 0)
		return TAKE_FD(fd);
	if (errno == EWOULDBLOCK)
		return -EWOULDBLOCK;
	return error_set(err, -errno, "uses", "cannot lock %s", image->text);
}

int uses_claim(const struct path *image, struct error *err)
{
	int fd = lock_folder(image, LOCK_EX, err);

	if (fd != -EWOULDBLOCK)
		return fd;
	return error_set_plain(err, -EBUSY, "uses", "a running server, or another command, uses %s",
			       image->text);
}

int uses_hold(const struct path *image, struct error *err)
{
	int fd = lock_folder(image, LOCK_SH, err);

	if (fd != -EWOULDBLOCK)
		return fd;
	return error_set_plain(err, -EBUSY, "uses", "%s is being removed", image->text);
}

void uses_say(unsigned use, char *ret_text, size_t size)
{
	static const struct {
		enum use use;
		const char *text;
	} names[] = {{USE_SERVED, "served"}, {USE_CURRENT, "in use"}, {USE_PREVIOUS, "previous"}};
	size_t used = 0;

	ret_text[0] = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && used < size; i++)
		if (use & names[i].use)
			used += (size_t)snprintf(ret_text + used, size - used, "%s%s",
						 used ? ", " : "", names[i].text);
}
