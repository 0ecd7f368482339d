/* Control groups as other hosts have them, and the marks of containers. */
#include "unit.h"

#include <string.h>

#include "doctor/container.h"
#include "doctor/parse_cgroup.h"

static struct cgroup_layout layout_of(const char *own, const char *mountinfo)
{
	struct cgroup_layout layout;

	parse_cgroups(own, mountinfo, &layout);
	return layout;
}

static void parse_cgroups_v2_of_systemd(void **state)
{
	struct cgroup_layout layout = layout_of(
		"0::/user.slice/user-1000.slice/session-2.scope\n",
		"35 25 0:30 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n");

	(void)state;
	assert_int_equal(layout.kind, CGROUP_V2);
	assert_string_equal(layout.v2.mount, "/sys/fs/cgroup");
	assert_string_equal(layout.v2.own,
			    "/sys/fs/cgroup/user.slice/user-1000.slice/session-2.scope");
	assert_false(layout.v2.read_only);
}

static void parse_cgroups_hybrid(void **state)
{
	struct cgroup_layout layout = layout_of(
		"4:memory:/jobs/one\n3:cpu,cpuacct:/\n2:name=systemd:/\n0::/\n",
		"32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
		"35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
		"40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n"
		"41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");

	(void)state;
	assert_int_equal(layout.kind, CGROUP_HYBRID);
	assert_string_equal(layout.v1[CGROUP_MEMORY].own, "/sys/fs/cgroup/memory/jobs/one");
	assert_string_equal(layout.v1[CGROUP_CPU].own, "/sys/fs/cgroup/cpu,cpuacct");
	assert_string_equal(layout.v1[CGROUP_CPUACCT].own, "/sys/fs/cgroup/cpu,cpuacct");
	assert_string_equal(layout.v1[CGROUP_PIDS].mount, "");
	assert_string_equal(layout.v2.own, "/sys/fs/cgroup/unified");
}

static void parse_cgroups_container_shows_a_part(void **state)
{
	static const char own[] = "4:memory:/docker/abc/inner\n";
	struct cgroup_layout layout = layout_of(
		own, "35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n");

	(void)state;
	assert_int_equal(layout.kind, CGROUP_V1);
	assert_string_equal(layout.v1[CGROUP_MEMORY].own, "/sys/fs/cgroup/memory/inner");
	assert_true(layout.v1[CGROUP_MEMORY].read_only);
	/* One whose folder is outside of what is shown. */
	layout = layout_of(
		own, "35 31 0:32 /docker/ab /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
	assert_string_equal(layout.v1[CGROUP_MEMORY].own, "/sys/fs/cgroup/memory");
	/* Another cgroup namespace. */
	layout = layout_of("0::/../other\n", "1 2 0:3 / /sys/fs/cgroup rw - cgroup2 none rw\n");
	assert_string_equal(layout.v2.own, "/sys/fs/cgroup");
}

static void parse_cgroups_optional_fields_and_escapes(void **state)
{
	struct cgroup_layout layout = layout_of(
		"0::/a\n", "35 25 0:30 / /my\\040groups rw shared:9 master:1 - cgroup2 c rw\n");

	(void)state;
	assert_string_equal(layout.v2.own, "/my groups/a");
}

static void parse_cgroups_nonsense_is_none(void **state)
{
	static const char *const texts[] = {"",
					    "\n\n",
					    " - ",
					    "1 2 3 4 5 6 - cgroup2",
					    "1 2 3 4 5 - cgroup2 a b",
					    "1 2 3 4 5 6 - cgroupx a b",
					    "- - - - - - - - cgroup2 cgroup2"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(layout_of("0::/\n", texts[i]).kind, CGROUP_NONE);
	assert_int_equal(layout_of("", "1 2 0:3 / /c rw - cgroup2 none rw\n").kind, CGROUP_NONE);
	assert_int_equal(layout_of("0:\n::\n", "1 2 0:3 / /c rw - cgroup2 none rw\n").kind,
			 CGROUP_NONE);
}

static void parse_cgroups_too_long_paths_are_left_out(void **state)
{
	char line[2 * CGROUP_DIR_MAX] = "1 2 0:3 / /";

	(void)state;
	memset(line + strlen(line), 'x', CGROUP_DIR_MAX);
	memcpy(line + strlen(line), " rw - cgroup2 none rw", 22);
	assert_int_equal(layout_of("0::/\n", line).kind, CGROUP_NONE);
}

static void cgroup_has_word_needs_whole_words(void **state)
{
	static const char list[] = "cpuset cpu io\nmemory,pids";

	(void)state;
	assert_true(cgroup_has_word(list, sizeof(list) - 1, "cpu"));
	assert_true(cgroup_has_word(list, sizeof(list) - 1, "pids"));
	assert_true(cgroup_has_word(list, sizeof(list) - 1, "memory"));
	assert_false(cgroup_has_word(list, sizeof(list) - 1, "mem"));
	assert_false(cgroup_has_word(list, sizeof(list) - 2, "pids"));
	assert_false(cgroup_has_word("", 0, "cpu"));
}

static void cgroup_unescape_cut_escapes_stay(void **state)
{
	char text[] = "a\\040b\\1\\04\\";

	(void)state;
	cgroup_unescape(text);
	assert_string_equal(text, "a b\\1\\04\\");
}

/* ---- containers ---- */

static void container_detect_by_marks(void **state)
{
	static const struct {
		struct container_marks marks;
		enum container_kind kind;
	} rows[] = {
		{{0}, CONTAINER_NONE},
		{{.has_dockerenv = 1}, CONTAINER_DOCKER},
		{{.has_dockerenv = 1, .initial_namespaces = 1}, CONTAINER_NONE},
		{{.has_containerenv = 1, .variable = "oci"}, CONTAINER_PODMAN},
		{{.has_dockerenv = 1, .has_kubernetes = 1}, CONTAINER_KUBERNETES},
		{{.variable = "lxc"}, CONTAINER_LXC},
		{{.variable = "systemd-nspawn"}, CONTAINER_NSPAWN},
		{{.run_systemd_container = "podman\n"}, CONTAINER_PODMAN},
		{{.variable = "wsl"}, CONTAINER_OTHER},
		{{.variable = "", .run_systemd_container = ""}, CONTAINER_NONE},
		{{.own_cgroup = "0::/\n"}, CONTAINER_NONE},
		{{.own_cgroup = "4:memory:/docker/ab12\n"}, CONTAINER_DOCKER},
		{{.own_cgroup = "0::/kubepods.slice/docker-1.scope\n"}, CONTAINER_KUBERNETES},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(container_detect(&rows[i].marks), rows[i].kind);
}

static void container_options_each_kind_has_words(void **state)
{
	char text[400];

	(void)state;
	for (int kind = CONTAINER_NONE; kind < CONTAINER_KINDS; kind++)
		for (unsigned i = 0; i < CONTAINER_OPTIONS; i++) {
			container_options_text((enum container_kind)kind, 1U << i, text,
					       sizeof(text));
			assert_true(strlen(text) > 5);
		}
	container_options_text(CONTAINER_LXC, OPTION_SECCOMP | OPTION_PROC, text, sizeof(text));
	assert_string_equal(text, "security.nesting=true");
	container_command_text(CONTAINER_DOCKER, OPTION_SECCOMP | OPTION_PROC, text, sizeof(text));
	assert_string_equal(text, "docker run --security-opt seccomp=unconfined "
				  "--security-opt systempaths=unconfined IMAGE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_cgroups_v2_of_systemd),
		cmocka_unit_test(parse_cgroups_hybrid),
		cmocka_unit_test(parse_cgroups_container_shows_a_part),
		cmocka_unit_test(parse_cgroups_optional_fields_and_escapes),
		cmocka_unit_test(parse_cgroups_nonsense_is_none),
		cmocka_unit_test(parse_cgroups_too_long_paths_are_left_out),
		cmocka_unit_test(cgroup_has_word_needs_whole_words),
		cmocka_unit_test(cgroup_unescape_cut_escapes_stay),
		cmocka_unit_test(container_detect_by_marks),
		cmocka_unit_test(container_options_each_kind_has_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
