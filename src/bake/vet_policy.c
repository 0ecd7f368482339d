#include "bake/vet_policy.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bake/json.h"
#include "base/fd.h"

#define FIELDS(table) table, sizeof(table) / sizeof((table)[0])

static const struct json_field policy_fields[] = {
	{"schema", JSON_SHAPE_NUMBER, 0},      {"criteria", JSON_SHAPE_TEXT, 0},
	{"unreviewed", JSON_SHAPE_TEXT, 0},    {"licences", JSON_SHAPE_TEXTS, 0},
	{"build_scripts", JSON_SHAPE_TEXT, 0}, {"proc_macros", JSON_SHAPE_TEXT, 0},
	{"native_files", JSON_SHAPE_TEXT, 0},  {"links", JSON_SHAPE_TEXT, 0},
	{"exceptions", JSON_SHAPE_ARRAY, 1},
};

static const struct json_field exception_fields[] = {
	{"crate", JSON_SHAPE_TEXT, 0},
	{"version", JSON_SHAPE_TEXT, 1},
	{"accept", JSON_SHAPE_TEXTS, 0},
	{"reason", JSON_SHAPE_TEXT, 0},
};

/* Keys that say accept or refuse, and what of. */
static const struct {
	const char *key;
	enum vet_trait trait;
} choices[] = {
	{"unreviewed", VET_UNREVIEWED},
	{"build_scripts", VET_BUILD_SCRIPT},
	{"proc_macros", VET_PROC_MACRO},
	{"native_files", VET_NATIVE_FILES},
	{"links", VET_LINKS},
};

const char *vet_trait_name(enum vet_trait trait)
{
	static const char *const names[VET_TRAIT_COUNT] = {
#define X(constant, name) [constant] = name,
		VET_TRAITS(X)
#undef X
	};
	return names[trait];
}

/* ---- reading ---- */

static int take_choice(struct vet_policy *policy, const char *key, enum vet_trait trait,
		       struct json_place place, struct error *err)
{
	const char *value = json_text(policy->json, key);

	if (strcmp(value, "refuse") == 0)
		policy->refused |= 1U << trait;
	else if (strcmp(value, "accept") != 0)
		return json_refuse(place, key, err, "must be \"accept\" or \"refuse\"");
	return 0;
}

static int find_trait(const char *name)
{
	for (int trait = 0; trait < VET_TRAIT_COUNT; trait++)
		if (strcmp(vet_trait_name((enum vet_trait)trait), name) == 0)
			return trait;
	return -EINVAL;
}

static int check_exception(const json_t *exception, size_t index, const char *file,
			   struct error *err)
{
	char path[48];
	size_t i;
	json_t *name;

	snprintf(path, sizeof(path), "exceptions[%zu]", index);
	struct json_place place = {file, path};
	int r = json_check_object(exception, FIELDS(exception_fields), place, err);
	if (r < 0)
		return r;
	if (!json_text(exception, "reason")[0])
		return json_refuse(place, "reason", err, "must say why");
	json_array_foreach (json_object_get(exception, "accept"), i, name)
		if (find_trait(json_string_value(name)) < 0)
			return json_refuse(place, "accept", err,
					   "has \"%.40s\"; known are unreviewed, licence, "
					   "build_script, proc_macro, native_files, links",
					   json_string_value(name));
	return 0;
}

static int check_policy(struct vet_policy *policy, struct error *err)
{
	struct json_place place = {policy->file, ""};
	size_t i;
	json_t *exception;

	int r = json_check_object(policy->json, FIELDS(policy_fields), place, err);
	if (r >= 0)
		r = json_check_schema(policy->json, 1, place, err);
	if (r < 0)
		return r;
	policy->criteria = vet_criteria_parse(json_text(policy->json, "criteria"));
	if (!policy->criteria)
		return json_refuse(place, "criteria", err,
				   "must be \"safe-to-run\" or \"safe-to-deploy\"");
	for (size_t k = 0; k < sizeof(choices) / sizeof(choices[0]) && r >= 0; k++)
		r = take_choice(policy, choices[k].key, choices[k].trait, place, err);
	json_array_foreach (json_object_get(policy->json, "exceptions"), i, exception)
		if (r >= 0)
			r = check_exception(exception, i, policy->file, err);
	return r;
}

int vet_policy_check(json_t *take_json, const char *file, struct vet_policy *ret_policy,
		     struct error *err)
{
	struct vet_policy policy = {.json = take_json, .file = file};
	int r = check_policy(&policy, err);

	if (r < 0)
		vet_policy_fini(&policy);
	else
		*ret_policy = policy;
	return r;
}

int vet_policy_read(const char *file, struct vet_policy *ret_policy, struct error *err)
{
	json_t *json = NULL;
	int r = json_read_file(file, &json, err);

	if (r == -ENOENT)
		return error_set_plain(err, r, "vet",
				       "%s is missing: a set of crates needs a policy; see "
				       "docs/vetting.md",
				       file);
	return r < 0 ? r : vet_policy_check(json, file, ret_policy, err);
}

void vet_policy_fini(struct vet_policy *policy)
{
	json_decref(policy->json);
	*policy = (struct vet_policy){.json = NULL};
}

/* ---- judging ---- */

int vet_policy_is_audited(const struct vet_policy *policy, unsigned criteria)
{
	return (criteria & policy->criteria) == policy->criteria;
}

const char *vet_policy_exception(const struct vet_policy *policy, const char *name,
				 const char *version, enum vet_trait trait)
{
	const char *wanted = vet_trait_name(trait);
	size_t i, k;
	json_t *exception, *accepted;

	json_array_foreach (json_object_get(policy->json, "exceptions"), i, exception) {
		const char *only = json_text(exception, "version");
		if (strcmp(json_text(exception, "crate"), name) != 0 ||
		    (only && strcmp(only, version) != 0))
			continue;
		json_array_foreach (json_object_get(exception, "accept"), k, accepted)
			if (strcmp(json_string_value(accepted), wanted) == 0)
				return json_text(exception, "reason");
	}
	return NULL;
}

void vet_flatten(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = ' ';
}

struct judgement {
	const struct vet_policy *policy;
	const struct vet_subject *subject;
	char *text;
	size_t size, reasons;
};

/* A reason nothing excepts from. */
__attribute__((format(printf, 2, 3))) static void say(struct judgement *judgement,
						      const char *format, ...)
{
	char line[512];
	va_list args;
	size_t used = strlen(judgement->text);

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	vet_flatten(line);
	judgement->reasons++;
	int n = snprintf(judgement->text + used, judgement->size - used, "%s %s %s\n",
			 judgement->subject->name, judgement->subject->version, line);
	if (n < 0 || (size_t)n >= judgement->size - used)
		judgement->text[used] = '\0';
}

static int is_refused(const struct judgement *judgement, enum vet_trait trait)
{
	return (judgement->policy->refused & 1U << trait) &&
	       !vet_policy_exception(judgement->policy, judgement->subject->name,
				     judgement->subject->version, trait);
}

static void judge_violation(struct judgement *judgement)
{
	const struct vet_audit *violation = judgement->subject->violation;
	_cleanup_free_ char *who = json_dumps(violation->who, JSON_ENCODE_ANY);
	_cleanup_free_ char *said = json_dumps(violation->said, JSON_ENCODE_ANY);

	say(judgement, "violates %s, as %s says of versions %s in %s%s%.200s",
	    said ? said : "criteria", who ? who : "somebody", violation->violation,
	    violation->source, violation->notes ? ": " : "",
	    violation->notes ? violation->notes : "");
}

static void judge_licence(struct judgement *judgement)
{
	const char *licence = judgement->subject->facts->licence;
	const json_t *accepted = json_object_get(judgement->policy->json, "licences");

	if (vet_policy_exception(judgement->policy, judgement->subject->name,
				 judgement->subject->version, VET_LICENCE))
		return;
	if (!licence[0])
		say(judgement, "names no licence in its Cargo.toml, so that none is accepted");
	else if (licence_accepted(licence, accepted) != 1)
		say(judgement, "has the licence %s, which the accepted licences do not meet",
		    licence);
}

size_t vet_policy_judge(const struct vet_policy *policy, const struct vet_subject *subject,
			char *text, size_t size)
{
	struct judgement judgement = {policy, subject, text, size, 0};
	const struct vet_facts *facts = subject->facts;

	if (subject->violation)
		judge_violation(&judgement);
	if (!vet_policy_is_audited(policy, subject->criteria) &&
	    is_refused(&judgement, VET_UNREVIEWED))
		say(&judgement, "has no audit for %s, and unreviewed crates are refused",
		    vet_criteria_name(policy->criteria));
	judge_licence(&judgement);
	if (facts->build_script && is_refused(&judgement, VET_BUILD_SCRIPT))
		say(&judgement, "has a build script, and those are refused");
	if (facts->proc_macro && is_refused(&judgement, VET_PROC_MACRO))
		say(&judgement, "is a procedural macro, and those are refused");
	if (facts->native_files > 0 && is_refused(&judgement, VET_NATIVE_FILES))
		say(&judgement, "has %llu native files (%s), and those are refused",
		    (unsigned long long)facts->native_files,
		    json_text(json_array_get(facts->natives, 0), "path"));
	if (facts->links[0] && is_refused(&judgement, VET_LINKS))
		say(&judgement, "links the native library \"%s\", and those are refused",
		    facts->links);
	return judgement.reasons;
}
