/* Making the record of an image that is finished, from what is in its folder. */
#ifndef IMAGE_DESCRIBE_H
#define IMAGE_DESCRIBE_H

#include "base/error.h"
#include "image/record.h"

/*
 * Hashes what is in the folder (borrowed, may be O_PATH): documents, root/ (whose list is written
 * beside it, tree_list.h) and image.erofs, of which one must be there. record: name, baked_sec,
 * expires_sec and id are kept; forms and hashes are set, but tree_sha256 is kept where there is no
 * root/ (the EROFS file was made from it); a signature is taken away. Writes no record. Returns 0;
 * -ENOENT with a text when there is neither form; or as tree_hash() and documents_hash().
 */
int image_describe(int folder_fd, struct image_record *record, struct error *err);

#endif
