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
static const char head[] = "{'schema':1,'name':'test','id':'" ID "','languages':[";

static const char rust[] =
	"{'id':'rust','name':'Rust','aliases':['rs'],'version':'1.95.0','main_file':'src/main.rs',"
	"'editor':'rust','sample':'fn main() {}','options':{"
	"'channel':{'values':['stable','nightly'],'default':'stable','label':'Channel',"
	" 'unavailable':{'beta':'This image has no beta tool chain.'}},"
	"'mode':{'values':['debug','release'],'default':'debug'},"
	"'tests':{'values':['true','false'],'default':'false'},"
	"'crate_type':{'values':['bin','lib'],'default':'bin'}},"
	"'compile':{'argv':['/opt/rust-{channel}/bin/rustc','{main_file}',"
	" {'when':{'mode':'release'},'words':['-Copt-level=3']},"
	" {'when':{'mode':['debug','release'],'tests':'true'},'words':['--test','-Cx={{y}}']},"
	" '-o','target/{mode}/playground'],'env':{'RUSTC_MODE':'{mode}',"
	" 'ONLY':{'when':{'mode':'release'},'value':'{mode}!'}},"
	" 'artefact':'target/{mode}/playground',"
	" 'carries':{'folder':'.inc','words':['-Cinc={mode}'],'when':{'mode':'debug'}}},"
	"'run':{'argv':['/playground/target/{mode}/playground','{args}'],"
	" 'skip_unless':{'crate_type':'bin'}},"
	"'channels':{'stable':{'rustc':{'version':'1.95.0','hash':'x','date':'2026-01-01'},"
	" 'crates':[{'name':'serde','version':'1.0.0','id':'serde','vetting':'audited'}],"
	" 'vetting':{'audited':1,'exempted':2}}},"
	"'hello':{'code':'x','stdout':'y'}}";

static const char python[] =
	"{'id':'python','name':'Python','version':'3.11','main_file':'main.py','editor':'python',"
	"'sample':'print(1)','run':{'argv':['/usr/bin/python3','{main_file}'],'files':true,"
	"'collects':'out'}}";

static struct manifest *read_good(void)
{
	char text[8192];
	struct manifest *manifest = NULL;
	struct error err = {0};

	snprintf(text, sizeof(text), "%s%s,%s]}", head, rust, python);
	if (unit_manifest_read(text, &manifest, &err) < 0)
		fail_msg("%s", err.text);
	return manifest;
}

/* A bundle as text: one line for each record. */
static void bundle_text(int fd, char *text, size_t size)
{
	static const char types[] = "XAEFIOPNLCTY";
	struct bundle_record record;
	struct stat st;
	size_t offset = 0, used = 0;
	int r;

	assert_int_equal(memfd_is_sealed(fd), 1);
	assert_int_equal(fstat(fd, &st), 0);
	size_t len = (size_t)st.st_size;
	void *data = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_true(data != MAP_FAILED);
	while ((r = bundle_next(data, len, &offset, &record, NULL)) > 0)
		used += (size_t)snprintf(text + used, size - used, "%c %.*s%s%.*s\n",
					 types[record.type], (int)record.name_len, record.name,
					 record.name_len && record.body_len ? "=" : "",
					 (int)record.body_len, record.body);
	assert_int_equal(r, 0);
	munmap(data, len);
}

static struct job_request request_of(const char *language)
{
	static const struct job_file file = {NULL, "code", 4};
	return (struct job_request){.language = language, .files = &file, .file_count = 1};
}

static void check_refused(const struct job_request *request, int code, const char *why)
{
	struct manifest *manifest = read_good();
	struct job_plan plan;
	struct error err = {0};

	assert_int_equal(manifest_plan(manifest, request, &plan, &err), code);
	if (!strstr(err.text, why))
		fail_msg("\"%s\" does not say \"%s\"", err.text, why);
	manifest_unref(manifest);
}

static void manifest_read_good_is_found_by_id_and_alias(void **state)
{
	(void)state;
	struct manifest *manifest = read_good();
	assert_non_null(manifest_language(manifest, "rust"));
	assert_ptr_equal(manifest_language(manifest, "rust"), manifest_language(manifest, "rs"));
	assert_null(manifest_language(manifest, "cobol"));
	assert_int_equal(json_array_size(json_object_get(manifest_json(manifest), "languages")), 2);
	manifest_unref(manifest);
}

static void manifest_read_twice_from_one_fd_works(void **state)
{
	char text[8192];
	struct manifest *manifest;

	(void)state;
	snprintf(text, sizeof(text), "%s%s]}", head, python);
	_cleanup_fd_ int fd = unit_manifest_fd(text);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(manifest_read(fd, 1, &manifest, NULL), 0);
		manifest_unref(manifest);
	}
}

/* Replaces `from` by `to` in the document with rust and python and expects a refusal saying why. */
static void check_fault(const char *from, const char *to, const char *why)
{
	char good[8192], bad[8192];
	struct manifest *manifest = NULL;
	struct error err = {0};

	snprintf(good, sizeof(good), "%s%s,%s]}", head, rust, python);
	const char *at = strstr(good, from);
	assert_non_null(at);
	snprintf(bad, sizeof(bad), "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
	if (unit_manifest_read(bad, &manifest, &err) != -EINVAL)
		fail_msg("\"%s\" was accepted", to);
	if (!strstr(err.text, why))
		fail_msg("\"%s\" does not say \"%s\"", err.text, why);
}

static void manifest_read_faults_are_told_with_their_path(void **state)
{
	(void)state;
	check_fault("'schema':1", "'schema':2", "schema");
	check_fault("'schema':1", "'schema':1,'schema':1", "duplicate");
	check_fault("'name':'test'", "'name':7", "name: must be text");
	check_fault(ID, "abc", "id: must be 64");
	check_fault("'id':'rust'", "'id':'Rust'", "languages[0].id");
	check_fault("'version':'1.95.0',", "", "languages[0].version: is missing");
	check_fault("'src/main.rs'", "'../main.rs'", "languages[0].main_file");
	check_fault("'default':'stable'", "'default':'beta'",
		    "languages[0].options.channel: the default");
	check_fault("['debug','release'],'default'", "[],'default'",
		    "languages[0].options.mode.values: must not be empty");
	check_fault("'{main_file}',", "'{main_fil}',", "languages[0].compile.argv[1]");
	check_fault("'/opt/rust-", "'rustc-", "languages[0].compile.argv: must begin");
	check_fault("{'mode':'release'}", "{'made':'release'}",
		    "languages[0].compile.argv[2].when: there is no option \"made\"");
	check_fault("{'mode':'release'}", "{'mode':'fast'}", "no value \"fast\"");
	check_fault("'RUSTC_MODE'", "'PATH'", "PATH is always set");
	check_fault("'RUSTC_MODE'", "'A=B'", "cannot be a variable");
	check_fault("'value':'{mode}!'", "'value':'{what}'", "env.ONLY.value");
	check_fault("{'when':{'mode':'release'},'value'", "{'value'", "env.ONLY.when");
	check_fault("'artefact':'target/", "'artefact':'{x}/", "languages[0].compile.artefact");
	check_fault("'folder':'.inc'", "'folder':'/inc'", "compile.carries.folder: must be a path");
	check_fault("'folder':'.inc',", "", "compile.carries.folder: is missing");
	check_fault("'words':['-Cinc={mode}']", "'words':['{what}']", "compile.carries.words[0]");
	check_fault("'when':{'mode':'debug'}}", "'when':{'mode':'x'}}", "compile.carries.when");
	check_fault("'skip_unless':{'crate_type'", "'skip_unless':{'type'",
		    "languages[0].run.skip_unless");
	check_fault("'files':true", "'files':1", "languages[1].run.files");
	check_fault("'collects':'out'", "'collects':'../out'", "languages[1].run.collects");
	check_fault("'collects':'out'", "'collects':true", "languages[1].run.collects");
	check_fault("'id':'python'", "'id':'rs'", "selects two languages");
	check_fault("'hash':'x',", "", "languages[0].channels.stable.rustc.hash");
	check_fault("'vetting':'audited'", "'vetting':1",
		    "languages[0].channels.stable.crates[0].vetting");
	check_fault("'audited':1", "'audited':-1", "languages[0].channels.stable.vetting.audited");
	check_fault(",'exempted':2", "", "languages[0].channels.stable.vetting.exempted");
	check_fault("'sample':'print(1)'", "'sample':null", "languages[1].sample");
	check_fault("'-o',", "['-o'],", "languages[0].compile.argv[4]: must be text");
	check_fault("'-o',", "{'later':'.args','as':'@x','words':[]},",
		    "languages[0].compile.argv: has words after the later ones");
	check_fault("'-o',", "{'later':'../args','as':'@x','words':[]},",
		    "languages[0].compile.argv[4].later: must be a path below /playground");
	check_fault("'-o',", "{'later':'.args','words':[]},",
		    "languages[0].compile.argv[4].as: is missing");
	check_fault("'-o',", "{'later':'.args','as':'@x','words':['{what}']},",
		    "languages[0].compile.argv[4].words[0]");
	check_fault("'-o',",
		    "{'later':'.args','as':'@x','words':[{'later':'a','as':'b','words':[]}]},",
		    "languages[0].compile.argv[4].words[0].when: is missing");
}

static void manifest_read_not_json_is_refused(void **state)
{
	struct manifest *manifest = NULL;
	struct error err = {0};

	(void)state;
	assert_int_equal(unit_manifest_read("{", &manifest, &err), -EINVAL);
	assert_non_null(strstr(err.text, "line 1"));
	assert_int_equal(unit_manifest_read("", &manifest, &err), -EINVAL);
	assert_int_equal(unit_manifest_read("[]", &manifest, &err), -EINVAL);
	assert_int_equal(unit_manifest_read("'\xff'", &manifest, &err), -EINVAL);
}

static void manifest_plan_defaults_fill_both_steps(void **state)
{
	struct manifest *manifest = read_good();
	struct job_request request = request_of("rs");
	struct job_plan plan;
	char text[4096];

	(void)state;
	assert_int_equal(manifest_plan(manifest, &request, &plan, NULL), 0);
	assert_true(plan.has_compile && plan.has_run && plan.run_takes_artefact);
	bundle_text(plan.compile_bundle_fd, text, sizeof(text));
	assert_string_equal(text, "A /opt/rust-stable/bin/rustc\nA src/main.rs\nA -o\n"
				  "A target/debug/playground\n"
				  "E PATH=/usr/local/bin:/usr/bin:/bin\nE HOME=/playground\n"
				  "E LANG=C.UTF-8\nE RUSTC_MODE=debug\nF src/main.rs=code\n"
				  "O target/debug/playground\n");
	bundle_text(plan.run_bundle_fd, text, sizeof(text));
	assert_string_equal(text, "A /playground/target/debug/playground\n"
				  "E PATH=/usr/local/bin:/usr/bin:/bin\nE HOME=/playground\n"
				  "E LANG=C.UTF-8\nI target/debug/playground\n");
	job_plan_fini(&plan);
	manifest_unref(manifest);
}

static void manifest_plan_options_and_args_are_used(void **state)
{
	static const struct job_option options[] = {
		{"mode", "release"}, {"tests", "true"}, {"channel", "nightly"}};
	static const char *const args[] = {"one", "{mode}"};
	struct manifest *manifest = read_good();
	struct job_request request = request_of("rust");
	struct job_plan plan;
	char text[4096];

	(void)state;
	request.options = options;
	request.option_count = 3;
	request.args = args;
	request.arg_count = 2;
	assert_int_equal(manifest_plan(manifest, &request, &plan, NULL), 0);
	bundle_text(plan.compile_bundle_fd, text, sizeof(text));
	assert_non_null(strstr(text, "A /opt/rust-nightly/bin/rustc\nA src/main.rs\n"
				     "A -Copt-level=3\nA --test\nA -Cx={y}\nA -o\n"));
	assert_non_null(strstr(text, "E ONLY=release!\n"));
	bundle_text(plan.run_bundle_fd, text, sizeof(text));
	assert_non_null(strstr(text, "release/playground\nA one\nA {mode}\nE "));
	job_plan_fini(&plan);
	manifest_unref(manifest);
}

/* The good manifest with rust's words from the main file on coming later; word: in place of -o. */
static struct manifest *read_later(const char *word)
{
	static const char from[] = "'{main_file}',", out[] = "'-o'", to[] = "],'env'";
	char good[8192], text[8192];
	struct manifest *manifest = NULL;
	struct error err = {0};

	snprintf(good, sizeof(good), "%s%s,%s]}", head, rust, python);
	const char *begin = strstr(good, from), *at = strstr(good, out), *end = strstr(good, to);
	assert_true(begin && at && end && begin < at && at < end);
	const char *rest = at + strlen(out);
	snprintf(text, sizeof(text),
		 "%.*s{'later':'.args','as':'@/playground/.args','words':[%.*s'%s'%.*s]}%s",
		 (int)(begin - good), good, (int)(at - begin), begin, word, (int)(end - rest), rest,
		 end);
	if (unit_manifest_read(text, &manifest, &err) < 0)
		fail_msg("%s", err.text);
	return manifest;
}

static void plan_with(const struct manifest *manifest, const char *file_name, const char *mode,
		      struct job_plan *ret_plan)
{
	const struct job_option option = {"mode", mode};
	const struct job_file file = {file_name, "code", 4};
	struct job_request request = request_of("rust");

	request.options = &option;
	request.option_count = 1;
	request.files = &file;
	assert_int_equal(manifest_plan(manifest, &request, ret_plan, NULL), 0);
}

static void manifest_plan_early_and_whole_are_equal_in_effect(void **state)
{
	struct manifest *manifest = read_later("-o"), *plain = read_good();
	struct job_plan plan, expected;
	char text[4096], want[4096];

	(void)state;
	plan_with(manifest, NULL, "release", &plan);
	plan_with(plain, NULL, "release", &expected);
	assert_null(expected.early);
	bundle_text(plan.compile_bundle_fd, text, sizeof(text));
	bundle_text(expected.compile_bundle_fd, want, sizeof(want));
	assert_string_equal(text, want);

	_cleanup_fd_ int early_fd = memfd_new_sealed("early", plan.early, plan.early_len);
	bundle_text(early_fd, text, sizeof(text));
	assert_string_equal(text, "A /opt/rust-stable/bin/rustc\nA @/playground/.args\n"
				  "E PATH=/usr/local/bin:/usr/bin:/bin\nE HOME=/playground\n"
				  "E LANG=C.UTF-8\nE RUSTC_MODE=release\nE ONLY=release!\n"
				  "N .args\n");
	bundle_text(plan.later_bundle_fd, text, sizeof(text));
	assert_string_equal(text, "F src/main.rs=code\nO target/release/playground\n"
				  "L .args=src/main.rs\n-Copt-level=3\n-o\n"
				  "target/release/playground\n\n");
	job_plan_fini(&plan);
	job_plan_fini(&expected);
	manifest_unref(manifest);
	manifest_unref(plain);
}

static void manifest_plan_early_bytes_are_those_of_what_comes_first(void **state)
{
	struct manifest *manifest = read_later("-o");
	struct job_plan one, other;

	(void)state;
	plan_with(manifest, NULL, "debug", &one);
	plan_with(manifest, "src/other.rs", "debug", &other);
	assert_int_equal(one.early_len, other.early_len);
	assert_memory_equal(one.early, other.early, one.early_len);
	job_plan_fini(&other);
	plan_with(manifest, NULL, "release", &other); /* the environment is another */
	assert_int_not_equal(one.early_len, other.early_len);
	job_plan_fini(&one);
	job_plan_fini(&other);
	manifest_unref(manifest);
}

static void plan_session(const struct manifest *manifest, const char *session, const char *mode,
			 const char *file_name, struct job_plan *ret_plan)
{
	const struct job_option option = {"mode", mode};
	const struct job_file file = {file_name, "code", 4};
	struct job_request request = request_of("rust");

	request.session = session;
	request.options = &option;
	request.option_count = 1;
	request.files = &file;
	assert_int_equal(manifest_plan(manifest, &request, ret_plan, NULL), 0);
}

static void manifest_plan_of_a_session_carries_besides(void **state)
{
	struct manifest *manifest = read_later("-o"), *plain = read_good();
	struct job_plan plan, cold;
	char text[4096], want[4096];

	(void)state;
	plan_session(manifest, "0123456789abcdef", "debug", NULL, &plan);
	bundle_text(plan.carry_later_bundle_fd, text, sizeof(text));
	assert_string_equal(text, "F src/main.rs=code\nO target/debug/playground\nY .inc\n"
				  "L .args=src/main.rs\n-o\ntarget/debug/playground\n"
				  "-Cinc=debug\n\n");
	bundle_text(plan.later_bundle_fd, text, sizeof(text));
	assert_null(strstr(text, "inc"));
	bundle_text(plan.compile_bundle_fd, text, sizeof(text));
	assert_null(strstr(text, "inc"));
	plan_session(plain, "0123456789abcdef", "debug", NULL, &cold);
	assert_int_equal(cold.carry_later_bundle_fd, -EBADF);
	bundle_text(cold.carry_bundle_fd, text, sizeof(text));
	bundle_text(plan.carry_bundle_fd, want, sizeof(want));
	assert_string_equal(text, want);
	assert_non_null(strstr(text, "A target/debug/playground\nA -Cinc=debug\nE "));
	assert_non_null(strstr(text, "O target/debug/playground\nY .inc\n"));
	assert_memory_equal(plan.carry_fit, cold.carry_fit, sizeof(plan.carry_fit));
	job_plan_fini(&plan);
	job_plan_fini(&cold);
	manifest_unref(manifest);
	manifest_unref(plain);
}

static void manifest_plan_carries_only_where_it_may(void **state)
{
	static const struct {
		const char *session, *mode, *file;
	} rows[] = {
		{NULL, "debug", NULL},
		{"0123456789abcdef", "release", NULL},
		{"0123456789abcdef", "debug", ".inc"},
		{"0123456789abcdef", "debug", ".inc/main.rs"},
	};
	struct manifest *manifest = read_good();
	struct job_plan plan;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		plan_session(manifest, rows[i].session, rows[i].mode, rows[i].file, &plan);
		assert_true(plan.compile_bundle_fd >= 0);
		assert_int_equal(plan.carry_bundle_fd, -EBADF);
		job_plan_fini(&plan);
	}
	manifest_unref(manifest);
}

static void manifest_plan_what_cannot_come_later_is_planned_whole_alone(void **state)
{
	static const char *const names[] = {".args", ".args/main.rs"};
	static const char *const words[] = {"a\\nb", "a\\r"};
	struct manifest *manifest = read_later("-o");
	struct job_plan plan;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		plan_with(manifest, names[i], "debug", &plan);
		assert_true(plan.compile_bundle_fd >= 0);
		assert_null(plan.early);
		assert_int_equal(plan.later_bundle_fd, -EBADF);
		job_plan_fini(&plan);
	}
	manifest_unref(manifest);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		manifest = read_later(words[i]);
		plan_with(manifest, NULL, "debug", &plan);
		assert_true(plan.compile_bundle_fd >= 0);
		assert_null(plan.early);
		job_plan_fini(&plan);
		manifest_unref(manifest);
	}
}

static void manifest_plan_interpreted_places_files_in_run(void **state)
{
	static const struct job_file files[] = {{"prog.py", "import m", 8}, {"m.py", "", 0}};
	struct manifest *manifest = read_good();
	struct job_request request = request_of("python");
	struct job_plan plan;
	char text[4096];

	(void)state;
	request.files = files;
	request.file_count = 2;
	assert_int_equal(manifest_plan(manifest, &request, &plan, NULL), 0);
	assert_false(plan.has_compile || plan.run_takes_artefact);
	assert_int_equal(plan.compile_bundle_fd, -EBADF);
	bundle_text(plan.run_bundle_fd, text, sizeof(text));
	assert_string_equal(text, "A /usr/bin/python3\nA prog.py\n"
				  "E PATH=/usr/local/bin:/usr/bin:/bin\nE HOME=/playground\n"
				  "E LANG=C.UTF-8\nF prog.py=import m\nF m.py\nC out\n");
	assert_true(plan.run_collects);
	job_plan_fini(&plan);
	manifest_unref(manifest);
}

static void manifest_plan_library_or_compile_only_has_no_run(void **state)
{
	static const struct job_option lib = {"crate_type", "lib"};
	struct manifest *manifest = read_good();
	struct job_request request = request_of("rust");
	struct job_plan plan;
	char text[4096];

	(void)state;
	request.options = &lib;
	request.option_count = 1;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(manifest_plan(manifest, &request, &plan, NULL), 0);
		assert_true(plan.has_compile && !plan.has_run && !plan.run_takes_artefact);
		bundle_text(plan.compile_bundle_fd, text, sizeof(text));
		assert_null(strstr(text, "\nO "));
		job_plan_fini(&plan);
		request = request_of("rust");
		request.compile_only = 1;
	}
	manifest_unref(manifest);
	request.language = "python";
	check_refused(&request, -EINVAL, "no compile step");
}

static void manifest_plan_bad_language_is_refused_with_choices(void **state)
{
	struct job_request request = request_of("cobol");

	(void)state;
	check_refused(&request, -EINVAL, "\"cobol\" is not in this image, which has rust, python");
	request.language = NULL;
	check_refused(&request, -EINVAL, "language is missing");
}

static void manifest_plan_bad_options_are_refused_with_choices(void **state)
{
	struct job_option options[2] = {{"speed", "1"}, {"mode", "debug"}};
	struct job_request request = request_of("rust");

	(void)state;
	request.options = options;
	request.option_count = 1;
	check_refused(&request, -EINVAL, "\"speed\" is not an option of rust, which has channel");
	options[0] = (struct job_option){"mode", "fast"};
	check_refused(&request, -EINVAL, "options.mode: \"fast\" is not one of debug, release");
	options[0] = (struct job_option){"channel", "beta"};
	check_refused(&request, -EINVAL, "This image has no beta tool chain.");
	options[0] = options[1];
	request.option_count = 2;
	check_refused(&request, -EINVAL, "\"mode\" is given twice");
	request.language = "python";
	check_refused(&request, -EINVAL, "python has no options");
}

static void manifest_plan_bad_files_are_refused(void **state)
{
	static char large[JOB_SOURCE_MAX + 1];
	static const char *const names[] = {"/etc/passwd", "../x",     "a//b",	"",
					    "./a",	   "-Cdanger", "@file", "a\nb"};
	struct job_file files[2] = {{"main.rs", "", 0}, {NULL, "", 0}};
	struct job_request request = request_of("rust");

	(void)state;
	request.files = files;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		files[0].name = names[i];
		check_refused(&request, -EINVAL, "files[0].name");
	}
	files[0].name = "src";
	request.file_count = 2;
	check_refused(&request, -EINVAL, "files[1].name is missing");
	files[1].name = "src/main.rs";
	check_refused(&request, -EINVAL, "collides");
	files[1].name = "src";
	check_refused(&request, -EINVAL, "collides");
	files[1].name = "srcs";
	files[0].content = large;
	files[0].len = JOB_SOURCE_MAX;
	files[1].content = large;
	files[1].len = 1;
	check_refused(&request, -E2BIG, "256 KiB");
	request.file_count = 0;
	check_refused(&request, -EINVAL, "1 to 64");
	request.file_count = JOB_FILES_MAX + 1;
	check_refused(&request, -EINVAL, "1 to 64");
}

static void manifest_plan_args_where_none_are_taken_are_refused(void **state)
{
	static const char *const args[JOB_ARGS_MAX + 1] = {"x"};
	struct job_request request = request_of("python");

	(void)state;
	request.args = args;
	request.arg_count = 1;
	check_refused(&request, -EINVAL, "args: python takes none");
	request.arg_count = JOB_ARGS_MAX + 1;
	check_refused(&request, -EINVAL, "at most 64");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(manifest_read_good_is_found_by_id_and_alias),
		cmocka_unit_test(manifest_read_twice_from_one_fd_works),
		cmocka_unit_test(manifest_read_faults_are_told_with_their_path),
		cmocka_unit_test(manifest_read_not_json_is_refused),
		cmocka_unit_test(manifest_plan_defaults_fill_both_steps),
		cmocka_unit_test(manifest_plan_options_and_args_are_used),
		cmocka_unit_test(manifest_plan_early_and_whole_are_equal_in_effect),
		cmocka_unit_test(manifest_plan_early_bytes_are_those_of_what_comes_first),
		cmocka_unit_test(manifest_plan_of_a_session_carries_besides),
		cmocka_unit_test(manifest_plan_carries_only_where_it_may),
		cmocka_unit_test(manifest_plan_what_cannot_come_later_is_planned_whole_alone),
		cmocka_unit_test(manifest_plan_interpreted_places_files_in_run),
		cmocka_unit_test(manifest_plan_library_or_compile_only_has_no_run),
		cmocka_unit_test(manifest_plan_bad_language_is_refused_with_choices),
		cmocka_unit_test(manifest_plan_bad_options_are_refused_with_choices),
		cmocka_unit_test(manifest_plan_bad_files_are_refused),
		cmocka_unit_test(manifest_plan_args_where_none_are_taken_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
