#include "bake/vet_check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bake/confined.h"
#include "bake/json.h"
#include "bake/vet_reply.h"
#include "base/fd.h"

enum { LINE_SIZE = 640 };

/* What the children of this file answer. */
struct check_reply {
	uint64_t audits, violations, left_out;
	char text[VET_REASONS_SIZE];
};

/* What they are given. Borrowed. */
struct check_work {
	const char *text; /* a file of audits, or vetting.json */
	size_t len;
	const char *source;
	const struct vet_set *set; /* of an image's check */
};

static void count_rows(const struct vet_audits *audits, struct check_reply *reply)
{
	for (size_t i = 0; i < audits->count; i++) {
		reply->violations += audits->rows[i].kind == VET_VIOLATION;
		reply->audits += audits->rows[i].kind != VET_VIOLATION;
	}
	reply->left_out = audits->left_out;
}

static int check_file(void *owner, void *result, struct error *err)
{
	const struct check_work *work = owner;
	struct vet_audits audits = {.files = NULL};

	int r = vet_audits_add(&audits, work->text, work->len, work->source, VET_IMPORTED, err);
	if (r >= 0)
		count_rows(&audits, result);
	vet_audits_fini(&audits);
	return r;
}

static void check_crate(const struct vet_audits *audits, const json_t *crate,
			struct check_reply *reply)
{
	const char *name = json_text(crate, "name"), *version = json_text(crate, "version");
	const struct vet_audit *violation =
		name && version ? vet_audits_violation(audits, name, version) : NULL;
	size_t used = strlen(reply->text), room = sizeof(reply->text) - used;
	char line[LINE_SIZE];

	if (!violation)
		return;
	reply->violations++;
	snprintf(line, sizeof(line), "%.64s %.64s: %s says a violation of versions %.64s%s%.200s",
		 name, version, violation->source, violation->violation,
		 violation->notes ? ": " : "", violation->notes ? violation->notes : "");
	vet_flatten(line);
	int n = snprintf(reply->text + used, room, "%s\n", line);
	if (n < 0 || (size_t)n >= room)
		reply->text[used] = '\0';
}

static int check_image(void *owner, void *result, struct error *err)
{
	const struct check_work *work = owner;
	struct vet_audits audits = {.files = NULL};
	json_auto_t *document = json_loadb(work->text, work->len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *crates = json_object_get(document, "crates");
	size_t i;
	json_t *crate;

	if (!json_is_array(crates))
		return error_set_plain(err, -EBADMSG, "vet", "%s is no list of crates",
				       work->source);
	int r = vet_set_audits(work->set, &audits, err);
	json_array_foreach (crates, i, crate)
		if (r >= 0)
			check_crate(&audits, crate, result);
	vet_audits_fini(&audits);
	return r;
}

/* Runs one of the above, which needs no file. */
static int run(confined_work *work, struct check_work *with, struct check_reply *ret_reply,
	       struct error *err)
{
	/* An empty folder of the kernel's, which has nothing to read. */
	_cleanup_fd_ int nowhere_fd = open("/proc/self/fdinfo", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct confined_spec spec = {.what = with->source,
					   .access = CONFINED_READS,
					   .folder_fd = nowhere_fd,
					   .input_fd = -EBADF};

	int r = confined_run(&spec, work, with, ret_reply, sizeof(*ret_reply), err);
	if (r < 0)
		return r;
	if (ret_reply->violations > INT32_MAX)
		return error_set_plain(err, -EIO, "vet", "%s: reading it gave no sensible answer",
				       with->source);
	vet_tame(ret_reply->text, sizeof(ret_reply->text));
	return 0;
}

int vet_check_file(const char *text, size_t len, const char *source,
		   struct vet_file_counts *ret_counts, struct error *err)
{
	struct check_work work = {.text = text, .len = len, .source = source};
	struct check_reply reply;

	int r = run(check_file, &work, &reply, err);
	if (r >= 0)
		*ret_counts =
			(struct vet_file_counts){reply.audits, reply.violations, reply.left_out};
	return r;
}

static int read_document(const char *image, struct path *ret_path, char **ret_text, size_t *ret_len,
			 struct error *err)
{
	int r = path_format(ret_path, err, "%s/" VET_DOCUMENT_FILE, image);
	if (r < 0)
		return r;
	_cleanup_fd_ int fd = open(ret_path->text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT)
		return error_set_plain(err, -ENOENT, "vet",
				       "%s has no " VET_DOCUMENT_FILE ": no crates, or it was "
				       "baked before they were vetted",
				       image);
	if (fd < 0)
		return error_set(err, -errno, "vet", "cannot open %s", ret_path->text);
	r = fd_read_all(fd, VET_DOCUMENT_MAX, ret_text, ret_len);
	return r < 0 ? error_set(err, r, "vet", "cannot read %s", ret_path->text) : 0;
}

int vet_check_image(const char *image, const char *set, char ret_reasons[VET_REASONS_SIZE],
		    struct error *err)
{
	_cleanup_free_ struct vet_set *read = calloc(1, sizeof(*read));
	_cleanup_free_ char *text = NULL;
	struct check_work work = {.set = read};
	struct check_reply reply;
	struct path path;

	ret_reasons[0] = '\0';
	if (!read)
		return error_set(err, -ENOMEM, "vet", "cannot check %s", image);
	int r = read_document(image, &path, &text, &work.len, err);
	work.text = text;
	work.source = path.text;
	if (r >= 0)
		r = vet_set_read_audits(set, read, err);
	if (r >= 0)
		r = run(check_image, &work, &reply, err);
	if (r >= 0) {
		memcpy(ret_reasons, reply.text, VET_REASONS_SIZE);
		r = (int)reply.violations;
	}
	vet_set_fini(read);
	return r;
}
