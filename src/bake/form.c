#include "bake/form.h"

#include <errno.h>
#include <fcntl.h>

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

static int add_erofs(struct bake *bake, const char *folder, struct image_record *record,
		     struct error *err)
{
	const struct erofs_image image = {
		.folder = folder,
		.epoch = bake->definition->epoch,
		.line = tick,
		.owner = bake,
		.record = record,
	};

	int r = erofs_add(&image, err);
	return r < 0 ? r : sign_record(bake->signer, folder, record, err);
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
