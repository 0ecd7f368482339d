/*
 * The doctor's readers of /proc and /etc. Input: a text, a line "==", another text (mountinfo, for
 * the reader of control groups).
 */
#include "fuzz.h"

#include "doctor/parse.h"
#include "doctor/parse_cgroup.h"
#include "doctor/print.h"
#include "doctor/sysctl.h"

static void read_ids(const char *text)
{
	struct subid_summary summary;
	char name[16] = "";

	parse_subids(text, "ann", 1000, 1879048192, 2147352575, &summary);
	FUZZ_ASSERT((summary.conflicts > 0) == (summary.conflict_owner[0] != '\0') ||
		    summary.conflicts > 0);
	FUZZ_ASSERT(summary.free_first == 0 || (summary.free_first >= SUBID_FIRST &&
						summary.free_first <= UINT32_MAX - SUBID_COUNT));
	parse_users_between(text, 0, UINT32_MAX, name, sizeof(name));
	FUZZ_ASSERT(memchr(name, '\0', sizeof(name)));
	parse_map_covers(text, 1879048192, 2);
}

static void read_others(const char *text)
{
	static const struct sysctl_rule rule = {"kernel.kptr_restrict", SYSCTL_AT_LEAST, 1,
						VERDICT_DEGRADED,	VERDICT_OK,	 0};
	struct finding finding = {.verdict = VERDICT_OK};
	unsigned long long value;
	unsigned major, minor;

	parse_release(text, &major, &minor);
	parse_field(text, "CapEff", 16, &value);
	parse_has_file_system(text, "erofs");
	parse_has_module(text, "erofs");
	parse_proc_masks(text);
	parse_vulnerability(text);
	sysctl_judge(&rule, text, 1, &finding);
	for (const char *at = finding.found; *at; at++)
		FUZZ_ASSERT(*at >= ' ' && *at <= '~');
}

static void write_json(const char *text)
{
	char *written = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&written, &len);

	FUZZ_ASSERT(out);
	print_json_text(out, text);
	fclose(out);
	FUZZ_ASSERT(len >= 2 && written[0] == '"' && written[len - 1] == '"');
	for (size_t i = 0; i < len; i++)
		FUZZ_ASSERT(written[i] >= ' ' && written[i] <= '~');
	free(written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = fuzz_text(data, len), *middle = strstr(text, "\n==\n");
	struct cgroup_layout layout;
	const char *mountinfo = "";

	if (middle) {
		middle[1] = '\0';
		mountinfo = middle + 4;
	}
	parse_cgroups(text, mountinfo, &layout);
	FUZZ_ASSERT((layout.kind == CGROUP_V2 || layout.kind == CGROUP_HYBRID) ==
		    (layout.v2.mount[0] != '\0'));
	read_ids(text);
	read_others(text);
	write_json(text);
	free(text);
	return 0;
}
