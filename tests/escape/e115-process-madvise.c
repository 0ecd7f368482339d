/*
 * claim: another process's memory cannot be advised away
 * layer: seccomp
 * expect: denied EPERM
 * absent-if: denied ENOSYS|denied EPERM
 */
#include <sys/mman.h>
#include <sys/uio.h>

#include "probe.h"

int main(void)
{
	static _Alignas(4096) char page[4096];
	struct iovec range = {page, sizeof(page)};
	return probe_call(SYS_process_madvise, syscall(SYS_pidfd_open, getpid(), 0), &range, 1,
			  MADV_COLD, 0);
}
