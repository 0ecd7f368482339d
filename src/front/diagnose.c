#include "front/diagnose.h"

#include "front/diagnostics.h"

struct diagnosing {
	struct job *job;
	int over;
};

static void tell_text(void *owner, const char *data, size_t len)
{
	struct diagnosing *diagnosing = owner;
	struct job *job = diagnosing->job;

	diagnosing->over |= job_log_output_locked(job, STEP_COMPILE, 2, data, len,
						  job->limits[STEP_COMPILE].output_bytes);
}

static void tell_diagnostic(void *owner, const char *json, size_t len)
{
	struct diagnosing *diagnosing = owner;

	job_log_diagnostic_locked(diagnosing->job, json, len);
}

static int feed(struct job *job, const char *data, size_t len, int last)
{
	struct diagnosing diagnosing = {.job = job};
	const struct diagnostics_sink sink = {tell_text, tell_diagnostic, &diagnosing};

	diagnostics_feed(job->plan.diagnostics, data, len, last, &sink);
	return diagnosing.over;
}

int diagnose_output_locked(struct job *job, const char *data, size_t len)
{
	uint64_t most = job->limits[STEP_COMPILE].output_bytes * DIAGNOSTICS_INPUT_TIMES;

	if (len == 0)
		return 0;
	/* JSON is a good deal longer than the text in it, but not without bounds. */
	if (job->diagnosed.used + len > most || job_buffer_append(&job->diagnosed, data, len) < 0) {
		job->outputs[STEP_COMPILE][1].truncated = 1;
		return 1;
	}
	return feed(job, data, len, 0);
}

void diagnose_end_locked(struct job *job)
{
	feed(job, "", 0, 1);
}
