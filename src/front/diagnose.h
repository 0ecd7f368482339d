/*
 * A job's compiler messages on their way to its log, when it asked for diagnostics: as text and as
 * events. What the compiler printed is kept as it was until the job has ended, so that jobs that
 * share the compile get their diagnostics from it, too. Called with the service's lock held.
 */
#ifndef FRONT_DIAGNOSE_H
#define FRONT_DIAGNOSE_H

#include "front/job_internal.h"

/* Does what this step prints on this stream go by here? */
static inline int diagnose_wanted(const struct job *job, enum step_kind kind, int stream)
{
	return kind == STEP_COMPILE && stream == 2 && job->plan.diagnostics;
}

/* The next bytes. Returns 1 when it is more than the step may print, else 0. */
int diagnose_output_locked(struct job *job, const char *data, size_t len);

/* Nothing more comes. */
void diagnose_end_locked(struct job *job);

#endif
