/* What surrounds the calling process: a container, and what that or anything else took away. */
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#include "doctor/doctor.h"

/* When there are no cells without it. */
enum need { NEED_NEVER, NEED_ON_V2, NEED_ALWAYS };

static const struct {
	const char *name;
	unsigned number;
	enum need need;
} capabilities[] = {
	{"SYS_ADMIN", CAP_SYS_ADMIN, NEED_ALWAYS},
	{"SETUID", CAP_SETUID, NEED_ALWAYS},
	{"SETGID", CAP_SETGID, NEED_ALWAYS},
	{"CHOWN", CAP_CHOWN, NEED_ALWAYS},
	{"KILL", CAP_KILL, NEED_ALWAYS},
	{"DAC_OVERRIDE", CAP_DAC_OVERRIDE, NEED_NEVER},
	{"SYS_RESOURCE", CAP_SYS_RESOURCE, NEED_ON_V2},
};

void check_capabilities(struct doctor *doctor, const struct doctor_check *check,
			struct finding *finding)
{
	const struct host *host = &doctor->host;
	/* There a cell's pid 1 is in the job's group, and put out of the OOM killer's reach. */
	int on_v2 = !host->cgroups.v1[CGROUP_MEMORY].mount[0] && host->cgroups.v2.mount[0];
	enum verdict verdict = VERDICT_OK;
	char lacking[160] = "", options[REMEDY_MAX] = "";

	(void)check;
	if (!host->is_root) {
		finding_set(finding, VERDICT_OK, "not root: none are needed");
		return;
	}
	for (size_t i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++) {
		enum need need = capabilities[i].need;
		if (host_has_capability(host, capabilities[i].number) ||
		    (need == NEED_ON_V2 && !on_v2))
			continue;
		text_add(lacking, sizeof(lacking), " %s", capabilities[i].name);
		text_add(options, sizeof(options), "%s--cap-add=%s", *options ? " " : "",
			 capabilities[i].name);
		if (verdict != VERDICT_MISSING)
			verdict = need == NEED_NEVER ? VERDICT_DEGRADED : VERDICT_MISSING;
	}
	if (verdict == VERDICT_OK) {
		finding_set(finding, verdict, "all that are needed");
		return;
	}
	finding_set(finding, verdict, "without%s", lacking);
	if (host->container == CONTAINER_DOCKER || host->container == CONTAINER_PODMAN)
		finding_remedy(finding, "%s", options);
}

void check_confinement(struct doctor *doctor, const struct doctor_check *check,
		       struct finding *finding)
{
	const struct host *host = &doctor->host;
	/* One that forbids nothing that is needed is no fault. */
	enum verdict verdict = doctor->tally.needed_missing ? VERDICT_DEGRADED : VERDICT_OK;

	(void)check;
	if (!host->seccomp_mode && !host->confinement[0])
		finding_set(finding, VERDICT_OK,
			    "no seccomp filter, no AppArmor or SELinux profile");
	else
		finding_set(finding, verdict, "%s%s%s%s",
			    host->seccomp_mode ? "a seccomp filter" : "",
			    host->seccomp_mode && host->confinement[0] ? ", " : "",
			    host->confinement[0] ? "profile " : "", host->confinement);
}

void check_no_new_privs(struct doctor *doctor, const struct doctor_check *check,
			struct finding *finding)
{
	const struct host *host = &doctor->host;

	(void)check;
	if (!host->no_new_privs)
		finding_set(finding, VERDICT_OK, "off");
	else
		finding_set(finding, host->is_root ? VERDICT_OK : VERDICT_DEGRADED, "on");
}

/* The last row: what the rows before came to. */
void check_container(struct doctor *doctor, const struct doctor_check *check,
		     struct finding *finding)
{
	const struct host *host = &doctor->host;
	const struct tally *tally = &doctor->tally;
	char command[REMEDY_MAX];

	(void)check;
	if (host->container == CONTAINER_NONE) {
		finding_set(finding, VERDICT_OK, "this is none");
		return;
	}
	if (!tally->container_options) {
		finding_set(finding, VERDICT_OK, "%s, which forbids nothing that cells need",
			    container_name(host->container));
		return;
	}
	finding_set(finding, VERDICT_DEGRADED, "%s forbids: %s", container_name(host->container),
		    tally->forbidden);
	container_command_text(host->container, tally->container_options, command, sizeof(command));
	finding_remedy(finding, "%s", command);
}
