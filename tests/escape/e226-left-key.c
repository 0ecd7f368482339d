/*
 * claim: a key left in the user's keyring is not there in the next cell
 * layer: seccomp
 * first-args: {pid} leave
 * args: {pid} find
 * expect: denied EPERM
 * after-args: {pid} remove
 * control: host
 * absent-if: denied ENOSYS
 */
#include "probe.h"

int main(int argc, char **argv)
{
	(void)argc;
	char name[64];

	snprintf(name, sizeof(name), "sandlot-escape-%s", argv[1]);
	if (strcmp(argv[2], "leave") == 0)
		return probe_say(syscall(SYS_add_key, "user", name, "x", 1, -4));

	long key = syscall(SYS_keyctl, 10 /* search */, -4, "user", name, 0);
	if (strcmp(argv[2], "remove") == 0)
		return probe_say(syscall(SYS_keyctl, 9 /* unlink */, key, -4));
	return probe_say(key);
}
