#include "doctor/container.h"

#include <stdio.h>
#include <string.h>

static const char *const names[CONTAINER_KINDS] = {
	[CONTAINER_NONE] = "none",     [CONTAINER_DOCKER] = "Docker",
	[CONTAINER_PODMAN] = "Podman", [CONTAINER_KUBERNETES] = "Kubernetes",
	[CONTAINER_LXC] = "LXC",       [CONTAINER_NSPAWN] = "systemd-nspawn",
	[CONTAINER_OTHER] = "unknown",
};

const char *container_name(enum container_kind kind)
{
	return names[kind];
}

/* Words that give a kind away, in $container and in the paths of cgroups. */
static const struct {
	const char *word;
	enum container_kind kind;
} words[] = {
	{"kubepods", CONTAINER_KUBERNETES},
	{"libpod", CONTAINER_PODMAN},
	{"podman", CONTAINER_PODMAN},
	{"docker", CONTAINER_DOCKER},
	{"lxc", CONTAINER_LXC},
	{"systemd-nspawn", CONTAINER_NSPAWN},
	{"nspawn", CONTAINER_NSPAWN},
	{"containerd", CONTAINER_OTHER},
};

static enum container_kind kind_in(const char *text)
{
	for (size_t i = 0; text && i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(text, words[i].word))
			return words[i].kind;
	return CONTAINER_NONE;
}

enum container_kind container_detect(const struct container_marks *marks)
{
	const char *const said[] = {marks->run_systemd_container, marks->variable};
	enum container_kind kind;

	if (marks->initial_namespaces)
		return CONTAINER_NONE;
	if (marks->has_kubernetes)
		return CONTAINER_KUBERNETES;
	if (marks->has_containerenv)
		return CONTAINER_PODMAN;
	if (marks->has_dockerenv)
		return CONTAINER_DOCKER;
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		if (!said[i] || !*said[i])
			continue;
		kind = kind_in(said[i]);
		return kind == CONTAINER_NONE ? CONTAINER_OTHER : kind;
	}
	return kind_in(marks->own_cgroup);
}

/* By kind and option; NULL: this kind has no word for it. */
static const char *const option_words[CONTAINER_KINDS][CONTAINER_OPTIONS] = {
	[CONTAINER_DOCKER] = {"--cap-add=SYS_ADMIN --cap-add=SYS_RESOURCE",
			      "--security-opt seccomp=unconfined",
			      "--security-opt apparmor=unconfined --security-opt label=disable",
			      "--security-opt systempaths=unconfined",
			      "--cgroupns=host -v /sys/fs/cgroup:/sys/fs/cgroup:rw"},
	[CONTAINER_PODMAN] = {"--cap-add=SYS_ADMIN --cap-add=SYS_RESOURCE",
			      "--security-opt seccomp=unconfined",
			      "--security-opt apparmor=unconfined --security-opt label=disable",
			      "--security-opt unmask=ALL",
			      "--cgroupns=host -v /sys/fs/cgroup:/sys/fs/cgroup:rw"},
	[CONTAINER_KUBERNETES] = {"securityContext.privileged: true",
				  "securityContext.seccompProfile.type: Unconfined",
				  "securityContext.appArmorProfile.type: Unconfined",
				  "securityContext.procMount: Unmasked",
				  "securityContext.privileged: true"},
	[CONTAINER_LXC] = {"security.nesting=true", "security.nesting=true",
			   "security.nesting=true", "security.nesting=true",
			   "security.nesting=true"},
	[CONTAINER_NSPAWN] = {"--capability=all", "--system-call-filter=@mount @keyring bpf",
			      "--private-users=no", "--private-users=no",
			      "--property=Delegate=yes"},
};

static const char *const any_words[CONTAINER_OPTIONS] = {
	"the capabilities SYS_ADMIN and SYS_RESOURCE", "no seccomp filter",
	"no AppArmor or SELinux confinement", "an unmasked /proc", "a writable /sys/fs/cgroup"};

void container_options_text(enum container_kind kind, unsigned options, char *ret_text, size_t size)
{
	size_t used = 0;

	ret_text[0] = '\0';
	for (unsigned i = 0; i < CONTAINER_OPTIONS; i++) {
		const char *word = option_words[kind][i] ? option_words[kind][i] : any_words[i];
		/* Several things may need one and the same option. */
		if (!(options & 1U << i) || strstr(ret_text, word) || used >= size)
			continue;
		used += (size_t)snprintf(ret_text + used, size - used, "%s%s", used ? " " : "",
					 word);
	}
}

/* What stands around the options in the container's own command. */
static const struct {
	const char *before, *after;
} commands[CONTAINER_KINDS] = {
	[CONTAINER_NONE] = {"", ""},
	[CONTAINER_DOCKER] = {"docker run ", " IMAGE"},
	[CONTAINER_PODMAN] = {"podman run ", " IMAGE"},
	[CONTAINER_KUBERNETES] = {"in the pod: ", ""},
	[CONTAINER_LXC] = {"incus config set CONTAINER ", ""},
	[CONTAINER_NSPAWN] = {"systemd-nspawn ", " -D TREE"},
	[CONTAINER_OTHER] = {"give the container ", ""},
};

void container_command_text(enum container_kind kind, unsigned options, char *ret_text, size_t size)
{
	char text[400];

	container_options_text(kind, options, text, sizeof(text));
	snprintf(ret_text, size, "%s%s%s", commands[kind].before, text, commands[kind].after);
}
