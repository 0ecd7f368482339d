/* `sandlot image export` */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bake/cache.h"
#include "base/fd.h"
#include "store/add_erofs.h"
#include "store/archive.h"
#include "store/archive_write.h"
#include "store/check.h"
#include "store/print.h"
#include "store/uses.h"
#include "store/verb.h"

/* Where it goes: --output's file, a file in its folder, or the cache's exports/. */
static int find_output(const struct options *options, const struct store *store,
		       const struct store_image *image, struct path *ret_path, struct error *err)
{
	const char *output = options->output;
	struct path folder;
	struct stat st;
	int r;

	if (output && (stat(output, &st) < 0 || !S_ISDIR(st.st_mode)))
		return path_format(ret_path, err, "%s", output);
	if (output)
		r = path_format(&folder, err, "%s", output);
	else
		r = path_format(&folder, err, "%s/exports", store->cache.text);
	if (r >= 0)
		r = path_make_folders(folder.text, err);
	if (r < 0)
		return r;
	return path_format(ret_path, err, "%s/%s-%.*s" ARCHIVE_SUFFIX, folder.text, image->name,
			   STORE_ID_SHORT, image->id);
}

static int write_to(const struct options *options, const struct store_image *image, int fd,
		    struct error *err)
{
	char title[STORE_TITLE_SIZE], what[STORE_TITLE_SIZE + 16];
	struct meter meter;
	const struct archive_write spec = {
		.folder = image->folder.text,
		.record = &image->record,
		.level = (int)options->level,
		.meter = &meter,
	};

	store_title(image, title);
	snprintf(what, sizeof(what), "exporting %s", title);
	meter_begin(&meter, what, image->record.erofs_bytes);
	int r = archive_write(&spec, fd, err);
	meter_end(&meter, r >= 0);
	return r;
}

/* Under another name until it is whole and on the disk. */
static int write_file(const struct options *options, const struct store_image *image,
		      const char *path, struct error *err)
{
	struct path temporary;
	char bytes[PRINT_SIZE];
	struct stat st = {.st_size = 0};

	int r = path_format(&temporary, err, "%s.%d.new", path, (int)getpid());
	if (r < 0)
		return r;
	_cleanup_fd_ int fd =
		open(temporary.text, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return error_set(err, -errno, "export", "cannot write %s", temporary.text);
	r = write_to(options, image, fd, err);
	if (r >= 0 && (fsync(fd) < 0 || fstat(fd, &st) < 0 || rename(temporary.text, path) < 0))
		r = error_set(err, -errno, "export", "cannot write %s", path);
	if (r < 0) {
		unlink(temporary.text);
		return r;
	}
	print_bytes((uint64_t)st.st_size, bytes);
	printf("exported to %s (%s)\n", path, bytes);
	return 0;
}

static int export(const struct options *options, const struct store *store,
		  struct store_image *image, struct error *err)
{
	struct path path;

	_cleanup_fd_ int held_fd = uses_hold(&image->folder, err);
	if (held_fd < 0)
		return held_fd;
	if (!image->has_record)
		return error_set_plain(err, -ENOENT, "export",
				       "%s has no record; make one with `sandlot image sign`",
				       image->folder.text);
	int r = check_must(image, CHECK_QUICK, options->keys, options_has(options, OPTION_UNSIGNED),
			   err);
	if (r >= 0 && !(image->forms & image->record.forms & RECORD_EROFS))
		r = add_erofs(image, options, err);
	if (r < 0)
		return r;
	if (options->output && strcmp(options->output, "-") == 0)
		return write_to(options, image, STDOUT_FILENO, err);
	r = find_output(options, store, image, &path, err);
	return r < 0 ? r : write_file(options, image, path.text, err);
}

static int read_at(int fd, void *data, size_t len, uint64_t offset, struct error *err)
{
	ssize_t n = pread(fd, data, len, (off_t)offset);

	if (n < 0)
		return error_set(err, -errno, "export", "cannot read it");
	if ((size_t)n != len)
		return error_set_plain(err, -EBADMSG, "export", "it was cut short");
	return 0;
}

/* The list's content, whose frame's header comes before it and ends with the file. */
static int read_list(int fd, uint64_t size, uint8_t **ret_list, size_t *ret_len, struct error *err)
{
	size_t longest = archive_list_bytes(archive_chunks(ARCHIVE_EROFS_MAX));
	uint8_t tail[16];
	uint64_t offset;

	int r = size < sizeof(tail) ? error_set_plain(err, -EBADMSG, "export", "it is too short")
				    : read_at(fd, tail, sizeof(tail), size - sizeof(tail), err);
	if (r >= 0)
		r = archive_get_tail(tail, &offset, err);
	if (r < 0)
		return r;
	if (offset > size || size - offset < ARCHIVE_FRAME_BYTES ||
	    size - offset - ARCHIVE_FRAME_BYTES > longest)
		return error_set_plain(err, -EBADMSG, "export",
				       "its end does not say where its list of chunks is");
	size_t len = (size_t)(size - offset - ARCHIVE_FRAME_BYTES);
	_cleanup_free_ uint8_t *list = malloc(len);
	if (!list)
		return error_set(err, -ENOMEM, "export", "cannot read the list of chunks");
	r = read_at(fd, list, len, offset + ARCHIVE_FRAME_BYTES, err);
	if (r < 0)
		return r;
	*ret_list = TAKE_PTR(list);
	*ret_len = len;
	return 0;
}

static int print_hashes(const char *name, struct error *err)
{
	_cleanup_free_ struct archive_row *rows = NULL;
	_cleanup_free_ uint8_t *list = NULL;
	struct error inner;
	struct stat st;
	uint64_t offset;
	uint32_t count;
	size_t len = 0;

	_cleanup_fd_ int fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_set(err, -errno, "export", "cannot open %s", name);
	int r = read_list(fd, (uint64_t)st.st_size, &list, &len, &inner);
	if (r >= 0)
		r = archive_get_list(list, len, &rows, &count, &offset, &inner);
	if (r < 0)
		return error_set_plain(err, r, "export", "%.100s: %s", name, inner.text);
	for (uint32_t i = 0; i < count; i++) {
		char hex[2 * RECORD_HASH_BYTES + 1];
		record_hex(rows[i].sha256, hex);
		printf("%" PRIu64 " %" PRIu32 " %" PRIu32 " %s\n", rows[i].offset, rows[i].length,
		       rows[i].plain_length, hex);
	}
	return 0;
}

static int run(const struct options *options, struct error *err)
{
	struct store_image image;
	struct store store;

	if (options_has(options, OPTION_HASHES))
		return print_hashes(options->operands[0], err);
	if (options->output && strcmp(options->output, "-") == 0 && isatty(STDOUT_FILENO))
		return error_set_plain(err, -EINVAL, "export",
				       "standard output is a terminal; send it to a file or a "
				       "command");
	int r = store_open(&store, options->cache, err);
	if (r >= 0)
		r = store_find(&store, options->operands[0], options->link, &image, err);
	if (r >= 0)
		r = export(options, &store, &image, err);
	store_fini(&store);
	return r;
}

const struct verb verb_export = {
	.name = "export",
	.operands = "IMAGE",
	.summary = "write an image to one file, for another machine",
	.help = "Writes one file NAME-ID.erofs.zst: the image's EROFS file, compressed in\n"
		"chunks of 4 MiB, with its record, its documents and a list of the chunks'\n"
		"hashes. `zstd -d` gives the plain EROFS file. Without --output it goes to\n"
		"exports/ in the cache; --output takes a file, a folder, or - for standard\n"
		"output. Where the image has no EROFS file yet, one is made and the record\n"
		"signed anew (--key). With --hashes the operand is an exported file, and its\n"
		"list is printed: place and length of each chunk in the file, its length when\n"
		"unpacked, its SHA-256.\n",
	.examples = "  sandlot image export current\n"
		    "  sandlot image export default --output /srv/images --level 19\n"
		    "  sandlot image export default --output - | ssh pod sandlot image import -\n"
		    "  sandlot image export --hashes default-98dfc25547a5.erofs.zst\n",
	.options = OPTION_CACHE | OPTION_LINK | OPTION_KEYS | OPTION_KEY | OPTION_OUTPUT |
		   OPTION_LEVEL | OPTION_HASHES | OPTION_UNSIGNED,
	.least = 1,
	.most = 1,
	.changes = 1,
	.run = run,
};
