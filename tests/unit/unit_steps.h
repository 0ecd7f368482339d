/*
 * The supervisor's part, played by a thread at the other end of the channel. What a step does is
 * told by the words of its command line.
 */
#ifndef UNIT_STEPS_H
#define UNIT_STEPS_H

#include "unit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bundle.h"
#include "base/fd.h"
#include "ipc/channel.h"

enum { STEPS_MAX = 64 };

struct fake_step {
	uint64_t id;
	int hangs;
	int fds[3];
};

struct fake {
	int fd;
	pthread_t thread;
	struct fake_step steps[STEPS_MAX]; /* those that hang */
	unsigned started;
};

static inline void fake_done(struct fake *fake, uint64_t id, enum outcome outcome, uint32_t code,
			     const char *artefact)
{
	_cleanup_fd_ int fd = memfd_new_sealed("artefact", artefact, strlen(artefact));
	struct ipc_message message = {
		.type = IPC_STEP_DONE,
		.step_done = {.step_id = id,
			      .outcome = outcome,
			      .exit_code = code,
			      .wall_usec = 7,
			      .memory_peak_bytes = 4096,
			      .artefact_bytes = strlen(artefact)},
	};
	/* It fails when the front end has gone, which is no concern of ours. */
	(void)channel_send(fake->fd, &message, &fd);
}

static inline void fake_write(int fd, char byte, size_t len)
{
	char bytes[4096];

	memset(bytes, byte, sizeof(bytes));
	while (len > 0) {
		size_t part = len < sizeof(bytes) ? len : sizeof(bytes);
		if (fd_write_all(fd, bytes, part) < 0)
			return;
		len -= part;
	}
}

/* Copies stdin to stdout until its end. */
static inline void fake_cat(const struct fake_step *step)
{
	char bytes[4096];
	ssize_t n;

	while ((n = read(step->fds[0], bytes, sizeof(bytes))) > 0)
		if (fd_write_all(step->fds[1], bytes, (size_t)n) < 0)
			return;
}

/* Takes a line from stdin. */
static inline void fake_line(const struct fake_step *step)
{
	char byte = '\0';

	while (byte != '\n' && read(step->fds[0], &byte, 1) == 1)
		;
}

static inline void fake_close(struct fake_step *step)
{
	for (int i = 0; i < 3; i++)
		step->fds[i] = fd_close(step->fds[i]);
}

/* Words: out=N err=N bytes, mix=N turns of one byte each, cat, line, hang, exit=N, lost, crash. */
static inline void fake_word(struct fake_step *step, const char *word, enum outcome *outcome,
			     uint32_t *code)
{
	size_t number = strchr(word, '=') ? strtoul(strchr(word, '=') + 1, NULL, 10) : 0;

	if (!strncmp(word, "out=", 4))
		fake_write(step->fds[1], 'o', number);
	else if (!strncmp(word, "err=", 4))
		fake_write(step->fds[2], 'e', number);
	else if (!strncmp(word, "mix=", 4))
		for (size_t i = 0; i < number; i++) {
			fake_write(step->fds[1], 'o', 1);
			fake_write(step->fds[2], 'e', 1);
		}
	else if (!strcmp(word, "cat"))
		fake_cat(step);
	else if (!strcmp(word, "line"))
		fake_line(step);
	else if (!strcmp(word, "hang"))
		step->hangs = 1;
	else if (!strncmp(word, "exit=", 5))
		*code = (uint32_t)number;
	else if (!strcmp(word, "crash"))
		*outcome = OUTCOME_SIGNALED;
}

static inline void fake_run(struct fake *fake, struct fake_step *step, int bundle_fd,
			    int has_artefact)
{
	struct bundle_record record;
	struct stat st;
	size_t offset = 0;
	enum outcome outcome = OUTCOME_EXITED;
	uint32_t code = 0;
	const char *artefact = "";

	fstat(bundle_fd, &st);
	void *data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, bundle_fd, 0);
	while (bundle_next(data, (size_t)st.st_size, &offset, &record, NULL) > 0) {
		char word[64];
		if (record.type != BUNDLE_ARG)
			continue;
		snprintf(word, sizeof(word), "%.*s", (int)record.body_len, record.body);
		if (!strcmp(word, "/good")) {
			fake_write(step->fds[2], 'w', 10);
			artefact = "program";
		} else if (!strcmp(word, "/fails")) {
			code = 101;
		} else if (!strcmp(word, "needs-artefact") && !has_artefact) {
			code = 99;
		}
		fake_word(step, word, &outcome, &code);
	}
	munmap(data, (size_t)st.st_size);
	if (step->hangs)
		return;
	fake_close(step);
	fake_done(fake, step->id, outcome, code, artefact);
}

struct fake_thread {
	struct fake *fake;
	struct fake_step step;
	int bundle_fd, has_artefact;
};

/* A step of its own thread: as a cell, it does not wait for others. */
static inline void *fake_step_main(void *context)
{
	struct fake_thread *thread = context;

	fake_run(thread->fake, &thread->step, thread->bundle_fd, thread->has_artefact);
	fd_close(thread->bundle_fd);
	free(thread);
	return NULL;
}

static inline void fake_start(struct fake *fake, const struct ipc_step_start *start, int *fds)
{
	struct fake_thread *thread = calloc(1, sizeof(*thread));
	char bundle[4096];
	pthread_t id;

	*thread = (struct fake_thread){
		.fake = fake,
		.step = {.id = start->step_id, .fds = {fds[1], fds[2], fds[3]}},
		.bundle_fd = fds[0],
		.has_artefact = (int)start->has_artefact,
	};
	fd_close(fds[4]);
	fake->started++;
	/* Those that hang print little: they are run here, and kept to be killed. */
	ssize_t n = pread(fds[0], bundle, sizeof(bundle), 0);
	if (n > 0 && memmem(bundle, (size_t)n, "hang", 4)) {
		unsigned slot = 0;
		while (fake->steps[slot].id)
			slot++;
		fake->steps[slot] = thread->step;
		fake_step_main(thread);
		return;
	}
	assert_int_equal(pthread_create(&id, NULL, fake_step_main, thread), 0);
	pthread_detach(id);
}

static inline void fake_kill(struct fake *fake, const struct ipc_step_kill *kill)
{
	for (int i = 0; i < STEPS_MAX; i++)
		if (fake->steps[i].id == kill->step_id) {
			fake_close(&fake->steps[i]);
			fake->steps[i].id = 0;
			fake_done(fake, kill->step_id, (enum outcome)kill->outcome, 0, "");
		}
}

static inline void *fake_main(void *context)
{
	struct fake *fake = context;
	struct ipc_message message;
	int fds[IPC_FDS_MAX];

	while (channel_receive(fake->fd, IPC_FRONT, IPC_SERVING, &message, fds, NULL) > 0) {
		if (message.type == IPC_STEP_START)
			fake_start(fake, &message.step_start, fds);
		else if (message.type == IPC_STEP_KILL)
			fake_kill(fake, &message.step_kill);
	}
	return NULL;
}

#endif
