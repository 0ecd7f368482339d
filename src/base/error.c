#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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
	const char *words = strerrordesc_np(-code);
	snprintf(err->text + used, sizeof(err->text) - used, ": %s",
		 words ? words : "unknown error");
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
