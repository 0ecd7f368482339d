#include "doctor/host.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/fd.h"
#include "doctor/parse.h"
#include "sandbox/sandbox.h"

enum { UID_NOBODY = 65534 };

/* The last id of Sandlot's range: no cell gets that far. */
#define UID_LAST ((uid_t)2147352575)

/* O_NONBLOCK: an open must not wait, whatever the name stands for. */
int file_read(const char *path, char **ret_text)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	return fd_read_all(fd, FILE_BYTES_MAX, ret_text, NULL);
}

int file_read_line(const char *path, char *text, size_t size)
{
	_cleanup_free_ char *whole = NULL;
	int r = file_read(path, &whole);

	text[0] = '\0';
	if (r < 0)
		return r;
	whole[strcspn(whole, "\n")] = '\0';
	snprintf(text, size, "%s", whole);
	return 0;
}

/* ---- the calling process ---- */

static void read_user(struct host *host)
{
	_cleanup_free_ char *passwd = NULL, *map = NULL;

	host->uid = geteuid();
	host->is_root = host->uid == 0;
	if (file_read("/etc/passwd", &passwd) < 0 ||
	    parse_user_name(passwd, host->uid, host->user, sizeof(host->user)) < 0)
		snprintf(host->user, sizeof(host->user), "%u", host->uid);
	/* In a container with ids of its own, Sandlot's range may not exist. */
	host->unused_uid = UID_LAST;
	if (file_read("/proc/self/uid_map", &map) == 0 && !parse_map_covers(map, UID_LAST, 1))
		host->unused_uid = UID_NOBODY;
}

static void read_kernel(struct host *host)
{
	struct utsname name;

	if (uname(&name) < 0)
		return;
	snprintf(host->release, sizeof(host->release), "%s", name.release);
	snprintf(host->machine, sizeof(host->machine), "%s", name.machine);
	if (parse_release(host->release, &host->kernel_major, &host->kernel_minor) < 0)
		host->kernel_major = host->kernel_minor = 0;
}

static void read_status(struct host *host)
{
	_cleanup_free_ char *status = NULL;
	unsigned long long value;

	if (file_read("/proc/self/status", &status) < 0)
		return;
	if (parse_field(status, "CapEff", 16, &value) == 0)
		host->capabilities = value;
	if (parse_field(status, "Seccomp", 10, &value) == 0)
		host->seccomp_mode = (int)value;
	if (parse_field(status, "NoNewPrivs", 10, &value) == 0)
		host->no_new_privs = value != 0;
}

static void read_confinement(struct host *host)
{
	char *label = host->confinement;

	/* Without a security module that labels processes, reading it fails. */
	if (file_read_line("/proc/self/attr/apparmor/current", label, CONFINEMENT_MAX) < 0 &&
	    file_read_line("/proc/self/attr/current", label, CONFINEMENT_MAX) < 0)
		return;
	/* SELinux has no unlabelled process: its unconfined types count as none. */
	if (strncmp(label, "unconfined", 10) == 0 || strstr(label, ":unconfined_") ||
	    strcmp(label, "kernel") == 0)
		label[0] = '\0';
}

/* ---- container ---- */

/* The inodes of the kernel's first namespaces: PROC_*_INIT_INO, linux/nsfs.h since Linux 6.18. */
static const struct {
	const char *path;
	ino_t inode;
} first_namespaces[] = {
	{"/proc/self/ns/pid", 0xeffffffc},
	{"/proc/self/ns/uts", 0xeffffffe},
	{"/proc/self/ns/ipc", 0xefffffff},
};

static int in_first_namespaces(void)
{
	struct stat st;

	for (size_t i = 0; i < sizeof(first_namespaces) / sizeof(first_namespaces[0]); i++)
		if (stat(first_namespaces[i].path, &st) < 0 ||
		    st.st_ino != first_namespaces[i].inode)
			return 0;
	return 1;
}

/* $container of process 1, whose environment is NUL-separated. Returns new or NULL. */
static char *first_process_variable(void)
{
	static const char name[] = "container=";
	_cleanup_free_ char *environment = NULL;
	size_t len;

	_cleanup_fd_ int fd = open("/proc/1/environ", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fd_read_all(fd, FILE_BYTES_MAX, &environment, &len) < 0)
		return NULL;
	for (size_t at = 0; at < len; at += strlen(environment + at) + 1)
		if (strncmp(environment + at, name, sizeof(name) - 1) == 0)
			return strdup(environment + at + sizeof(name) - 1);
	return NULL;
}

static void read_container(struct host *host, const char *own_cgroup)
{
	_cleanup_free_ char *variable = first_process_variable();
	char manager[RELEASE_MAX];
	struct container_marks marks = {
		.has_dockerenv = access("/.dockerenv", F_OK) == 0,
		.has_containerenv = access("/run/.containerenv", F_OK) == 0,
		.has_kubernetes = getenv("KUBERNETES_SERVICE_HOST") != NULL,
		.variable = variable ? variable : getenv("container"),
		.own_cgroup = own_cgroup,
		.initial_namespaces = in_first_namespaces(),
	};

	file_read_line("/run/systemd/container", manager, sizeof(manager));
	marks.run_systemd_container = manager;
	host->container = container_detect(&marks);
}

void host_read(struct host *ret_host)
{
	_cleanup_free_ char *own_cgroup = NULL, *mountinfo = NULL;

	memset(ret_host, 0, sizeof(*ret_host));
	read_user(ret_host);
	read_kernel(ret_host);
	read_status(ret_host);
	read_confinement(ret_host);
	if (file_read("/proc/self/cgroup", &own_cgroup) < 0)
		own_cgroup = NULL;
	if (file_read("/proc/self/mountinfo", &mountinfo) == 0) {
		ret_host->proc_masks = parse_proc_masks(mountinfo);
		parse_cgroups(own_cgroup ? own_cgroup : "", mountinfo, &ret_host->cgroups);
	}
	read_container(ret_host, own_cgroup);
}

int host_has_capability(const struct host *host, unsigned capability)
{
	return (host->capabilities >> capability & 1) != 0;
}

int host_kernel_at_least(const struct host *host, unsigned major, unsigned minor)
{
	return host->kernel_major > major ||
	       (host->kernel_major == major && host->kernel_minor >= minor);
}

unsigned host_possible_options(const struct host *host)
{
	unsigned options = OPTION_CGROUP;

	if (!host_has_capability(host, CAP_SYS_ADMIN))
		options |= OPTION_CAPABILITY;
	if (host->seccomp_mode)
		options |= OPTION_SECCOMP;
	if (host->confinement[0])
		options |= OPTION_LSM;
	if (host->proc_masks)
		options |= OPTION_PROC;
	return options;
}
