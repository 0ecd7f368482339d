/*
 * A second thread for each civetweb worker, with a stack of our own choice. Debian's civetweb gives
 * its workers 100 KiB, set when it is compiled; JSON parsing, SQLite and our own code need to be
 * safe with more. The worker hands a request over and waits until it is done: never do both run.
 */
#ifndef FRONT_HTTP_RUNNER_H
#define FRONT_HTTP_RUNNER_H

#include <pthread.h>

struct http_runner;

/* Starts no thread yet. NULL when out of memory. */
struct http_runner *http_runner_new(void);

/* Ends the thread. Nothing may be running. NULL-safe; returns NULL. */
struct http_runner *http_runner_free(struct http_runner *runner);

/* Runs work(argument) on the runner's thread and waits for its end. Returns 0, or -EAGAIN: not run.
 */
int http_runner_run(struct http_runner *runner, void (*work)(void *argument), void *argument);

/* Starts a joinable thread with a stack of the same size. Returns 0 or a negative errno. */
int http_thread_start(pthread_t *ret_thread, void *(*start)(void *argument), void *argument);

#endif
