/* `sandlot image import` */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bake/cache.h"
#include "bake/parts.h"
#include "base/fd.h"
#include "store/check.h"
#include "store/import.h"
#include "store/verb.h"

/* fds 0-2 are not for a child that closes them: the file's is above. */
static int open_file(const char *name, struct error *err)
{
	int fd = strcmp(name, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
					: open(name, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? error_set(err, -errno, "import", "cannot open %s", name) : fd;
}

static uint64_t size_of(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
}

/* Messages of the child start with "it": the file is named before. */
static int name_file(int r, const char *name, struct error *err)
{
	struct error inner = *err;

	if (r == -EINTR)
		return r;
	return error_set_plain(err, r, inner.step, "%.90s: %s", name, inner.text);
}

static int unpack(const struct options *options, int fd, const char *folder, struct error *err)
{
	const char *name = options->operands[0];
	struct signers signers;
	struct meter meter;
	struct import import = {
		.from_fd = fd,
		.from = name,
		.folder = folder,
		.signers = &signers,
		.may_be_unsigned = options_has(options, OPTION_UNSIGNED),
		.meter = &meter,
	};

	int r = signers_open(&signers, options->keys, err);
	if (r >= 0) {
		meter_begin(&meter, "importing", size_of(fd));
		r = import_unpack(&import, err);
		meter_end(&meter, r >= 0);
		if (r < 0)
			r = name_file(r, name, err);
	}
	signers_fini(&signers);
	return r;
}

static int same_record(const struct image_record *a, const struct image_record *b)
{
	uint8_t bytes[2][RECORD_BYTES];

	record_encode(a, bytes[0]);
	record_encode(b, bytes[1]);
	return memcmp(bytes[0], bytes[1], RECORD_BYTES) == 0;
}

/* What is there already stays: it may be in use. Returns 1 when nothing is, 0 when it is the same.
 */
static int check_place(const struct store_image *image, const char *place, struct error *err)
{
	struct store_image there;

	if (!path_exists(place))
		return 1;
	if (store_read_image(place, &there, NULL) >= 0 && there.has_record &&
	    same_record(&there.record, &image->record))
		return 0;
	return error_set_plain(err, -EEXIST, "import",
			       "%s is there already, signed differently or made here; remove it "
			       "first to replace it",
			       place);
}

/* Verified in its temporary place, it gets its name. */
static int place(const struct options *options, struct cache *cache, const char *folder,
		 struct error *err)
{
	static const struct parts none = {.text = NULL};
	char title[STORE_TITLE_SIZE];
	struct store_image image;
	struct path final;

	int r = parts_write(&none, folder, err);
	if (r >= 0)
		r = store_read_image(folder, &image, err);
	if (r < 0)
		return r;
	r = check_must(&image, CHECK_FULL, options->keys, options_has(options, OPTION_UNSIGNED),
		       err);
	if (r < 0)
		return name_file(r, options->operands[0], err);
	r = path_format(&final, err, "%s/images/%s", cache->folder.text, image.id);
	if (r >= 0)
		r = check_place(&image, final.text, err);
	if (r < 0)
		return r;
	store_title(&image, title);
	if (r == 0) {
		cache_abandon(folder);
		printf("%s is there already\n", title);
		return 0;
	}
	r = cache_commit(cache, folder, final.text, err);
	if (r >= 0)
		printf("imported %s; put it to use with `sandlot image use %.*s`\n", title,
		       STORE_ID_SHORT, image.id);
	return r;
}

static int run(const struct options *options, struct error *err)
{
	struct cache cache = {.lock_fd = -EBADF};
	struct path folder = {.text = ""};
	struct progress progress;

	_cleanup_fd_ int fd = open_file(options->operands[0], err);
	if (fd < 0)
		return fd;
	progress_init(&progress, 0, 0);
	int r = cache_open(&cache, options->cache, &progress, err);
	if (r >= 0)
		r = cache_begin(&cache, &folder, err);
	if (r >= 0)
		r = unpack(options, fd, folder.text, err);
	if (r >= 0)
		r = place(options, &cache, folder.text, err);
	if (r < 0)
		cache_abandon(folder.text);
	cache_close(&cache);
	return r;
}

const struct verb verb_import = {
	.name = "import",
	.operands = "FILE",
	.summary = "bring in an image that was exported",
	.help = "Takes an exported image (- for standard input) into the cache. A process\n"
		"without any rights unpacks it; it must be signed with a key that is trusted\n"
		"here and not be expired, each chunk, the list of them, the documents and the\n"
		"whole must have the hashes that are written for them, and only then the image\n"
		"gets its name. It lies in the cache as an EROFS file, which servers mount as\n"
		"root.\n",
	.examples =
		"  sandlot image import default-98dfc25547a5.erofs.zst\n"
		"  ssh baker sandlot image export default --output - | sandlot image import -\n",
	.options = OPTION_CACHE | OPTION_KEYS | OPTION_UNSIGNED,
	.least = 1,
	.most = 1,
	.changes = 1,
	.run = run,
};
