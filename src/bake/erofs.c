#include "bake/erofs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bake/path.h"
#include "base/clock.h"
#include "base/fd.h"
#include "image/digest.h"

enum { MAKE_WALL_SEC = 3600, UUID_BYTES = 16, UUID_SIZE = 37, NUMBER_SIZE = 24 };

/* The first bytes of a hash as a UUID of version 8, which is for what others define (RFC 9562). */
static void format_uuid(const uint8_t *hash, char ret_uuid[UUID_SIZE])
{
	uint8_t id[UUID_BYTES];
	size_t used = 0;

	memcpy(id, hash, sizeof(id));
	id[6] = (uint8_t)((id[6] & 0x0f) | 0x80);
	id[8] = (uint8_t)((id[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < sizeof(id); i++) {
		const char *dash = i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "";
		used += (size_t)snprintf(ret_uuid + used, UUID_SIZE - used, "%s%02x", dash, id[i]);
	}
}

/* The last line a tool printed, cut out of its tail. */
static const char *last_line(char *tail)
{
	size_t len = strlen(tail);

	while (len > 0 && tail[len - 1] == '\n')
		tail[--len] = '\0';
	const char *end = strrchr(tail, '\n');
	return end ? end + 1 : tail;
}

/*
 * Extended attributes are left out: Debian's packages are unpacked without any, and file
 * capabilities would be lost on the way through the tree form too.
 */
int erofs_make(const struct erofs_spec *spec, struct error *err)
{
	char uuid[UUID_SIZE], epoch[NUMBER_SIZE];

	if (path_exists(spec->file))
		return error_set_plain(err, -EEXIST, "erofs", "%s is there already", spec->file);
	format_uuid(spec->tree_sha256, uuid);
	snprintf(epoch, sizeof(epoch), "-T%" PRId64, spec->epoch);
	const char *const argv[] = {
		"mkfs.erofs", "--quiet", "-x-1",     "--all-root", epoch,
		"-U",	      uuid,	 spec->file, spec->root,   NULL,
	};
	const struct child_spec child = {
		.argv = argv,
		.keep_fd = -EBADF,
		.wall_usec = MAKE_WALL_SEC * USEC_PER_SEC,
		.line = spec->line,
		.owner = spec->owner,
	};
	__attribute__((cleanup(child_result_fini))) struct child_result result;

	int r = child_run(&child, &result, err);
	if (r == -ENOENT)
		r = error_set_plain(err, r, "erofs",
				    "mkfs.erofs is not installed; run scripts/setup image, or "
				    "install erofs-utils");
	if (r >= 0 && result.exit_code != 0)
		r = error_set_plain(err, -EIO, "erofs", "mkfs.erofs cannot make %s: %s", spec->file,
				    last_line(result.tail));
	if (r < 0)
		unlink(spec->file);
	return r;
}

int erofs_measure(const char *file, struct image_record *record, struct error *err)
{
	uint8_t sha256[RECORD_HASH_BYTES];
	uint64_t bytes;

	_cleanup_fd_ int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return error_set(err, -errno, "erofs", "cannot open %s", file);
	int r = digest_fd(fd, file, sha256, &bytes, err);
	if (r < 0)
		return r;
	memcpy(record->erofs_sha256, sha256, sizeof(sha256));
	record->erofs_bytes = bytes;
	record->forms |= RECORD_EROFS;
	return 0;
}

static int make_and_measure(const struct erofs_image *image, const char *file, struct error *err)
{
	struct path root;

	int r = path_format(&root, err, "%s/" RECORD_TREE_NAME, image->folder);
	if (r < 0)
		return r;
	const struct erofs_spec spec = {
		.root = root.text,
		.file = file,
		.epoch = image->epoch,
		.tree_sha256 = image->record->tree_sha256,
		.line = image->line,
		.owner = image->owner,
	};
	r = erofs_make(&spec, err);
	return r < 0 ? r : erofs_measure(file, image->record, err);
}

int erofs_add(const struct erofs_image *image, struct error *err)
{
	struct path made, file;

	int r = path_format(&file, err, "%s/" RECORD_EROFS_NAME, image->folder);
	if (r >= 0)
		r = path_format(&made, err, "%s/" EROFS_NEW, image->folder);
	if (r < 0)
		return r;
	unlink(made.text); /* an interrupted command's: we hold the cache's lock */
	r = make_and_measure(image, made.text, err);
	if (r >= 0 && rename(made.text, file.text) < 0)
		r = error_set(err, -errno, "erofs", "cannot make %s", file.text);
	if (r < 0)
		unlink(made.text);
	return r;
}
