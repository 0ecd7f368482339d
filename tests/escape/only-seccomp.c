/*
 * Executes a program with the host's whole privilege and nothing against it but a policy's filter:
 * what a refusal by the filter is worth by itself. only-seccomp PROFILE PROGRAM [ARGUMENT]...
 */
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CELL_COMPILE, CELL_RUN };

#include "cell_policy_table.h"

static int load(const struct cell_policy *policy)
{
	struct sock_fprog program = {
		.len = policy->len,
		.filter = (struct sock_filter *)(uintptr_t)policy->filter,
	};

	/* no_new_privs for `control: user`; it keeps nothing from root. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 2 && i < sizeof(cell_policies) / sizeof(cell_policies[0]); i++)
		if (cell_policies[i].name && strcmp(cell_policies[i].name, argv[1]) == 0 &&
		    load(&cell_policies[i]) == 0)
			execv(argv[2], argv + 2);
	perror("only-seccomp");
	return 2;
}
