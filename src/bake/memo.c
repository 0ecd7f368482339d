#include "bake/memo.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"

static int memo_path(const struct bake *bake, const char *kind, const char *key,
		     struct path *ret_path, struct error *err)
{
	return path_format(ret_path, err, "%s/memo/%s-%s", bake->cache.folder.text, kind, key);
}

int memo_read(struct bake *bake, const char *kind, const char *key, char ret_text[MEMO_TEXT_SIZE])
{
	struct path path;

	if (memo_path(bake, kind, key, &path, NULL) < 0)
		return 0;
	_cleanup_fd_ int fd = open(path.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return 0;
	ssize_t n = read(fd, ret_text, MEMO_TEXT_SIZE - 1);
	if (n <= 0)
		return 0;
	ret_text[n] = '\0';
	for (const char *at = ret_text; *at; at++)
		if (*at < ' ' || *at == 0x7f)
			return 0;
	return parts_add(&bake->parts, bake->cache.folder.text, path.text, NULL) >= 0;
}

int memo_write(struct bake *bake, const char *kind, const char *key, const char *text,
	       struct error *err)
{
	struct path path;

	int r = memo_path(bake, kind, key, &path, err);
	if (r >= 0)
		r = path_write_file(path.text, 0644, text, strlen(text), err);
	return r < 0 ? r : parts_add(&bake->parts, bake->cache.folder.text, path.text, err);
}
