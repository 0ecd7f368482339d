/*
 * Which kind of container this is, told from its marks, and which of its options forbids what.
 * Pure.
 */
#ifndef DOCTOR_CONTAINER_H
#define DOCTOR_CONTAINER_H

#include <stddef.h>

enum container_kind {
	CONTAINER_NONE,
	CONTAINER_DOCKER,
	CONTAINER_PODMAN,
	CONTAINER_KUBERNETES,
	CONTAINER_LXC,
	CONTAINER_NSPAWN,
	CONTAINER_OTHER,
	CONTAINER_KINDS
};

/* What forbids things, and so what an option can allow. */
enum container_option {
	OPTION_CAPABILITY = 1 << 0, /* CAP_SYS_ADMIN */
	OPTION_SECCOMP = 1 << 1,
	OPTION_LSM = 1 << 2, /* AppArmor or SELinux */
	OPTION_PROC = 1 << 3,
	OPTION_CGROUP = 1 << 4,
};

enum { CONTAINER_OPTIONS = 5 };

/* What was seen. NULL and 0: nothing. */
struct container_marks {
	int has_dockerenv, has_containerenv; /* /.dockerenv, /run/.containerenv */
	const char *run_systemd_container;   /* text of /run/systemd/container */
	const char *variable;		     /* $container, own or that of process 1 */
	const char *own_cgroup;		     /* text of /proc/self/cgroup */
	int has_kubernetes;		     /* $KUBERNETES_SERVICE_HOST */
	int initial_namespaces; /* pid, uts and ipc namespaces are the kernel's first ones */
};

/* A process in the kernel's first namespaces is in no container, whatever marks lie around. */
enum container_kind container_detect(const struct container_marks *marks);

const char *container_name(enum container_kind kind);

/* Writes the options that allow these things, as words of the container's command line. */
void container_options_text(enum container_kind kind, unsigned options, char *ret_text,
			    size_t size);

/* Writes the whole command, as far as it can be known. */
void container_command_text(enum container_kind kind, unsigned options, char *ret_text,
			    size_t size);

#endif
