#include <math.h>
#include <pthread.h>
#include <stdio.h>

static void *halve(void *number)
{
	*(double *)number = sqrt(*(double *)number);
	return NULL;
}

int main(int argc, char **argv)
{
	double number = argc > 1 ? 2 : 1764;
	pthread_t thread;

	if (pthread_create(&thread, NULL, halve, &number) || pthread_join(thread, NULL))
		return 1;
	printf("%s %.0f\n", argv[0], number);
	return 0;
}
