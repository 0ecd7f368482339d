#include "front/web_root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/dir.h"
#include "base/fd.h"
#include "base/log.h"
#include "front/sha256.h"

enum { PATH_SIZE = 512, ETAG_BYTES = 16 };

const char *web_root_type(const char *name)
{
	static const char *const types[][2] = {
		{"html", "text/html; charset=utf-8"},
		{"js", "text/javascript; charset=utf-8"},
		{"mjs", "text/javascript; charset=utf-8"},
		{"css", "text/css; charset=utf-8"},
		{"json", "application/json"},
		{"map", "application/json"},
		{"webmanifest", "application/manifest+json"},
		{"txt", "text/plain; charset=utf-8"},
		{"xml", "application/xml"},
		{"svg", "image/svg+xml"},
		{"png", "image/png"},
		{"jpg", "image/jpeg"},
		{"jpeg", "image/jpeg"},
		{"gif", "image/gif"},
		{"webp", "image/webp"},
		{"ico", "image/x-icon"},
		{"woff", "font/woff"},
		{"woff2", "font/woff2"},
		{"ttf", "font/ttf"},
		{"wasm", "application/wasm"},
	};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcasecmp(dot + 1, types[i][0]) == 0)
			return types[i][1];
	return "application/octet-stream";
}

static void asset_fini(struct web_asset *asset)
{
	free((char *)(uintptr_t)asset->path);
	free((char *)(uintptr_t)asset->etag);
	free((unsigned char *)(uintptr_t)asset->plain);
}

void web_root_fini(struct web_root *root)
{
	for (size_t i = 0; i < root->count; i++)
		asset_fini(&root->assets[i]);
	free(root->assets);
	*root = (struct web_root){0};
}

static char *etag_make(const void *data, size_t len)
{
	uint8_t hash[SHA256_BYTES];
	char *etag = malloc(2 * ETAG_BYTES + 3);

	if (!etag)
		return NULL;
	sha256_of(data, len, hash);
	etag[0] = '"';
	for (int i = 0; i < ETAG_BYTES; i++)
		snprintf(etag + 1 + 2 * i, 3, "%02x", hash[i]);
	etag[1 + 2 * ETAG_BYTES] = '"';
	etag[2 + 2 * ETAG_BYTES] = '\0';
	return etag;
}

static int too_much(const char *path, struct error *err)
{
	return error_set_plain(err, -E2BIG, "web_root",
			       "the web root is too large at %.100s: at most %d files, %zu MiB and "
			       "folders %d deep are served",
			       path, WEB_ROOT_FILES_MAX, WEB_ROOT_BYTES_MAX >> 20,
			       WEB_ROOT_DEPTH_MAX);
}

/* Adds a file at an address. data: taken. */
static int add(struct web_root *root, const char *path, char *take_data, size_t len,
	       struct error *err)
{
	struct web_asset asset = {
		.path = strdup(path),
		.type = web_root_type(path),
		.etag = etag_make(take_data, len),
		.plain = (unsigned char *)take_data,
		.plain_len = len,
	};
	struct web_asset *more = reallocarray(root->assets, root->count + 1, sizeof(*root->assets));

	if (more)
		root->assets = more;
	if (!more || !asset.path || !asset.etag) {
		asset_fini(&asset);
		return error_set(err, -ENOMEM, "web_root", "cannot keep %.100s", path);
	}
	root->assets[root->count++] = asset;
	root->bytes += len;
	return 0;
}

static int file_read(struct web_root *root, int folder_fd, const char *name, const char *path,
		     struct error *err)
{
	_cleanup_fd_ int fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_free_ char *data = NULL;
	size_t len;

	if (root->count >= WEB_ROOT_FILES_MAX)
		return too_much(path, err);
	int r = fd < 0 ? -errno : fd_read_all(fd, WEB_ROOT_BYTES_MAX - root->bytes, &data, &len);
	if (r == -EFBIG)
		return too_much(path, err);
	if (r < 0)
		return error_set(err, r, "web_root",
				 "cannot read %.120s of the web root; everybody must be able to",
				 path);
	return add(root, path, TAKE_PTR(data), len, err);
}

static int folder_read(struct web_root *root, int take_fd, const char *path, int depth,
		       struct error *err);

static int entry_read(struct web_root *root, int folder_fd, const char *name, const char *folder,
		      int depth, struct error *err)
{
	char path[PATH_SIZE];
	struct stat st;

	int n = snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (n >= (int)sizeof(path) || depth > WEB_ROOT_DEPTH_MAX)
		return too_much(folder, err);
	if (fstatat(folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_set(err, -errno, "web_root", "cannot look at %.120s of the web root",
				 path);
	if (S_ISREG(st.st_mode))
		return file_read(root, folder_fd, name, path, err);
	if (!S_ISDIR(st.st_mode)) {
		log_warning("web_root_skipped", "reason=\"neither a file nor a folder\"");
		return 0;
	}
	int fd = openat(folder_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, -errno, "web_root",
				 "cannot open %.120s of the web root; everybody must be able to",
				 path);
	return folder_read(root, fd, path, depth + 1, err);
}

static int folder_read(struct web_root *root, int take_fd, const char *path, int depth,
		       struct error *err)
{
	_cleanup_dir_ DIR *dir = dir_take(take_fd);
	const struct dirent *entry;
	int fault = dir ? 0 : -errno;

	while (fault == 0 && (entry = dir_next(dir, &fault)) != NULL) {
		int r = entry_read(root, dirfd(dir), entry->d_name, path, depth, err);
		if (r < 0)
			return r;
	}
	if (fault < 0)
		return error_set(err, fault, "web_root", "cannot list %.100s/ of the web root",
				 path);
	return 0;
}

static struct web_asset *find(const struct web_root *root, const char *path, size_t len)
{
	for (size_t i = 0; i < root->count; i++)
		if (strlen(root->assets[i].path) == len &&
		    memcmp(root->assets[i].path, path, len) == 0)
			return &root->assets[i];
	return NULL;
}

/* FILE.gz and FILE.br are FILE, compressed. */
static void pair_compressed(struct web_root *root)
{
	for (size_t i = 0; i < root->count; i++) {
		const struct web_asset *packed = &root->assets[i];
		const char *dot = strrchr(packed->path, '.');
		struct web_asset *asset =
			dot ? find(root, packed->path, (size_t)(dot - packed->path)) : NULL;
		if (!asset)
			continue;
		if (strcmp(dot, ".gz") == 0) {
			asset->gzip = packed->plain;
			asset->gzip_len = packed->plain_len;
		} else if (strcmp(dot, ".br") == 0) {
			asset->brotli = packed->plain;
			asset->brotli_len = packed->plain_len;
		}
	}
}

/* The page's own address. */
static int add_index(struct web_root *root, struct error *err)
{
	static const char name[] = "/index.html";
	const struct web_asset *index = find(root, name, sizeof(name) - 1);

	if (!index)
		return error_set_plain(err, -ENOENT, "web_root",
				       "the web root has no index.html, which is the page");
	struct web_asset copy = *index;
	char *data = malloc(copy.plain_len + 1);
	if (!data)
		return error_set(err, -ENOMEM, "web_root", "cannot keep the page");
	memcpy(data, copy.plain, copy.plain_len);
	int r = add(root, "/", data, copy.plain_len, err);
	if (r == 0) {
		struct web_asset *page = &root->assets[root->count - 1];
		page->type = copy.type;
		page->gzip = copy.gzip;
		page->gzip_len = copy.gzip_len;
		page->brotli = copy.brotli;
		page->brotli_len = copy.brotli_len;
	}
	return r;
}

int web_root_read(const char *folder, struct web_root *ret_root, struct error *err)
{
	struct web_root root = {0};
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_set(err, -errno, "web_root",
				 "cannot open the web root; everybody must be able to");
	int r = folder_read(&root, fd, "", 1, err);
	if (r == 0) {
		pair_compressed(&root);
		r = add_index(&root, err);
	}
	if (r < 0) {
		web_root_fini(&root);
		return r;
	}
	*ret_root = root;
	return 0;
}
