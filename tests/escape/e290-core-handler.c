/*
 * claim: a crash in a cell starts no program of the host, as a piped core_pattern would
 * layer: rlimits
 * alone: none
 * vm: it sets the kernel's core_pattern
 * where: host
 * args: {cell_exe} {tree}
 * expect: signaled, not handled
 * control: host
 * control-args: {cell_exe} {tree} honest
 * control-expect: handled
 */
#include <sys/resource.h>

#include "lies.h"

static const char pattern_path[] = "/proc/sys/kernel/core_pattern";
static const char handled_path[] = "/run/sandlot-core-handled";

static int set_pattern(const char *text)
{
	_cleanup_fd_ int fd = open(pattern_path, O_WRONLY | O_CLOEXEC);

	return fd < 0 || write(fd, text, strlen(text)) < 0 ? -1 : 0;
}

/* Waits for the handler a moment: it is started before the process is reaped, and ends later. */
static int is_handled(void)
{
	for (int i = 0; i < 100; i++) {
		if (access(handled_path, F_OK) == 0)
			return 1;
		poll(NULL, 0, 10);
	}
	return 0;
}

static void crash(void)
{
	const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};

	setrlimit(RLIMIT_CORE, &all);
	abort();
}

static void attack(char **argv, int is_honest)
{
	struct lies lies;

	if (is_honest) {
		pid_t child = fork();
		if (child == 0)
			crash();
		waitpid(child, NULL, 0);
		return;
	}
	/* In a process of its own: entering the host leaves the paths of this one behind. */
	pid_t child = fork();
	if (child == 0) {
		lies_begin(&lies, "crash");
		lies_add(&lies, BUNDLE_END, "", NULL, 0);
		printf("%s, ", launcher_run(argv[1], argv[2],
					    memfd_new_sealed("bundle", lies.data, lies.used))
				       .text);
		fflush(stdout);
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

int main(int argc, char **argv)
{
	char own[256] = "", pattern[300], before[256] = "";

	if (argc == 2)
		crash(); /* in the cell */
	if (argc > 1 && strcmp(argv[1], "handle") == 0)
		return open(handled_path, O_CREAT | O_WRONLY, 0600) < 0;
	int fd = open(pattern_path, O_RDONLY | O_CLOEXEC);
	if (argc < 3 || read(fd, before, sizeof(before) - 1) < 0 ||
	    readlink("/proc/self/exe", own, sizeof(own) - 1) < 0)
		return 2;
	unlink(handled_path);
	/* %p only makes the handler have two arguments, which a cell's program has not. */
	snprintf(pattern, sizeof(pattern), "|%s handle %%p", own);
	/* Without root the attack has nothing to set off, and its control says so. */
	if (set_pattern(pattern) < 0 && argc > 3)
		return probe_say(-1);
	attack(argv, argc > 3);
	puts(is_handled() ? "handled" : "not handled");
	set_pattern(before);
	unlink(handled_path);
	return 0;
}
