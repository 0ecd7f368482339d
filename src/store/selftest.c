#include "store/selftest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bake/json.h"
#include "bake/selftest.h"
#include "bake/tree.h"
#include "base/clock.h"

/* In a folder of its own, for programs go from cell to cell through it. */
static int run(struct bake *bake, const json_t *manifest, struct error *err)
{
	char scratch[] = "/tmp/sandlot-selftest-XXXXXX";

	if (!mkdtemp(scratch))
		return error_set(err, -errno, "self-test", "cannot make the folder %s", scratch);
	int r = selftest_run(bake, manifest, scratch, err);
	int removed = tree_remove(scratch, r < 0 ? NULL : err);
	return r < 0 ? r : removed;
}

static int read_manifest(const struct store_image *image, json_t **ret_manifest, struct error *err)
{
	struct path path;

	int r = path_format(&path, err, "%s/manifest.json", image->folder.text);
	return r < 0 ? r : json_read_file(path.text, ret_manifest, err);
}

/* A test that failed, or could not be run, is a verdict; all else that goes wrong is a failure. */
static int tell(struct bake *bake, int r, uint64_t usec, struct selftest_verdict *ret_verdict,
		const struct error *err)
{
	ret_verdict->failed = r == -EIO;
	if (ret_verdict->failed) {
		snprintf(ret_verdict->sentence, sizeof(ret_verdict->sentence), "%s", err->text);
		snprintf(ret_verdict->printed, sizeof(ret_verdict->printed), "%s", bake->tail);
		return 0;
	}
	snprintf(ret_verdict->sentence, sizeof(ret_verdict->sentence),
		 "%" PRIu64 " programs did what they should (%" PRIu64 ".%" PRIu64 " s)",
		 bake->progress.done, usec / USEC_PER_SEC, usec / (USEC_PER_SEC / 10) % 10);
	return r;
}

int image_selftest(const struct store_image *image, struct selftest_verdict *ret_verdict,
		   struct error *err)
{
	const uint64_t started = clock_monotonic_usec();
	struct bake *bake = calloc(1, sizeof(*bake));
	json_auto_t *manifest = NULL;

	if (!bake)
		return error_set(err, -ENOMEM, "self-test", "cannot test %s", image->folder.text);
	child_block_signals(); /* so that what lies in /tmp goes away */
	bake->image = image->folder;
	bake->cache.lock_fd = -EBADF;
	progress_init(&bake->progress, 1, 0);
	int r = bake_find_programs(bake, err);
	if (r >= 0)
		r = read_manifest(image, &manifest, err);
	if (r >= 0) {
		progress_stage(&bake->progress, 1, "self-test");
		r = run(bake, manifest, err);
		bake_close_progress(bake, r);
		r = tell(bake, r, clock_monotonic_usec() - started, ret_verdict, err);
	}
	bake_fini(bake);
	free(bake);
	return r;
}
