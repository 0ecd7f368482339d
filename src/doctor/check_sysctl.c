#include <stdio.h>
#include <string.h>

#include "doctor/doctor.h"
#include "doctor/parse.h"
#include "doctor/sysctl.h"

static int is_as_wanted(const struct sysctl_rule *rule, long long value)
{
	return rule->want == SYSCTL_AT_LEAST ? value >= rule->value : value <= rule->value;
}

void sysctl_judge(const struct sysctl_rule *rule, const char *text, int is_root,
		  struct finding *finding)
{
	int lenient = rule->users_only && is_root;
	long long value;

	if (!text) {
		finding_set(finding, lenient ? VERDICT_OK : rule->absent, "no such setting here");
		return;
	}
	if (parse_number(text, &value) < 0) {
		finding_set(finding, VERDICT_DEGRADED, "\"%.40s\", which is no number", text);
		return;
	}
	if (is_as_wanted(rule, value)) {
		finding_set(finding, VERDICT_OK, "%lld", value);
		return;
	}
	finding_set(finding, lenient ? VERDICT_OK : rule->otherwise, "%lld%s", value,
		    lenient ? ", which concerns users without root alone" : "");
	finding_remedy(finding, "sudo sysctl -w %s=%lld", rule->name, rule->value);
}

/* check->data: the rule. */
void check_sysctl(struct doctor *doctor, const struct doctor_check *check, struct finding *finding)
{
	const struct sysctl_rule *rule = check->data;
	char path[128], text[64];

	snprintf(path, sizeof(path), "/proc/sys/%s", rule->name);
	for (char *at = path; *at; at++)
		if (*at == '.')
			*at = '/';
	int r = file_read_line(path, text, sizeof(text));
	sysctl_judge(rule, r < 0 ? NULL : text, doctor->host.is_root, finding);
}
