/* `sandlot image sign` */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "image/date.h"
#include "image/describe.h"
#include "store/check.h"
#include "store/print.h"
#include "store/signing.h"
#include "store/uses.h"
#include "store/verb.h"

/* What one without a record is called: --name, its folder's name, or "image". */
static int choose_name(const char *wanted, const char *folder, struct image_record *record,
		       struct error *err)
{
	if (wanted && !record_name_is_valid(wanted))
		return error_set_plain(err, -EINVAL, "sign",
				       "--name takes 1 to %d of [a-z0-9._-], not \"%.60s\"",
				       RECORD_NAME_MAX - 1, wanted);
	if (!wanted)
		wanted = !digest_is_hex(folder) && record_name_is_valid(folder) ? folder : "image";
	snprintf(record->name, sizeof(record->name), "%s", wanted);
	return 0;
}

/* One that has no record, such as a folder made by hand: all of it is hashed for the first time. */
static int describe(struct store_image *image, const char *name, struct error *err)
{
	const char *base = strrchr(image->folder.text, '/') + 1;
	struct image_record *record = &image->record;

	*record = (struct image_record){.baked_sec = clock_real_usec() / USEC_PER_SEC};
	int has_id = record_unhex(base, record->id) == 0;
	int r = choose_name(name, base, record, err);
	if (r < 0)
		return r;
	_cleanup_fd_ int fd = open(image->folder.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, -errno, "sign", "cannot open %s", image->folder.text);
	r = image_describe(fd, record, err);
	if (r < 0)
		return r;
	if (!has_id)
		memcpy(record->id, record->tree_sha256, sizeof(record->id));
	memcpy(image->name, record->name, sizeof(image->name));
	record_hex(record->id, image->id);
	return 0;
}

static int set_expiry(struct store_image *image, const char *when, struct error *err)
{
	if (when && strcmp(when, "never") == 0)
		image->record.expires_sec = 0;
	else if (when)
		return date_expiry("--expires", when, clock_real_usec() / USEC_PER_SEC,
				   &image->record.expires_sec, err);
	return 0;
}

static int sign(struct store_image *image, const struct options *options, struct error *err)
{
	char key[RECORD_NAME_MAX], title[STORE_TITLE_SIZE], expires[PRINT_SIZE] = "never";

	_cleanup_fd_ int held_fd = uses_hold(&image->folder, err);
	if (held_fd < 0)
		return held_fd;
	int r = image->has_record ? check_must(image, CHECK_TRUE, NULL, 1, err)
				  : describe(image, options->name, err);
	if (r >= 0)
		r = set_expiry(image, options->expires, err);
	if (r >= 0)
		r = signing_sign(image, options, key, err);
	if (r < 0)
		return r;
	store_title(image, title);
	if (image->record.expires_sec)
		print_time(image->record.expires_sec, expires);
	printf("%s is signed by %s, expires %s\n", title, key, expires);
	return 0;
}

static int run(const struct options *options, struct error *err)
{
	struct store_image image;
	struct store store;

	int r = store_open(&store, options->cache, err);
	if (r >= 0)
		r = store_find(&store, options->operands[0], options->link, &image, err);
	store_fini(&store);
	return r < 0 ? r : sign(&image, options, err);
}

const struct verb verb_sign = {
	.name = "sign",
	.operands = "IMAGE",
	.summary = "sign an image, or sign it anew",
	.help = "Signs an image's record with a private key of the folder of keys; a signature\n"
		"it has is replaced, and so may be when it expires (--expires never: not at\n"
		"all). Every byte is checked first: an image that is not what its record says\n"
		"is not signed. A folder without a record (root/ and manifest.json made by\n"
		"hand) gets one, called --name or else after the folder. Where there is no key\n"
		"yet, one named after this host is made.\n",
	.examples = "  sandlot image sign current\n"
		    "  sandlot image sign default --key release-2026 --expires 1y\n"
		    "  sandlot image sign ./my-image\n",
	.options = OPTION_CACHE | OPTION_LINK | OPTION_KEYS | OPTION_KEY | OPTION_EXPIRES |
		   OPTION_NAME,
	.least = 1,
	.most = 1,
	.changes = 1,
	.run = run,
};
