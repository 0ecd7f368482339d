#include "front/http_runner.h"

#include <errno.h>
#include <stdlib.h>

enum { STACK_BYTES = 1 << 20 }; /* virtual; memory is used page by page as it is touched */

enum runner_state { RUNNER_UNSTARTED, RUNNER_IDLE, RUNNER_GIVEN, RUNNER_ENDING };

struct http_runner {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	enum runner_state state;
	void (*work)(void *argument);
	void *argument;
};

struct http_runner *http_runner_new(void)
{
	struct http_runner *runner = calloc(1, sizeof(*runner));

	if (!runner)
		return NULL;
	pthread_mutex_init(&runner->lock, NULL);
	pthread_cond_init(&runner->changed, NULL);
	return runner;
}

struct http_runner *http_runner_free(struct http_runner *runner)
{
	if (!runner)
		return NULL;
	pthread_mutex_lock(&runner->lock);
	int started = runner->state != RUNNER_UNSTARTED;
	runner->state = RUNNER_ENDING;
	pthread_cond_broadcast(&runner->changed);
	pthread_mutex_unlock(&runner->lock);
	if (started)
		pthread_join(runner->thread, NULL);
	pthread_cond_destroy(&runner->changed);
	pthread_mutex_destroy(&runner->lock);
	free(runner);
	return NULL;
}

static void *runner_main(void *argument)
{
	struct http_runner *runner = argument;

	pthread_mutex_lock(&runner->lock);
	while (runner->state != RUNNER_ENDING) {
		if (runner->state != RUNNER_GIVEN) {
			pthread_cond_wait(&runner->changed, &runner->lock);
			continue;
		}
		pthread_mutex_unlock(&runner->lock);
		runner->work(runner->argument);
		pthread_mutex_lock(&runner->lock);
		runner->state = RUNNER_IDLE;
		pthread_cond_broadcast(&runner->changed);
	}
	pthread_mutex_unlock(&runner->lock);
	return NULL;
}

int http_thread_start(pthread_t *ret_thread, void *(*start)(void *argument), void *argument)
{
	pthread_attr_t attributes;
	int r = pthread_attr_init(&attributes);

	if (r != 0)
		return -r;
	r = pthread_attr_setstacksize(&attributes, STACK_BYTES);
	if (r == 0)
		r = pthread_create(ret_thread, &attributes, start, argument);
	pthread_attr_destroy(&attributes);
	return -r;
}

int http_runner_run(struct http_runner *runner, void (*work)(void *argument), void *argument)
{
	pthread_mutex_lock(&runner->lock);
	if (runner->state == RUNNER_UNSTARTED) {
		if (http_thread_start(&runner->thread, runner_main, runner) < 0) {
			pthread_mutex_unlock(&runner->lock);
			return -EAGAIN;
		}
	}
	runner->work = work;
	runner->argument = argument;
	runner->state = RUNNER_GIVEN;
	pthread_cond_broadcast(&runner->changed);
	while (runner->state == RUNNER_GIVEN)
		pthread_cond_wait(&runner->changed, &runner->lock);
	pthread_mutex_unlock(&runner->lock);
	return 0;
}
