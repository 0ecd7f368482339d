#include "front/playground_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"

void playground_run_init(struct playground_run *run, const struct cargo_build *build,
			 void (*emit)(struct playground_run *run, int stream, const char *text,
				      size_t len),
			 void *owner)
{
	*run = (struct playground_run){.build = *build, .emit = emit, .owner = owner};
}

void playground_run_fini(struct playground_run *run)
{
	free(TAKE_PTR(run->compile_stderr));
}

static void emit_text(struct playground_run *run, int stream, const char *text)
{
	if (*text)
		run->emit(run, stream, text, strlen(text));
}

static void announce(struct playground_run *run)
{
	if (run->announced)
		return;
	run->announced = 1;
	emit_text(run, 2, cargo_before_compile(&run->build));
}

/* The compiler's stderr waits for the end of the step: only then is its summary known. */
static void hold_stderr(struct playground_run *run, const char *data, size_t len)
{
	char *more = realloc(run->compile_stderr, run->compile_stderr_len + len + 1);

	if (!more) {
		run->failed = 1;
		return;
	}
	memcpy(more + run->compile_stderr_len, data, len);
	run->compile_stderr = more;
	run->compile_stderr_len += len;
}

static void pass_output(struct playground_run *run, enum step_kind kind, int stream,
			const char *data, size_t len, int last)
{
	_cleanup_free_ char *text = NULL;
	size_t text_len;

	if (utf8_text(&run->carry[kind][stream == 2], data, len, last, &text, &text_len) < 0) {
		run->failed = 1;
		return;
	}
	if (text_len == 0)
		return;
	if (kind == STEP_COMPILE && stream == 2)
		hold_stderr(run, text, text_len);
	else
		run->emit(run, stream, text, text_len);
}

static int step_succeeded(const struct step_result *step)
{
	return step->outcome == OUTCOME_EXITED && step->exit_code == 0;
}

static void compile_ended(struct playground_run *run, const struct step_result *step)
{
	int will_run = run->build.command == CARGO_RUN && (run->build.tests || run->build.is_bin);
	_cleanup_free_ char *text = NULL;
	size_t len;

	announce(run);
	if (cargo_after_compile(&run->build, run->compile_stderr ? run->compile_stderr : "",
				run->compile_stderr_len, step_succeeded(step), will_run,
				step->wall_usec, &text, &len) < 0)
		run->failed = 1;
	else if (len)
		run->emit(run, 2, text, len);
}

/* Ends that a program's own output does not explain are explained after it. */
static void explain_end(struct playground_run *run, const struct step_result *step)
{
	char line[320];

	if (step->outcome != OUTCOME_OUT_OF_MEMORY && step->outcome != OUTCOME_FILE_LIMIT)
		return;
	snprintf(line, sizeof(line), "error: %s\n",
		 step->detail[0] ? step->detail : outcome_sentence(step->outcome));
	emit_text(run, 2, line);
}

static void step_ended(struct playground_run *run, const struct step_result *step)
{
	for (int stream = 1; stream <= 2; stream++)
		pass_output(run, step->kind, stream, "", 0, 1);
	if (step->kind == STEP_COMPILE)
		compile_ended(run, step);
	explain_end(run, step);
	if (step->kind == STEP_RUN)
		emit_text(run, 2, cargo_after_run(&run->build, step_succeeded(step)));
	run->running_since_usec = 0;
}

void playground_run_event(struct playground_run *run, struct job_event *event)
{
	switch (event->type) {
	case JOB_EVENT_STATE:
		if (event->state == JOB_COMPILING)
			announce(run);
		if (event->state == JOB_RUNNING)
			run->running_since_usec = clock_monotonic_usec();
		break;
	case JOB_EVENT_OUTPUT:
		pass_output(run, event->kind, event->stream, event->data, event->len, 0);
		free(TAKE_PTR(event->data));
		break;
	case JOB_EVENT_STEP:
		step_ended(run, &event->step);
		break;
	case JOB_EVENT_DIAGNOSTIC: /* its requests ask for none */
		free(TAKE_PTR(event->data));
		break;
	case JOB_EVENT_RESULT:
		break;
	}
}

static void format_exit(int status, char detail[PLAYGROUND_DETAIL_SIZE])
{
	snprintf(detail, PLAYGROUND_DETAIL_SIZE, "Exited with status %d", status);
}

static void format_signal(int signal, char detail[PLAYGROUND_DETAIL_SIZE])
{
	snprintf(detail, PLAYGROUND_DETAIL_SIZE, "Exited with signal %d (%s): %s", signal,
		 signal_name(signal), signal_description(signal));
}

int playground_run_end(const struct playground_run *run, const struct job_result *result,
		       char ret_detail[PLAYGROUND_DETAIL_SIZE], struct error *err)
{
	const struct step_result *last = &result->last;

	if (run->failed)
		return error_set_plain(err, -EPROTO, "playground",
				       "Unable to execute: the server is out of memory");
	switch (last->outcome) {
	case OUTCOME_EXITED:
	case OUTCOME_SIGNALED:
	case OUTCOME_OUT_OF_MEMORY:
	case OUTCOME_FILE_LIMIT:
		break;
	default:
		return error_set_plain(err, -EPROTO, "playground", "Unable to execute: %.190s",
				       last->detail[0] ? last->detail
						       : outcome_sentence(last->outcome));
	}
	if (step_succeeded(last)) {
		format_exit(0, ret_detail);
		return 1;
	}
	/* cargo's own status, whatever became of the compiler. */
	if ((last->kind == STEP_COMPILE && run->build.command != CARGO_FMT) ||
	    (run->build.tests && last->outcome == OUTCOME_EXITED))
		format_exit(CARGO_FAILED_STATUS, ret_detail);
	else if (last->signal)
		format_signal(last->signal, ret_detail);
	else
		format_exit(last->exit_code, ret_detail);
	return 0;
}
