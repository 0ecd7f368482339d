/* Which control groups there are, which of their controllers cells can have, and whose they are. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor/cgroup_v2.h"
#include "doctor/doctor.h"

void check_cgroup_kind(struct doctor *doctor, const struct doctor_check *check,
		       struct finding *finding)
{
	const struct cgroup_layout *layout = &doctor->host.cgroups;

	(void)check;
	switch (layout->kind) {
	case CGROUP_NONE:
		finding_set(finding, VERDICT_MISSING, "none is mounted");
		break;
	case CGROUP_V1:
		finding_set(finding, VERDICT_OK, "v1");
		break;
	case CGROUP_HYBRID:
		finding_set(finding, VERDICT_OK, "hybrid: v1, and v2 on %s", layout->v2.mount);
		break;
	case CGROUP_V2:
		finding_set(finding, VERDICT_OK, "v2 on %s, own folder %s", layout->v2.mount,
			    layout->v2_path);
		break;
	}
}

static const char *const state_words[] = {
	[CGROUP_V2_ABSENT] = "",
	[CGROUP_V2_BARE] = " not memory and pids",
	[CGROUP_V2_CLOSED] = " memory and pids, but not for this user to use",
	[CGROUP_V2_IN_WAY] = " memory and pids, but processes are in the way",
	[CGROUP_V2_USABLE] = "",
};

void check_cgroup_controllers(struct doctor *doctor, const struct doctor_check *check,
			      struct finding *finding)
{
	const struct cgroup_layout *layout = &doctor->host.cgroups;
	char v1[80] = "", v2[80] = "";
	unsigned found = 0;
	int all_open = 1;
	struct cgroup_v2 unified;

	(void)check;
	cgroup_v2_find(&layout->v2, &unified);
	for (unsigned i = 0; i <= CGROUP_CPUACCT; i++) {
		const char *name = cgroup_controller_name(i);
		/* v2 counts processor time always. */
		int in_v2 =
			unified.state == CGROUP_V2_USABLE &&
			(i == CGROUP_CPUACCT ||
			 cgroup_has_word(unified.controllers, strlen(unified.controllers), name));
		int in_v1 = layout->v1[i].mount[0] != '\0';
		if (in_v1)
			text_add(v1, sizeof(v1), " %s", name);
		else if (in_v2)
			text_add(v2, sizeof(v2), " %s", name);
		/* A user may have been given a folder, but is not as a rule. */
		int closed = in_v1 && access(layout->v1[i].own, W_OK) < 0 && errno == EACCES;
		all_open &= !closed;
		found |= (in_v1 ? !closed : in_v2) ? 1U << i : 0;
	}
	if (!all_open)
		text_add(v1, sizeof(v1), ", not for this user to use");
	enum verdict verdict = VERDICT_OK;
	if (!(found & 1U << CGROUP_MEMORY) || !(found & 1U << CGROUP_PIDS))
		verdict = VERDICT_MISSING;
	else if (!(found & 1U << CGROUP_CPU) || !(found & 1U << CGROUP_CPUACCT))
		verdict = VERDICT_DEGRADED;
	if (verdict != VERDICT_OK) {
		text_add(v2, sizeof(v2), "%s", state_words[unified.state]);
		finding_remedy_delegation(finding, &doctor->host);
	}
	finding_set(finding, verdict, "v1:%s; v2:%s", *v1 ? v1 : " none", *v2 ? v2 : " none");
}

/* ---- delegation, for those who are not root ---- */

static int has_manager(const struct host *host)
{
	char path[64];

	snprintf(path, sizeof(path), "/run/user/%u/systemd", host->uid);
	return access(path, F_OK) == 0;
}

/* Only v2 can be divided by users. */
static int is_v1(const struct host *host)
{
	return host->cgroups.v1[CGROUP_MEMORY].mount[0] || !host->cgroups.v2.mount[0];
}

void finding_remedy_delegation(struct finding *finding, const struct host *host)
{
	if (host->is_root)
		return;
	if (is_v1(host))
		finding_remedy(finding, "add systemd.unified_cgroup_hierarchy=1 cgroup_no_v1=all "
					"to the kernel's command line, start anew");
	else if (!has_manager(host))
		finding_remedy(finding,
			       "sudo loginctl enable-linger %s, log in anew, then "
			       "systemd-run --user --scope -p Delegate=yes sandlot serve",
			       host->user);
}

static void check_delegated(const struct host *host, struct finding *finding)
{
	struct cgroup_v2 unified;
	struct stat st;

	cgroup_v2_find(&host->cgroups.v2, &unified);
	if (unified.state == CGROUP_V2_USABLE && stat(unified.dir, &st) == 0 &&
	    st.st_uid == host->uid) {
		finding_set(finding, VERDICT_OK, "%s belongs to %s", unified.dir, host->user);
		return;
	}
	finding_remedy_delegation(finding, host);
	if (is_v1(host))
		finding_set(finding, VERDICT_MISSING, "the controllers are on v1, which is root's");
	else
		finding_set(finding, VERDICT_MISSING, "%s is not %s's%s", host->cgroups.v2.own,
			    host->user,
			    has_manager(host) ? "; a systemd user manager runs and can delegate"
					      : "; no systemd user manager runs");
}

void check_cgroup_delegation(struct doctor *doctor, const struct doctor_check *check,
			     struct finding *finding)
{
	const struct host *host = &doctor->host;

	(void)check;
	if (host->is_root)
		finding_set(finding, VERDICT_OK, "not needed by root");
	else
		check_delegated(host, finding);
}
