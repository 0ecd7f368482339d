/* Every namespace is really made, the way cells are: with a user namespace, and ids mapped. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "doctor/doctor.h"
#include "doctor/trial.h"

static struct trial_result try_as(const struct host *host, uint64_t flags, int unprivileged)
{
	const struct trial trial = {
		.namespaces = CLONE_NEWUSER | flags,
		.user = unprivileged ? host->unused_uid : TRIAL_SAME_USER,
		.map_to = host->unused_uid,
	};

	return trial_run(&trial);
}

static const char *yes_or_why(const struct trial_result *result, struct trial_words *words)
{
	if (trial_worked(result))
		return "yes";
	*words = trial_words(result);
	return words->text;
}

/* check->number: the namespace's clone flag. */
void check_namespace(struct doctor *doctor, const struct doctor_check *check,
		     struct finding *finding)
{
	const struct host *host = &doctor->host;
	struct trial_result own = try_as(host, check->number, 0);
	enum verdict verdict = trial_worked(&own) ? VERDICT_OK : VERDICT_MISSING;
	struct trial_words words[2];

	if (!host->is_root) {
		finding_set(finding, verdict, "as a user: %s", yes_or_why(&own, &words[0]));
		return;
	}
	struct trial_result user = try_as(host, check->number, 1);
	finding_set(finding, verdict, "as root: %s; as a user: %s", yes_or_why(&own, &words[0]),
		    yes_or_why(&user, &words[1]));
}

/* As a user all of them together, and whether mounting is allowed in them: AppArmor lets the
 * namespace be made and then takes its capabilities away. */
void check_unprivileged(struct doctor *doctor, const struct doctor_check *check,
			struct finding *finding)
{
	const struct host *host = &doctor->host;
	const struct trial trial = {
		.namespaces = check->number,
		.user = host->is_root ? host->unused_uid : TRIAL_SAME_USER,
		.function = trial_mounts,
	};
	struct trial_result result = trial_run(&trial);

	if (trial_worked(&result)) {
		finding_set(finding, VERDICT_OK, "all namespaces together, with mounts");
		return;
	}
	finding_set(finding, host->is_root ? VERDICT_DEGRADED : VERDICT_MISSING, "%s%s%s",
		    result.stage == TRIAL_FUNCTION ? trial_mounts_step(result.step) : "",
		    result.stage == TRIAL_FUNCTION ? ": " : "", trial_words(&result).text);
}
