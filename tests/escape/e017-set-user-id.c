/*
 * claim: a set-user-ID file of root's in the image gives nothing
 * layer: user-ns
 * alone-with: uid-drop
 * program: /bin/suid
 * expect: 1000
 * control: user
 * control-expect: 0
 */
#include <unistd.h>

#include "probe.h"

int main(void)
{
	printf("%u\n", (unsigned)geteuid());
	return 0;
}
