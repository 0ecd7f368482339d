/*
 * claim: the host's name is not shown
 * layer: uts-ns
 * expect: sandlot (none)
 * control-options: --without uts-ns
 * control-expect-not: sandlot (none)
 */
#include <sys/utsname.h>

#include "probe.h"

int main(void)
{
	struct utsname names;

	uname(&names);
	printf("%s %s\n", names.nodename, names.domainname);
	return 0;
}
