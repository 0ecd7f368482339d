/*
 * What a cell's pid 1 reports, should it have been taken over: through cell_collect() into the
 * supervisor's STEP_DONE, which must be one that the front end takes. The real collect.c and
 * step_done.c, with the process replaced. Input: 4 bytes of how pid 1 ended, then the report.
 */
#include "fuzz.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "ipc/protocol.h"
#include "sandbox/cell_spec.h"
#include "sandbox/cgroup.h"
#include "supervisor/step_done.h"

static const uint8_t *report_data;
static size_t report_len;
static int init_status;

static ssize_t fuzz_recv(int fd, void *to, size_t len, int flags)
{
	(void)fd;
	FUZZ_ASSERT(flags & MSG_DONTWAIT && flags & MSG_TRUNC);
	if (report_len == 0)
		return 0;
	memcpy(to, report_data, report_len < len ? report_len : len);
	return (ssize_t)report_len;
}

static pid_t fuzz_wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
	(void)options;
	(void)usage;
	*status = init_status;
	return pid;
}

static int fuzz_ftruncate(int fd, off_t len)
{
	(void)fd;
	FUZZ_ASSERT(len == 0);
	return 0;
}

#define recv fuzz_recv
#define wait4 fuzz_wait4
#define ftruncate fuzz_ftruncate
#define memfd_seal(fd) ((void)(fd), 0)
#include "sandbox/collect.c"
#undef recv
#undef wait4
#undef ftruncate
#undef memfd_seal

void cgroup_read_usage(const struct cgroup *cgroup, struct cgroup_usage *ret_usage)
{
	(void)cgroup;
	(void)ret_usage;
}

uint64_t cgroup_cpu_usec(const struct cgroup *cgroup)
{
	(void)cgroup;
	return 0;
}

void cgroup_set_behind(const struct cgroup *cgroup, int behind)
{
	(void)cgroup;
	(void)behind;
}

struct cgroup *cgroup_free(struct cgroup *cgroup)
{
	FUZZ_ASSERT(!cgroup);
	return NULL;
}

static void check_message(const struct cell_result *result)
{
	struct ipc_message message = step_done_message(1, result), decoded;
	unsigned char packet[IPC_PACKET_MAX];
	struct error err = {0};
	size_t len = ipc_encode(&message, packet); /* asserts that all is in range */

	FUZZ_ASSERT(ipc_decode(packet, len, 1, IPC_SUPERVISOR, IPC_SERVING, &decoded, &err) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	unsigned char slots[1] = {1};
	struct cell_host host = {.slots_used = slots};
	struct cell cell = CELL_NONE;
	struct cell_result result;

	if (len < 4)
		return 0;
	cell.pid = 1;
	cell.limits = limits_default_run();
	cell.kill_asked = data[0] & 1;
	cell.kill_outcome = (enum outcome)(data[1] % OUTCOME_COUNT);
	/* As wait4(2) gives it: an exit status, or a signal. */
	init_status = data[2] & 1 ? data[3] << 8 : data[3] % 64 + 1;
	report_data = data + 4;
	report_len = len - 4;
	cell_collect(&host, &cell, &result);
	FUZZ_ASSERT(!slots[0] && (unsigned)result.outcome < OUTCOME_COUNT);
	check_message(&result);
	return 0;
}
