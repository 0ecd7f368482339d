/*
 * /proc of the cell's own pid namespace. Compilers get subset=pid: process folders and nothing
 * else. Programs get the rest too (Node.js counts processors in it), less what tells about the host
 * or reaches into the kernel: those entries are data, below. Writing is ruled out anyhow: the job
 * is nobody there.
 */
#include <sys/mount.h>
#include <unistd.h>

#include "sandbox/cell.h"

/*
 * Masked with /dev/null, or with an empty folder where they are one. Absent ones are passed over.
 * What only the host's root may open (kcore, kmsg, sysrq-trigger, …) and what shows the reader's
 * own namespace alone (locks, net, sysvipc, …) needs no mask; every mask costs every cell about 10
 * us.
 */
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

static int mask(struct cell_context *context, const char *cover, const char *path)
{
	if (mount(cover, path, NULL, MS_BIND, NULL) < 0 && errno != ENOENT && errno != ENOTDIR)
		return cell_failed(context, errno, "cannot mask /%s", path);
	return 0;
}

static int mask_all(struct cell_context *context)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(masked_files) / sizeof(masked_files[0]); i++)
		r = mask(context, "dev/null", masked_files[i]);
	for (size_t i = 0; r == 0 && i < sizeof(masked_folders) / sizeof(masked_folders[0]); i++)
		r = mask(context, "/empty", masked_folders[i]);
	return r;
}

static int mount_proc(const char *options)
{
	return mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, options);
}

int cell_mount_proc(struct cell_context *context)
{
	int open = cell_without(context, CELL_WITHOUT_PID_NS_PROC);
	int masks = !open && context->spec.profile != CELL_COMPILE;
	const char *options = open ? NULL : masks ? "hidepid=2" : "subset=pid,hidepid=2";

	int r = mount_proc(options);
	if (r < 0 && errno == EINVAL && !open && !masks) {
		/* Linux before 5.8 knows no subset: mask what it would have left out. */
		masks = 1;
		r = mount_proc("hidepid=2");
	}
	if (r < 0 && errno == EPERM)
		return cell_failed(context, EPERM,
				   "cannot mount /proc; the host's own is not complete");
	if (r < 0)
		return cell_mount_failed(context, "proc");
	return masks ? mask_all(context) : 0;
}
