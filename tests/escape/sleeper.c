/*
 * Not an attack by itself: leaves processes behind and waits, for the flows that end a cell from
 * outside. sleeper SECONDS [detach]: detach makes the main process exit at once and leave a daemon.
 */
#include <unistd.h>

#include "probe.h"

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	pid_t child = fork();
	if (child == 0)
		setsid();
	if (child > 0 && argc > 2)
		return 0;
	puts("started");
	fflush(stdout);
	sleep((unsigned)strtoul(argv[1], NULL, 10));
	return 0;
}
