/* The table of checks, how rows are printed, and that a trial comes to an end whatever happens. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "doctor/doctor.h"
#include "doctor/print.h"
#include "doctor/trial.h"

static void assert_plain(const char *text)
{
	assert_non_null(text);
	assert_true(*text);
	for (; *text; text++)
		assert_true(*text >= ' ' && *text <= '~');
}

static void doctor_checks_rows_are_whole(void **state)
{
	size_t count;
	const struct doctor_check *checks = doctor_checks(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		assert_plain(checks[i].section);
		assert_plain(checks[i].name);
		assert_plain(checks[i].cost);
		assert_plain(checks[i].remedy);
		assert_non_null(checks[i].function);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(checks[i].name, checks[j].name);
	}
}

static void doctor_checks_all_are_documented(void **state)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_fd_ int fd = open("docs/doctor.md", O_RDONLY | O_CLOEXEC);
	size_t count;
	const struct doctor_check *checks = doctor_checks(&count);

	(void)state;
	assert_int_equal(fd_read_all(fd, 1 << 20, &text, NULL), 0);
	for (size_t i = 0; i < count; i++) {
		char name[80];
		snprintf(name, sizeof(name), "`%s`", checks[i].name);
		if (!strstr(text, name))
			fail_msg("docs/doctor.md does not name %s", name);
	}
}

/* ---- printing ---- */

static void json_text_is(const char *text, const char *wanted)
{
	char *written;
	size_t len;
	FILE *out = open_memstream(&written, &len);

	print_json_text(out, text);
	fclose(out);
	assert_string_equal(written, wanted);
	free(written);
}

static void print_json_text_escapes(void **state)
{
	(void)state;
	json_text_is("", "\"\"");
	json_text_is("plain /text", "\"plain /text\"");
	json_text_is("a\"b\\c", "\"a\\\"b\\\\c\"");
	json_text_is("\n\x01\x1f\x7f", "\"\\u000a\\u0001\\u001f\\u007f\"");
	json_text_is("\xff\x80", "\"\\ufffd\\ufffd\"");
}

static void finding_set_hostile_text_is_plain_and_cut(void **state)
{
	struct finding finding = {.verdict = VERDICT_OK};
	char text[2 * FOUND_MAX];

	(void)state;
	memset(text, '\x1b', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	finding_set(&finding, VERDICT_MISSING, "%s", text);
	assert_plain(finding.found);
	assert_int_equal(strlen(finding.found), FOUND_MAX - 1);
	assert_int_equal(finding.verdict, VERDICT_MISSING);
}

static void text_add_full_stays_as_it_is(void **state)
{
	char text[6] = "";

	(void)state;
	text_add(text, sizeof(text), "%s", "abc");
	text_add(text, sizeof(text), "%s", "defgh");
	text_add(text, sizeof(text), "%s", "x");
	assert_string_equal(text, "abcde");
}

/* ---- trials ---- */

static int answer(const void *context, int *step)
{
	*step = 3;
	return *(const int *)context;
}

static int die(const void *context, int *step)
{
	(void)context;
	(void)step;
	raise(SIGKILL);
	return 0;
}

static int hang(const void *context, int *step)
{
	(void)context;
	(void)step;
	while (pause() < 0)
		;
	return 0;
}

static struct trial_result tried(trial_function *function, int number)
{
	const struct trial trial = {
		.user = TRIAL_SAME_USER, .function = function, .context = &number};
	struct trial_result result = trial_run(&trial);

	/* Nothing of it is left. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	return result;
}

static void trial_run_gives_what_the_function_gave(void **state)
{
	struct trial_result result = tried(answer, 5);

	(void)state;
	assert_int_equal(result.stage, TRIAL_DONE);
	assert_int_equal(result.value, 5);
	assert_int_equal(result.step, 3);
	result = tried(answer, -EPERM);
	assert_int_equal(result.stage, TRIAL_FUNCTION);
	assert_string_equal(trial_words(&result).text, "Operation not permitted");
}

static void trial_run_survives_death_and_hanging(void **state)
{
	(void)state;
	assert_int_equal(tried(die, 0).stage, TRIAL_DIED);
	assert_int_equal(tried(hang, 0).stage, TRIAL_DIED);
}

static void trial_run_refused_namespaces_are_told(void **state)
{
	/* No kernel has both of these: a thread of its own user namespace. */
	const struct trial trial = {.namespaces = CLONE_NEWUSER | CLONE_FS,
				    .user = TRIAL_SAME_USER};
	struct trial_result result = trial_run(&trial);

	(void)state;
	assert_int_equal(result.stage, TRIAL_CLONE);
	assert_int_equal(result.value, -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(doctor_checks_rows_are_whole),
		cmocka_unit_test(doctor_checks_all_are_documented),
		cmocka_unit_test(print_json_text_escapes),
		cmocka_unit_test(finding_set_hostile_text_is_plain_and_cut),
		cmocka_unit_test(text_add_full_stays_as_it_is),
		cmocka_unit_test(trial_run_gives_what_the_function_gave),
		cmocka_unit_test(trial_run_survives_death_and_hanging),
		cmocka_unit_test(trial_run_refused_namespaces_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
