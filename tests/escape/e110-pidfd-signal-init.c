/*
 * claim: pid 1 cannot be signalled through a descriptor
 * layer: uid-drop
 * expect: denied EPERM
 */
#include "probe.h"

int main(void)
{
	return probe_call(SYS_pidfd_send_signal, syscall(SYS_pidfd_open, 1, 0), 0, NULL, 0);
}
