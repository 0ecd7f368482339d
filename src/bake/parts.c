#include "bake/parts.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "bake/path.h"
#include "base/fd.h"

enum { PARTS_MAX = 1 << 20 };

int parts_add(struct parts *parts, const char *cache, const char *path, struct error *err)
{
	size_t used = parts->text ? strlen(parts->text) : 0, top = strlen(cache);

	assert(strncmp(path, cache, top) == 0 && path[top] == '/');
	size_t len = strlen(path + top + 1);
	char *grown = realloc(parts->text, used + len + 2);
	if (!grown)
		return error_set(err, -ENOMEM, "parts", "cannot note what the image is made from");
	memcpy(grown + used, path + top + 1, len);
	grown[used + len] = '\n';
	grown[used + len + 1] = '\0';
	parts->text = grown;
	return 0;
}

int parts_write(const struct parts *parts, const char *image, struct error *err)
{
	const char *text = parts->text ? parts->text : "";
	struct path path;

	int r = path_format(&path, err, "%s/" PARTS_FILE, image);
	return r < 0 ? r : path_write_file(path.text, 0644, text, strlen(text), err);
}

const char *parts_next(const struct parts *parts, const char *at, int *ret_len)
{
	const char *line = at ? strchr(at, '\n') + 1 : parts->text;

	if (!line || !*line)
		return NULL;
	*ret_len = (int)(strchr(line, '\n') - line);
	return line;
}

/* Every line ends with a newline and is a path below the cache. */
static int check(const char *text, size_t len, const char *file, struct error *err)
{
	struct parts parts = {.text = (char *)text};
	struct path path;
	int part;

	if (strlen(text) != len || (len > 0 && text[len - 1] != '\n'))
		return error_set_plain(err, -EINVAL, "parts", "%s does not end with a line", file);
	for (const char *line = NULL; (line = parts_next(&parts, line, &part));)
		if (path_format(&path, NULL, "%.*s", part, line) < 0 || !path_is_below(path.text))
			return error_set_plain(err, -EINVAL, "parts",
					       "%s: \"%.*s\" is no path below the cache", file,
					       part > 80 ? 80 : part, line);
	return 0;
}

int parts_read(const char *image, struct parts *ret_parts, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	struct path path;
	size_t len;

	int r = path_format(&path, err, "%s/" PARTS_FILE, image);
	if (r < 0)
		return r;
	_cleanup_fd_ int fd = open(path.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	r = fd < 0 ? -errno : fd_read_all(fd, PARTS_MAX, &text, &len);
	if (r < 0)
		return error_set(err, r, "parts", "cannot read %s", path.text);
	r = check(text, len, path.text, err);
	if (r >= 0)
		ret_parts->text = TAKE_PTR(text);
	return r;
}

void parts_fini(struct parts *parts)
{
	free(parts->text);
	*parts = (struct parts){.text = NULL};
}
