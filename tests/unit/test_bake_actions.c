#include "unit.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "bake/actions.h"
#include "unit_folder.h"

/* ' stands for ". */
static const char language_text[] =
	"{'id':'x','options':{'channel':{'values':['stable','nightly'],'default':'stable'}},"
	"'actions':[{'id':'lint','name':'Lint','result':'messages','step':{'argv':['/lint']},"
	"'needs':[{'path':'opt/{channel}/lint','option':'channel','sentence':'No lint.'}]},"
	"{'id':'expand','name':'Expand','result':'messages','step':{'argv':['/x']},"
	"'needs':[{'path':'opt/nightly','sentence':'No nightly.'}]}]}";

static json_t *parse(const char *text)
{
	char copy[2048];
	size_t i;

	for (i = 0; text[i]; i++)
		copy[i] = text[i] == '\'' ? '"' : text[i];
	copy[i] = '\0';
	json_t *value = json_loads(copy, 0, NULL);
	assert_non_null(value);
	return value;
}

static void check_action(const json_t *language, size_t i, const char *wanted)
{
	json_t *action = json_array_get(json_object_get(language, "actions"), i);
	json_auto_t *expected = parse(wanted);

	if (!json_equal(action, expected)) {
		char *text = json_dumps(action, JSON_COMPACT);
		fail_msg("%s", text);
	}
}

#define LINT "'id':'lint','name':'Lint','result':'messages'"
#define EXPAND "'id':'expand','name':'Expand','result':'messages'"

static struct unit_folder *image_new(void)
{
	struct unit_folder *folder = unit_folder_new();

	unit_folder_mkdir(folder, "root");
	unit_folder_mkdir(folder, "root/opt");
	unit_folder_mkdir(folder, "root/opt/stable");
	return folder;
}

static void settle(struct unit_folder *folder, json_t *language)
{
	struct error err = {0};

	if (actions_settle(language, folder->path, &err) < 0)
		fail_msg("%s", err.text);
}

static void actions_settle_without_what_is_needed_says_unavailable(void **state)
{
	struct unit_folder *folder = image_new();
	json_auto_t *language = parse(language_text);

	(void)state;
	settle(folder, language);
	check_action(language, 0, "{" LINT ",'unavailable':'No lint.'}");
	check_action(language, 1, "{" EXPAND ",'unavailable':'No nightly.'}");
	unit_folder_free(folder);
}

static void actions_settle_with_all_keeps_the_steps(void **state)
{
	struct unit_folder *folder = image_new();
	json_auto_t *language = parse(language_text);

	(void)state;
	unit_folder_text(folder, "root/opt/stable/lint", "");
	unit_folder_mkdir(folder, "root/opt/nightly");
	unit_folder_text(folder, "root/opt/nightly/lint", "");
	settle(folder, language);
	check_action(language, 0, "{" LINT ",'step':{'argv':['/lint']}}");
	check_action(language, 1, "{" EXPAND ",'step':{'argv':['/x']}}");
	unit_folder_free(folder);
}

static void actions_settle_with_some_values_refuses_the_others(void **state)
{
	struct unit_folder *folder = image_new();
	json_auto_t *language = parse(language_text);

	(void)state;
	unit_folder_text(folder, "root/opt/stable/lint", "");
	settle(folder, language);
	check_action(language, 0,
		     "{" LINT ",'step':{'argv':['/lint']},"
		     "'refuse':[{'when':{'channel':['nightly']},'sentence':'No lint.'}]}");
	unit_folder_free(folder);
}

static void check_refused(const char *from, const char *to, const char *why)
{
	char bad[2048];
	struct error err = {0};
	const char *at = strstr(language_text, from);

	assert_non_null(at);
	snprintf(bad, sizeof(bad), "%.*s%s%s", (int)(at - language_text), language_text, to,
		 at + strlen(from));
	json_auto_t *language = parse(bad);
	assert_int_equal(actions_check(language, "recipe.json", &err), -EINVAL);
	if (!strstr(err.text, why))
		fail_msg("\"%s\" does not say \"%s\"", err.text, why);
}

static void actions_check_faults_are_told_with_their_path(void **state)
{
	struct error err = {0};
	json_auto_t *language = parse(language_text);

	(void)state;
	assert_int_equal(actions_check(language, "recipe.json", &err), 0);
	check_refused("'id':'lint'", "'id':'run'", "language.actions[0].id");
	check_refused("'id':'expand'", "'id':'lint'", "language.actions[1].id is there twice");
	check_refused("'result':'messages'", "'result':'x'", "text, files or messages");
	check_refused("'result':'messages'", "'result':'text'", "has no artefact");
	check_refused("'step':{'argv':['/lint']},", "", "either a step or a sentence");
	check_refused("'/lint'", "'lint'", "language.actions[0].step.argv");
	check_refused("opt/{channel}/lint", "opt/{x}/lint", "actions[0].path");
	check_refused("opt/{channel}/lint", "../lint", "below the image's root");
	check_refused("'option':'channel'", "'option':'x'", "no option");
	check_refused("'needs'", "'filter':{'kind':'x'},'needs'", "other than asm");
	check_refused("'needs'", "'options':['x'],'needs'", "no option");
	check_refused("'needs'", "'colour':1,'needs'", "colour");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(actions_settle_without_what_is_needed_says_unavailable),
		cmocka_unit_test(actions_settle_with_all_keeps_the_steps),
		cmocka_unit_test(actions_settle_with_some_values_refuses_the_others),
		cmocka_unit_test(actions_check_faults_are_told_with_their_path),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
