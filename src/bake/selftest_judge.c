#include "bake/selftest_judge.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"

enum { LIMIT_TEXT_SIZE = 96, QUOTE_MAX = 60, END_SIZE = 64 };

const struct json_field selftest_fields[] = {
	{"name", JSON_SHAPE_TEXT, 0},
	{"file", JSON_SHAPE_TEXT, 1},
	{"code", JSON_SHAPE_TEXT, 1},
	{"options", JSON_SHAPE_TEXT_MAP, 0},
	{"stdin", JSON_SHAPE_TEXT, 1},
	{"limits", JSON_SHAPE_TEXT_MAP, 1},
	{"step", JSON_SHAPE_TEXT, 1},
	{"exit_code", JSON_SHAPE_NUMBER, 1},
	{"signal", JSON_SHAPE_TEXT, 1},
	{"outcome", JSON_SHAPE_TEXT, 1},
	{"stdout", JSON_SHAPE_TEXT, 1},
	{"stdout_contains", JSON_SHAPE_TEXT, 1},
	{"stderr_contains", JSON_SHAPE_TEXT, 1},
	{"for_each", JSON_SHAPE_TEXTS, 1},
};
const size_t selftest_field_count = sizeof(selftest_fields) / sizeof(selftest_fields[0]);

/* Limits that a program can be told to run into. */
static const enum outcome limit_outcomes[] = {OUTCOME_WALL_TIMEOUT, OUTCOME_CPU_TIMEOUT,
					      OUTCOME_OUT_OF_MEMORY, OUTCOME_OUTPUT_LIMIT,
					      OUTCOME_FILE_LIMIT};

static int check_end(const json_t *check, struct json_place place, struct error *err)
{
	const char *signal = json_text(check, "signal"), *outcome = json_text(check, "outcome");
	int known = 0;

	if ((json_object_get(check, "exit_code") != NULL) + (signal != NULL) + (outcome != NULL) >
	    1)
		return json_refuse(place, NULL, err,
				   "has more than one of exit_code, signal and outcome");
	if (signal && !signal_number(signal))
		return json_refuse(place, "signal", err, "must be a name such as SIGSEGV");
	for (size_t i = 0; outcome && i < sizeof(limit_outcomes) / sizeof(limit_outcomes[0]); i++)
		known |= strcmp(outcome_name(limit_outcomes[i]), outcome) == 0;
	if (outcome && !known)
		return json_refuse(place, "outcome", err,
				   "must be wall_timeout, cpu_timeout, out_of_memory, output_limit "
				   "or file_limit");
	return 0;
}

static int check_limits(const json_t *check, struct json_place place, struct error *err)
{
	json_t *limits = json_object_get(check, "limits"), *value;
	struct limits parsed = limits_default_run();
	const char *name;

	if (json_object_size(limits) > SELFTEST_LIMITS_MAX)
		return json_refuse(place, "limits", err, "has more than %d", SELFTEST_LIMITS_MAX);
	json_object_foreach (limits, name, value) {
		char text[LIMIT_TEXT_SIZE];
		struct error why = {.code = 0};
		snprintf(text, sizeof(text), "%s=%s", name, json_string_value(value));
		if (limits_parse(&parsed, text, &why) < 0)
			return json_refuse(place, "limits", err, "has %s: %s", text, why.text);
	}
	return 0;
}

int selftest_check(const json_t *check, const json_t *language, struct json_place place,
		   struct error *err)
{
	const char *step = json_text(check, "step");

	if (!json_object_get(check, "file") == !json_object_get(check, "code"))
		return json_refuse(place, NULL, err, "must have file or code, one of them");
	if (step && strcmp(step, "run") != 0 && strcmp(step, "compile") != 0)
		return json_refuse(place, "step", err, "must be compile or run");
	if (step && !json_object_get(language, step))
		return json_refuse(place, "step", err, "names %s, which this language lacks", step);
	int r = check_end(check, place, err);
	return r < 0 ? r : check_limits(check, place, err);
}

/* "exit status 1", "signal SIGSEGV" or "outcome wall_timeout". */
static void describe(enum outcome outcome, int exit_code, const char *signal,
		     char ret_text[END_SIZE])
{
	if (signal)
		snprintf(ret_text, END_SIZE, "signal %s", signal);
	else if (outcome == OUTCOME_EXITED)
		snprintf(ret_text, END_SIZE, "exit status %d", exit_code);
	else
		snprintf(ret_text, END_SIZE, "outcome %s", outcome_name(outcome));
}

static int judge_end(const json_t *expected, const struct cell_end *end,
		     char ret_why[SELFTEST_WHY_SIZE])
{
	const char *signal = json_text(expected, "signal"),
		   *outcome = json_text(expected, "outcome");
	const int code = (int)json_integer_value(json_object_get(expected, "exit_code"));
	char seen[END_SIZE], wanted[END_SIZE];

	describe(end->outcome, end->exit_code,
		 end->outcome == OUTCOME_SIGNALED ? signal_name(end->signal) : NULL, seen);
	describe(OUTCOME_EXITED, code, signal, wanted);
	if (outcome)
		snprintf(wanted, sizeof(wanted), "outcome %s", outcome);
	if (strcmp(seen, wanted) == 0)
		return 1;
	snprintf(ret_why, SELFTEST_WHY_SIZE, "it ended with %s instead of %s", seen, wanted);
	return 0;
}

/* The first line in which two texts differ. */
static void tell_difference(const char *wanted, const char *seen, char ret_why[SELFTEST_WHY_SIZE])
{
	size_t same = 0, line = 1, start = 0;

	for (; wanted[same] && wanted[same] == seen[same]; same++)
		if (wanted[same] == '\n') {
			line++;
			start = same + 1;
		}
	int seen_len = (int)strcspn(seen + start, "\n");
	int wanted_len = (int)strcspn(wanted + start, "\n");
	snprintf(ret_why, SELFTEST_WHY_SIZE,
		 "line %zu of its output is \"%.*s\" instead of \"%.*s\"", line,
		 seen_len < QUOTE_MAX ? seen_len : QUOTE_MAX, seen + start,
		 wanted_len < QUOTE_MAX ? wanted_len : QUOTE_MAX, wanted + start);
}

static int judge_part(const char *part, const char *seen, const char *what,
		      char ret_why[SELFTEST_WHY_SIZE])
{
	if (!part || strstr(seen, part))
		return 1;
	snprintf(ret_why, SELFTEST_WHY_SIZE, "its %s lacks \"%.*s\"", what, QUOTE_MAX, part);
	return 0;
}

int selftest_judge(const json_t *expected, const struct selftest_seen *seen,
		   char ret_why[SELFTEST_WHY_SIZE])
{
	const char *whole = json_text(expected, "stdout");

	if (!judge_end(expected, &seen->end, ret_why))
		return 0;
	if (whole && strcmp(whole, seen->out) != 0) {
		tell_difference(whole, seen->out, ret_why);
		return 0;
	}
	return judge_part(json_text(expected, "stdout_contains"), seen->out, "output", ret_why) &&
	       judge_part(json_text(expected, "stderr_contains"), seen->errors, "error output",
			  ret_why);
}
