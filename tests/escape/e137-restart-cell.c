/*
 * claim: not even the cell's own restart, which would end it, can be asked for
 * layer: seccomp
 * expect: denied EPERM
 * control-options: --without seccomp --without uid-drop
 * control-expect: denied EINVAL
 */
#include "probe.h"

int main(void)
{
	/* A wrong second word: the right ones would end the cell. */
	return probe_call(SYS_reboot, 0xfee1dead, 0, 0x01234567, NULL);
}
