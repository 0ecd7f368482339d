/*
 * claim: /proc lists the cell's own processes and not even pid 1
 * layer: proc
 * alone-with: uid-drop
 * expect: 1
 * control-expect: 2
 */
#include <dirent.h>

#include "probe.h"

int main(void)
{
	DIR *folder = opendir("/proc");
	int count = 0;

	for (struct dirent *entry; folder && (entry = readdir(folder));)
		count += entry->d_name[0] >= '0' && entry->d_name[0] <= '9';
	printf("%d\n", count);
	return 0;
}
