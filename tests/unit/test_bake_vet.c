/* A set's policy, the whole of vetting over crates on disk, and what the operator adds. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bake/json.h"
#include "bake/path.h"
#include "bake/tree.h"
#include "bake/vet.h"
#include "bake/vet_check.h"
#include "bake/vet_policy.h"
#include "bake/vet_record.h"
#include "bake/vet_set.h"

#define POLICY(criteria, unreviewed, traits, rest)                                                 \
	"{\"schema\":1,\"criteria\":\"" criteria "\",\"unreviewed\":\"" unreviewed                 \
	"\",\"licences\":[\"MIT\"],\"build_scripts\":\"" traits "\",\"proc_macros\":\"" traits     \
	"\",\"native_files\":\"" traits "\",\"links\":\"" traits "\"" rest "}"
#define AUDIT(versions) "[[audits.a]]\nwho = \"Ann\"\ncriteria = \"safe-to-run\"\n" versions "\n\n"

static int setup(void **state)
{
	struct path *folder = calloc(1, sizeof(*folder));

	assert_int_equal(path_format(folder, NULL, "/tmp/sandlot-unit-XXXXXX"), 0);
	assert_non_null(mkdtemp(folder->text));
	*state = folder;
	return 0;
}

static int teardown(void **state)
{
	tree_remove(((struct path *)*state)->text, NULL);
	free(*state);
	return 0;
}

static struct path below(void **state, const char *name)
{
	struct path path;

	assert_int_equal(path_format(&path, NULL, "%s/%s", ((struct path *)*state)->text, name), 0);
	return path;
}

static void put(void **state, const char *name, const char *text)
{
	struct path path = below(state, name), folder = path;

	*strrchr(folder.text, '/') = '\0';
	assert_int_equal(path_make_folders(folder.text, NULL), 0);
	assert_int_equal(path_write_file(path.text, 0644, text, strlen(text), NULL), 0);
}

static int has(void **state, const char *name)
{
	return path_exists(below(state, name).text);
}

/* ---- policy ---- */

static struct vet_policy policy_of(const char *text)
{
	struct vet_policy policy;
	struct error err = {.code = 0};

	if (vet_policy_check(json_loads(text, 0, NULL), "policy.json", &policy, &err) < 0)
		fail_msg("%s", err.text);
	return policy;
}

static void assert_policy_refused(const char *text, const char *why)
{
	struct vet_policy policy;
	struct error err = {.code = 0};

	assert_int_equal(vet_policy_check(json_loads(text, 0, NULL), "policy.json", &policy, &err),
			 -EINVAL);
	if (!strstr(err.text, "policy.json") || !strstr(err.text, why))
		fail_msg("\"%s\" lacks \"%s\"", err.text, why);
}

static void vet_policy_check_odd_policies_are_refused(void **state)
{
	(void)state;
	assert_policy_refused("{}", "schema is missing");
	assert_policy_refused(POLICY("fine", "accept", "accept", ""), "criteria must be");
	assert_policy_refused(POLICY("safe-to-run", "maybe", "accept", ""), "unreviewed must be");
	assert_policy_refused(POLICY("safe-to-run", "accept", "", ""), "build_scripts must be");
	assert_policy_refused(POLICY("safe-to-run", "accept", "accept", ",\"x\":1"), "unknown key");
	assert_policy_refused(POLICY("safe-to-run", "accept", "accept",
				     ",\"exceptions\":[{\"crate\":\"a\",\"accept\":[\"links\"],"
				     "\"reason\":\"\"}]"),
			      "exceptions[0].reason must say why");
	assert_policy_refused(POLICY("safe-to-run", "accept", "accept",
				     ",\"exceptions\":[{\"crate\":\"a\",\"accept\":[\"violation\"],"
				     "\"reason\":\"r\"}]"),
			      "known are unreviewed");
}

/* Everything a policy can refuse. */
static const struct vet_facts everything = {.licence = "GPL-3.0-only",
					    .links = "z",
					    .build_script = 1,
					    .proc_macro = 1,
					    .native_files = 3};

static void assert_judged(const char *text, const struct vet_subject *subject, size_t reasons,
			  const char *first)
{
	struct vet_policy policy = policy_of(text);
	char lines[VET_REASONS_SIZE] = "";

	size_t n = vet_policy_judge(&policy, subject, lines, sizeof(lines));
	if (n != reasons || (first && !strstr(lines, first)))
		fail_msg("%zu reasons, not %zu with \"%s\": %s", n, reasons, first ? first : "",
			 lines);
	vet_policy_fini(&policy);
}

static void vet_policy_judge_each_trait_has_its_own_reason(void **state)
{
	static const struct {
		struct vet_facts facts;
		const char *reason;
	} rows[] = {
		{{.licence = "MIT", .build_script = 1}, "a 1.0.0 has a build script"},
		{{.licence = "MIT", .proc_macro = 1}, "a 1.0.0 is a procedural macro"},
		{{.licence = "MIT", .native_files = 3}, "a 1.0.0 has 3 native files (src/z.c)"},
		{{.licence = "MIT", .links = "z"}, "a 1.0.0 links the native library \"z\""},
		{{.licence = "GPL-3.0-only"}, "a 1.0.0 has the licence GPL-3.0-only"},
		{{.licence = ""}, "a 1.0.0 names no licence"},
	};
	json_auto_t *natives = json_pack("[{s:s}]", "path", "src/z.c");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct vet_facts facts = rows[i].facts;
		facts.natives = natives;
		const struct vet_subject subject = {
			.name = "a", .version = "1.0.0", .facts = &facts};
		assert_judged(POLICY("safe-to-run", "accept", "refuse", ""), &subject, 1,
			      rows[i].reason);
	}
}

static void vet_policy_judge_unreviewed_depends_on_the_criteria(void **state)
{
	const struct vet_facts facts = {.licence = "MIT"};
	struct vet_subject subject = {
		.name = "a", .version = "1.0.0", .facts = &facts, .criteria = VET_RUN};

	(void)state;
	assert_judged(POLICY("safe-to-run", "refuse", "accept", ""), &subject, 0, NULL);
	assert_judged(POLICY("safe-to-deploy", "refuse", "accept", ""), &subject, 1,
		      "a 1.0.0 has no audit for safe-to-deploy");
	assert_judged(POLICY("safe-to-deploy", "accept", "accept", ""), &subject, 0, NULL);
	subject.criteria = 0;
	assert_judged(POLICY("safe-to-run", "refuse", "accept", ""), &subject, 1,
		      "has no audit for safe-to-run");
}

static void vet_policy_judge_exceptions_are_for_one_crate_and_version(void **state)
{
	static const char all[] =
		POLICY("safe-to-run", "refuse", "refuse",
		       ",\"exceptions\":[{\"crate\":\"a\",\"version\":\"1.0.0\",\"accept\":["
		       "\"unreviewed\","
		       "\"licence\",\"build_script\",\"proc_macro\",\"native_files\",\"links\"],"
		       "\"reason\":\"r\"}]");
	struct vet_subject subject = {.name = "a", .version = "1.0.0", .facts = &everything};

	(void)state;
	assert_judged(all, &subject, 0, NULL);
	subject.version = "1.0.1";
	assert_judged(all, &subject, 6, "a 1.0.1");
	subject = (struct vet_subject){.name = "b", .version = "1.0.0", .facts = &everything};
	assert_judged(all, &subject, 6, "b 1.0.0");
}

static void vet_policy_judge_a_violation_is_refused_whatever_is_accepted(void **state)
{
	json_auto_t *who = json_string("Ann");
	const struct vet_facts facts = {.licence = "MIT"};
	const struct vet_audit violation = {.kind = VET_VIOLATION,
					    .violation = "<2",
					    .who = who,
					    .said = who,
					    .notes = "It phones home.",
					    .source = "imports/x.toml"};
	const struct vet_subject subject = {.name = "a",
					    .version = "1.0.0",
					    .facts = &facts,
					    .criteria = VET_RUN | VET_DEPLOY,
					    .violation = &violation};

	(void)state;
	assert_judged(POLICY("safe-to-run", "accept", "accept",
			     ",\"exceptions\":[{\"crate\":\"a\",\"accept\":[\"unreviewed\"],"
			     "\"reason\":\"r\"}]"),
		      &subject, 1, "imports/x.toml: It phones home.");
}

/* ---- all of it ---- */

#define SUM "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LOCK                                                                                       \
	"version = 3\n\n[[package]]\nname = \"a\"\nversion = \"1.0.1\"\nsource = "                 \
	"\"registry+index\"\nchecksum = \"" SUM                                                    \
	"\"\n\n[[package]]\nname = \"b\"\nversion = \"2.0.0\"\nsource = \"registry+index\"\n"      \
	"checksum = \"" SUM "\"\n\n[[package]]\nname = \"set\"\nversion = \"0.0.0\"\n"             \
	"dependencies = [\n \"a\",\n \"b\",\n]\n"

/* Two crates and a set that accepts them. */
static void put_all(void **state)
{
	put(state, "vendor/a-1.0.1/Cargo.toml",
	    "[package]\nname = \"a\"\nversion = \"1.0.1\"\nlicense = \"MIT\"\n");
	put(state, "vendor/a-1.0.1/src/lib.rs", "unsafe fn f() {}");
	put(state, "vendor/b-2.0.0/Cargo.toml",
	    "[package]\nname = \"b\"\nversion = \"2.0.0\"\nlicense = \"MIT OR GPL-3.0-only\"\n");
	put(state, "set/policy.json", POLICY("safe-to-run", "accept", "refuse", ""));
}

static int vet(void **state, struct vet_result *result, char *reasons, struct error *err)
{
	struct path set = below(state, "set"), vendor = below(state, "vendor");
	struct cargo_lock lock;

	assert_int_equal(cargo_lock_parse(LOCK, "Cargo.lock", &lock, err), 0);
	const struct vet_request request = {
		.set = set.text, .name = "set", .vendor = vendor.text, .lock = &lock};
	int r = vet_run(&request, result, reasons, err);
	cargo_lock_fini(&lock);
	return r;
}

static void assert_vet_fails(void **state, int code, const char *text, const char *reason)
{
	char reasons[VET_REASONS_SIZE];
	struct vet_result result = {.states = NULL};
	struct error err = {.code = 0};

	assert_int_equal(vet(state, &result, reasons, &err), code);
	if (!strstr(err.text, text) || !strstr(reasons, reason))
		fail_msg("\"%s\", \"%s\" lack \"%s\" or \"%s\"", err.text, reasons, text, reason);
	assert_null(result.states);
}

static void vet_run_says_what_is_audited_and_what_is_not(void **state)
{
	char reasons[VET_REASONS_SIZE];
	struct vet_result result = {.states = NULL};
	struct error err = {.code = 0};

	put_all(state);
	put(state, "set/audits.toml",
	    AUDIT("version = \"1.0.0\"") AUDIT("delta = \"1.0.0 -> 1.0.1\""));
	if (vet(state, &result, reasons, &err) < 0)
		fail_msg("%s\n%s", err.text, reasons);
	assert_int_equal(result.audited, 1);
	assert_int_equal(result.exempted, 1);
	assert_int_equal(result.count, 3);
	assert_int_equal(result.states[0].audited, 1);
	assert_int_equal(result.states[0].unsafe_occurrences, 1);
	assert_int_equal(result.states[1].audited, 0);
	assert_string_equal(result.states[1].licence, "MIT OR GPL-3.0-only");

	json_auto_t *document = json_loadb(result.document, result.document_len, 0, NULL);
	const json_t *crates = json_object_get(document, "crates");
	const json_t *a = json_array_get(crates, 0), *b = json_array_get(crates, 1);
	assert_int_equal(json_array_size(crates), 2);
	assert_string_equal(json_text(a, "vetting"), "audited");
	assert_string_equal(json_text(a, "sha256"), SUM);
	assert_int_equal(json_array_size(json_object_get(a, "audits")), 2);
	assert_string_equal(json_text(b, "vetting"), "exempted: unreviewed");
	assert_int_equal(json_array_size(json_object_get(b, "audits")), 0);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(document, "counts"),
							    "exempted_unreviewed")),
			 1);
	vet_result_fini(&result);
}

static void vet_run_the_same_inputs_give_the_same_document(void **state)
{
	char reasons[VET_REASONS_SIZE];
	struct vet_result one = {.states = NULL}, two = {.states = NULL};

	put_all(state);
	assert_int_equal(vet(state, &one, reasons, NULL), 0);
	assert_int_equal(vet(state, &two, reasons, NULL), 0);
	assert_int_equal(one.document_len, two.document_len);
	assert_memory_equal(one.document, two.document, one.document_len);
	vet_result_fini(&one);
	vet_result_fini(&two);
}

static void vet_run_what_the_policy_refuses_is_named(void **state)
{
	put_all(state);
	put(state, "vendor/b-2.0.0/build.rs", "fn main() {}");
	put(state, "vendor/a-1.0.1/z.c", "");
	assert_vet_fails(state, -EACCES, "for 2 reasons", "b 2.0.0 has a build script");
	put(state, "set/policy.json", POLICY("safe-to-run", "refuse", "accept", ""));
	assert_vet_fails(state, -EACCES, "for 2 reasons", "a 1.0.1 has no audit");
}

static void vet_run_a_violation_refuses(void **state)
{
	put_all(state);
	put(state, "set/audits.toml",
	    AUDIT("version = \"1.0.1\"") AUDIT("violation = \"<1.1\"\nnotes = \"Bad.\""));
	assert_vet_fails(state, -EACCES, "for 1 reason", "a 1.0.1 violates \"safe-to-run\"");
}

static void vet_run_an_exception_for_nobody_refuses(void **state)
{
	put_all(state);
	put(state, "set/policy.json",
	    POLICY("safe-to-run", "accept", "refuse",
		   ",\"exceptions\":[{\"crate\":\"gone\",\"accept\":[\"links\"],\"reason\":\"r\"}"
		   "]"));
	assert_vet_fails(state, -EACCES, "for 1 reason", "exceptions[0] is for gone");
}

static void vet_run_what_is_not_well_formed_is_told(void **state)
{
	put_all(state);
	put(state, "set/audits.toml", AUDIT("version = \"1\""));
	assert_vet_fails(state, -EINVAL, "audits.toml: audits.a[0].version", "");
	unlink(below(state, "set/audits.toml").text);
	put(state, "vendor/a-1.0.1/Cargo.toml", "[package]\nname = \"z\"\n");
	assert_vet_fails(state, -EBADMSG, "a 1.0.1: its Cargo.toml is of another crate", "");
	unlink(below(state, "set/policy.json").text);
	assert_vet_fails(state, -ENOENT, "needs a policy", "");
}

/* ---- what the operator adds ---- */

static const struct vet_record good = {.crate = "a",
				       .version = "1.0.1",
				       .who = "Ann \"A\" <a@example.org>",
				       .criteria = "safe-to-run",
				       .notes = "Read all of it:\n\\ and \x01."};

static void vet_record_add_is_read_again(void **state)
{
	char reasons[VET_REASONS_SIZE];
	struct vet_result result = {.states = NULL};
	struct path set = below(state, "set");
	struct vet_record violation = good;

	put_all(state);
	assert_int_equal(vet_record_add(set.text, &good, NULL), 0);
	assert_int_equal(vet(state, &result, reasons, NULL), 0);
	assert_int_equal(result.audited, 1);
	json_auto_t *document = json_loadb(result.document, result.document_len, 0, NULL);
	const json_t *audit = json_array_get(
		json_object_get(json_array_get(json_object_get(document, "crates"), 0), "audits"),
		0);
	assert_string_equal(json_text(audit, "who"), good.who);
	assert_string_equal(json_text(audit, "notes"), good.notes);
	vet_result_fini(&result);

	violation.version = NULL;
	violation.violation = "=1.0.1";
	assert_int_equal(vet_record_add(set.text, &violation, NULL), 0);
	assert_vet_fails(state, -EACCES, "for 1 reason", "a 1.0.1 violates");
}

static void vet_record_add_what_says_too_little_is_refused(void **state)
{
	struct path set = below(state, "set");
	struct vet_record rows[] = {good, good, good, good, good, good};
	static const char *const why[] = {"--who",	  "--notes",	"--criteria",
					  "crate's name", "no version", "no requirement"};

	put_all(state);
	rows[0].who = "";
	rows[1].notes = NULL;
	rows[2].criteria = "fine";
	rows[3].crate = "a.b";
	rows[4].version = "one";
	rows[5].version = NULL;
	rows[5].violation = "all";
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error err = {.code = 0};
		assert_int_equal(vet_record_add(set.text, &rows[i], &err), -EINVAL);
		if (!strstr(err.text, why[i]))
			fail_msg("\"%s\" lacks \"%s\"", err.text, why[i]);
	}
	assert_false(has(state, "set/audits.toml"));
}

static void vet_import_add_keeps_the_file_and_where_it_is_from(void **state)
{
	char reasons[VET_REASONS_SIZE];
	struct vet_result result = {.states = NULL};
	struct path set = below(state, "set"), file = below(state, "theirs.toml");
	const struct vet_import import = {file.text, "Them, their.example/audits.toml, 2026-01-31"};
	struct vet_file_counts counts;

	put_all(state);
	put(state, "theirs.toml", AUDIT("version = \"1.0.1\"") AUDIT("violation = \"=9.9.9\""));
	assert_int_equal(vet_import_add(set.text, &import, &counts, NULL), 0);
	assert_int_equal(counts.audits, 1);
	assert_int_equal(counts.violations, 1);
	assert_int_equal(vet_import_add(set.text, &import, &counts, NULL), 0); /* again */
	assert_int_equal(vet(state, &result, reasons, NULL), 0);
	assert_int_equal(result.audited, 1);
	json_auto_t *document = json_loadb(result.document, result.document_len, 0, NULL);
	const json_t *sources = json_object_get(document, "sources");
	assert_int_equal(json_array_size(sources), 1);
	assert_string_equal(json_text(json_array_get(sources, 0), "source"), "Them");
	assert_string_equal(json_text(json_array_get(sources, 0), "date"), "2026-01-31");
	vet_result_fini(&result);

	put(state, "set/imports/theirs.toml", AUDIT("version = \"1.0.1\""));
	assert_vet_fails(state, -EBADMSG, "not the file that was imported", "");
}

static void vet_import_add_without_a_source_or_audits_is_refused(void **state)
{
	struct path set = below(state, "set"), file = below(state, "theirs.toml");
	static const char *const sources[] = {"",
					      "Them",
					      "Them, there",
					      "Them, there, yesterday",
					      "Them,, 2026-01-31",
					      "Them, there, 2026-01-31x"};
	struct vet_file_counts counts;
	struct error err = {.code = 0};

	put_all(state);
	put(state, "theirs.toml", AUDIT("version = \"1.0.1\""));
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		const struct vet_import import = {file.text, sources[i]};
		assert_int_equal(vet_import_add(set.text, &import, &counts, &err), -EINVAL);
		assert_non_null(strstr(err.text, "--source"));
	}
	put(state, "theirs.toml", "not audits");
	const struct vet_import import = {file.text, "Them, there, 2026-01-31"};
	assert_int_equal(vet_import_add(set.text, &import, &counts, &err), -EINVAL);
	assert_false(has(state, "set/imports"));
}

static void vet_check_image_later_violations_are_found(void **state)
{
	char reasons[VET_REASONS_SIZE];
	struct path image = below(state, "image"), set = below(state, "set");
	struct vet_result result = {.states = NULL};
	struct error err = {.code = 0};

	put_all(state);
	assert_int_equal(vet(state, &result, reasons, NULL), 0);
	assert_int_equal(vet_check_image(image.text, set.text, reasons, &err), -ENOENT);
	assert_int_equal(path_make_folders(image.text, NULL), 0);
	struct path document = below(state, "image/vetting.json");
	assert_int_equal(
		path_write_file(document.text, 0644, result.document, result.document_len, NULL),
		0);
	vet_result_fini(&result);
	assert_int_equal(vet_check_image(image.text, set.text, reasons, &err), 0);
	put(state, "set/audits.toml", AUDIT("violation = \"1\"\nnotes = \"\"\"Known\nnow.\"\"\""));
	assert_int_equal(vet_check_image(image.text, set.text, reasons, &err), 1);
	assert_non_null(strstr(reasons, "a 1.0.1: audits.toml says"));
	assert_non_null(strstr(reasons, "Known now."));
	put(state, "image/vetting.json", "[]");
	assert_int_equal(vet_check_image(image.text, set.text, reasons, &err), -EBADMSG);
}

/* The project's own: what was imported is what it was, and all of it is understood. */
static void vet_set_read_projects_own_is_taken(void **state)
{
	struct vet_set *set = calloc(1, sizeof(*set));
	struct vet_audits audits = {.files = NULL};
	struct error err = {.code = 0};

	(void)state;
	if (vet_set_read("toolchains/rust/crates", set, &err) < 0 ||
	    vet_set_audits(set, &audits, &err) < 0)
		fail_msg("%s", err.text);
	assert_true(audits.count > 0);
	for (size_t i = 0; i < audits.count; i++)
		assert_non_null(audits.rows[i].who);
	vet_audits_fini(&audits);
	vet_set_fini(set);
	free(set);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vet_policy_check_odd_policies_are_refused),
		cmocka_unit_test(vet_policy_judge_each_trait_has_its_own_reason),
		cmocka_unit_test(vet_policy_judge_unreviewed_depends_on_the_criteria),
		cmocka_unit_test(vet_policy_judge_exceptions_are_for_one_crate_and_version),
		cmocka_unit_test(vet_policy_judge_a_violation_is_refused_whatever_is_accepted),
		IN_FOLDER(vet_run_says_what_is_audited_and_what_is_not),
		IN_FOLDER(vet_run_the_same_inputs_give_the_same_document),
		IN_FOLDER(vet_run_what_the_policy_refuses_is_named),
		IN_FOLDER(vet_run_a_violation_refuses),
		IN_FOLDER(vet_run_an_exception_for_nobody_refuses),
		IN_FOLDER(vet_run_what_is_not_well_formed_is_told),
		IN_FOLDER(vet_record_add_is_read_again),
		IN_FOLDER(vet_record_add_what_says_too_little_is_refused),
		IN_FOLDER(vet_import_add_keeps_the_file_and_where_it_is_from),
		IN_FOLDER(vet_import_add_without_a_source_or_audits_is_refused),
		IN_FOLDER(vet_check_image_later_violations_are_found),
		cmocka_unit_test(vet_set_read_projects_own_is_taken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
