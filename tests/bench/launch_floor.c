#include "tests/bench/launch_floor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "sandbox/cell_spec.h"
#include "sandbox/cgroup.h"
#include "sandbox/launch_owner.h"

#include "cell_policy_table.h" /* generated from sandbox/policy/ */

/* The slot whose host ids the floor maps: the last, which cells one at a time never take. */
static uid_t own_uid(const struct floor *floor)
{
	return floor->host->uids.first + (floor->host->uids.slots - 1) * CELL_UIDS_PER_SLOT;
}

static void fail(const char *what)
{
	dprintf(STDERR_FILENO, "launch_floor: %s: %s\n", what, strerror(errno));
	_exit(70);
}

#define DO(call)                                                                                   \
	do {                                                                                       \
		if ((call) < 0)                                                                    \
			fail(#call);                                                               \
	} while (0)

/* ---- once ---- */

static void set_rlimits(struct floor *floor)
{
	const struct limits *limits = &floor->limits;
	const rlim_t cpu = (limits->cpu_usec + USEC_PER_SEC - 1) / USEC_PER_SEC + 2;
	const rlim_t file = limits->files_bytes + 4096;
	const struct rlimit_row rows[FLOOR_RLIMITS] = {
		{RLIMIT_CORE, {1, 1}},
		{RLIMIT_CPU, {cpu, cpu + 1}},
		{RLIMIT_FSIZE, {file, file}},
		{RLIMIT_NOFILE, {limits->open_files, limits->open_files}},
		{RLIMIT_NPROC, {limits->processes, limits->processes}},
		{RLIMIT_STACK, {8 << 20, RLIM_INFINITY}},
		{RLIMIT_DATA, {RLIM_INFINITY, RLIM_INFINITY}},
		{RLIMIT_MEMLOCK, {64 << 10, 64 << 10}},
		{RLIMIT_MSGQUEUE, {256 << 10, 256 << 10}},
		{RLIMIT_SIGPENDING, {1024, 1024}},
		{RLIMIT_NICE, {0, 0}},
		{RLIMIT_RTPRIO, {0, 0}},
	};

	for (int i = 0; i < FLOOR_RLIMITS; i++) {
		struct rlimit now, *want = &floor->rlimits[i].value;
		floor->rlimits[i] = rows[i];
		DO(getrlimit(rows[i].resource, &now));
		if (want->rlim_max > now.rlim_max)
			want->rlim_max = now.rlim_max;
		if (want->rlim_cur > want->rlim_max)
			want->rlim_cur = want->rlim_max;
	}
}

void floor_init(struct floor *floor, const struct cell_host *host, const struct limits *limits)
{
	*floor = (struct floor){.host = host, .limits = *limits};
	set_rlimits(floor);
	snprintf(floor->files_options, sizeof(floor->files_options),
		 "mode=0755,size=%llu,nr_inodes=%llu", (unsigned long long)limits->files_bytes,
		 (unsigned long long)limits->file_count + 4);
	snprintf(floor->memory_text, sizeof(floor->memory_text), "%llu",
		 (unsigned long long)limits->memory_bytes);
	snprintf(floor->pids_text, sizeof(floor->pids_text), "%llu",
		 (unsigned long long)limits->processes);
	floor->landlock_abi =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	while (prctl(PR_CAPBSET_READ, floor->last_capability + 1, 0, 0, 0) >= 0)
		floor->last_capability++;
}

/* ---- cgroups: the same folders and limits as a cell's ---- */

static void write_file(int folder_fd, const char *folder, const char *file, const char *text,
		       int optional)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	int fd = openat(folder_fd, path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 && optional)
		return;
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		fail(file);
	close(fd);
}

struct joining {
	int fds[CGROUP_HIERARCHIES_MAX]; /* v1: tasks */
	unsigned count;
	int into_fd; /* v2 */
};

static void cgroup_make(struct floor *floor, unsigned cell, struct joining *joining)
{
	const struct cgroups *cgroups = floor->host->cgroups;
	char folder[32], path[64];

	joining->count = 0;
	joining->into_fd = -EBADF;
	snprintf(folder, sizeof(folder), "floor-%u", cell);
	for (unsigned i = 0; cgroups && i < cgroups->hierarchy_count; i++) {
		const struct cgroup_hierarchy *at = &cgroups->hierarchies[i];
		int v1 = at->version == 1;
		DO(mkdirat(at->own_fd, folder, 0755));
		if (at->controllers & 1U << CGROUP_MEMORY) {
			write_file(at->own_fd, folder, v1 ? "memory.limit_in_bytes" : "memory.max",
				   floor->memory_text, 0);
			write_file(at->own_fd, folder,
				   v1 ? "memory.memsw.limit_in_bytes" : "memory.swap.max",
				   v1 ? floor->memory_text : "0", 1);
		}
		if (at->controllers & 1U << CGROUP_PIDS)
			write_file(at->own_fd, folder, "pids.max", floor->pids_text, 0);
		snprintf(path, sizeof(path), "%s%s", folder, v1 ? "/tasks" : "");
		int fd = openat(at->own_fd, path,
				(v1 ? O_WRONLY : O_RDONLY | O_DIRECTORY) | O_CLOEXEC);
		DO(fd);
		if (v1)
			joining->fds[joining->count++] = fd;
		else
			joining->into_fd = fd;
	}
}

/* Returns 0, or -1 when a folder is still busy. */
static int cgroup_remove(const struct floor *floor, unsigned cell)
{
	const struct cgroups *cgroups = floor->host->cgroups;
	char folder[32];
	int r = 0;

	snprintf(folder, sizeof(folder), "floor-%u", cell);
	for (unsigned i = 0; cgroups && i < cgroups->hierarchy_count; i++)
		if (unlinkat(cgroups->hierarchies[i].own_fd, folder, AT_REMOVEDIR) < 0 &&
		    errno != ENOENT)
			r = -1;
	return r;
}

unsigned floor_fini(struct floor *floor)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < floor->left_count; i++)
		if (cgroup_remove(floor, floor->left[i]) < 0)
			floor->left[kept++] = floor->left[i];
	floor->left_count = kept;
	return kept;
}

/* ---- in the child: as root of its user namespace ---- */

/* As in cell_proc.c; `launch_bench show` is compared for both before anything is measured. */
static const char *const masked_files[] = {
	"proc/bootconfig",    "proc/cmdline",  "proc/diskstats",
	"proc/interrupts",    "proc/kallsyms", "proc/keys",
	"proc/latency_stats", "proc/modules",  "proc/partitions",
	"proc/sched_debug",   "proc/swaps",    "proc/sys/kernel/random/boot_id",
	"proc/zoneinfo",
};

static const char *const masked_folders[] = {
	"proc/acpi", "proc/asound", "proc/bus", "proc/fs", "proc/irq", "proc/scsi",
};

static void bind_to(const char *from, const char *to)
{
	DO(mount(from, to, NULL, MS_BIND, NULL));
}

static void child_mounts(const struct floor *floor)
{
	bind_to("/image/0", "/cell");
	DO(chdir("/cell"));
	bind_to("/dev", "dev");
	DO(mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
		 "newinstance,ptmxmode=0666,mode=0620,max=64"));
	DO(mount("files", "tmp", "tmpfs", MS_NOSUID | MS_NODEV, floor->files_options));
	DO(mkdir("tmp/playground", 0755));
	DO(chown("tmp/playground", CELL_UID, CELL_UID));
	DO(mkdir("tmp/shm", 01777));
	DO(mkdir("tmp/tmp", 01777));
	bind_to("tmp/playground", "playground");
	bind_to("tmp/shm", "dev/shm");
	bind_to("tmp/tmp", "tmp");
	DO(mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "hidepid=2"));
	for (size_t i = 0; i < sizeof(masked_files) / sizeof(masked_files[0]); i++)
		mount("dev/null", masked_files[i], NULL, MS_BIND, NULL);
	for (size_t i = 0; i < sizeof(masked_folders) / sizeof(masked_folders[0]); i++)
		mount("/empty", masked_folders[i], NULL, MS_BIND, NULL);
	DO(syscall(SYS_pivot_root, ".", "."));
	DO(umount2(".", MNT_DETACH));
	DO(chdir("/playground"));
}

static void child_network(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	DO(fd);
	DO(ioctl(fd, SIOCSIFFLAGS, &request));
	close(fd);
	DO(sethostname("sandlot", strlen("sandlot")));
	DO(setdomainname("(none)", strlen("(none)")));
}

/* ---- in the child: giving everything up ---- */

static void child_limits(const struct floor *floor, const struct joining *joining)
{
	for (unsigned i = 0; i < joining->count; i++)
		DO(write(joining->fds[i], "0", 1));
	DO(unshare(CLONE_NEWCGROUP));
	DO(setsid());
	umask(022);
	for (int i = 0; i < FLOOR_RLIMITS; i++)
		DO(setrlimit(floor->rlimits[i].resource, &floor->rlimits[i].value));
}

static void child_identity(const struct floor *floor)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

	for (unsigned long cap = 0; cap <= floor->last_capability; cap++)
		DO(prctl(PR_CAPBSET_DROP, cap, 0, 0, 0));
	DO(prctl(PR_SET_SECUREBITS,
		 SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
			 SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
			 SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED,
		 0, 0, 0));
	DO(syscall(SYS_setgroups, 0, NULL));
	DO(syscall(SYS_setresgid, CELL_UID, CELL_UID, CELL_UID));
	DO(syscall(SYS_setresuid, CELL_UID, CELL_UID, CELL_UID));
	DO(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
	DO(syscall(SYS_capset, &header, none));
	DO(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

static void allow(int ruleset_fd, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = access};

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	DO(rule.parent_fd);
	DO(syscall(SYS_landlock_add_rule, ruleset_fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0));
	close(rule.parent_fd);
}

static void child_landlock(const struct floor *floor)
{
	const long abi = floor->landlock_abi;
	const int bits = abi >= 5 ? 16 : abi >= 3 ? 15 : abi == 2 ? 14 : 13;
	const uint64_t all = (UINT64_C(1) << bits) - 1;
	const uint64_t read = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE |
			      LANDLOCK_ACCESS_FS_READ_DIR;
	const uint64_t nodes = LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK;
	/* As of ABI 6: what is handled of files, of the network, and the two scopes. */
	const uint64_t ruleset[3] = {all, 0, abi >= 6 ? 3 : 0};

	if (abi < 1)
		return;
	int fd = (int)syscall(SYS_landlock_create_ruleset, ruleset, sizeof(ruleset), 0);
	DO(fd);
	allow(fd, "/", read);
	allow(fd, "/playground", all & ~nodes);
	allow(fd, "/tmp", all & ~nodes);
	allow(fd, "/dev/shm", all & ~nodes);
	allow(fd, "/dev",
	      all & (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
		     LANDLOCK_ACCESS_FS_WRITE_FILE | UINT64_C(1) << 14 | UINT64_C(1) << 15));
	DO(syscall(SYS_landlock_restrict_self, fd, 0));
	close(fd);
}

static void child_program(const struct floor *floor, const struct joining *joining,
			  char *const argv[]) __attribute__((noreturn));

static void child_program(const struct floor *floor, const struct joining *joining,
			  char *const argv[])
{
	char *const envp[] = {
		(char[]){"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		(char[]){"HOME=/playground"}, (char[]){"LANG=C.UTF-8"}, NULL};
	const struct cell_policy *policy = &cell_policies[CELL_RUN];
	struct sock_fprog filter = {policy->len, (struct sock_filter *)(uintptr_t)policy->filter};

	child_limits(floor, joining);
	child_identity(floor);
	child_landlock(floor);
	DO(syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC));
	DO(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter));
	execve(argv[0], argv, envp);
	fail("execve");
	_exit(70);
}

/* As a cell's pid 1: it is not the program, and ends what the program leaves. */
static void child_init(pid_t job) __attribute__((noreturn));

static void child_init(pid_t job)
{
	int status = 0;

	DO(job);
	while (waitpid(-1, &status, 0) != job)
		;
	kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 71);
}

/* ---- in the launcher ---- */

static void write_map(pid_t pid, const char *file, uid_t first)
{
	char path[64], map[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	snprintf(map, sizeof(map), "0 %u 1\n%d %u 1\n", first, CELL_UID, first + 1);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, map, strlen(map)) < 0)
		fail(file);
	close(fd);
}

static void child_main(const struct floor *floor, enum floor_kind kind,
		       const struct joining *joining, const int channel[2], char *const argv[],
		       const int stdio[3]) __attribute__((noreturn));

static void child_main(const struct floor *floor, enum floor_kind kind,
		       const struct joining *joining, const int channel[2], char *const argv[],
		       const int stdio[3])
{
	char go;

	close(channel[0]);
	if (recv(channel[1], &go, 1, 0) != 1)
		_exit(70);
	DO(syscall(SYS_setresgid, 0, 0, 0));
	DO(syscall(SYS_setgroups, 0, NULL));
	DO(syscall(SYS_setresuid, 0, 0, 0));
	DO(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0));
	for (int i = 0; i < 3; i++)
		DO(dup2(stdio[i], i));
	umask(0);
	child_mounts(floor);
	child_network();
	if (kind == FLOOR_WITH_INIT) {
		pid_t job = vfork();
		if (job != 0)
			child_init(job);
	}
	child_program(floor, joining, argv);
}

static pid_t clone_child(const struct floor *floor, int into_fd)
{
	struct clone_args args = {
		.flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |
			 CLONE_NEWUTS,
		.exit_signal = SIGCHLD,
	};
	struct launch_owner owner;

	if (into_fd >= 0) {
		args.flags |= (uint64_t)CLONE_INTO_CGROUP;
		args.cgroup = (unsigned)into_fd;
	}
	launch_owner_begin(own_uid(floor), &owner);
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid != 0)
		launch_owner_end(&owner);
	return pid;
}

int floor_run(struct floor *floor, enum floor_kind kind, char *const argv[], const int stdio[3])
{
	struct joining joining;
	unsigned cell = floor->next_cell++;
	int channel[2], status;

	floor_fini(floor);
	cgroup_make(floor, cell, &joining);
	DO(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel));
	pid_t pid = clone_child(floor, joining.into_fd);
	if (pid == 0)
		child_main(floor, kind, &joining, channel, argv, stdio);
	DO(pid);
	write_map(pid, "uid_map", own_uid(floor));
	write_map(pid, "gid_map", own_uid(floor));
	DO(send(channel[0], "", 1, MSG_NOSIGNAL));
	close(channel[0]);
	close(channel[1]);
	for (unsigned i = 0; i < joining.count; i++)
		close(joining.fds[i]);
	if (joining.into_fd >= 0)
		close(joining.into_fd);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (cgroup_remove(floor, cell) < 0 && floor->left_count < FLOOR_LEFT_MAX)
		floor->left[floor->left_count++] = cell;
	return status;
}
