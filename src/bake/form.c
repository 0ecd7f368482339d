#include "bake/form.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "bake/erofs.h"
#include "bake/sign.h"
#include "base/fd.h"
#include "image/record_file.h"

static void tick(void *owner, const char *line)
{
	struct bake *bake = owner;

	if (line)
		progress_tool_line(&bake->progress, line);
	else
		progress_tick(&bake->progress, NULL);
}

static int make_file(struct bake *bake, const char *folder, const char *file,
		     struct image_record *record, struct error *err)
{
	struct path root;

	int r = path_format(&root, err, "%s/root", folder);
	if (r < 0)
		return r;
	const struct erofs_spec spec = {
		.root = root.text,
		.file = file,
		.epoch = bake->definition->epoch,
		.tree_sha256 = record->tree_sha256,
		.line = tick,
		.owner = bake,
	};
	r = erofs_make(&spec, err);
	return r < 0 ? r : erofs_measure(file, record, err);
}

/* The file is in its place first: a record without it would be a damaged image, the reverse is
 * none.
 */
static int add_erofs(struct bake *bake, const char *folder, struct image_record *record,
		     struct error *err)
{
	struct path made, file;

	int r = path_format(&file, err, "%s/" EROFS_FILE, folder);
	if (r >= 0)
		r = path_format(&made, err, "%s.new", file.text);
	if (r < 0)
		return r;
	unlink(made.text); /* an interrupted bake's: we hold the cache's lock */
	r = make_file(bake, folder, made.text, record, err);
	if (r >= 0 && rename(made.text, file.text) < 0)
		r = error_set(err, -errno, "form", "cannot make %s", file.text);
	if (r < 0) {
		unlink(made.text);
		return r;
	}
	return sign_record(bake->signer, folder, record, err);
}

int form_ensure(struct bake *bake, const char *folder, enum bake_form form, struct error *err)
{
	struct image_record record;

	if (form == BAKE_FORM_TREE)
		return 0;
	_cleanup_fd_ int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, -errno, "form", "cannot open %s", folder);
	int r = record_read(fd, &record, err);
	if (r < 0 || record.forms & RECORD_EROFS)
		return r;
	bake_stage(bake, STAGE_FORM);
	return add_erofs(bake, folder, &record, err);
}
