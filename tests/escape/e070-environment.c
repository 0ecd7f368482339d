/*
 * claim: nothing of the launcher's environment is passed on
 * layer: environment
 * expect: PATH HOME LANG
 * control: host
 * control-expect-not: PATH HOME LANG
 */
#include <unistd.h>

#include "probe.h"

int main(void)
{
	const char *space = "";

	for (char **at = environ; *at; at++) {
		printf("%s%.*s", space, (int)strcspn(*at, "="), *at);
		space = " ";
	}
	puts("");
	return 0;
}
