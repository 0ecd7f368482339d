#include "unit.h"
#include "unit_manifest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/bundle.h"
#include "base/fd.h"
#include "front/manifest.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* ' stands for ". */
static const char document[] =
	"{'schema':1,'name':'test','id':'" ID "','languages':[{'id':'rust','name':'Rust',"
	"'version':'1','main_file':'main.rs','editor':'rust','sample':'','options':{"
	"'channel':{'values':['stable','nightly'],'default':'stable'},"
	"'style':{'values':['filter','raw'],'default':'filter'}},"
	"'run':{'argv':['/playground/"
	"x','{args}']},'diagnostics':{'format':'gcc','words':['-fx','-fy']},'actions':["
	"{'id':'asm','name':'Assembly','result':'text','syntax':'asm','options':['style'],"
	" 'step':{'argv':['/bin/"
	"{channel}','{diagnostics}','{lines}','{main_file}'],'artefact':'{style}.s'},"
	" 'filter':{'kind':'asm','when':{'style':'filter'},'lines':['-g1']},"
	" 'refuse':[{'when':{'channel':['nightly']},'sentence':'Not on "
	"nightly.','step_says':true}]},"
	"{'id':'format','name':'Format','result':'files',"
	" 'step':{'argv':['/bin/fmt','{files}'],'artefact':'out'}},"
	"{'id':'lint','name':'Lint','result':'messages','step':{'argv':['/bin/lint']}},"
	"{'id':'miri','name':'Miri','result':'messages','unavailable':'No Miri here.'}]}]}";

static struct manifest *read_good(void)
{
	struct manifest *manifest = NULL;
	struct error err = {0};

	if (unit_manifest_read(document, &manifest, &err) < 0)
		fail_msg("%s", err.text);
	return manifest;
}

static const struct job_file files[] = {{NULL, "code", 4}, {"b.rs", "", 0}};

static struct job_request request_of(const char *action)
{
	return (struct job_request){
		.language = "rust", .action = action, .files = files, .file_count = 2};
}

/* The records of a type in a bundle, one a line. */
static void records(int fd, enum bundle_type type, char *text, size_t size)
{
	struct bundle_record record;
	struct stat st;
	size_t offset = 0, used = 0;

	assert_int_equal(fstat(fd, &st), 0);
	void *data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_true(data != MAP_FAILED);
	text[0] = '\0';
	while (bundle_next(data, (size_t)st.st_size, &offset, &record, NULL) > 0)
		if (record.type == type)
			used += (size_t)snprintf(text + used, size - used, "%.*s%.*s\n",
						 (int)record.name_len, record.name,
						 type == BUNDLE_ARG ? (int)record.body_len : 0,
						 record.body);
	munmap(data, (size_t)st.st_size);
}

static void check_bundle(const struct job_plan *plan, const char *args, const char *artefact)
{
	char text[256];

	assert_true(plan->has_compile && !plan->has_run && !plan->run_takes_artefact);
	assert_int_equal(plan->run_bundle_fd, -EBADF);
	records(plan->compile_bundle_fd, BUNDLE_ARG, text, sizeof(text));
	assert_string_equal(text, args);
	records(plan->compile_bundle_fd, BUNDLE_ARTEFACT_OUT, text, sizeof(text));
	assert_string_equal(text, artefact);
	records(plan->compile_bundle_fd, BUNDLE_FILE, text, sizeof(text));
	assert_string_equal(text, "main.rs\nb.rs\n");
}

static void manifest_plan_of_a_text_is_one_step_with_an_artefact(void **state)
{
	static const struct job_option raw = {"style", "raw"};
	struct manifest *manifest = read_good();
	struct job_request request = request_of("asm");
	struct job_plan plan;

	(void)state;
	assert_int_equal(manifest_plan(manifest, &request, &plan, NULL), 0);
	check_bundle(&plan, "/bin/stable\n-g1\nmain.rs\n", "filter.s\n");
	assert_int_equal(plan.action->result, ACTION_TEXT);
	assert_true(plan.action->filters_asm && plan.action->links_lines);
	assert_int_equal(plan.action->file_count, 2);
	job_plan_fini(&plan);
	request.options = &raw;
	request.option_count = 1;
	assert_int_equal(manifest_plan(manifest, &request, &plan, NULL), 0);
	check_bundle(&plan, "/bin/stable\nmain.rs\n", "raw.s\n");
	assert_false(plan.action->filters_asm || plan.action->links_lines);
	job_plan_fini(&plan);
	manifest_unref(manifest);
}

static void manifest_plan_of_files_remembers_their_names(void **state)
{
	struct manifest *manifest = read_good();
	struct job_request request = request_of("format");
	struct job_plan plan;

	(void)state;
	assert_int_equal(manifest_plan(manifest, &request, &plan, NULL), 0);
	check_bundle(&plan, "/bin/fmt\nmain.rs\nb.rs\n", "out\n");
	assert_int_equal(plan.action->result, ACTION_FILES);
	assert_int_equal(plan.action->file_count, 2);
	assert_string_equal(plan.action->file_names[0], "main.rs");
	assert_string_equal(plan.action->file_names[1], "b.rs");
	job_plan_fini(&plan);
	request = request_of("lint");
	assert_int_equal(manifest_plan(manifest, &request, &plan, NULL), 0);
	check_bundle(&plan, "/bin/lint\n", "");
	assert_int_equal(plan.action->result, ACTION_MESSAGES);
	job_plan_fini(&plan);
	manifest_unref(manifest);
}

static void manifest_plan_of_a_plain_request_leaves_all_to_the_step(void **state)
{
	static const struct job_option nightly = {"channel", "nightly"};
	struct manifest *manifest = read_good();
	struct job_request request = request_of("asm");
	struct error err = {0};
	struct job_plan plan;

	(void)state;
	request.plain = 1;
	request.options = &nightly;
	request.option_count = 1;
	assert_int_equal(manifest_plan(manifest, &request, &plan, NULL), 0);
	check_bundle(&plan, "/bin/nightly\nmain.rs\n", "filter.s\n");
	assert_true(plan.action->filters_asm && !plan.action->links_lines);
	job_plan_fini(&plan);
	request.plain = 0;
	assert_int_equal(manifest_plan(manifest, &request, &plan, &err), -EINVAL);
	assert_string_equal(err.text, "action asm: Not on nightly.");
	manifest_unref(manifest);
}

static void manifest_plan_of_run_is_as_without_an_action(void **state)
{
	struct manifest *manifest = read_good();
	struct job_request request = request_of("run");
	struct job_plan plan;

	(void)state;
	assert_int_equal(manifest_plan(manifest, &request, &plan, NULL), 0);
	assert_true(plan.has_run && !plan.action);
	job_plan_fini(&plan);
	manifest_unref(manifest);
}

static void manifest_plan_with_diagnostics_adds_their_words(void **state)
{
	struct manifest *manifest = read_good();
	struct job_request request = request_of("asm");
	struct job_plan plan;

	(void)state;
	assert_int_equal(manifest_plan(manifest, &request, &plan, NULL), 0);
	assert_null(plan.diagnostics);
	job_plan_fini(&plan);
	request.diagnostics = 1;
	assert_int_equal(manifest_plan(manifest, &request, &plan, NULL), 0);
	check_bundle(&plan, "/bin/stable\n-fx\n-fy\n-g1\nmain.rs\n", "filter.s\n");
	assert_non_null(plan.diagnostics);
	job_plan_fini(&plan);
	/* Nothing is compiled. */
	request.action = NULL;
	assert_int_equal(manifest_plan(manifest, &request, &plan, NULL), 0);
	assert_null(plan.diagnostics);
	job_plan_fini(&plan);
	manifest_unref(manifest);
}

static void check_refused(const struct job_request *request, const char *why)
{
	struct manifest *manifest = read_good();
	struct job_plan plan;
	struct error err = {0};

	assert_int_equal(manifest_plan(manifest, request, &plan, &err), -EINVAL);
	if (!strstr(err.text, why))
		fail_msg("\"%s\" does not say \"%s\"", err.text, why);
	manifest_unref(manifest);
}

static void manifest_plan_of_what_cannot_be_had_says_why(void **state)
{
	static const struct job_option nightly = {"channel", "nightly"};
	static const char *const args[] = {"x"};
	struct job_request request = request_of("fly");

	(void)state;
	check_refused(&request,
		      "\"fly\" is not one of rust, which has run, asm, format, lint, miri");
	request = request_of("miri");
	check_refused(&request, "action miri: No Miri here.");
	request = request_of("asm");
	request.options = &nightly;
	request.option_count = 1;
	check_refused(&request, "action asm: Not on nightly.");
	request = request_of("asm");
	request.args = args;
	request.arg_count = 1;
	check_refused(&request, "args: the action \"asm\" runs no program");
	request = request_of("asm");
	request.stdin_len = 1;
	check_refused(&request, "stdin: the action");
	request = request_of("asm");
	request.interactive = 1;
	check_refused(&request, "interactive: the action");
	request = request_of("asm");
	request.compile_only = 1;
	check_refused(&request, "compile_only: the action");
}

/* Replaces `from` by `to` in the document and expects a refusal saying why. */
static void check_fault(const char *from, const char *to, const char *why)
{
	char bad[4096];
	struct manifest *manifest = NULL;
	struct error err = {0};
	const char *at = strstr(document, from);

	assert_non_null(at);
	snprintf(bad, sizeof(bad), "%.*s%s%s", (int)(at - document), document, to,
		 at + strlen(from));
	if (unit_manifest_read(bad, &manifest, &err) != -EINVAL)
		fail_msg("\"%s\" was accepted", to);
	if (!strstr(err.text, why))
		fail_msg("\"%s\" does not say \"%s\"", err.text, why);
}

static void manifest_read_faults_of_actions_are_told_with_their_path(void **state)
{
	(void)state;
	check_fault("'id':'asm'", "'id':'run'", "languages[0].actions[0].id: \"run\"");
	check_fault("'id':'asm'", "'id':'A'", "actions[0].id");
	check_fault("'id':'asm'", "'id':'format'", "\"format\" names two actions");
	check_fault("'name':'Assembly',", "", "actions[0].name: is missing");
	check_fault("'result':'text'", "'result':'sound'", "must be text, files or messages");
	check_fault("['style'],", "['speed'],", "actions[0].options[0]: must be the name");
	check_fault("'/bin/{channel}'", "'bin'", "actions[0].step.argv: must begin");
	check_fault("'{main_file}'", "'{speed}'", "actions[0].step.argv[3]");
	check_fault(",'artefact':'{style}.s'", "", "actions[0]: its step has no artefact");
	check_fault("'lines':['-g1']", "'lines':'-g1'", "actions[0].filter.lines");
	check_fault("'step_says':true", "'step_says':1", "actions[0].refuse[0].step_says");
	check_fault("'kind':'asm'", "'kind':'wasm'", "actions[0].filter.kind: must be asm");
	check_fault("'when':{'style'", "'when':{'speed'", "actions[0].filter.when");
	check_fault("'sentence':'Not on nightly.'", "'sentence':''", "actions[0].refuse[0]");
	check_fault("'unavailable':'No Miri here.'", "'x':1", "actions[3]: needs a step");
	check_fault("'step':{'argv':['/bin/lint']}",
		    "'step':{'argv':['/bin/lint']},'unavailable':'x'",
		    "actions[2]: has a step and is unavailable");
	check_fault("'format':'gcc'", "'format':'icc'", "diagnostics.format: must be rustc or gcc");
	check_fault("['-fx','-fy']", "['-fx',1]", "diagnostics.words[1]: must be text");
	check_fault("{'id':'miri'", "7,{'id':'miri'", "actions[3]: must be an object");
	check_fault("'style':{'values'", "'files':{'values'", "cannot be an option's name");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(manifest_plan_of_a_text_is_one_step_with_an_artefact),
		cmocka_unit_test(manifest_plan_of_files_remembers_their_names),
		cmocka_unit_test(manifest_plan_of_a_plain_request_leaves_all_to_the_step),
		cmocka_unit_test(manifest_plan_of_run_is_as_without_an_action),
		cmocka_unit_test(manifest_plan_with_diagnostics_adds_their_words),
		cmocka_unit_test(manifest_plan_of_what_cannot_be_had_says_why),
		cmocka_unit_test(manifest_read_faults_of_actions_are_told_with_their_path),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
