/*
 * What was verified before, so that a gigabyte is not hashed at every start: a stamp for each image
 * and form, a small file that says how what was verified looked then. Of each name the newest image
 * that was served, so that an older one, which somebody may have signed before it was known to be
 * bad, is told. And the operator's consent to one such image: that it is wanted all the same. All
 * lie in one folder that only the server's own user can write to. Runs in the supervisor, in the
 * child that opens images and, for consents, in `sandlot image`: needs libc only.
 */
#ifndef IMAGE_STAMPS_H
#define IMAGE_STAMPS_H

#include <limits.h>
#include <stdint.h>

#include "base/error.h"
#include "image/record.h"

/* How the content of an image looked when it was verified. Made by stamp_tree() or stamp_erofs().
 */
struct stamp {
	char magic[16];
	uint8_t form;			   /* enum record_form */
	uint8_t sha256[RECORD_HASH_BYTES]; /* the record's, of this form */
	uint8_t quick[RECORD_HASH_BYTES];  /* of a tree: verdict.h */
	uint8_t reserved[7];
	uint64_t device, inode, size, change_nsec; /* of an EROFS file: stat(2) */
};

/* Of a tree whose quick digest is this one. */
struct stamp stamp_tree(const struct image_record *record, const uint8_t quick[RECORD_HASH_BYTES]);

struct stat;

/* Of image.erofs. st: its, from before it was verified. */
struct stamp stamp_erofs(const struct image_record *record, const struct stat *st);

/*
 * Where the folder is: option (as given with --stamps) when it is not NULL, else
 * /var/cache/sandlot/stamps when is_root, else sandlot/stamps below $XDG_CACHE_HOME or ~/.cache.
 * is_root: are we root of the host, not of a user namespace? Returns 0, or a negative errno with a
 * text: -ENAMETOOLONG, -ENOENT when there is no HOME.
 */
int stamps_folder(const char *option, int is_root, char ret_path[PATH_MAX], struct error *err);

/* Opens the folder, which is made when it is missing. Returns its fd or a negative errno. */
int stamps_open(const char *path, struct error *err);

/* The same, but -ENOENT where there is none: nothing was ever served with it. */
int stamps_open_existing(const char *path, struct error *err);

/* Is this the stamp that was kept for the image? Returns 1 or 0. */
int stamps_has(int folder_fd, const struct image_record *record, const struct stamp *stamp);

/* Keeps it. Returns 0 or a negative errno: then the image is verified anew next time. */
int stamps_keep(int folder_fd, const struct image_record *record, const struct stamp *stamp);

/* When the newest image of this name that was served was baked, in seconds since 1970; 0: none. */
uint64_t stamps_newest(int folder_fd, const char *name);

/* An image is served: remembers when it was baked, if that is newer. Returns 0 or a negative errno.
 */
int stamps_served(int folder_fd, const struct image_record *record);

/*
 * The operator wants exactly this image served, however old: in the place of what was consented to
 * before for its name. Returns 0 or a negative errno.
 */
int stamps_consent(int folder_fd, const struct image_record *record);

/*
 * Was that said of exactly this image, in a folder that nobody else can write to even now? Returns
 * 1 or 0.
 */
int stamps_consented(int folder_fd, const struct image_record *record);

/* The time by the clock that files are dated with, in microseconds since 1970. */
uint64_t stamps_now_usec(void);

/*
 * An image is served (stamps_served() first) that was asked for at this time (stamps_now_usec()).
 * Unless it is older than the newest of its name, what was consented to before is not wanted any
 * more; what was consented to since may be what is asked for next.
 */
void stamps_consent_ends(int folder_fd, const struct image_record *record, uint64_t asked_usec);

#endif
