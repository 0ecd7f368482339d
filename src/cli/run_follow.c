/*
 * Theory of operation. The event stream is the clock: everything ends with its `result` event. When
 * it breaks off before (the server's front end died and is being restarted), it is opened again; it
 * then starts from the job's first event, and output.c leaves out what was shown already. stdin is
 * read only while no piece of it is under way, so a slow program slows its feeder and nothing piles
 * up.
 */
#include "cli/run_follow.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "cli/run_options.h"
#include "cli/run_output.h"
#include "cli/run_sse.h"

enum {
	ATTEMPTS_MAX = 8, /* to reach a server that went away, doubling from … */
	RETRY_FIRST_MSEC = 50,
	STDIN_RETRY_MSEC = 50, /* the program reads slowly */
	STDIN_PIECE = 64 << 10,
	KILL_PATIENCE_MSEC = 5000, /* for the result after a kill was asked for */
	IDLE_MSEC = 1000,
};

struct follow {
	struct http *http;
	char events_path[80], stdin_path[80], close_path[96], kill_path[80];
	struct http_transfer events, feed, kill;
	struct sse_parser parser;
	struct output output;
	int signal_fd;

	int stdin_open;	 /* there may be more to forward */
	int stdin_ended; /* EOF was read: the next piece is the closing one */
	char piece[STDIN_PIECE];
	size_t piece_len;      /* read but not yet taken by the server */
	uint64_t feed_at_usec; /* not before */

	unsigned attempts;	 /* to open the event stream, since it last spoke */
	uint64_t events_at_usec; /* not before */
	int stop_signal;	 /* what the user ended us with */
	uint64_t patience_usec;	 /* after a kill: when to stop waiting */
	int kill_sent;
	int ended, status;
};

static void job_end(struct follow *follow, int status)
{
	follow->ended = 1;
	follow->status = status;
}

static uint64_t after_msec(uint64_t msec)
{
	return clock_monotonic_usec() + msec * USEC_PER_MSEC;
}

/* Wants the end of the job; kill_step() asks for it, as no transfer may start in a callback of one.
 */
static void kill_want(struct follow *follow, int signal)
{
	if (follow->stop_signal)
		return;
	follow->stop_signal = signal;
	follow->stdin_open = 0;
	follow->patience_usec = after_msec(KILL_PATIENCE_MSEC);
}

/* sse_callback. Unknown events are for clients newer than this one. */
static int event_take(void *owner, const char *name, const char *data, size_t len)
{
	struct follow *follow = owner;
	json_t *event = json_loadb(data, len, JSON_ALLOW_NUL, NULL);
	int r = 0;

	follow->attempts = 0;
	if (!event)
		return -EBADMSG;
	if (strcmp(name, "output") == 0)
		r = output_event(&follow->output, event);
	else if (strcmp(name, "state") == 0)
		output_state(&follow->output, event);
	else if (strcmp(name, "result") == 0) {
		output_progress_end(&follow->output);
		job_end(follow, result_status(event, follow->stop_signal));
	}
	json_decref(event);
	if (r == -EPIPE || r == -EIO) {
		/* Nobody reads the output any more: end the job as the pipe would have ended us. */
		kill_want(follow, SIGPIPE);
		return 0;
	}
	return r;
}

static int events_bytes(void *owner, const char *bytes, size_t len)
{
	struct follow *follow = owner;
	return sse_feed(&follow->parser, bytes, len);
}

static int events_open(struct follow *follow, struct error *err)
{
	const struct http_request request = {
		.method = "GET",
		.path = follow->events_path,
		.sink = events_bytes,
		.owner = follow,
	};

	sse_reset(&follow->parser);
	output_restart(&follow->output);
	return http_start(follow->http, &follow->events, &request, err);
}

/* The stream ended without a result: is it worth another try? */
static int events_broken(struct follow *follow, struct error *err)
{
	long status = follow->events.status;
	int r = http_fault(follow->http, &follow->events, err);

	if (r == 0 && status >= 400 && status < 500)
		r = error_set_plain(err, -ENOENT, "server", "the server has lost the job");
	else if (r == 0)
		r = error_set_plain(err, -EIO, "server", "the server broke off without a result");
	http_end(follow->http, &follow->events);
	if (r == -ENOENT || ++follow->attempts > ATTEMPTS_MAX)
		return r;
	follow->events_at_usec = after_msec((uint64_t)RETRY_FIRST_MSEC << (follow->attempts - 1));
	return 0;
}

static int events_step(struct follow *follow, struct error *err)
{
	if (follow->events.done && !follow->ended)
		return events_broken(follow, err);
	if (!follow->events.easy && clock_monotonic_usec() >= follow->events_at_usec)
		return events_open(follow, err);
	return 0;
}

static void feed_done(struct follow *follow)
{
	long status = follow->feed.result == CURLE_OK ? follow->feed.status : 0;

	http_end(follow->http, &follow->feed);
	if (status == 429 || status == 503) {
		follow->feed_at_usec = after_msec(STDIN_RETRY_MSEC);
		return; /* the piece is kept and sent again */
	}
	/* 409: the program has ended or closed its stdin. Anything else: the event stream will
	 * tell. */
	if (status / 100 != 2 || follow->stdin_ended)
		follow->stdin_open = 0;
	follow->piece_len = 0;
}

static int feed_send(struct follow *follow, struct error *err)
{
	const struct http_request request = {
		.method = "POST",
		.path = follow->stdin_ended ? follow->close_path : follow->stdin_path,
		.body = follow->piece,
		.body_len = follow->piece_len,
		.timeout_sec = 30,
	};
	return http_start(follow->http, &follow->feed, &request, err);
}

/* Reads the next piece; called when stdin is readable. */
static int feed_read(struct follow *follow, struct error *err)
{
	ssize_t n = read(STDIN_FILENO, follow->piece, sizeof(follow->piece));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	follow->piece_len = n > 0 ? (size_t)n : 0;
	follow->stdin_ended = n <= 0;
	return feed_send(follow, err);
}

static int feed_step(struct follow *follow, int readable, struct error *err)
{
	if (follow->feed.done)
		feed_done(follow);
	if (!follow->stdin_open || follow->feed.easy ||
	    clock_monotonic_usec() < follow->feed_at_usec)
		return 0;
	if (follow->piece_len > 0 || follow->stdin_ended)
		return feed_send(follow, err);
	return readable ? feed_read(follow, err) : 0;
}

static void signal_take(struct follow *follow)
{
	struct signalfd_siginfo info;

	if (read(follow->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (follow->stop_signal) /* asked twice: do not wait for the server */
		job_end(follow, RUN_EXIT_SIGNAL + (int)info.ssi_signo);
	else
		kill_want(follow, (int)info.ssi_signo);
}

static int kill_step(struct follow *follow, struct error *err)
{
	const struct http_request request = {
		.method = "POST", .path = follow->kill_path, .timeout_sec = 10};

	if (!follow->stop_signal || follow->ended)
		return 0;
	if (clock_monotonic_usec() > follow->patience_usec)
		job_end(follow, RUN_EXIT_SIGNAL + follow->stop_signal);
	if (follow->kill_sent)
		return 0;
	follow->kill_sent = 1;
	return http_start(follow->http, &follow->kill, &request, err);
}

/* How long nothing happens by itself. */
static int wait_msec(const struct follow *follow)
{
	if (!follow->events.easy || (follow->stdin_open && !follow->feed.easy &&
				     (follow->piece_len > 0 || follow->stdin_ended)))
		return STDIN_RETRY_MSEC;
	return IDLE_MSEC;
}

static int follow_once(struct follow *follow, struct error *err)
{
	struct curl_waitfd fds[HTTP_FDS_MAX] = {
		{.fd = follow->signal_fd, .events = CURL_WAIT_POLLIN},
		{.fd = STDIN_FILENO, .events = CURL_WAIT_POLLIN},
	};
	int hungry = follow->stdin_open && !follow->feed.easy && !follow->stdin_ended &&
		     follow->piece_len == 0;
	int r = http_poll(follow->http, fds, hungry ? 2 : 1, wait_msec(follow), err);

	if (fds[0].revents)
		signal_take(follow);
	if (r == 0)
		r = kill_step(follow, err);
	if (r == 0)
		r = feed_step(follow, hungry && fds[1].revents != 0, err);
	if (r == 0)
		r = events_step(follow, err);
	return r;
}

static int signals_open(struct error *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? error_set(err, -errno, "signals", "cannot wait for signals") : fd;
}

int follow_job(struct http *http, const char *id, enum stdin_mode mode, struct error *err)
{
	_cleanup_fd_ int signal_fd = signals_open(err);
	struct follow follow = {
		.http = http, .signal_fd = signal_fd, .stdin_open = mode == STDIN_STREAM};
	int r = signal_fd < 0 ? signal_fd : 0;

	follow.parser.callback = event_take;
	follow.parser.owner = &follow;
	snprintf(follow.events_path, sizeof(follow.events_path), "/api/v1/jobs/%.40s/events", id);
	snprintf(follow.stdin_path, sizeof(follow.stdin_path), "/api/v1/jobs/%.40s/stdin", id);
	snprintf(follow.close_path, sizeof(follow.close_path), "%s?close=1", follow.stdin_path);
	snprintf(follow.kill_path, sizeof(follow.kill_path), "/api/v1/jobs/%.40s/kill", id);
	if (r == 0)
		r = events_open(&follow, err);
	while (r == 0 && !follow.ended)
		r = follow_once(&follow, err);
	output_progress_end(&follow.output);
	http_end(http, &follow.events);
	http_end(http, &follow.feed);
	http_end(http, &follow.kill);
	sse_fini(&follow.parser);
	return r < 0 ? r : follow.status;
}
