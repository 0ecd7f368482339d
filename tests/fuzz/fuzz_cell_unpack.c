/*
 * What the cell's pid 1 does with a bundle, less its system calls: the real cell_unpack.c, with
 * those that touch the outside replaced. Input: a byte whose lowest bit says that an artefact came,
 * and the next two which bundle it is (whole, early, the rest of an early one), then the bundle.
 */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "base/fd.h"
#include "sandbox/cell.h"

static int fuzz_open(const char *path, int flags, mode_t mode)
{
	FUZZ_ASSERT(bundle_path_is_valid(path, strlen(path)));
	FUZZ_ASSERT((flags & (O_CREAT | O_EXCL | O_NOFOLLOW)) == (O_CREAT | O_EXCL | O_NOFOLLOW));
	FUZZ_ASSERT(mode == 0644 || mode == 0755);
	return (open)("/dev/null", O_WRONLY | O_CLOEXEC);
}

static ssize_t fuzz_sendfile(int out, int in, off_t *at, size_t count)
{
	FUZZ_ASSERT(out >= 0 && in == CELL_FD_ARTEFACT_IN && *at == 0 && count > 0);
	return 0;
}

static int fuzz_mkfifo(const char *path, mode_t mode)
{
	FUZZ_ASSERT(bundle_path_is_valid(path, strlen(path)) && mode == 0600);
	return 0;
}

static int fuzz_mkdir(const char *path, mode_t mode)
{
	FUZZ_ASSERT(bundle_path_is_valid(path, strlen(path)) && mode == 0755);
	return 0;
}

#define open fuzz_open
#define mkdir fuzz_mkdir
#define mkfifo fuzz_mkfifo
#define sendfile fuzz_sendfile
#include "sandbox/cell_unpack.c"
#undef open
#undef mkdir
#undef mkfifo
#undef sendfile

int cell_make_parents(const char *path)
{
	FUZZ_ASSERT(bundle_path_is_valid(path, strlen(path)));
	return 0;
}

int cell_failed(struct cell_context *context, int error_number, const char *format, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list args;

	FUZZ_ASSERT(error_number > 0);
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return error_set(&context->error, -error_number, "unpack", "%s", text);
}

static int is_default(const char *entry)
{
	for (size_t i = 0; i < DEFAULT_ENV; i++)
		if (entry == default_env[i])
			return 1;
	return 0;
}

static void check_rest(const struct cell_context *context)
{
	FUZZ_ASSERT(!context->argv[0] && !context->envp[0] && context->later);
	FUZZ_ASSERT(!memchr(context->later, '\0', context->later_len));
	FUZZ_ASSERT(!context->later_len || context->later[context->later_len - 1] == '\n');
}

static void check_taken(const struct cell_context *context)
{
	size_t args = 0, envs = 0;

	FUZZ_ASSERT(!context->later);

	for (; context->argv[args]; args++)
		FUZZ_ASSERT(strlen(context->argv[args]) <= BUNDLE_ARG_BYTES_MAX);
	for (; context->envp[envs]; envs++)
		FUZZ_ASSERT(strchr(context->envp[envs], '='));
	FUZZ_ASSERT(args >= 1 && args <= BUNDLE_ARGS_MAX);
	FUZZ_ASSERT(envs <= BUNDLE_ENV_MAX + DEFAULT_ENV);
	for (size_t i = 0; i < DEFAULT_ENV; i++)
		FUZZ_ASSERT(env_has(context->envp, default_env[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cell_context context = {.work.has_artefact_in = len ? data[0] & 1 : 0};

	if (len < 1)
		return 0;
	void *copy = fuzz_copy(data + 1, len - 1);
	struct unpacking unpacking = {
		.part = (enum bundle_part)(data[0] >> 1 & 3) % (BUNDLE_REST + 1),
		.data = copy,
		.len = len - 1,
	};
	if (unpacking.part == BUNDLE_REST)
		memcpy(context.fifo, ".args", sizeof(".args"));
	context.argv = calloc(BUNDLE_ARGS_MAX + 1, sizeof(char *));
	context.envp = calloc(BUNDLE_ENV_MAX + DEFAULT_ENV + 1, sizeof(char *));
	FUZZ_ASSERT(context.argv && context.envp);

	int r = unpack_records(&context, &unpacking);
	FUZZ_ASSERT((r < 0) == (context.error.code < 0));
	if (r == 0 && unpacking.part == BUNDLE_REST)
		check_rest(&context);
	else if (r == 0)
		check_taken(&context);
	FUZZ_ASSERT(!context.artefact_out[0] ||
		    bundle_path_is_valid(context.artefact_out, strlen(context.artefact_out)));
	FUZZ_ASSERT(!context.collect[0] ||
		    bundle_path_is_valid(context.collect, strlen(context.collect)));
	FUZZ_ASSERT(!context.collect[0] || !context.artefact_out[0]);
	for (size_t i = 0; context.argv[i]; i++)
		free(context.argv[i]);
	for (size_t i = 0; context.envp[i]; i++)
		if (!is_default(context.envp[i]))
			free(context.envp[i]);
	free(context.later);
	free(context.argv);
	free(context.envp);
	free(copy);
	return 0;
}
