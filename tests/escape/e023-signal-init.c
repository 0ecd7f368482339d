/*
 * claim: pid 1 cannot be signalled
 * layer: uid-drop
 * expect: denied EPERM
 * control-options: --without uid-drop --without landlock
 */
#include <signal.h>

#include "probe.h"

int main(void)
{
	return probe_say(kill(1, SIGTERM));
}
