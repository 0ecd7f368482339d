#include "cli/run_output.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/outcome.h"
#include "cli/run_options.h"

void output_restart(struct output *output)
{
	memset(output->heard, 0, sizeof(output->heard));
}

/* As fd_write_all(), for fds that others may have made non-blocking: a shared terminal, say. */
static int write_patiently(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);
		if (n < 0 && errno == EAGAIN) {
			struct pollfd writable = {.fd = fd, .events = POLLOUT};
			poll(&writable, 1, -1);
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

static int text_is(const json_t *object, const char *key, const char *value)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text && strcmp(text, value) == 0;
}

int output_event(struct output *output, const json_t *event)
{
	const json_t *text = json_object_get(event, "text");
	int run = text_is(event, "step", "run"), out = text_is(event, "stream", "stdout");
	size_t stream = 2 * (size_t)run + (size_t)out, len = json_string_length(text);

	if (len == 0)
		return 0;
	uint64_t start = output->heard[stream];
	output->heard[stream] += len;
	if (output->heard[stream] <= output->shown[stream])
		return 0;
	size_t skip = (size_t)(output->shown[stream] - start);
	output->shown[stream] = output->heard[stream];
	output_progress_end(output);
	return write_patiently(run && out ? STDOUT_FILENO : STDERR_FILENO,
			       json_string_value(text) + skip, len - skip);
}

void output_state(struct output *output, const json_t *event)
{
	json_int_t position = json_integer_value(json_object_get(event, "position"));

	if (!isatty(STDERR_FILENO))
		return;
	output_progress_end(output);
	if (text_is(event, "state", "queued") && position > 1) {
		fprintf(stderr, "waiting in the queue, position %lld", (long long)position);
		output->progress_shown = 1;
	}
}

void output_progress_end(struct output *output)
{
	if (output->progress_shown)
		fputs("\r\033[K", stderr);
	output->progress_shown = 0;
}

static int result_is(const json_t *result, enum outcome outcome)
{
	return text_is(result, "outcome", outcome_name(outcome));
}

/* The program ran to an end of its own; or the compiler did, and there was nothing to run. */
static int exited_status(const json_t *result, int compiled_only)
{
	json_int_t code = json_integer_value(json_object_get(result, "exit_code"));

	if (compiled_only && code != 0)
		return RUN_EXIT_COMPILE;
	return (int)(code & 0xff);
}

static void sentence_print(const json_t *result, int compiling)
{
	const char *sentence = json_string_value(json_object_get(result, "sentence"));
	const char *name = json_string_value(json_object_get(result, "signal_name"));

	fprintf(stderr, "sandlot run: %s%s%s%s%s\n", compiling ? "while compiling: " : "",
		sentence ? sentence : "The server gave no reason.", name ? " (" : "",
		name ? name : "", name ? ")" : "");
}

/* Was the compiler the last step that was started? */
static int ended_compiling(const json_t *result)
{
	const json_t *steps = json_object_get(result, "steps");
	size_t count = json_array_size(steps);

	return count > 0 && text_is(json_array_get(steps, count - 1), "step", "compile");
}

int result_status(const json_t *result, int stop_signal)
{
	int compiling = ended_compiling(result);
	json_int_t signal_number = json_integer_value(json_object_get(result, "signal"));

	if (result_is(result, OUTCOME_EXITED))
		return exited_status(result, compiling);
	if (stop_signal && result_is(result, OUTCOME_KILLED))
		return RUN_EXIT_SIGNAL + stop_signal;
	sentence_print(result, compiling);
	if (result_is(result, OUTCOME_WALL_TIMEOUT) || result_is(result, OUTCOME_CPU_TIMEOUT))
		return RUN_EXIT_TIMEOUT;
	if (!json_is_string(json_object_get(result, "outcome")) ||
	    result_is(result, OUTCOME_REFUSED) || result_is(result, OUTCOME_INTERNAL_ERROR))
		return RUN_EXIT_SERVER;
	if (compiling)
		return RUN_EXIT_COMPILE;
	if (result_is(result, OUTCOME_OUTPUT_LIMIT))
		return RUN_EXIT_SIGNAL + SIGPIPE;
	if (result_is(result, OUTCOME_OUT_OF_MEMORY))
		return RUN_EXIT_SIGNAL + SIGKILL;
	if (signal_number > 0)
		return RUN_EXIT_SIGNAL + (int)(signal_number & 0x7f);
	return result_is(result, OUTCOME_KILLED) ? RUN_EXIT_SIGNAL + SIGTERM : EXIT_FAILURE;
}
