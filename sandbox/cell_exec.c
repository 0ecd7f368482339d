/* The last two steps: the system call filter, and the program itself. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/cell.h"

#include "cell_policy_table.h" /* generated from sandbox/policy/ */

int job_seccomp(struct cell_context *context)
{
	const struct cell_policy *policy = &cell_policies[context->spec.profile];
	/* The kernel copies the program; the ABI only forgot the const. */
	struct sock_fprog program = {
		.len = policy->len,
		.filter = (struct sock_filter *)(uintptr_t)policy->filter,
	};

	if (cell_without(context, CELL_WITHOUT_SECCOMP))
		return 0;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		return cell_failed(context, errno, "cannot load the filter \"%s\"", policy->name);
	return 0;
}

static const char *env_value(char *const *envp, const char *name)
{
	size_t len = strlen(name);

	for (; *envp; envp++)
		if (strncmp(*envp, name, len) == 0 && (*envp)[len] == '=')
			return *envp + len + 1;
	return "";
}

/* Tries each folder of PATH, as a shell does. Leaves the most telling errno. */
static int exec_on_path(const char *name, char **argv, char **envp)
{
	char path[4096];
	int error_number = ENOENT;

	for (const char *at = env_value(envp, "PATH"); *at; at += *at == ':') {
		size_t len = strcspn(at, ":");
		int n = snprintf(path, sizeof(path), "%.*s/%s", (int)len, at, name);
		at += len;
		if (len == 0 || n < 0 || (size_t)n >= sizeof(path))
			continue;
		execve(path, argv, envp);
		if (errno != ENOENT && errno != ENOTDIR)
			error_number = errno;
	}
	return error_number;
}

int job_exec(struct cell_context *context)
{
	const char *name = context->argv[0];
	int error_number;

	if (strchr(name, '/')) {
		execve(name, context->argv, context->envp);
		error_number = errno;
	} else {
		error_number = exec_on_path(name, context->argv, context->envp);
	}
	return cell_failed(context, error_number, "cannot execute %.100s", name);
}
