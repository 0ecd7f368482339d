/* What the processor leaks across privileges, as the kernel knows; and where crashes go. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "doctor/doctor.h"
#include "doctor/parse.h"

#define VULNERABILITIES "/sys/devices/system/cpu/vulnerabilities"

static const char *microcode_package(void)
{
	_cleanup_free_ char *text = NULL;

	if (file_read("/proc/cpuinfo", &text) == 0 && strstr(text, "AuthenticAMD"))
		return "amd64-microcode";
	return "intel-microcode";
}

void check_cpu(struct doctor *doctor, const struct doctor_check *check, struct finding *finding)
{
	char path[sizeof(VULNERABILITIES) + 256], text[128], open_ones[FOUND_MAX] = "";
	unsigned count = 0, open_count = 0;
	DIR *folder = opendir(VULNERABILITIES);

	(void)doctor;
	(void)check;
	if (!folder) {
		finding_set(finding, VERDICT_DEGRADED, "the kernel does not tell");
		return;
	}
	for (struct dirent *entry; (entry = readdir(folder));) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), VULNERABILITIES "/%s", entry->d_name);
		if (file_read_line(path, text, sizeof(text)) < 0)
			continue;
		enum cpu_state state = parse_vulnerability(text);
		count++;
		if (state == CPU_SAFE)
			continue;
		text_add(open_ones, sizeof(open_ones), "%s%s%s", open_count ? ", " : "",
			 entry->d_name, state == CPU_PARTLY ? " (in part)" : "");
		open_count++;
	}
	closedir(folder);
	if (open_count == 0)
		finding_set(finding, VERDICT_OK, "none of %u known ones is open", count);
	else
		finding_set(finding, VERDICT_DEGRADED, "%u of %u open: %s", open_count, count,
			    open_ones);
	finding_remedy(finding,
		       "sudo apt-get install %s, take mitigations=off from the kernel's command "
		       "line, start anew; in a virtual machine, the same on its host",
		       microcode_package());
}

void check_core_pattern(struct doctor *doctor, const struct doctor_check *check,
			struct finding *finding)
{
	char text[160];

	(void)doctor;
	(void)check;
	if (file_read_line("/proc/sys/kernel/core_pattern", text, sizeof(text)) < 0)
		finding_set(finding, VERDICT_OK, "no such setting here");
	else if (text[0] == '|')
		finding_set(finding, VERDICT_OK,
			    "\"%s\": a program, run as root; cells rule it out (RLIMIT_CORE 1)",
			    text);
	else
		finding_set(finding, VERDICT_OK, "\"%s\": a file; cells write none", text);
}
