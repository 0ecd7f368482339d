/* Files of audits, and what follows from them: rows, criteria, chains, violations. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bake/vet_audits.h"

#define ROW(crate, criteria, rest)                                                                 \
	"[[audits." crate "]]\nwho = \"Ann <ann@example.org>\"\ncriteria = \"" criteria            \
	"\"\n" rest "\n\n"
#define FULL(version) "version = \"" version "\""
#define DELTA(from, to) "delta = \"" from " -> " to "\""
#define VIOLATION(versions) "violation = \"" versions "\""

static void add(struct vet_audits *audits, const char *text, const char *source,
		enum vet_origin origin)
{
	struct error err = {.code = 0};

	if (vet_audits_add(audits, text, strlen(text), source, origin, &err) < 0)
		fail_msg("%s", err.text);
}

static struct vet_audits read_text(const char *text)
{
	struct vet_audits audits = {.files = NULL};

	add(&audits, text, "audits.toml", VET_IMPORTED);
	return audits;
}

static void assert_refused(const char *text, const char *why)
{
	struct vet_audits audits = {.files = NULL};
	struct error err = {.code = 0};

	if (vet_audits_add(&audits, text, strlen(text), "their.toml", VET_IMPORTED, &err) !=
	    -EINVAL)
		fail_msg("taken: %s", text);
	if (!strstr(err.text, "their.toml") || !strstr(err.text, why))
		fail_msg("\"%s\" lacks \"%s\"", err.text, why);
	vet_audits_fini(&audits);
}

/* How long the chain to a version is; 0: none. */
static int chain(const struct vet_audits *audits, const char *version, enum vet_criteria criterion)
{
	const struct vet_audit *found[VET_CHAIN_MAX];

	return vet_audits_chain(audits, "a", version, criterion, found);
}

static void vet_audits_add_rows_are_read(void **state)
{
	struct vet_audits audits = read_text(ROW(
		"a", "safe-to-run",
		FULL("1.0.0") "\nnotes = \"\"\"\nRead.\n\"\"\"") "[[audits.b]]\nwho = [\"Ann\", "
								 "\"Ben\"]\ncriteria = "
								 "[\"safe-to-deploy\", \"x\"]\n"
								 "delta = \"1.0.0 -> "
								 "1.1.0\"\naggregated-from = "
								 "\"elsewhere\"\n\n" ROW(
									 "c", "safe-to-run",
									 VIOLATION("<2")));

	(void)state;
	assert_int_equal(audits.count, 3);
	const struct vet_audit *a = &audits.rows[0], *b = &audits.rows[1], *c = &audits.rows[2];
	assert_int_equal(a->kind, VET_FULL);
	assert_string_equal(a->to, "1.0.0");
	assert_string_equal(a->notes, "Read.\n");
	assert_string_equal(a->source, "audits.toml");
	assert_null(a->set);
	assert_int_equal(a->criteria, VET_RUN);
	assert_int_equal(b->kind, VET_DELTA);
	assert_string_equal(b->from, "1.0.0");
	assert_string_equal(b->to, "1.1.0");
	assert_int_equal(json_array_size(b->who), 2);
	assert_int_equal(b->criteria, VET_RUN | VET_DEPLOY);
	assert_int_equal(c->kind, VET_VIOLATION);
	assert_string_equal(c->violation, "<2");
	vet_audits_fini(&audits);
}

static void vet_audits_add_sets_of_an_imports_lock_are_read(void **state)
{
	struct vet_audits audits = read_text(
		"[[publisher.a]]\nversion = \"1.0.0\"\nuser-id = 1\n\n"
		"[[audits.one.audits.a]]\nwho = \"Ann\"\ncriteria = \"safe-to-run\"\n"
		"version = \"1.0.0\"\n\n"
		"[audits.two.criteria.strong]\ndescription = \"d\"\nimplies = "
		"\"safe-to-deploy\"\n\n"
		"[[audits.two.audits.a]]\nwho = \"Ben\"\ncriteria = \"strong\"\n"
		"delta = \"1.0.0 -> 1.0.1\"\n\n"
		"[[audits.two.wildcard-audits.a]]\nwho = \"Ben\"\ncriteria = \"safe-to-run\"\n"
		"user-id = 1\nstart = \"2024-01-01\"\nend = \"2025-01-01\"\n");

	(void)state;
	assert_int_equal(audits.count, 2);
	assert_string_equal(audits.rows[0].set, "one");
	assert_string_equal(audits.rows[1].set, "two");
	assert_int_equal(audits.left_out, 1);
	assert_int_equal(chain(&audits, "1.0.1", VET_RUN), 2);
	assert_int_equal(chain(&audits, "1.0.1", VET_DEPLOY), 0);
	vet_audits_fini(&audits);
}

static void vet_audits_add_trust_is_no_audit(void **state)
{
	struct vet_audits audits =
		read_text("[audits]\n\n[[trusted.a]]\ncriteria = \"safe-to-deploy\"\nuser-id = 1\n"
			  "start = \"2020-01-01\"\nend = \"2030-01-01\"\n");

	(void)state;
	assert_int_equal(audits.count, 0);
	assert_int_equal(audits.left_out, 1);
	assert_int_equal(chain(&audits, "1.0.0", VET_RUN), 0);
	vet_audits_fini(&audits);
}

static void vet_audits_add_what_is_not_for_others_is_left_to_its_owner(void **state)
{
	static const char text[] = ROW("a", "safe-to-run", FULL("1.0.0") "\nimportable = false")
		ROW("b", "safe-to-run", VIOLATION("*") "\nimportable = false");
	struct vet_audits theirs = {.files = NULL}, own = {.files = NULL};

	(void)state;
	add(&theirs, text, "their.toml", VET_IMPORTED);
	assert_int_equal(theirs.left_out, 1);
	assert_int_equal(chain(&theirs, "1.0.0", VET_RUN), 0);
	assert_non_null(vet_audits_violation(&theirs, "b", "1.0.0"));
	add(&own, text, "audits.toml", VET_OWN);
	assert_int_equal(chain(&own, "1.0.0", VET_RUN), 1);
	vet_audits_fini(&theirs);
	vet_audits_fini(&own);
}

static void vet_audits_add_odd_rows_are_refused_with_their_place(void **state)
{
	(void)state;
	assert_refused("[[audits.a]]\nwho = \"x\"\nversion = \"1.0.0\"\n", "audits.a[0].criteria");
	assert_refused(ROW("a", "safe-to-run", FULL("1.0.0")) ROW("a", "x", "notes = \"n\""),
		       "audits.a[1] must have version, delta or violation");
	assert_refused(ROW("a", "x", FULL("1.0.0") "\n" VIOLATION("*")), "must have version");
	assert_refused(ROW("a", "x", FULL("1.0")), "no version");
	assert_refused(ROW("a", "x", "delta = \"1.0.0\""), "VERSION -> VERSION");
	assert_refused(ROW("a", "x", "delta = \"1.0.0 -> 2\""), "VERSION -> VERSION");
	assert_refused(ROW("a", "x", VIOLATION("none")), "no requirement");
	assert_refused(ROW("a", "x", FULL("1.0.0") "\nsigned = true"), "unknown key");
	assert_refused("[[audits.a]]\nwho = 1\ncriteria = \"x\"\nversion = \"1.0.0\"\n",
		       "text or an array of texts");
	assert_refused("[[audits.a]]\ncriteria = [1]\nversion = \"1.0.0\"\n",
		       "text or an array of texts");
	assert_refused("[audits]\na = 1\n", "array of tables");
	assert_refused("[config]\nx = 1\n", "unknown key");
	assert_refused("[criteria.safe-to-run]\nimplies = \"safe-to-deploy\"\n[audits]\n", "anew");
	assert_refused("[[publisher.a]]\n[exemptions]\n", "unknown key");
}

static void vet_audits_chain_deltas_lead_from_a_full_audit(void **state)
{
	struct vet_audits audits = read_text(
		ROW("a", "safe-to-deploy", FULL("1.0.0")) ROW("a", "safe-to-deploy",
							      DELTA("1.0.0", "1.1.0"))
			ROW("a", "safe-to-run", DELTA("1.1.0", "1.2.0"))
				ROW("a", "safe-to-deploy", DELTA("1.0.0", "0.9.0"))
					ROW("a", "safe-to-deploy", DELTA("3.0.0", "3.1.0"))
						ROW("a", "safe-to-deploy", DELTA("3.1.0", "3.0.0"))
							ROW("b", "safe-to-deploy", FULL("3.0.0")));
	const struct vet_audit *found[VET_CHAIN_MAX];

	(void)state;
	assert_int_equal(chain(&audits, "1.0.0", VET_DEPLOY), 1);
	assert_int_equal(chain(&audits, "1.1.0", VET_DEPLOY), 2);
	assert_int_equal(chain(&audits, "1.2.0", VET_DEPLOY), 0);
	assert_int_equal(chain(&audits, "1.2.0", VET_RUN), 3);
	assert_int_equal(chain(&audits, "0.9.0", VET_DEPLOY), 2); /* deltas go back, too */
	assert_int_equal(chain(&audits, "3.1.0", VET_RUN), 0);	  /* from nothing that is audited */
	assert_int_equal(chain(&audits, "1.0.1", VET_RUN), 0);
	assert_int_equal(vet_audits_chain(&audits, "a", "1.2.0", VET_RUN, found), 3);
	assert_string_equal(found[0]->to, "1.0.0");
	assert_string_equal(found[1]->to, "1.1.0");
	assert_string_equal(found[2]->to, "1.2.0");
	vet_audits_fini(&audits);
}

static void vet_audits_chain_joins_files(void **state)
{
	struct vet_audits audits = {.files = NULL};

	(void)state;
	add(&audits, ROW("a", "safe-to-run", FULL("1.0.0")), "one.toml", VET_IMPORTED);
	add(&audits, ROW("a", "safe-to-run", DELTA("1.0.0", "1.0.1")), "audits.toml", VET_OWN);
	assert_int_equal(chain(&audits, "1.0.1", VET_RUN), 2);
	vet_audits_fini(&audits);
}

static void vet_audits_chain_takes_the_shortest_way(void **state)
{
	struct vet_audits audits =
		read_text(ROW("a", "safe-to-run", FULL("1.0.0"))
				  ROW("a", "safe-to-run", DELTA("1.0.0", "1.0.1"))
					  ROW("a", "safe-to-run", DELTA("1.0.1", "1.0.2"))
						  ROW("a", "safe-to-run", DELTA("1.0.0", "1.0.2")));

	(void)state;
	assert_int_equal(chain(&audits, "1.0.2", VET_RUN), 2);
	vet_audits_fini(&audits);
}

static void vet_audits_chain_own_criteria_count_for_what_they_imply(void **state)
{
	struct vet_audits audits =
		read_text("[criteria.a]\ndescription = \"d\"\nimplies = [\"b\", \"c\"]\n"
			  "[criteria.b]\ndescription-url = \"u\"\nimplies = \"a\"\n" /* a ring */
			  "[criteria.c]\ndescription = \"d\"\nimplies = \"safe-to-run\"\n"
			  "[criteria.d]\ndescription = \"d\"\n" ROW("a", "a", FULL("1.0.0"))
				  ROW("a", "d", FULL("2.0.0")));

	(void)state;
	assert_int_equal(chain(&audits, "1.0.0", VET_RUN), 1);
	assert_int_equal(chain(&audits, "1.0.0", VET_DEPLOY), 0);
	assert_int_equal(chain(&audits, "2.0.0", VET_RUN), 0);
	vet_audits_fini(&audits);
}

static void vet_audits_violation_bars_versions_and_ways_over_them(void **state)
{
	struct vet_audits audits = read_text(
		ROW("a", "safe-to-run", FULL("1.0.0"))
			ROW("a", "safe-to-run", DELTA("1.0.0", "1.0.1"))
				ROW("a", "safe-to-run", DELTA("1.0.1", "1.0.2"))
					ROW("a", "safe-to-deploy",
					    VIOLATION("=1.0.1") "\nnotes = \"It phones home.\""));

	(void)state;
	assert_null(vet_audits_violation(&audits, "a", "1.0.0"));
	assert_null(vet_audits_violation(&audits, "b", "1.0.1"));
	const struct vet_audit *violation = vet_audits_violation(&audits, "a", "1.0.1");
	assert_non_null(violation);
	assert_string_equal(violation->notes, "It phones home.");
	assert_int_equal(chain(&audits, "1.0.0", VET_RUN), 1);
	assert_int_equal(chain(&audits, "1.0.1", VET_RUN), 0);
	assert_int_equal(chain(&audits, "1.0.2", VET_RUN), 0);
	vet_audits_fini(&audits);
}

/* A way longer than a record can hold is none, and a ring ends. */
static void vet_audits_chain_is_bounded(void **state)
{
	struct vet_audits audits = {.files = NULL};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	fputs(ROW("a", "safe-to-run", FULL("1.0.0")), out);
	for (int i = 0; i < 100; i++)
		fprintf(out, ROW("a", "safe-to-run", "delta = \"1.0.%d -> 1.0.%d\""), i, i + 1);
	fputs(ROW("a", "safe-to-run", DELTA("1.0.100", "1.0.0")), out);
	fclose(out);
	add(&audits, text, "audits.toml", VET_OWN);
	assert_int_equal(chain(&audits, "1.0.63", VET_RUN), VET_CHAIN_MAX);
	assert_int_equal(chain(&audits, "1.0.64", VET_RUN), 0);
	assert_int_equal(chain(&audits, "9.0.0", VET_RUN), 0);
	vet_audits_fini(&audits);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vet_audits_add_rows_are_read),
		cmocka_unit_test(vet_audits_add_sets_of_an_imports_lock_are_read),
		cmocka_unit_test(vet_audits_add_trust_is_no_audit),
		cmocka_unit_test(vet_audits_add_what_is_not_for_others_is_left_to_its_owner),
		cmocka_unit_test(vet_audits_add_odd_rows_are_refused_with_their_place),
		cmocka_unit_test(vet_audits_chain_deltas_lead_from_a_full_audit),
		cmocka_unit_test(vet_audits_chain_joins_files),
		cmocka_unit_test(vet_audits_chain_takes_the_shortest_way),
		cmocka_unit_test(vet_audits_chain_own_criteria_count_for_what_they_imply),
		cmocka_unit_test(vet_audits_violation_bars_versions_and_ways_over_them),
		cmocka_unit_test(vet_audits_chain_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
