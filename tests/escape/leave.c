/* Not an attack by itself: finds the shared memory of a key or, with flags that say so, makes it.
 */
#include <sys/shm.h>

#include "probe.h"

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	return probe_say(
		shmget((key_t)strtol(argv[1], NULL, 10), 4096, (int)strtol(argv[2], NULL, 8)));
}
