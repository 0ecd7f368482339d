#include "image/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "image/date.h"
#include "image/documents.h"
#include "image/record_file.h"
#include "image/sign.h"
#include "image/tree_hash.h"
#include "image/tree_list.h"

/* The forms as they lie in an image's folder. */
static const struct {
	enum record_form form;
	const char *name;
} forms_known[] = {{RECORD_TREE, RECORD_TREE_NAME}, {RECORD_EROFS, RECORD_EROFS_NAME}};

enum { FORMS_KNOWN = sizeof(forms_known) / sizeof(forms_known[0]) };

/* Each step settles the verdict and returns 0, or returns 1 to go on to the next. */
static int settle(struct verdict *verdict, enum verdict_code code, const char *text)
{
	verdict->code = code;
	verdict_set_text(verdict, text);
	return 0;
}

/* What the hashes' functions refuse (-EINVAL) is no image anybody signed. */
static int settle_failure(struct verdict *verdict, int r, enum verdict_code altered,
			  const struct error *err)
{
	return settle(verdict, r == -EINVAL || r == -ESTALE ? altered : VERDICT_UNREADABLE,
		      err->text);
}

static int step_record(const struct image_verify *request, struct verdict *verdict)
{
	struct error err = {.code = 0};

	int r = record_read(request->folder_fd, &verdict->record, &err);
	if (r == -ENOENT)
		return settle(verdict, VERDICT_UNSIGNED, "there is no " RECORD_FILE);
	if (r < 0)
		return settle_failure(verdict, r, VERDICT_BAD_RECORD, &err);
	verdict->has_record = 1;
	return 1;
}

static int settle_unknown(struct verdict *verdict, const struct error *err)
{
	char hex[2 * RECORD_HASH_BYTES + 1], text[VERDICT_TEXT_MAX];

	record_hex(verdict->record.key_id, hex);
	snprintf(text, sizeof(text), "key %.12s%s%.150s", hex, err->text[0] ? "; " : "", err->text);
	return settle(verdict, VERDICT_UNKNOWN_KEY, text);
}

static int step_signature(const struct image_verify *request, struct verdict *verdict)
{
	char text[VERDICT_TEXT_MAX], date[DATE_SIZE];
	struct error err = {.code = 0};
	struct public_key key;

	if (!request->keys)
		memset(verdict->record.signature, 0, sizeof(verdict->record.signature));
	if (!record_is_signed(&verdict->record))
		return 1;
	int r = key_files_find(request->keys, verdict->record.key_id, &key, &err);
	if (r == -ENOKEY)
		return settle_unknown(verdict, &err);
	if (r == 0)
		r = record_is_signed_by(&verdict->record, &key, &err);
	if (r < 0)
		return settle(verdict, VERDICT_UNREADABLE, err.text);
	if (r == 0)
		return settle(verdict, VERDICT_BAD_SIGNATURE, "");
	memcpy(verdict->signer, key.name, sizeof(verdict->signer));
	if (!key_is_expired(&key, request->now_sec))
		return 1;
	date_encode(key.expires_sec, date);
	snprintf(text, sizeof(text), "%s, on %s", key.name, date);
	return settle(verdict, VERDICT_KEY_EXPIRED, text);
}

static int step_age(const struct image_verify *request, struct verdict *verdict)
{
	uint64_t expires_sec = verdict->record.expires_sec;
	char text[32], date[DATE_SIZE];

	if (!request->keys || !expires_sec || request->now_sec < expires_sec)
		return 1;
	date_encode(expires_sec, date);
	snprintf(text, sizeof(text), "on %s", date);
	return settle(verdict, VERDICT_IMAGE_EXPIRED, text);
}

static int step_form(const struct image_verify *request, struct verdict *verdict)
{
	if (verdict->record.forms & request->form)
		return 1;
	return settle(verdict, VERDICT_OTHER_FORM,
		      request->form == RECORD_TREE ? "its record has no root/"
						   : "its record has no image.erofs");
}

static int step_documents(const struct image_verify *request, struct verdict *verdict)
{
	struct error err = {.code = 0};
	uint8_t sha256[DIGEST_BYTES];

	int r = documents_hash(request->folder_fd, request->manifest_fd, sha256, &err);
	if (r < 0)
		return settle_failure(verdict, r, VERDICT_ALTERED_DOCUMENTS, &err);
	if (memcmp(sha256, verdict->record.documents_sha256, sizeof(sha256)) != 0)
		return settle(verdict, VERDICT_ALTERED_DOCUMENTS,
			      "manifest.json or another file *.json was changed, added or removed");
	return 1;
}

static int verify_tree(const struct image_verify *request, struct verdict *verdict)
{
	struct error err = {.code = 0};
	struct tree_hash hash;
	int r;

	if (request->is_quick)
		r = tree_hash_quick(request->content_fd, hash.quick, &err);
	else
		r = tree_list_compare(request->folder_fd, request->content_fd,
				      verdict->record.tree_sha256, &hash, &err);
	if (r < 0)
		return settle_failure(verdict, r, VERDICT_ALTERED_TREE, &err);
	memcpy(verdict->quick, hash.quick, sizeof(verdict->quick));
	return 1;
}

static int verify_erofs(const struct image_verify *request, struct verdict *verdict)
{
	struct error err = {.code = 0};
	uint8_t sha256[DIGEST_BYTES];
	struct stat st;

	if (fstat(request->content_fd, &st) < 0)
		return settle(verdict, VERDICT_UNREADABLE, "cannot look at image.erofs");
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != verdict->record.erofs_bytes)
		return settle(verdict, VERDICT_ALTERED_EROFS, "image.erofs has another size");
	if (request->is_quick)
		return 1;
	uint64_t size;
	int r = digest_fd(request->content_fd, "image.erofs", sha256, &size, &err);
	if (r < 0)
		return settle_failure(verdict, r, VERDICT_ALTERED_EROFS, &err);
	if (memcmp(sha256, verdict->record.erofs_sha256, sizeof(sha256)) != 0)
		return settle(verdict, VERDICT_ALTERED_EROFS, "image.erofs has other bytes");
	return 1;
}

static int step_content(const struct image_verify *request, struct verdict *verdict)
{
	if (request->content_fd < 0)
		return settle(verdict, VERDICT_UNREADABLE, "what is in it cannot be opened");
	return request->form == RECORD_TREE ? verify_tree(request, verdict)
					    : verify_erofs(request, verdict);
}

static int step_end(const struct image_verify *request, struct verdict *verdict)
{
	(void)request;
	return settle(verdict, record_is_signed(&verdict->record) ? VERDICT_OK : VERDICT_UNSIGNED,
		      "");
}

void image_verify(const struct image_verify *request, struct verdict *ret_verdict)
{
	static int (*const steps[])(const struct image_verify *request, struct verdict *verdict) = {
		step_record,	step_signature, step_age, step_form,
		step_documents, step_content,	step_end,
	};

	memset(ret_verdict, 0, sizeof(*ret_verdict));
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (steps[i](request, ret_verdict) == 0)
			return;
}

static int open_form(int folder_fd, size_t form)
{
	int flags = forms_known[form].form == RECORD_TREE ? O_DIRECTORY : O_NONBLOCK;

	return openat(folder_fd, forms_known[form].name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | flags);
}

/* request: with what is asked for; its fds are set. Stops early as image_verify_folder() says. */
static int verify_folder(const char *folder, unsigned forms, struct image_verify *request,
			 struct verdict *ret_verdict, struct error *err)
{
	struct image_record record = {.forms = 0};

	_cleanup_fd_ int folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder_fd < 0)
		return error_set(err, -errno, "verify", "cannot open the image %.150s", folder);
	request->folder_fd = folder_fd;
	request->manifest_fd = -EBADF;
	/* Only to know what to open; it is read again, and then judged. */
	(void)record_read(folder_fd, &record, NULL);
	if (!forms)
		forms = record.forms ? record.forms : RECORD_TREE;
	for (size_t i = 0; i < FORMS_KNOWN; i++) {
		if (!(forms & forms_known[i].form))
			continue;
		_cleanup_fd_ int content_fd = open_form(folder_fd, i);
		request->content_fd = content_fd;
		request->form = forms_known[i].form;
		image_verify(request, ret_verdict);
		int is_bad =
			ret_verdict->code != VERDICT_OK && ret_verdict->code != VERDICT_UNSIGNED;
		if (is_bad || request->is_quick)
			return 0;
	}
	return 0;
}

int image_verify_folder(const char *folder, const struct key_files *keys, unsigned forms,
			uint64_t now_sec, struct verdict *ret_verdict, struct error *err)
{
	struct image_verify request = {.keys = keys, .now_sec = now_sec};

	return verify_folder(folder, forms, &request, ret_verdict, err);
}

int image_verify_folder_quick(const char *folder, const struct key_files *keys, uint64_t now_sec,
			      struct verdict *ret_verdict, struct error *err)
{
	struct image_verify request = {.keys = keys, .now_sec = now_sec, .is_quick = 1};

	return verify_folder(folder, 0, &request, ret_verdict, err);
}
