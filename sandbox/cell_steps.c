/* The tables of the cell's own steps, and the one loop that walks them. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sandbox/cell.h"

struct step {
	int number; /* enum cell_step */
	cell_step_function *function;
};

#define HOST_STEP(constant, name, help)
#define INIT_STEP(constant, function, name, help) {STEP_##constant, function},
#define JOB_STEP(constant, function, name, help)
#define FEED_STEP(constant, function, name, help)
static const struct step init_steps[] = {
#include "sandbox/cell_steps.def"
};
#undef INIT_STEP
#undef JOB_STEP
#undef FEED_STEP

#define INIT_STEP(constant, function, name, help)
#define JOB_STEP(constant, function, name, help) {STEP_##constant, function},
#define FEED_STEP(constant, function, name, help)
static const struct step job_steps[] = {
#include "sandbox/cell_steps.def"
};
#undef JOB_STEP
#undef FEED_STEP

#define JOB_STEP(constant, function, name, help)
#define FEED_STEP(constant, function, name, help) {STEP_##constant, function},
static const struct step feed_steps[] = {
#include "sandbox/cell_steps.def"
};
#undef HOST_STEP
#undef INIT_STEP
#undef JOB_STEP
#undef FEED_STEP

#define HOST_STEP(constant, name, help) name,
#define INIT_STEP(constant, function, name, help) name,
#define JOB_STEP(constant, function, name, help) name,
#define FEED_STEP(constant, function, name, help) name,
static const char *const step_names[CELL_STEP_COUNT] = {
#include "sandbox/cell_steps.def"
};

int cell_failed(struct cell_context *context, int error_number, const char *format, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return error_set(&context->error, -error_number, step_names[context->step], "%s", text);
}

int cell_without(const struct cell_context *context, enum cell_layer layer)
{
	return (context->spec.without & layer) != 0;
}

static int walk(struct cell_context *context, const struct step *steps, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		context->step = steps[i].number;
		/* The spec is read by the first step: until then it asks for no fault. */
		if (context->spec.magic && context->spec.fail_at_step == context->step)
			return cell_failed(context, ECANCELED, "made to fail here on request");
		int r = steps[i].function(context);
		if (r < 0) {
			assert(context->error.code < 0);
			return r;
		}
	}
	return 0;
}

int cell_init_steps(struct cell_context *context)
{
	return walk(context, init_steps, sizeof(init_steps) / sizeof(init_steps[0]));
}

int cell_job_steps(struct cell_context *context)
{
	return walk(context, job_steps, sizeof(job_steps) / sizeof(job_steps[0]));
}

int cell_feed_steps(struct cell_context *context)
{
	return walk(context, feed_steps, sizeof(feed_steps) / sizeof(feed_steps[0]));
}
