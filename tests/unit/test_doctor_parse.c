/* The doctor's readers, with texts of other hosts. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "doctor/parse.h"
#include "doctor/sysctl.h"

enum { FIRST = 1879048192, LAST = 2147352575 };

static void parse_line_last_without_end_is_given(void **state)
{
	const char *text = "one\n\nthree";
	size_t len;

	(void)state;
	assert_memory_equal(parse_line(&text, &len), "one", 3);
	assert_int_equal(len, 3);
	assert_non_null(parse_line(&text, &len));
	assert_int_equal(len, 0);
	assert_memory_equal(parse_line(&text, &len), "three", 5);
	assert_int_equal(len, 5);
	assert_null(parse_line(&text, &len));
}

static void parse_number_only_numbers_are_taken(void **state)
{
	long long number = 7;

	(void)state;
	assert_int_equal(parse_number("2\n", &number), 0);
	assert_int_equal(number, 2);
	assert_int_equal(parse_number(" -1 ", &number), 0);
	assert_int_equal(number, -1);
	assert_int_equal(parse_number("", &number), -EINVAL);
	assert_int_equal(parse_number("1 2", &number), -EINVAL);
	assert_int_equal(parse_number("0x10", &number), -EINVAL);
	assert_int_equal(parse_number("99999999999999999999", &number), -EINVAL);
	assert_int_equal(number, -1);
}

static void parse_release_takes_what_distributions_write(void **state)
{
	static const struct {
		const char *release;
		unsigned major, minor;
	} rows[] = {{"6.1.0-18-amd64", 6, 1},
		    {"6.18.44-fc-v657", 6, 18},
		    {"5.15.167.4-microsoft-standard-WSL2", 5, 15},
		    {"7.0", 7, 0}};
	static const char *const wrong[] = {"", "6", "6.", ".1", "x6.1", "99999999.1"};
	unsigned major, minor;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(parse_release(rows[i].release, &major, &minor), 0);
		assert_int_equal(major, rows[i].major);
		assert_int_equal(minor, rows[i].minor);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(parse_release(wrong[i], &major, &minor), -EINVAL);
}

static void parse_field_whole_names_alone_match(void **state)
{
	static const char status[] =
		"Name:\tdoctor\nNoNewPrivs:\t1\nSeccomp:\t2\n"
		"Seccomp_filters:\t3\nCapEff:\t000001fffeffffff\nEmpty:\t\nX:1";
	unsigned long long value;

	(void)state;
	assert_int_equal(parse_field(status, "Seccomp", 10, &value), 0);
	assert_int_equal(value, 2);
	assert_int_equal(parse_field(status, "CapEff", 16, &value), 0);
	assert_true(value == 0x1fffeffffffULL);
	assert_int_equal(parse_field(status, "X", 10, &value), 0);
	assert_int_equal(value, 1);
	assert_int_equal(parse_field(status, "Sec", 10, &value), -ENOENT);
	assert_int_equal(parse_field(status, "Name", 10, &value), -ENOENT);
	assert_int_equal(parse_field(status, "Empty", 10, &value), -ENOENT);
}

static void parse_has_file_system_needs_the_whole_name(void **state)
{
	static const char text[] = "nodev\tsysfs\n\text4\n\terofs\nnodev\toverlay";

	(void)state;
	assert_true(parse_has_file_system(text, "erofs"));
	assert_true(parse_has_file_system(text, "overlay"));
	assert_false(parse_has_file_system(text, "rofs"));
	assert_false(parse_has_file_system(text, "squashfs"));
	assert_false(parse_has_file_system(text, "nodev"));
}

static void parse_has_module_takes_all_forms(void **state)
{
	static const char text[] = "kernel/fs/erofs/erofs.ko.xz: kernel/lib/lz4.ko.xz\n"
				   "kernel/fs/overlayfs/overlay.ko:\nkernel/fs/ext4/ext4.ko\n"
				   "kernel/fs/xsquashfs.ko: kernel/fs/squashfs.ko\n";

	(void)state;
	assert_true(parse_has_module(text, "erofs"));
	assert_true(parse_has_module(text, "overlay"));
	assert_true(parse_has_module(text, "ext4"));
	assert_false(parse_has_module(text, "squashfs"));
	assert_false(parse_has_module(text, "ext"));
}

static void parse_map_covers_needs_all_of_the_range(void **state)
{
	static const char full[] = "         0          0 4294967295\n";
	static const char container[] = "0 100000 65536\n65536 200000 100\n";

	(void)state;
	assert_true(parse_map_covers(full, FIRST, LAST - FIRST + 1));
	assert_true(parse_map_covers(container, 0, 65536));
	assert_false(parse_map_covers(container, 0, 65537));
	assert_true(parse_map_covers(container, 65600, 36));
	assert_false(parse_map_covers(container, 65600, 37));
	assert_false(parse_map_covers(container, FIRST, 1));
	assert_false(parse_map_covers("", 0, 1));
	assert_false(parse_map_covers("nonsense\n", 0, 1));
}

static void parse_proc_masks_counts_what_hides(void **state)
{
	static const char docker[] =
		"22 27 0:21 / /proc rw - proc proc rw\n"
		"23 22 0:5 / /proc/kcore rw - tmpfs tmpfs rw\n"
		"24 22 0:6 / /proc/acpi ro - tmpfs tmpfs ro\n"
		"25 22 0:7 / /proc/sys/fs/binfmt_misc rw - autofs systemd-1 rw\n"
		"26 22 0:8 / /proc/sys ro - proc proc rw\n"
		"27 1 0:9 / /procession rw - tmpfs tmpfs rw\nshort";

	(void)state;
	assert_int_equal(parse_proc_masks(docker), 3);
	assert_int_equal(parse_proc_masks(""), 0);
}

static void parse_vulnerability_tells_apart(void **state)
{
	(void)state;
	assert_int_equal(parse_vulnerability("Not affected"), CPU_SAFE);
	assert_int_equal(parse_vulnerability("Mitigation: PTI"), CPU_SAFE);
	assert_int_equal(parse_vulnerability("KVM: Vulnerable"), CPU_SAFE);
	assert_int_equal(parse_vulnerability("Vulnerable"), CPU_OPEN);
	assert_int_equal(parse_vulnerability("Vulnerable: Safe RET, no microcode"), CPU_OPEN);
	assert_int_equal(parse_vulnerability("Mitigation: Clear CPU buffers; SMT vulnerable"),
			 CPU_PARTLY);
	assert_int_equal(parse_vulnerability("Mitigation: Retpolines; BHI: Vulnerable"),
			 CPU_PARTLY);
}

/* ---- ids ---- */

static void parse_user_name_takes_the_first_with_the_id(void **state)
{
	static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\nbroken\n:x:::\n"
				     "ann:x:1000:1000::/home/ann:/bin/sh\nbob:x:1000:1::/:/bin/sh";
	char name[8] = "";

	(void)state;
	assert_int_equal(parse_user_name(passwd, 1000, name, sizeof(name)), 0);
	assert_string_equal(name, "ann");
	assert_int_equal(parse_user_name(passwd, 1001, name, sizeof(name)), -ENOENT);
	assert_string_equal(name, "ann");
}

static void parse_users_between_cuts_long_names(void **state)
{
	char name[5] = "";

	(void)state;
	assert_int_equal(parse_users_between("averylongname:x:1879048200:1::/:\nb:x:5:5::/:\n",
					     FIRST, LAST, name, sizeof(name)),
			 1);
	assert_string_equal(name, "aver");
}

static struct subid_summary subids(const char *text)
{
	struct subid_summary summary;

	parse_subids(text, "ann", 1000, FIRST, LAST, &summary);
	return summary;
}

static void parse_subids_own_rows_by_name_or_number(void **state)
{
	struct subid_summary summary =
		subids("bob:100000:65536\nann:165536:10\n1000:200000:65536\n");

	(void)state;
	assert_true(summary.own_first == 200000 && summary.own_count == 65536);
	assert_int_equal(summary.conflicts, 0);
	assert_int_equal(summary.malformed, 0);
	assert_true(summary.free_first == 265536);
	assert_int_equal(subids("anne:1:2\n").own_count, 0);
	assert_int_equal(subids("").own_count, 0);
	assert_true(subids("").free_first == SUBID_FIRST);
}

static void parse_subids_conflicts_at_both_ends(void **state)
{
	struct subid_summary summary = subids(
		"low:1879048191:1\nfirst:1879048191:2\nlast:2147352575:1\nhigh:2147352576:9\n");

	(void)state;
	assert_int_equal(summary.conflicts, 2);
	assert_string_equal(summary.conflict_owner, "first");
}

static void parse_subids_own_rows_are_a_conflict_for_root_alone(void **state)
{
	static const char text[] = "ann:1879048192:9\nroot:1879048192:9\nbob:1879048200:1\n";
	struct subid_summary summary = subids(text);

	(void)state;
	assert_int_equal(summary.conflicts, 2);
	assert_string_equal(summary.conflict_owner, "root");
	parse_subids(text, "root", 0, FIRST, LAST, &summary);
	assert_int_equal(summary.conflicts, 3);
}

static void parse_subids_malformed_rows_are_counted(void **state)
{
	struct subid_summary summary = subids("# comment\n\nann\nann:1\nann:x:1\nann:1:2:3\n:1:2\n"
					      "ann:-1:5\nann:1:99999999999999999999\nann:7:0\n");

	(void)state;
	assert_int_equal(summary.malformed, 7);
	assert_int_equal(summary.own_count, 0);
}

static void parse_subids_free_range_skips_what_is_taken(void **state)
{
	(void)state;
	/* In the wrong order, with a gap that is too small. */
	assert_true(subids("b:231000:65536\na:100000:65536\n").free_first == 296536);
	/* A gap that is large enough. */
	assert_true(subids("b:300000:65536\na:100000:65536\n").free_first == 165536);
	/* No room below 2^32. */
	assert_true(subids("a:100000:4294802000\n").free_first == 0);
}

/* ---- sysctl ---- */

static const struct sysctl_rule rule = {"kernel.kptr_restrict", SYSCTL_AT_LEAST, 1,
					VERDICT_DEGRADED,	VERDICT_OK,	 0};
static const struct sysctl_rule user_rule = {
	"kernel.unprivileged_userns_clone", SYSCTL_AT_LEAST, 1, VERDICT_MISSING, VERDICT_OK, 1};

static struct finding judged(const struct sysctl_rule *by, const char *text, int is_root)
{
	struct finding finding = {.verdict = VERDICT_OK};

	sysctl_judge(by, text, is_root, &finding);
	return finding;
}

static void sysctl_judge_too_little_has_a_remedy(void **state)
{
	struct finding finding = judged(&rule, "0", 1);

	(void)state;
	assert_int_equal(finding.verdict, VERDICT_DEGRADED);
	assert_string_equal(finding.remedy, "sudo sysctl -w kernel.kptr_restrict=1");
	assert_int_equal(judged(&rule, "1", 1).verdict, VERDICT_OK);
	assert_int_equal(judged(&rule, "2", 1).verdict, VERDICT_OK);
	assert_int_equal(judged(&rule, NULL, 1).verdict, VERDICT_OK);
	assert_int_equal(judged(&rule, "on\x1b[31m", 1).verdict, VERDICT_DEGRADED);
	assert_null(strchr(judged(&rule, "on\x1b[31m", 1).found, '\x1b'));
}

static void sysctl_judge_users_setting_is_no_fault_for_root(void **state)
{
	(void)state;
	assert_int_equal(judged(&user_rule, "0", 1).verdict, VERDICT_OK);
	assert_int_equal(judged(&user_rule, "0", 0).verdict, VERDICT_MISSING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_line_last_without_end_is_given),
		cmocka_unit_test(parse_number_only_numbers_are_taken),
		cmocka_unit_test(parse_release_takes_what_distributions_write),
		cmocka_unit_test(parse_field_whole_names_alone_match),
		cmocka_unit_test(parse_has_file_system_needs_the_whole_name),
		cmocka_unit_test(parse_has_module_takes_all_forms),
		cmocka_unit_test(parse_map_covers_needs_all_of_the_range),
		cmocka_unit_test(parse_proc_masks_counts_what_hides),
		cmocka_unit_test(parse_vulnerability_tells_apart),
		cmocka_unit_test(parse_user_name_takes_the_first_with_the_id),
		cmocka_unit_test(parse_users_between_cuts_long_names),
		cmocka_unit_test(parse_subids_own_rows_by_name_or_number),
		cmocka_unit_test(parse_subids_conflicts_at_both_ends),
		cmocka_unit_test(parse_subids_own_rows_are_a_conflict_for_root_alone),
		cmocka_unit_test(parse_subids_malformed_rows_are_counted),
		cmocka_unit_test(parse_subids_free_range_skips_what_is_taken),
		cmocka_unit_test(sysctl_judge_too_little_has_a_remedy),
		cmocka_unit_test(sysctl_judge_users_setting_is_no_fault_for_root),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
