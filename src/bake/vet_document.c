#include "bake/vet_document.h"

#include <errno.h>

#include "bake/json.h"

/* NULL is left out by json_pack's "*"; missing texts are null in the document. */
static json_t *text_or_null(const char *text)
{
	return text && text[0] ? json_string(text) : json_null();
}

static json_t *describe_source(const struct vet_source *source)
{
	json_t *entry = json_pack("{s:s, s:s}", "file", source->file, "sha256", source->sha256);

	if (!source->index)
		return entry;
	if (json_object_set(entry, "source", json_object_get(source->index, "source")) < 0 ||
	    json_object_set(entry, "address", json_object_get(source->index, "address")) < 0 ||
	    json_object_set(entry, "date", json_object_get(source->index, "date")) < 0) {
		json_decref(entry);
		return NULL;
	}
	return entry;
}

json_t *vet_document_new(const char *name, const struct vet_set *set)
{
	json_t *sources = json_array();

	for (size_t i = 0; i < set->source_count; i++)
		if (json_array_append_new(sources, describe_source(&set->sources[i])) < 0) {
			json_decref(sources);
			return NULL;
		}
	return json_pack("{s:i, s:s, s:O, s:{s:i, s:i, s:i}, s:o, s:[]}", "schema", 1, "set", name,
			 "policy", set->policy.json, "counts", "crates", 0, "audited", 0,
			 "exempted_unreviewed", 0, "sources", sources, "crates");
}

static json_t *describe_audit(const struct vet_audit *audit)
{
	json_t *who = audit->who ? json_incref((json_t *)audit->who) : json_null();
	json_t *said = json_incref((json_t *)audit->said);

	return json_pack("{s:o, s:o, s:o, s:o, s:s, s:o, s:o}", "who", who, "criteria", said,
			 "from", text_or_null(audit->from), "version", text_or_null(audit->to),
			 "file", audit->source, "set", text_or_null(audit->set), "notes",
			 text_or_null(audit->notes));
}

static json_t *describe_chain(const struct vet_finding *finding)
{
	json_t *audits = json_array();

	for (size_t i = 0; i < finding->chain_len; i++)
		if (json_array_append_new(audits, describe_audit(finding->chain[i])) < 0) {
			json_decref(audits);
			return NULL;
		}
	return audits;
}

/* The traits a reason of the policy lets through. */
static json_t *describe_exceptions(const struct vet_set *set, const struct vet_finding *finding)
{
	json_t *exceptions = json_object();

	for (int trait = 0; trait < VET_TRAIT_COUNT; trait++) {
		const char *reason = vet_policy_exception(&set->policy, finding->name,
							  finding->version, (enum vet_trait)trait);
		if (reason && json_object_set_new(exceptions, vet_trait_name((enum vet_trait)trait),
						  json_string(reason)) < 0) {
			json_decref(exceptions);
			return NULL;
		}
	}
	return exceptions;
}

static json_t *describe_crate(const struct vet_set *set, const struct vet_finding *finding)
{
	const struct vet_facts *facts = finding->facts;
	json_t *audits = describe_chain(finding);
	json_t *exceptions = describe_exceptions(set, finding);

	return json_pack("{s:s, s:s, s:s, s:o, s:O, s:O, s:b, s:o, s:{s:I, s:O}, s:{s:I, s:I}, "
			 "s:s, s:o, s:o, "
			 "s:o}",
			 "name", finding->name, "version", finding->version, "sha256",
			 finding->sha256, "licence", text_or_null(facts->licence), "licence_files",
			 facts->licence_files, "build_scripts", facts->build_scripts, "proc_macro",
			 facts->proc_macro, "links", text_or_null(facts->links), "native", "count",
			 (json_int_t)facts->native_files, "files", facts->natives, "unsafe",
			 "occurrences", (json_int_t)facts->unsafe_occurrences, "rust_files",
			 (json_int_t)facts->rust_files, "vetting",
			 finding->audited ? "audited" : "exempted: unreviewed", "audited_for",
			 text_or_null(vet_criteria_name(finding->criteria)), "audits", audits,
			 "exceptions", exceptions);
}

static int count(json_t *document, const char *what)
{
	json_t *number = json_object_get(json_object_get(document, "counts"), what);
	return json_integer_set(number, json_integer_value(number) + 1);
}

int vet_document_add(json_t *document, const struct vet_set *set, const struct vet_finding *finding)
{
	if (json_array_append_new(json_object_get(document, "crates"),
				  describe_crate(set, finding)) < 0)
		return -ENOMEM;
	count(document, "crates");
	count(document, finding->audited ? "audited" : "exempted_unreviewed");
	return 0;
}
