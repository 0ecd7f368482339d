#include "bake/fetch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bake/tree.h"
#include "base/clock.h"

enum { FETCH_WALL_SEC = 1800 };

int fetch_is_address(const char *text)
{
	static const char *const starts[] = {"/", "http://", "https://", "file:/"};

	for (const char *at = text; *at; at++)
		if (*at <= ' ' || *at >= 0x7f || *at == '"' || *at == '\'')
			return 0;
	if (strstr(text, "/../"))
		return 0;
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (strncmp(text, starts[i], strlen(starts[i])) == 0)
			return 1;
	return 0;
}

/* The path of an address that is a file, or NULL. */
static const char *local_path(const char *address)
{
	if (strncmp(address, "file:", 5) == 0)
		return address + 5 + (strncmp(address + 5, "///", 3) == 0 ? 2 : 0);
	return *address == '/' ? address : NULL;
}

/* Copies a file that somebody else may own: what is looked at afterwards is the copy. No link is
 * followed. */
static int copy(const char *from, uint64_t bytes_max, const char *to, struct error *err)
{
	struct stat st;

	if (lstat(from, &st) < 0 || !S_ISREG(st.st_mode))
		return error_set_plain(err, -ENOENT, "fetch", "there is no file %s", from);
	if ((uint64_t)st.st_size > bytes_max)
		return error_set_plain(err, -EFBIG, "fetch", "%s is larger than is allowed", from);
	return tree_copy_file(from, to, 0644, NULL, err);
}

/* In a folder of its own, which the downloader owns. */
static int download(struct bake *bake, const char *address, const struct child_jail *jail,
		    const char *to, struct error *err)
{
	struct path target, got;
	__attribute__((cleanup(child_result_fini))) struct child_result result = {.exit_code = 0};

	int r = path_format(&target, err, "%s/file", jail->at);
	if (r >= 0)
		r = path_format(&got, err, "%s/file", jail->folder);
	if (r < 0)
		return r;
	const char *const argv[] = {"/usr/lib/apt/apt-helper", "download-file", address,
				    target.text, NULL};
	const struct child_spec spec = {.argv = argv,
					.jail = jail,
					.keep_fd = -EBADF,
					.wall_usec = FETCH_WALL_SEC * USEC_PER_SEC};
	r = bake_try(bake, &spec, &result, err);
	if (r < 0)
		return r;
	if (result.exit_code != 0)
		return error_set_plain(err, -ENOENT, "fetch", "cannot get %s%s", address,
				       strstr(result.tail, " 404 ") ? ": there is no such file"
								    : "");
	return copy(got.text, jail->file_bytes_max, to, err);
}

/* A file of the machine's; it may be a link. */
static int copy_local(const char *path, uint64_t bytes_max, const char *to, struct error *err)
{
	struct path real;

	if (!realpath(path, real.text))
		return error_set(err, -ENOENT, "fetch", "cannot get %s", path);
	return copy(real.text, bytes_max, to, err);
}

int fetch_file(struct bake *bake, const char *address, const char *name, uint64_t bytes_max,
	       const char *to, struct error *err)
{
	struct path whole, folder = {.text = ""}, at;

	int r = path_format(&whole, err, "%s/%s", address, name);
	if (r < 0)
		return r;
	if (local_path(whole.text))
		return copy_local(local_path(whole.text), bytes_max, to, err);
	r = path_format(&at, err, "/tmp/sandlot-fetch-XXXXXX");
	if (r >= 0 && !mkdtemp(at.text))
		r = error_set(err, -errno, "fetch", "cannot make a folder in /tmp");
	if (r < 0)
		return r;
	const struct child_jail jail = {
		.folder = folder.text, .at = at.text, .file_bytes_max = bytes_max};
	r = cache_begin(&bake->cache, &folder, err);
	if (r >= 0)
		r = download(bake, whole.text, &jail, to, err);
	cache_abandon(folder.text);
	rmdir(at.text);
	return r;
}

static int find_by_sum(struct bake *bake, const char *address, const char *name, const char *sha256,
		       uint64_t bytes_max, struct path *ret_path, struct error *err)
{
	char hex[DIGEST_HEX_SIZE] = "";
	struct path temporary;

	int r = path_format(ret_path, err, "%s/files/%s", bake->cache.folder.text, sha256);
	if (r >= 0 && path_exists(ret_path->text))
		r = digest_file(ret_path->text, hex, NULL, err);
	if (r < 0 || strcmp(hex, sha256) == 0)
		return r;
	if (!address)
		return error_set_plain(err, -ENOENT, "fetch",
				       "%s is not there, and no address is configured for it",
				       name);
	r = path_format(&temporary, err, "%s/tmp/file", bake->cache.folder.text);
	if (r >= 0)
		unlink(temporary.text);
	if (r >= 0)
		r = fetch_file(bake, address, name, bytes_max, temporary.text, err);
	if (r >= 0)
		r = digest_file(temporary.text, hex, NULL, err);
	if (r >= 0 && strcmp(hex, sha256) != 0)
		r = error_set_plain(err, -EBADMSG, "fetch",
				    "%s/%s has the sha256 %.16s…, not %.16s… as named", address,
				    name, hex, sha256);
	if (r >= 0 && rename(temporary.text, ret_path->text) < 0)
		r = error_set(err, -errno, "fetch", "cannot keep %s", ret_path->text);
	return r;
}

int fetch_by_sum(struct bake *bake, const char *address, const char *name, const char *sha256,
		 uint64_t bytes_max, struct path *ret_path, struct error *err)
{
	int r = find_by_sum(bake, address, name, sha256, bytes_max, ret_path, err);
	return r < 0 ? r : parts_add(&bake->parts, bake->cache.folder.text, ret_path->text, err);
}
