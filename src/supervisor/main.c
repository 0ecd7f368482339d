/*
 * sandlot-supervisor, the program behind `sandlot serve`: prepares the host for cells, keeps a
 * front end alive, and runs the steps it asks for. One thread, one loop. It never parses what a
 * visitor sent.
 *
 * fds it holds: 0-2 as given; signalfd; epoll; the plan for front ends (front_child.h); its end of
 * the channel; the front end's pidfd; what the sandbox holds (sandbox.h); per cell a pidfd, a
 * report and an artefact. Everything is close-on-exec.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/loop.h"
#include "ipc/channel.h"
#include "sandbox/sandbox.h"
#include "supervisor/front_child.h"
#include "supervisor/ground.h"
#include "supervisor/images.h"
#include "supervisor/options.h"
#include "supervisor/steps.h"

enum { EXIT_USAGE = 64 };

/* A front end that dies younger than this is restarted only after RESTART_PAUSE. */
#define FRONT_YOUNG_USEC (2 * USEC_PER_SEC)
#define RESTART_PAUSE_USEC (1 * USEC_PER_SEC)
/* How long a front end may take to put its records in order at the end. */
#define STOP_GRACE_USEC (3 * USEC_PER_SEC)

struct supervisor {
	struct options options;
	struct loop loop;
	struct ground ground;
	struct images images;
	struct steps steps;
	struct ipc_welcome welcome;
	struct front_child front;
	struct loop_source front_ended, channel, signals;
	uint64_t restart_usec; /* when to start a front end; 0: one is there */
	uint64_t stop_usec;    /* when to stop waiting for the end; 0: not stopping */
	int listening;	       /* the address has been printed */
	int failed;	       /* exit status to end with */
	int terminals[3];      /* 1: that of 0, 1, 2 was a terminal at the start */
	int channel_writable_wanted;
};

static void on_front_ended(struct loop_source *source, uint32_t events);
static void on_channel(struct loop_source *source, uint32_t events);

static int front_start(struct supervisor *sup, struct error *err)
{
	sup->welcome.generation = images_generation(&sup->images);
	int r = front_child_start(&sup->front, &sup->ground.plan, &sup->welcome,
				  images_manifest_fd(&sup->images), err);
	if (r < 0)
		return r;
	sup->restart_usec = 0;
	sup->channel_writable_wanted = 0;
	sup->front_ended = (struct loop_source){sup->front.pidfd, on_front_ended, sup};
	sup->channel = (struct loop_source){sup->front.channel_fd, on_channel, sup};
	r = loop_add(&sup->loop, &sup->front_ended, EPOLLIN);
	if (r == 0)
		r = loop_add(&sup->loop, &sup->channel, EPOLLIN);
	if (r < 0) {
		loop_remove(&sup->loop, &sup->front_ended);
		front_child_reap(&sup->front);
		return error_set(err, r, "front", "cannot watch the front end");
	}
	log_info("front_started", "pid=%d", sup->front.pid);
	return 0;
}

/* The front end is gone, or has to go: its cells die with it; another one is started soon. */
static void front_lose(struct supervisor *sup, const char *why)
{
	uint64_t now = clock_monotonic_usec();
	int young = now - sup->front.started_usec < FRONT_YOUNG_USEC;
	int served = sup->front.state == IPC_SERVING;

	loop_remove(&sup->loop, &sup->front_ended);
	loop_remove(&sup->loop, &sup->channel);
	steps_abandon(&sup->steps);
	images_front_lost(&sup->images);
	int status = front_child_reap(&sup->front);
	if (sup->stop_usec)
		return;
	log_error("front_lost", "why=%s status=0x%x", why, (unsigned)status);
	if (!sup->listening) {
		/* It never served: the reason stands in the log, and trying again would not help.
		 */
		fprintf(stderr,
			"sandlot serve: the front end could not start; see the line above\n");
		sup->failed = EXIT_FAILURE;
		sup->stop_usec = now;
		return;
	}
	sup->restart_usec = young && !served ? now + RESTART_PAUSE_USEC : now;
}

static void on_front_ended(struct loop_source *source, uint32_t events)
{
	(void)events;
	front_lose(source->owner, "ended");
}

static void front_ready(struct supervisor *sup, const struct ipc_ready *ready)
{
	const char *address = sup->options.listen_address;
	int is_ipv6 = strchr(address, ':') != NULL;

	sup->front.state = IPC_SERVING;
	/* A restarted front end must come back at the same address. */
	sup->welcome.listen_port = ready->port;
	if (sup->listening)
		return;
	sup->listening = 1;
	printf("listening on http://%s%s%s:%u\n", is_ipv6 ? "[" : "", address, is_ipv6 ? "]" : "",
	       ready->port);
	fflush(stdout);
}

static int message_take(struct supervisor *sup, const struct ipc_message *message, const int *fds,
			struct error *err)
{
	switch (message->type) {
	case IPC_READY:
		front_ready(sup, &message->ready);
		return 0;
	case IPC_STEP_START:
		return steps_start(&sup->steps, &message->step_start, fds, err);
	case IPC_STEP_FEED:
		return steps_feed(&sup->steps, &message->step_feed, fds, err);
	case IPC_STEP_KILL:
		steps_kill(&sup->steps, &message->step_kill);
		return 0;
	case IPC_STEP_SIGNAL:
		steps_signal(&sup->steps, &message->step_signal);
		return 0;
	case IPC_IMAGE_READY:
		return images_take_ready(&sup->images, message->image_ready.generation, err);
	case IPC_IMAGE_REFUSED:
		return images_take_refusal(&sup->images, message->image_refused.generation,
					   message->image_refused.text, err);
	case IPC_IMAGE_UNUSED:
		return images_take_unused(&sup->images, message->image_unused.generation, err);
	default:
		/* The decoder lets nothing else through from the front end. */
		return error_set_plain(err, -EBADMSG, "ipc", "%s is not for the supervisor",
				       ipc_type_name(message->type));
	}
}

static void on_channel(struct loop_source *source, uint32_t events)
{
	struct supervisor *sup = source->owner;
	struct ipc_message message;
	struct error err = {0};
	int fds[IPC_FDS_MAX];

	if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		return; /* writable: the flush after this round does it */
	int r = channel_receive(sup->front.channel_fd, IPC_FRONT, sup->front.state, &message, fds,
				&err);
	if (r == -EAGAIN)
		return;
	if (r == 0) {
		front_lose(sup, "channel_closed");
		return;
	}
	if (r > 0) {
		r = message_take(sup, &message, fds, &err);
		for (unsigned i = 0; i < IPC_FDS_MAX; i++)
			fd_close(fds[i]);
	}
	if (r < 0) {
		log_error("protocol_violation", "text=%s", err.text);
		front_lose(sup, "protocol_violation");
	}
}

static void stop_begin(struct supervisor *sup)
{
	struct ipc_message message = {.type = IPC_STOP};

	if (sup->stop_usec)
		return;
	log_info("stopping", "cells=%u", sup->steps.running[0] + sup->steps.running[1]);
	sup->stop_usec = clock_monotonic_usec() + STOP_GRACE_USEC;
	sup->restart_usec = 0;
	images_stop(&sup->images);
	steps_abandon(&sup->steps);
	if (sup->front.pidfd >= 0 && channel_send(sup->front.channel_fd, &message, NULL) < 0)
		sup->stop_usec = clock_monotonic_usec();
}

/* Then SIGHUP means what it says. The kernel hangs a terminal up before it tells anybody. */
static int terminal_is_gone(const struct supervisor *sup)
{
	for (int fd = 0; fd < 3; fd++) {
		struct pollfd now = {.fd = fd};
		if (sup->terminals[fd] && poll(&now, 1, 0) == 1 && now.revents & POLLHUP)
			return 1;
	}
	return 0;
}

static void on_signal(struct loop_source *source, uint32_t events)
{
	struct supervisor *sup = source->owner;
	struct signalfd_siginfo info;

	(void)events;
	if (read(source->fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo != SIGHUP || terminal_is_gone(sup))
		stop_begin(sup);
	else if (!sup->stop_usec)
		images_change(&sup->images);
}

/* Sends the front end what waits for it. */
static void channel_flush(struct supervisor *sup)
{
	if (sup->front.channel_fd < 0 || sup->front.state != IPC_SERVING)
		return;
	int r = steps_flush(&sup->steps, sup->front.channel_fd);
	if (r == 0)
		r = images_flush(&sup->images, sup->front.channel_fd);
	if (r < 0) {
		front_lose(sup, "channel_broken");
		return;
	}
	if (r != sup->channel_writable_wanted) {
		sup->channel_writable_wanted = r;
		loop_modify(&sup->loop, &sup->channel, EPOLLIN | (r ? EPOLLOUT : 0u));
	}
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return !a || (b && b < a) ? b : a;
}

/* The first front end is started when there is an image for it to serve. */
static void first_image_check(struct supervisor *sup)
{
	uint64_t now = clock_monotonic_usec();

	if (sup->restart_usec || sup->front.pidfd >= 0 || sup->stop_usec)
		return;
	if (sup->images.current) {
		sup->restart_usec = now;
	} else if (sup->images.failure[0]) {
		fprintf(stderr, "sandlot serve: %s\n", sup->images.failure);
		sup->failed = EXIT_FAILURE;
		sup->stop_usec = now;
	}
}

/* Last in each round: whatever else there was to do has been done. */
static void ready_cells(struct supervisor *sup)
{
	if (sup->stop_usec || !sup->images.current)
		return;
	pool_use_image(&sup->steps.pool, image_number(sup->images.current));
	pool_tick(&sup->steps.pool);
}

/* Runs until stopped, and then until every cell and the front end are gone. */
static void serve(struct supervisor *sup)
{
	struct error err = {0};

	for (;;) {
		uint64_t now = clock_monotonic_usec();
		if (sup->stop_usec) {
			if (sup->front.pidfd >= 0 && now >= sup->stop_usec)
				front_lose(sup, "stop");
			if (sup->front.pidfd < 0 && steps_idle(&sup->steps))
				return;
		} else if (sup->restart_usec && now >= sup->restart_usec &&
			   front_start(sup, &err) < 0) {
			log_error("front_not_started", "step=%s text=%s", err.step, err.text);
			sup->restart_usec = now + RESTART_PAUSE_USEC;
		}
		uint64_t deadline = earlier(steps_deadline(&sup->steps), sup->restart_usec);
		if (sup->front.pidfd >= 0)
			deadline = earlier(deadline, sup->stop_usec);
		if (!sup->stop_usec)
			deadline = earlier(deadline, pool_deadline(&sup->steps.pool));
		int r = loop_once(&sup->loop, deadline);
		if (r < 0) {
			log_error("loop_failed", "error=%d", -r);
			sup->failed = EXIT_FAILURE;
			return;
		}
		steps_check(&sup->steps);
		channel_flush(sup);
		first_image_check(sup);
		ready_cells(sup);
	}
}

static void welcome_fill(struct supervisor *sup)
{
	sup->welcome =
		(struct ipc_welcome){.listen_port = sup->options.listen_port,
				     .user_id = FRONT_USER,
				     .own_user_namespace = sup->ground.user.ids != CELL_IDS_ROOT,
				     .compile_slots = sup->options.compile_slots,
				     .run_slots = sup->options.run_slots,
				     .early_slots = sup->options.early_slots,
				     .compile_limits = sup->options.compile_limits,
				     .run_limits = sup->options.run_limits,
				     .interactive_wall_usec = sup->options.interactive_wall_usec,
				     .cache_memory_bytes = sup->options.cache_memory_bytes,
				     .carry_memory_bytes = sup->options.carry_memory_bytes,
				     .cache_disk_bytes = sup->options.cache_disk_bytes,
				     .rate_per_sec = sup->options.rate_per_sec,
				     .rate_burst = sup->options.rate_burst,
				     .has_web_root = sup->options.web_root != NULL,
#define X(field, option, unit, least, most, standard, help) .http_##field = sup->options.http.field,
				     HTTP_LIMITS(X)
#undef X
		};
	snprintf(sup->welcome.metrics_token, sizeof(sup->welcome.metrics_token), "%s",
		 sup->options.metrics_token);
	snprintf(sup->welcome.listen_address, sizeof(sup->welcome.listen_address), "%s",
		 sup->options.listen_address);
	snprintf(sup->welcome.proxies, sizeof(sup->welcome.proxies), "%s", sup->options.proxies);
	snprintf(sup->welcome.allowed_origins, sizeof(sup->welcome.allowed_origins), "%s",
		 sup->options.allowed_origins);
}

static sigset_t signals_set(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	return set;
}

static int signals_open(struct supervisor *sup, struct error *err)
{
	sigset_t set = signals_set();

	sup->signals = (struct loop_source){signalfd(-1, &set, SFD_CLOEXEC), on_signal, sup};
	if (sup->signals.fd < 0)
		return error_set(err, -errno, "signals", "cannot watch signals");
	int r = loop_add(&sup->loop, &sup->signals, EPOLLIN);
	return r < 0 ? error_set(err, r, "signals", "cannot watch signals") : 0;
}

static int supervisor_run(struct supervisor *sup, struct error *err)
{
	int r = loop_init(&sup->loop);
	if (r < 0)
		return error_set(err, r, "loop", "cannot make the event loop");
	welcome_fill(sup);
	images_init(&sup->images, &sup->loop, &sup->ground.host, &sup->ground.source);
	r = signals_open(sup, err);
	if (r == 0)
		r = steps_init(&sup->steps, &sup->loop, &sup->ground.host, &sup->images,
			       &sup->options);
	if (r == 0) {
		images_change(&sup->images);
		serve(sup);
		steps_fini(&sup->steps);
		images_fini(&sup->images);
	}
	fd_close(sup->signals.fd);
	loop_fini(&sup->loop);
	return r;
}

int main(int argc, char **argv)
{
	struct supervisor sup = {.front = FRONT_CHILD_NONE, .signals = {.fd = -EBADF}};
	struct error err = {0};
	sigset_t set = signals_set();

	for (int fd = 0; fd < 3; fd++)
		sup.terminals[fd] = isatty(fd);
	int r = options_parse(&sup.options, argc, argv, &err);
	if (r == OPTIONS_HELP) {
		options_help();
		return EXIT_SUCCESS;
	}
	if (r < 0) {
		error_print("sandlot serve", &err);
		return EXIT_USAGE;
	}
	/* Before anybody can find us by the lock on the image's link and send us one. */
	sigprocmask(SIG_BLOCK, &set, NULL);
	r = ground_open(&sup.ground, &sup.options, &err);
	if (r == 0) {
		r = supervisor_run(&sup, &err);
		ground_close(&sup.ground);
	}
	if (r < 0) {
		error_print("sandlot serve", &err);
		return EXIT_FAILURE;
	}
	return sup.failed;
}
