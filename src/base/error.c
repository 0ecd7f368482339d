#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *error_words(int number)
{
	/* musl's strerror(3) is safe in any thread, glibc's is not. */
#ifdef __GLIBC__
	const char *words = strerrordesc_np(number);
	return words ? words : "unknown error";
#else
	return strerror(number);
#endif
}

static void error_fill(struct error *err, int code, const char *step, const char *format,
		       va_list args)
{
	err->code = code;
	snprintf(err->step, sizeof(err->step), "%s", step);
	vsnprintf(err->text, sizeof(err->text), format, args);
}

int error_set(struct error *err, int code, const char *step, const char *format, ...)
{
	va_list args;

	if (!err)
		return code;
	va_start(args, format);
	error_fill(err, code, step, format, args);
	va_end(args);

	size_t used = strlen(err->text);
	snprintf(err->text + used, sizeof(err->text) - used, ": %s", error_words(-code));
	return code;
}

int error_set_plain(struct error *err, int code, const char *step, const char *format, ...)
{
	va_list args;

	if (!err)
		return code;
	va_start(args, format);
	error_fill(err, code, step, format, args);
	va_end(args);
	return code;
}

void error_print(const char *program, const struct error *err)
{
	fprintf(stderr, "%s: %s [%s]\n", program, err->text, err->step);
}
