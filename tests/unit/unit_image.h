/* A small image that is signed, with its key. Everything asserts. */
#ifndef UNIT_UNIT_IMAGE_H
#define UNIT_UNIT_IMAGE_H

#include "unit_folder.h"

#include "image/describe.h"
#include "image/key_files.h"
#include "image/record_file.h"
#include "image/sign.h"

enum { UNIT_NOW = 1767225600 /* 2026-01-01 */, UNIT_DAY = 86400 };

struct unit_image {
	struct unit_folder *folder; /* the image */
	struct unit_folder *home;   /* the folder of keys is in it */
	struct key_files keys;
	struct public_key key;
	EVP_PKEY *private;
};

static inline void unit_image_sign_as(struct unit_image *image, const struct public_key *key,
				      EVP_PKEY *private, struct image_record *record)
{
	assert_int_equal(record_sign(record, key, private, UNIT_NOW, NULL), 0);
	assert_int_equal(record_write(image->folder->fd, record, NULL), 0);
}

/* Describes the image as it is now and signs that. */
static inline void unit_image_sign(struct unit_image *image, uint64_t expires_sec)
{
	struct image_record record = {
		.name = "test", .baked_sec = UNIT_NOW - UNIT_DAY, .expires_sec = expires_sec};
	struct error err = {0};

	memset(record.id, 1, sizeof(record.id));
	if (image_describe(image->folder->fd, &record, &err) < 0)
		fail_msg("%s", err.text);
	unit_image_sign_as(image, &image->key, image->private, &record);
}

static inline void unit_image_key(struct unit_image *image, const char *name, uint64_t expires_sec)
{
	EVP_PKEY_free(image->private);
	assert_int_equal(
		key_files_make(&image->keys, name, UNIT_NOW, expires_sec, &image->key, NULL), 0);
	assert_int_equal(
		key_files_read_private(&image->keys, name, &image->key, &image->private, NULL), 0);
}

static inline void unit_image_fill(struct unit_folder *folder)
{
	unit_folder_text(folder, "manifest.json", "{\"schema\": 1}");
	unit_folder_text(folder, "packages.json", "[]");
	unit_folder_mkdir(folder, "root");
	unit_folder_mkdir(folder, "root/bin");
	unit_folder_mkdir(folder, "root/etc");
	unit_folder_text(folder, "root/bin/tool", "#!/bin/true\n");
	unit_folder_text(folder, "root/etc/conf", "a=b\n");
	unit_folder_text(folder, "root/zlast", "");
	unit_folder_link(folder, "root/sh", "bin/tool");
}

/* The key "test" expires after 10 days of UNIT_NOW, the image after 5. */
static inline struct unit_image *unit_image_new(void)
{
	struct unit_image *image = calloc(1, sizeof(*image));
	char keys[128];

	assert_non_null(image);
	image->folder = unit_folder_new();
	image->home = unit_folder_new();
	snprintf(keys, sizeof(keys), "%s/keys", image->home->path);
	assert_int_equal(key_files_open(&image->keys, keys, NULL), 0);
	unit_image_key(image, "test", UNIT_NOW + 10 * UNIT_DAY);
	unit_image_fill(image->folder);
	unit_image_sign(image, UNIT_NOW + 5 * UNIT_DAY);
	return image;
}

static inline void unit_image_free(struct unit_image *image)
{
	EVP_PKEY_free(image->private);
	key_files_close(&image->keys);
	unit_folder_free(image->folder);
	unit_folder_free(image->home);
	free(image);
}

#endif
