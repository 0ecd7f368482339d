/*
 * claim: capabilities attached to a file of the image give nothing
 * layer: user-ns
 * program: /bin/capable
 * file-caps: all
 * alone-with: uid-drop
 * expect: 0
 * control: user
 * control-expect-not: 0
 */
#include <linux/capability.h>

#include "probe.h"

int main(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {{0}};

	syscall(SYS_capget, &header, sets);
	printf("%x\n", sets[0].effective | sets[0].permitted);
	return 0;
}
