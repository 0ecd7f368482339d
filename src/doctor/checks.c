/* The table. Sections in the order in which one thing rests on another. */
#include <sched.h>

#include "doctor/doctor.h"
#include "doctor/sysctl.h"

#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif

enum {
	NAMESPACE_OPTIONS = OPTION_CAPABILITY | OPTION_SECCOMP | OPTION_LSM,
	MOUNT_OPTIONS = OPTION_CAPABILITY | OPTION_SECCOMP | OPTION_LSM,
};

#define ALL_NAMESPACES                                                                             \
	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | \
	 CLONE_NEWCGROUP)

#define NAMESPACE(title, flag, lost)                                                               \
	{                                                                                          \
		.section = "namespaces", .name = title, .function = check_namespace,               \
		.flags = CHECK_NEEDED | CHECK_OF_HOST, .container_options = NAMESPACE_OPTIONS,     \
		.number = flag, .cost = "no cells: " lost,                                         \
		.remedy = "a kernel with namespaces, as Debian's: sudo apt-get install "           \
			  "linux-image-amd64; sudo sysctl -w user.max_user_namespaces=31231"       \
	}

#define SYSCTL(setting, wanted, limit, without, lost)                                              \
	{                                                                                          \
		.section = "hardening", .name = setting, .function = check_sysctl,                 \
		.flags = CHECK_OF_HOST,                                                            \
		.data = &(const struct sysctl_rule){setting,	      wanted,  limit,              \
						    VERDICT_DEGRADED, without, 0},                 \
		.cost = lost,                                                                      \
		.remedy = "a kernel that has it: sudo apt-get install -t bookworm-backports "      \
			  "linux-image-amd64, then start anew"                                     \
	}

static const struct doctor_check checks[] = {
	/* ---- kernel ---- */
	{.section = "kernel",
	 .name = "version",
	 .function = check_kernel,
	 .flags = CHECK_NEEDED | CHECK_OF_HOST,
	 .cost = "before 5.11 no cells; before 6.1 fewer walls (Landlock) and slower images",
	 .remedy = "sudo apt-get install linux-image-amd64, then start anew"},
	{.section = "kernel",
	 .name = "architecture",
	 .function = check_architecture,
	 .flags = CHECK_NEEDED,
	 .cost = "no cells: the list of allowed system calls is written for x86_64",
	 .remedy = "an x86_64 machine"},
	{.section = "kernel",
	 .name = "seccomp",
	 .function = check_seccomp,
	 .flags = CHECK_NEEDED | CHECK_OF_HOST,
	 .container_options = OPTION_SECCOMP,
	 .cost = "no cells: programs could call everything in the kernel",
	 .remedy = "a kernel with CONFIG_SECCOMP_FILTER: sudo apt-get install linux-image-amd64"},
	{.section = "kernel",
	 .name = "Landlock",
	 .function = check_landlock,
	 .flags = CHECK_OF_HOST,
	 .container_options = OPTION_SECCOMP,
	 .cost = "the wall behind the mounts: where a mount went wrong, nothing else would keep a "
		 "program from writing",
	 .remedy = "add lsm=landlock,yama,apparmor,bpf to GRUB_CMDLINE_LINUX in /etc/default/grub, "
		   "sudo update-grub, start anew"},

	/* ---- namespaces ---- */
	NAMESPACE("user namespace", 0, "nothing else can be made without it"),
	NAMESPACE("mount namespace", CLONE_NEWNS, "programs would see the host's files"),
	NAMESPACE("pid namespace", CLONE_NEWPID, "programs would see the host's processes"),
	NAMESPACE("net namespace", CLONE_NEWNET, "programs would reach the network"),
	NAMESPACE("ipc namespace", CLONE_NEWIPC, "programs would share memory with others"),
	NAMESPACE("uts namespace", CLONE_NEWUTS, "programs would see the host's name"),
	NAMESPACE("cgroup namespace", CLONE_NEWCGROUP, "programs would see the host's groups"),
	{.section = "namespaces",
	 .name = "without root",
	 .function = check_unprivileged,
	 .flags = CHECK_OF_HOST,
	 .container_options = NAMESPACE_OPTIONS,
	 .number = ALL_NAMESPACES,
	 .cost = "cells need root; for a server that root runs, nothing",
	 .remedy = "sudo sysctl -w kernel.unprivileged_userns_clone=1, on Ubuntu sudo sysctl -w "
		   "kernel.apparmor_restrict_unprivileged_userns=0"},
	{.section = "namespaces",
	 .name = "mounts",
	 .function = check_mounts,
	 .flags = CHECK_NEEDED | CHECK_OF_HOST,
	 .container_options = MOUNT_OPTIONS,
	 .cost = "no cells: a cell's file system is mounted for it alone",
	 .remedy = "on Ubuntu sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or "
		   "run as root"},
	{.section = "namespaces",
	 .name = "/proc",
	 .function = check_proc,
	 .flags = CHECK_NEEDED | CHECK_OF_HOST,
	 .container_options = OPTION_PROC | MOUNT_OPTIONS,
	 .cost = "no cells: a cell cannot mount a /proc of its own where the host's is not "
		 "complete",
	 .remedy = "findmnt -R /proc shows the masks; sudo umount each of them"},

	/* ---- control groups ---- */
	{.section = "control groups",
	 .name = "hierarchies",
	 .function = check_cgroup_kind,
	 .container_options = OPTION_CGROUP,
	 .cost = "memory and processor time are bounded for each process alone (rlimits), not for "
		 "a job",
	 .remedy = "sudo mount -t cgroup2 none /sys/fs/cgroup"},
	{.section = "control groups",
	 .name = "controllers",
	 .function = check_cgroup_controllers,
	 .container_options = OPTION_CGROUP,
	 .cost = "without memory and pids a job is bounded process by process only; without cpu, "
		 "endless loops slow the others down",
	 .remedy =
		 "sudo systemd-run --scope -p Delegate=yes sandlot serve, or as a user "
		 "systemd-run --user --scope -p Delegate=yes sandlot serve; if memory is off, add "
		 "cgroup_enable=memory to the kernel's command line"},
	{.section = "control groups",
	 .name = "own folders",
	 .function = check_cgroup_folder,
	 .container_options = OPTION_CGROUP,
	 .cost = "as without control groups: memory and time are bounded for each process alone",
	 .remedy = "run as root, or systemd-run --user --scope -p Delegate=yes sandlot serve"},
	{.section = "control groups",
	 .name = "delegation",
	 .function = check_cgroup_delegation,
	 .container_options = OPTION_CGROUP,
	 .cost = "without root, memory and processor time are bounded for each process alone",
	 .remedy = "systemd-run --user --scope -p Delegate=yes sandlot serve"},
	{.section = "control groups",
	 .name = "cgroup.kill",
	 .function = check_cgroup_kill,
	 .flags = CHECK_OF_HOST,
	 .container_options = OPTION_CGROUP,
	 .cost = "nothing: a cell is ended through its pid namespace; operators lack a second way",
	 .remedy = "Linux 5.14 and v2: sudo mount -t cgroup2 none /sys/fs/cgroup/unified"},
	{.section = "control groups",
	 .name = "freezing",
	 .function = check_cgroup_freeze,
	 .flags = CHECK_OF_HOST,
	 .container_options = OPTION_CGROUP,
	 .cost = "cells cannot be halted to look at them",
	 .remedy = "Linux 5.2 and v2: sudo mount -t cgroup2 none /sys/fs/cgroup/unified"},

	/* ---- images ---- */
	{.section = "images",
	 .name = "EROFS",
	 .function = check_file_system,
	 .flags = CHECK_OF_HOST,
	 .data = "erofs",
	 .cost = "images are plain folders: more inodes, slower when cold",
	 .remedy = "a kernel with it: sudo apt-get install linux-image-amd64"},
	{.section = "images",
	 .name = "EROFS from a file",
	 .function = check_erofs_file,
	 .flags = CHECK_OF_HOST,
	 .container_options = MOUNT_OPTIONS,
	 .cost = "an image file is mounted through a loop device, or kept as a folder",
	 .remedy = "Linux 6.12: sudo apt-get install -t bookworm-backports linux-image-amd64"},
	{.section = "images",
	 .name = "loop devices",
	 .function = check_loop,
	 .flags = CHECK_OF_HOST,
	 .cost = "before Linux 6.12 an image file cannot be mounted: images are plain folders",
	 .remedy = "sudo modprobe loop"},
	{.section = "images",
	 .name = "squashfs",
	 .function = check_file_system,
	 .flags = CHECK_OF_HOST,
	 .data = "squashfs",
	 .cost = "nothing: images are folders or EROFS",
	 .remedy = "a kernel with it: sudo apt-get install linux-image-amd64"},
	{.section = "images",
	 .name = "overlay",
	 .function = check_file_system,
	 .flags = CHECK_OF_HOST,
	 .data = "overlay",
	 .cost = "nothing: cells write to a tmpfs beside the image, not over it",
	 .remedy = "a kernel with it: sudo apt-get install linux-image-amd64"},

	/* ---- user ids ---- */
	{.section = "user ids",
	 .name = "uid range",
	 .function = check_uid_range,
	 .flags = CHECK_NEEDED,
	 .cost = "cells would run as users that exist, or not at all where the ids do not",
	 .remedy = "give those users other ids: sudo usermod -u ID USER; a container: one without "
		   "a user namespace of its own (docker run --userns=host)"},
	{.section = "user ids",
	 .name = "/etc/subuid",
	 .function = check_subid,
	 .data = "/etc/subuid",
	 .cost = "two parties would use the same ids; without root, cells have no ids of their own",
	 .remedy = "sudo usermod --add-subuids FIRST-LAST USER"},
	{.section = "user ids",
	 .name = "/etc/subgid",
	 .function = check_subid,
	 .data = "/etc/subgid",
	 .cost = "two parties would use the same ids; without root, cells have no ids of their own",
	 .remedy = "sudo usermod --add-subgids FIRST-LAST USER"},
	{.section = "user ids",
	 .name = "newuidmap",
	 .function = check_newidmap,
	 .cost = "without root, cells have no ids of their own",
	 .remedy = "sudo apt-get install uidmap"},

	/* ---- limits ---- */
	{.section = "limits",
	 .name = "open files",
	 .function = check_open_files,
	 .cost = "many jobs at once are refused for lack of file descriptors",
	 .remedy = "LimitNOFILE=65536 in the service, or ulimit -Hn 65536 as root"},
	{.section = "limits",
	 .name = "processes",
	 .function = check_processes,
	 .cost = "fewer steps run at a time: the server and all cells together have no more",
	 .remedy = "a line \"USER hard nproc 16384\" in /etc/security/limits.conf, log in anew; or "
		   "LimitNPROC=16384 in the service"},
	{.section = "limits",
	 .name = "kernel.pid_max",
	 .function = check_sysctl,
	 .flags = CHECK_OF_HOST,
	 .data = &(const struct sysctl_rule){"kernel.pid_max", SYSCTL_AT_LEAST, 32768,
					     VERDICT_DEGRADED, VERDICT_OK, 0},
	 .cost = "many jobs at once can use up all process ids",
	 .remedy = "sudo sysctl -w kernel.pid_max=4194304"},
	{.section = "limits",
	 .name = "kernel.threads-max",
	 .function = check_sysctl,
	 .flags = CHECK_OF_HOST,
	 .data = &(const struct sysctl_rule){"kernel.threads-max", SYSCTL_AT_LEAST, 8192,
					     VERDICT_DEGRADED, VERDICT_OK, 0},
	 .cost = "many jobs at once can use up all threads",
	 .remedy = "sudo sysctl -w kernel.threads-max=65536"},
	{.section = "limits",
	 .name = "user.max_user_namespaces",
	 .function = check_user_namespaces,
	 .flags = CHECK_NEEDED | CHECK_OF_HOST,
	 .cost = "0: no cells; few: few cells at once",
	 .remedy = "sudo sysctl -w user.max_user_namespaces=31231"},
	{.section = "limits",
	 .name = "user.max_*_namespaces",
	 .function = check_namespace_limits,
	 .flags = CHECK_NEEDED | CHECK_OF_HOST,
	 .cost = "0: no cells; few: few cells at once",
	 .remedy = "for k in mnt pid net ipc uts cgroup; do sudo sysctl -w "
		   "user.max_${k}_namespaces=31231; done"},
	{.section = "limits",
	 .name = "vm.overcommit_memory",
	 .function = check_sysctl,
	 .flags = CHECK_OF_HOST,
	 .data = &(const struct sysctl_rule){"vm.overcommit_memory", SYSCTL_AT_MOST, 1,
					     VERDICT_DEGRADED, VERDICT_OK, 0},
	 .cost = "2: compilers and runtimes that reserve much and use little fail to start",
	 .remedy = "sudo sysctl -w vm.overcommit_memory=0"},
	{.section = "limits",
	 .name = "swap",
	 .function = check_swap,
	 .flags = CHECK_OF_HOST,
	 .cost = "a job over its memory limit swaps instead of ending, and slows all others down",
	 .remedy = "sudo swapoff -a, or add swapaccount=1 to the kernel's command line"},

	/* ---- hardening ---- */
	SYSCTL("kernel.unprivileged_bpf_disabled", SYSCTL_AT_LEAST, 1, VERDICT_OK,
	       "a second wall: any other user of this host may load programs into the kernel; "
	       "cells may not"),
	SYSCTL("kernel.kptr_restrict", SYSCTL_AT_LEAST, 1, VERDICT_OK,
	       "kernel addresses are shown, which attacks on the kernel need"),
	SYSCTL("kernel.dmesg_restrict", SYSCTL_AT_LEAST, 1, VERDICT_OK,
	       "a second wall: the kernel's log is open to all users; to cells it is not"),
	SYSCTL("kernel.yama.ptrace_scope", SYSCTL_AT_LEAST, 1, VERDICT_DEGRADED,
	       "a second wall: processes may trace others of the same user; in cells they may not"),
	SYSCTL("kernel.perf_event_paranoid", SYSCTL_AT_LEAST, 2, VERDICT_OK,
	       "a second wall: users may measure the kernel; cells may not"),
	{.section = "hardening",
	 .name = "kernel.unprivileged_userns_clone",
	 .function = check_sysctl,
	 .flags = CHECK_OF_HOST,
	 .data = &(const struct sysctl_rule){"kernel.unprivileged_userns_clone", SYSCTL_AT_LEAST, 1,
					     VERDICT_MISSING, VERDICT_OK, 1},
	 .cost = "no cells without root",
	 .remedy = "sudo sysctl -w kernel.unprivileged_userns_clone=1"},
	{.section = "hardening",
	 .name = "kernel.apparmor_restrict_unprivileged_userns",
	 .function = check_sysctl,
	 .flags = CHECK_OF_HOST,
	 .data = &(const struct sysctl_rule){"kernel.apparmor_restrict_unprivileged_userns",
					     SYSCTL_AT_MOST, 0, VERDICT_MISSING, VERDICT_OK, 1},
	 .cost = "no cells without root: user namespaces come without capabilities",
	 .remedy = "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"},
	SYSCTL("dev.tty.legacy_tiocsti", SYSCTL_AT_MOST, 0, VERDICT_DEGRADED,
	       "a second wall: programs may type into the terminal they were started from; in "
	       "cells they may not"),
	SYSCTL("fs.protected_hardlinks", SYSCTL_AT_LEAST, 1, VERDICT_OK,
	       "users may link to files that are not theirs"),
	SYSCTL("fs.protected_symlinks", SYSCTL_AT_LEAST, 1, VERDICT_OK,
	       "links in /tmp may lead root's programs astray"),
	SYSCTL("fs.protected_fifos", SYSCTL_AT_LEAST, 1, VERDICT_OK,
	       "FIFOs in /tmp may catch what root's programs write"),
	SYSCTL("fs.protected_regular", SYSCTL_AT_LEAST, 1, VERDICT_OK,
	       "files in /tmp may catch what root's programs write"),
	SYSCTL("kernel.randomize_va_space", SYSCTL_AT_LEAST, 2, VERDICT_OK,
	       "addresses in the server's own processes can be foretold"),
	SYSCTL("kernel.io_uring_disabled", SYSCTL_AT_LEAST, 1, VERDICT_OK,
	       "a second wall: any other user of this host may use io_uring; cells may not"),
	{.section = "hardening",
	 .name = "kernel.core_pattern",
	 .function = check_core_pattern,
	 .flags = CHECK_OF_HOST,
	 .cost = "nothing",
	 .remedy = "sudo sysctl -w kernel.core_pattern=core"},
	{.section = "hardening",
	 .name = "processor",
	 .function = check_cpu,
	 .flags = CHECK_OF_HOST,
	 .cost = "a program in a cell may read memory of others through the processor's faults",
	 .remedy = "sudo apt-get install intel-microcode amd64-microcode, then start anew"},

	/* ---- surroundings ---- */
	{.section = "surroundings",
	 .name = "capabilities",
	 .function = check_capabilities,
	 .flags = CHECK_NEEDED,
	 .container_options = OPTION_CAPABILITY,
	 .cost = "no cells; without DAC_OVERRIDE alone, no images in folders of other users",
	 .remedy = "sudo sandlot serve, or add them to CapabilityBoundingSet= of the service"},
	{.section = "surroundings",
	 .name = "confinement",
	 .function = check_confinement,
	 .cost = "what it forbids Sandlot lacks too; the rows above say whether cells suffer",
	 .remedy = "start it outside: not from a confined service (SystemCallFilter=, "
		   "AppArmorProfile=)"},
	{.section = "surroundings",
	 .name = "no_new_privs",
	 .function = check_no_new_privs,
	 .cost = "newuidmap has no effect: without root, cells have no ids of their own",
	 .remedy = "start it from a shell, or with NoNewPrivileges=no"},
	{.section = "surroundings",
	 .name = "a real cell",
	 .function = check_cell,
	 .flags = CHECK_NEEDED,
	 .container_options = NAMESPACE_OPTIONS,
	 .cost = "no cells",
	 .remedy = "mend the rows above; sandlot cell --image DIR -- PROGRAM shows more"},
	{.section = "surroundings",
	 .name = "container",
	 .function = check_container,
	 .cost = "what the rows named here say",
	 .remedy = "run Sandlot on the host itself"},
};

const struct doctor_check *doctor_checks(size_t *ret_count)
{
	*ret_count = sizeof(checks) / sizeof(checks[0]);
	return checks;
}
