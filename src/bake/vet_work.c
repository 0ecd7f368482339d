#include "bake/vet_reply.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bake/vet_document.h"
#include "base/fd.h"

/* The work while it goes on. */
struct job {
	const struct vet_work *work;
	struct vet_audits audits;
	struct vet_state *states; /* owned */
	json_t *document;	  /* owned */
	struct vet_reply *reply;
	struct error *err;
};

/* The strongest criterion there is a chain for, and all that it and the others come to. */
static int find_audits(const struct job *job, const struct cargo_package *package,
		       struct vet_finding *finding, const struct vet_audit *chain[VET_CHAIN_MAX])
{
	static const enum vet_criteria strongest_first[] = {VET_DEPLOY, VET_RUN};

	for (size_t i = 0; i < sizeof(strongest_first) / sizeof(strongest_first[0]); i++) {
		int r = vet_audits_chain(&job->audits, package->name, package->version,
					 strongest_first[i], chain);
		if (r < 0)
			return error_set(job->err, r, "vet", "cannot look for audits");
		if (r == 0)
			continue;
		finding->criteria =
			strongest_first[i] == VET_DEPLOY ? VET_DEPLOY | VET_RUN : VET_RUN;
		finding->chain_len = (size_t)r;
		return 0;
	}
	return 0;
}

static void fill_state(struct vet_state *state, const struct vet_facts *facts,
		       const struct vet_finding *finding)
{
	*state = (struct vet_state){
		.unsafe_occurrences = facts->unsafe_occurrences,
		.native_files = facts->native_files,
		.audited = finding->audited != 0,
		.criteria = (uint8_t)finding->criteria,
		.build_script = facts->build_script != 0,
		.proc_macro = facts->proc_macro != 0,
		.links = facts->links[0] != '\0',
	};
	memcpy(state->licence, facts->licence, sizeof(state->licence));
}

static int judge_crate(struct job *job, const struct cargo_package *package,
		       const struct vet_facts *facts, struct vet_state *state)
{
	const struct vet_policy *policy = &job->work->set->policy;
	const struct vet_audit *chain[VET_CHAIN_MAX];
	struct vet_finding finding = {.name = package->name,
				      .version = package->version,
				      .sha256 = package->sha256,
				      .facts = facts,
				      .chain = chain};

	int r = find_audits(job, package, &finding, chain);
	if (r < 0)
		return r;
	finding.audited = vet_policy_is_audited(policy, finding.criteria);
	const struct vet_subject subject = {
		.name = package->name,
		.version = package->version,
		.facts = facts,
		.criteria = finding.criteria,
		.violation = vet_audits_violation(&job->audits, package->name, package->version)};
	job->reply->reasons +=
		vet_policy_judge(policy, &subject, job->reply->text, sizeof(job->reply->text));
	fill_state(state, facts, &finding);
	if (vet_document_add(job->document, job->work->set, &finding) < 0)
		return error_set(job->err, -ENOMEM, "vet", "cannot write " VET_DOCUMENT_FILE);
	return 0;
}

static int vet_crate(struct job *job, const struct cargo_package *package, struct vet_state *state)
{
	struct vet_facts facts = {.licence = ""};
	struct path folder;

	int r = path_format(&folder, job->err, "%s-%s", package->name, package->version);
	if (r >= 0)
		r = vet_scan(folder.text, package->name, package->version, &facts, job->err);
	if (r >= 0)
		r = judge_crate(job, package, &facts, state);
	vet_facts_fini(&facts);
	return r;
}

/* An exception for a crate that is not there is a left-over, or a slip of the pen. */
static void judge_exceptions(struct job *job)
{
	const struct cargo_lock *lock = job->work->request->lock;
	const json_t *policy = job->work->set->policy.json;
	size_t i;
	json_t *exception;

	json_array_foreach (json_object_get(policy, "exceptions"), i, exception) {
		const char *name = json_string_value(json_object_get(exception, "crate"));
		const char *version = json_string_value(json_object_get(exception, "version"));
		size_t used = strlen(job->reply->text), found = 0;
		for (size_t k = 0; k < lock->count; k++)
			found += strcmp(lock->packages[k].name, name) == 0 &&
				 (!version || strcmp(lock->packages[k].version, version) == 0);
		if (found)
			continue;
		job->reply->reasons++;
		snprintf(job->reply->text + used, sizeof(job->reply->text) - used,
			 "exceptions[%zu] is for %.64s%s%.32s, which Cargo.lock does not have\n", i,
			 name, version ? " " : "", version ? version : "");
	}
}

static int vet_all(struct job *job)
{
	const struct cargo_lock *lock = job->work->request->lock;

	job->states = calloc(lock->count + 1, sizeof(*job->states));
	job->document = vet_document_new(job->work->request->name, job->work->set);
	if (!job->states || !job->document)
		return error_set(job->err, -ENOMEM, "vet", "cannot vet the crates");
	int r = vet_set_audits(job->work->set, &job->audits, job->err);
	for (size_t i = 0; i < lock->count && r >= 0; i++)
		if (!lock->packages[i].is_root)
			r = vet_crate(job, &lock->packages[i], &job->states[i]);
	if (r >= 0)
		judge_exceptions(job);
	return r;
}

/* The states and the document, one behind the other; nothing when something is refused. */
static int fill_bytes(struct job *job)
{
	struct confined_bytes *bytes = job->work->bytes;
	size_t count = job->work->request->lock->count, states = count * sizeof(*job->states);
	_cleanup_free_ char *text = NULL;

	if (job->reply->reasons > 0)
		return 0;
	text = json_dumps(job->document, JSON_INDENT(2));
	size_t len = text ? strlen(text) : 0;
	bytes->data = malloc(states + len + 1);
	if (!text || !bytes->data)
		return error_set(job->err, -ENOMEM, "vet", "cannot vet the crates");
	memcpy(bytes->data, job->states, states);
	memcpy(bytes->data + states, text, len);
	bytes->data[states + len] = '\n';
	bytes->len = states + len + 1;
	job->reply->count = count;
	job->reply->document_len = len + 1;
	return 0;
}

int vet_work(void *owner, void *result, struct error *err)
{
	struct job job = {.work = owner, .reply = result, .err = err};

	int r = vet_all(&job);
	if (r >= 0)
		r = fill_bytes(&job);
	json_decref(job.document);
	free(job.states);
	vet_audits_fini(&job.audits);
	return r;
}
