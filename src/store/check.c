#include "store/check.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "image/key_files.h"
#include "image/key_folder.h"
#include "image/verify.h"

static int open_keys(const char *keys, struct key_files *ret_files, struct error *err)
{
	char path[PATH_MAX];

	int r = key_folder(keys, geteuid() == 0, path, err);
	return r < 0 ? r : key_files_open(ret_files, path, err);
}

/* Documents alone, and whose they are; the forms' content is not looked at. */
static int check_quick(const struct store_image *image, const struct key_files *keys,
		       struct verdict *ret_verdict, struct error *err)
{
	int is_tree = (image->forms & RECORD_TREE) != 0;
	struct image_verify request = {.manifest_fd = -EBADF,
				       .form = is_tree ? RECORD_TREE : RECORD_EROFS,
				       .is_quick = 1,
				       .keys = keys,
				       .now_sec = clock_real_usec() / USEC_PER_SEC};

	_cleanup_fd_ int folder_fd = open(image->folder.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_fd_ int content_fd =
		folder_fd < 0 ? -EBADF
			      : openat(folder_fd, is_tree ? RECORD_TREE_NAME : RECORD_EROFS_NAME,
				       O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (folder_fd < 0 || content_fd < 0)
		return error_set(err, -errno, "verify", "cannot open %s", image->folder.text);
	request.folder_fd = folder_fd;
	request.content_fd = content_fd;
	image_verify(&request, ret_verdict);
	return 0;
}

int check_image(const struct store_image *image, enum check_how how, const char *keys,
		struct verdict *ret_verdict, struct error *err)
{
	struct key_files files = KEY_FILES_NONE;
	/* What lies there besides was left by a command that was interrupted: nobody mounts it. */
	unsigned forms = image->forms & image->record.forms;

	if (!image->forms)
		return error_set_plain(err, -ENOENT, "verify",
				       "the image %s has neither " RECORD_TREE_NAME
				       "/ nor " RECORD_EROFS_NAME "; bake or import it again",
				       image->folder.text);
	int r = how == CHECK_TRUE ? 0 : open_keys(keys, &files, err);
	if (r >= 0 && how == CHECK_QUICK)
		r = check_quick(image, &files, ret_verdict, err);
	else if (r >= 0)
		r = image_verify_folder(image->folder.text, how == CHECK_TRUE ? NULL : &files,
					forms ? forms : image->forms,
					clock_real_usec() / USEC_PER_SEC, ret_verdict, err);
	key_files_close(&files);
	return r;
}

int check_must(const struct store_image *image, enum check_how how, const char *keys,
	       int may_be_unsigned, struct error *err)
{
	char sentence[VERDICT_SENTENCE_MAX], title[STORE_TITLE_SIZE];
	struct verdict verdict;

	int r = check_image(image, how, keys, &verdict, err);
	if (r < 0 || verdict.code == VERDICT_OK ||
	    (verdict.code == VERDICT_UNSIGNED && (may_be_unsigned || how == CHECK_TRUE)))
		return r;
	store_title(image, title);
	verdict_sentence(&verdict, title, sentence);
	return error_set_plain(err, -EKEYREJECTED, "verify", "%s", sentence);
}
