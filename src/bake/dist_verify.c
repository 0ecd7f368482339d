#include "bake/dist_verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bake/dist_manifest.h"
#include "bake/fetch.h"
#include "bake/tree.h"
#include "base/clock.h"
#include "base/fd.h"

enum {
	SUM_MAX = 4 << 10,
	SIGNATURE_MAX = 64 << 10,
	VERIFY_WALL_SEC = 60,
};

/* The three files, in a folder of their own. */
struct signed_file {
	struct bake *bake;
	const char *name;
	struct path folder;
	struct path file, sum, signature;
};

static int make_names(struct signed_file *wanted, struct error *err)
{
	int r = path_format(&wanted->file, err, "%s/file", wanted->folder.text);
	if (r >= 0)
		r = path_format(&wanted->sum, err, "%s/sum", wanted->folder.text);
	return r < 0 ? r
		     : path_format(&wanted->signature, err, "%s/signature", wanted->folder.text);
}

/* What belongs to a file that is there must be there, too. */
static int fetch_beside(const struct signed_file *wanted, const char *suffix, uint64_t bytes_max,
			const char *to, struct error *err)
{
	struct error why = {.code = 0};
	struct path name;

	int r = path_format(&name, err, "%s%s", wanted->name, suffix);
	if (r < 0)
		return r;
	r = fetch_file(wanted->bake, wanted->bake->config.dist_address, name.text, bytes_max, to,
		       &why);
	return r < 0 ? error_set_plain(err, r == -ENOENT ? -EBADMSG : r, "dist", "%s: %.180s",
				       wanted->name, why.text)
		     : 0;
}

/* Does the published sum name this hash? "HEX  NAME", as sha256sum(1) prints it. */
static int check_sum(const struct signed_file *wanted, const char *hex, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_fd_ int fd = open(wanted->sum.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	size_t len;

	int r = fd < 0 ? -errno : fd_read_all(fd, SUM_MAX, &text, &len);
	if (r < 0)
		return error_set(err, r, "dist", "cannot read %s", wanted->sum.text);
	if (strncmp(text, hex, strlen(hex)) == 0 && strspn(text + strlen(hex), " \n") > 0)
		return 0;
	return error_set_plain(err, -EBADMSG, "dist",
			       "%s is not the file that %s.sha256 names: its sha256 is %.16s…",
			       wanted->name, wanted->name, hex);
}

/* By gpgv(1), as CONFINED_ID: the signature is read by nobody else. */
static int run_gpgv(const struct signed_file *wanted, const struct child_jail *jail,
		    struct error *err)
{
	struct bake *bake = wanted->bake;
	__attribute__((cleanup(child_result_fini))) struct child_result result = {.exit_code = 0};
	const char *const argv[] = {"gpgv",	 "--homedir", ".",    "--keyring",
				    "./keyring", "signature", "file", NULL};
	const struct child_spec spec = {.argv = argv,
					.jail = jail,
					.keep_fd = -EBADF,
					.wall_usec = VERIFY_WALL_SEC * USEC_PER_SEC};

	int r = bake_try(bake, &spec, &result, err);
	if (r < 0 || result.exit_code == 0)
		return r;
	snprintf(bake->tail, sizeof(bake->tail), "%s", result.tail);
	return error_set_plain(err, -EBADMSG, "dist",
			       "the signature of %s is not good, or not by a key in %s",
			       wanted->name, bake->config.dist_keyring);
}

/* What gpgv gets to see are copies: the folder it works in is CONFINED_ID's. */
static int make_copies(const struct signed_file *wanted, const char *folder, struct error *err)
{
	const struct {
		const char *from, *name;
	} files[] = {
		{wanted->file.text, "file"},
		{wanted->signature.text, "signature"},
		{wanted->bake->config.dist_keyring, "keyring"},
	};
	struct path to;
	int r = 0;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && r >= 0; i++) {
		r = path_format(&to, err, "%s/%s", folder, files[i].name);
		if (r >= 0)
			r = tree_copy_file(files[i].from, to.text, 0644, NULL, err);
	}
	return r;
}

static int check_signature(const struct signed_file *wanted, struct error *err)
{
	struct path folder, at;

	int r = cache_begin(&wanted->bake->cache, &folder, err);
	if (r >= 0)
		r = path_format(&at, err, "/tmp/sandlot-gpgv-XXXXXX");
	if (r < 0)
		return r;
	if (!mkdtemp(at.text))
		return error_set(err, -errno, "dist", "cannot make a folder in /tmp");
	const struct child_jail jail = {
		.folder = folder.text, .at = at.text, .file_bytes_max = SIGNATURE_MAX};
	r = make_copies(wanted, folder.text, err);
	if (r >= 0)
		r = run_gpgv(wanted, &jail, err);
	rmdir(at.text);
	cache_abandon(folder.text);
	return r;
}

/* Into the cache, under its hash. Returns 1 or a negative errno. */
static int keep(const struct signed_file *wanted, struct path *ret_path, char *hex,
		struct error *err)
{
	const struct cache *cache = &wanted->bake->cache;

	int r = path_format(ret_path, err, "%s/files/%s", cache->folder.text, hex);
	if (r >= 0 && rename(wanted->file.text, ret_path->text) < 0)
		r = error_set(err, -errno, "dist", "cannot keep %s", wanted->name);
	return r < 0 ? r : 1;
}

static int verify(struct signed_file *wanted, struct path *ret_path,
		  char ret_sha256[DIGEST_HEX_SIZE], struct error *err)
{
	struct bake *bake = wanted->bake;
	struct error why = {.code = 0};

	int r = make_names(wanted, err);
	if (r < 0)
		return r;
	r = fetch_file(bake, bake->config.dist_address, wanted->name, DIST_MANIFEST_MAX,
		       wanted->file.text, &why);
	if (r == -ENOENT) {
		progress_say(&bake->progress, "Rust's distribution: %s", why.text);
		return 0;
	}
	if (r < 0)
		return error_set_plain(err, r, why.step, "%s", why.text);
	r = fetch_beside(wanted, ".sha256", SUM_MAX, wanted->sum.text, err);
	if (r >= 0)
		r = fetch_beside(wanted, ".asc", SIGNATURE_MAX, wanted->signature.text, err);
	if (r >= 0)
		r = digest_file(wanted->file.text, ret_sha256, NULL, err);
	if (r >= 0)
		r = check_sum(wanted, ret_sha256, err);
	if (r >= 0)
		r = check_signature(wanted, err);
	return r < 0 ? r : keep(wanted, ret_path, ret_sha256, err);
}

int dist_verify(struct bake *bake, const char *name, struct path *ret_path,
		char ret_sha256[DIGEST_HEX_SIZE], struct error *err)
{
	struct signed_file wanted = {.bake = bake, .name = name};

	int r = cache_begin(&bake->cache, &wanted.folder, err);
	if (r >= 0)
		r = verify(&wanted, ret_path, ret_sha256, err);
	cache_abandon(wanted.folder.text);
	return r;
}
