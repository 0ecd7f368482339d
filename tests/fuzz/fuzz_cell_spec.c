/* The spec as the cell's pid 1 reads it: the real cell_guard.c, with the file descriptor replaced.
 */
#include "fuzz.h"

#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

#include "sandbox/cell.h"

static const uint8_t *spec_data;
static size_t spec_len;

static ssize_t fuzz_pread(int fd, void *to, size_t len, off_t at)
{
	size_t n = len < spec_len ? len : spec_len;

	FUZZ_ASSERT(fd == CELL_FD_SPEC && at == 0);
	memcpy(to, spec_data, n);
	return (ssize_t)n;
}

static int fuzz_close(int fd)
{
	FUZZ_ASSERT(fd == CELL_FD_SPEC);
	return 0;
}

#define pread fuzz_pread
#define close fuzz_close
#include "sandbox/cell_guard.c"
#undef pread
#undef close

int cell_failed(struct cell_context *context, int error_number, const char *format, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return error_set(&context->error, -error_number, "read-spec", "%s", text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cell_context context = {0};
	const struct cell_spec *spec = &context.spec;

	spec_data = data;
	spec_len = len;
	int r = cell_read_spec(&context);
	FUZZ_ASSERT((r < 0) == (context.error.code < 0));
	if (r == 0) {
		FUZZ_ASSERT(len >= sizeof(*spec) && spec->magic == CELL_SPEC_MAGIC);
		FUZZ_ASSERT(spec->profile < CELL_PROFILE_COUNT &&
			    spec->image < CELL_HOST_IMAGES_MAX);
		FUZZ_ASSERT(spec->bind_count <= CELL_BINDS_MAX);
		for (unsigned i = 0; i < spec->bind_count; i++)
			FUZZ_ASSERT(memchr(spec->bind_paths[i], 0, sizeof(spec->bind_paths[i])));
	}
	return 0;
}
