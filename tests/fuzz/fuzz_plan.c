/*
 * From a request's body to the bundles a cell gets, by the manifest in manifest.json. The bundles
 * must be ones that a cell takes.
 */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/bundle.h"
#include "base/fd.h"
#include "front/api_request.h"
#include "front/json_read.h"
#include "front/manifest.h"

/* Read once: it is never changed. */
static const struct manifest *manifest_get(void)
{
	static struct manifest *manifest;
	struct error err = {0};

	if (!manifest) {
		int fd = open(FUZZ_FOLDER "/manifest.json", O_RDONLY | O_CLOEXEC);
		FUZZ_ASSERT(fd >= 0 && manifest_read(fd, 1, &manifest, &err) == 0);
		close(fd);
	}
	return manifest;
}

static void check_bundle(int fd)
{
	struct bundle_record record;
	struct error err = {0};
	size_t len = 0, offset = 0;
	char *data = NULL;
	unsigned args = 0;
	int r;

	FUZZ_ASSERT(memfd_is_sealed(fd) == 1 && lseek(fd, 0, SEEK_SET) == 0);
	FUZZ_ASSERT(fd_read_all(fd, BUNDLE_BYTES_MAX, &data, &len) == 0);
	while ((r = bundle_next(data, len, &offset, &record, &err)) == 1)
		if (record.type == BUNDLE_ARG && args++ == 0)
			FUZZ_ASSERT(record.body_len && record.body[0] == '/');
	FUZZ_ASSERT(r == 0 && args > 0);
	free(data);
}

static void plan(const json_t *body)
{
	struct api_request request;
	struct job_plan job_plan;
	struct error err = {0};

	if (api_request_read(body, &request, &err) < 0)
		return;
	int r = manifest_plan(manifest_get(), &request.job, &job_plan, &err);
	if (r < 0) {
		FUZZ_ASSERT((r == -EINVAL || r == -E2BIG) && err.text[0]);
		return;
	}
	FUZZ_ASSERT(job_plan.has_compile || job_plan.has_run);
	if (job_plan.has_compile)
		check_bundle(job_plan.compile_bundle_fd);
	if (job_plan.has_run)
		check_bundle(job_plan.run_bundle_fd);
	job_plan_fini(&job_plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	json_t *body = NULL;

	if (json_read_object((const char *)data, len, &body, NULL) == 0)
		plan(body);
	json_decref(body);
	return 0;
}
