/* Not an attack by itself: 30000 bytes to stdout and three to stderr. */
#include "probe.h"

int main(void)
{
	for (int i = 0; i < 3000; i++)
		fputs("0123456789", stdout);
	fputs("abc", stderr);
	return 0;
}
