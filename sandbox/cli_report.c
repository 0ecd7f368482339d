#include "sandbox/cli_report.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"

/* text as the inside of a JSON string; what does not fit is cut. */
static void escape(char *ret_escaped, size_t size, const char *text)
{
	size_t used = 0;

	for (; *text && used + 7 < size; text++) {
		unsigned char c = (unsigned char)*text;
		if (c == '"' || c == '\\')
			used += (size_t)snprintf(ret_escaped + used, size - used, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			used += (size_t)snprintf(ret_escaped + used, size - used, "\\u%04x", c);
		else
			ret_escaped[used++] = (char)c;
	}
	ret_escaped[used] = '\0';
}

static const char *json_bool(int value)
{
	return value ? "true" : "false";
}

void cli_report_write(int fd, const struct cli_ended *ended)
{
	const struct cell_result *result = &ended->result;
	char text[ERROR_TEXT_MAX * 6 + 8], json[sizeof(text) + 1024];
	const struct error *error = &result->error;

	escape(text, sizeof(text), error->text);
	int n = snprintf(
		json, sizeof(json),
		"{\"outcome\": \"%s\", \"exit_code\": %d, \"signal\": %d, \"wall_usec\": %llu, "
		"\"user_usec\": %llu, \"system_usec\": %llu, \"throttled_usec\": %llu, "
		"\"memory_peak_bytes\": %llu, \"files_full\": %s, \"inodes_full\": %s, "
		"\"stdout_bytes\": %llu, \"stderr_bytes\": %llu, \"truncated\": %s, "
		"\"truncated_stdout\": %s, \"truncated_stderr\": %s, \"artefact_bytes\": %llu, "
		"\"error_step\": \"%s\", \"error_text\": \"%s\"}\n",
		outcome_name(result->outcome), result->exit_code, result->signal,
		(unsigned long long)result->wall_usec, (unsigned long long)result->user_usec,
		(unsigned long long)result->system_usec, (unsigned long long)result->throttled_usec,
		(unsigned long long)result->memory_peak_bytes, json_bool(result->files_full),
		json_bool(result->inodes_full), (unsigned long long)ended->out.bytes,
		(unsigned long long)ended->err.bytes,
		json_bool(ended->out.truncated || ended->err.truncated),
		json_bool(ended->out.truncated), json_bool(ended->err.truncated),
		(unsigned long long)result->artefact_bytes, error->code ? error->step : "",
		error->code ? text : "");
	if (n > 0 && (size_t)n < sizeof(json))
		fd_write_all(fd, json, (size_t)n);
}

void cli_report_say(const struct cell_result *result)
{
	if (result->error.code)
		error_print("sandlot cell", &result->error);
	else if (result->outcome != OUTCOME_EXITED && result->outcome != OUTCOME_SIGNALED)
		fprintf(stderr, "sandlot cell: %s [%s]\n", outcome_sentence(result->outcome),
			outcome_name(result->outcome));
}

int cli_report_exit(const struct cell_result *result, int signal)
{
	switch (result->outcome) {
	case OUTCOME_EXITED:
	case OUTCOME_SIGNALED:
	case OUTCOME_FILE_LIMIT:
		if (result->signal)
			return 128 + result->signal;
		/* A program that did its work but has no artefact to show for it has not succeeded.
		 */
		return result->exit_code == 0 && result->error.code ? CLI_EXIT_SANDBOX
								    : result->exit_code;
	case OUTCOME_WALL_TIMEOUT:
	case OUTCOME_CPU_TIMEOUT:
		return CLI_EXIT_TIMEOUT;
	case OUTCOME_OUT_OF_MEMORY:
		return CLI_EXIT_MEMORY;
	case OUTCOME_OUTPUT_LIMIT:
		return CLI_EXIT_OUTPUT;
	case OUTCOME_KILLED:
		return 128 + (signal ? signal : SIGTERM);
	case OUTCOME_REFUSED:
	case OUTCOME_INTERNAL_ERROR:
	case OUTCOME_COUNT:
		break;
	}
	return CLI_EXIT_SANDBOX;
}
