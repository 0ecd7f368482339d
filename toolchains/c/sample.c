#include <stdio.h>

int main(void)
{
	char name[100];

	printf("What is your name? ");
	fflush(stdout);
	if (fgets(name, sizeof(name), stdin))
		printf("Hello, %s", name);
	else
		puts("Hello, whoever you are!");
	return 0;
}
