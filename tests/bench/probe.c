/*
 * What the measured cells run: nothing at all. With an argument it shows the walls around itself,
 * by which two launchers are seen to build the same: its mounts, limits, cgroups and status.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

static void show(const char *path)
{
	char text[4096];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	printf("== %s\n", path);
	fflush(stdout);
	while (fd >= 0 && (n = read(fd, text, sizeof(text))) > 0)
		if (write(STDOUT_FILENO, text, (size_t)n) != n)
			break;
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	struct utsname names;

	(void)argv;
	if (argc < 2)
		return 0;
	show("/proc/self/mountinfo");
	show("/proc/self/limits");
	show("/proc/self/cgroup");
	show("/proc/self/status");
	show("/proc/net/dev");
	if (uname(&names) == 0)
		printf("== names\n%s %s\n", names.nodename, names.domainname);
	return 0;
}
