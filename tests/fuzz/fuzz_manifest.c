/* A manifest. Whatever passes its check must do for requests: with every language of it. */
#include "fuzz.h"

#include <errno.h>
#include <unistd.h>

#include "base/fd.h"
#include "front/manifest.h"

static void plan_all(const struct manifest *manifest)
{
	const json_t *language;
	size_t i;

	json_array_foreach (json_object_get(manifest_json(manifest), "languages"), i, language) {
		const struct job_file file = {.content = "x", .len = 1};
		const struct job_request request = {
			.language = json_string_value(json_object_get(language, "id")),
			.files = &file,
			.file_count = 1,
		};
		struct job_plan plan;
		struct error err = {0};
		int r = manifest_plan(manifest, &request, &plan, &err);
		FUZZ_ASSERT(r == 0 || err.text[0]);
		if (r == 0)
			job_plan_fini(&plan);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct manifest *manifest = NULL;
	struct error err = {0};
	int fd = memfd_new_sealed("manifest", data, len);

	FUZZ_ASSERT(fd >= 0);
	int r = manifest_read(fd, 1, &manifest, &err);
	close(fd);
	if (r == 0)
		plan_all(manifest);
	else
		FUZZ_ASSERT(r == -EINVAL && !manifest && err.text[0]);
	manifest_unref(manifest);
	return 0;
}
