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
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/folder.h"
#include "base/log.h"
#include "base/loop.h"
#include "ipc/channel.h"
#include "sandbox/sandbox.h"
#include "supervisor/front_child.h"
#include "supervisor/options.h"
#include "supervisor/steps.h"

enum { EXIT_USAGE = 64 };

/* A front end that dies younger than this is restarted only after RESTART_PAUSE. */
#define FRONT_YOUNG_USEC (2 * USEC_PER_SEC)
#define RESTART_PAUSE_USEC (1 * USEC_PER_SEC)
/* How long a front end may take to put its records in order at the end. */
#define STOP_GRACE_USEC (3 * USEC_PER_SEC)

enum { CELL_SLOTS_MORE = 64 }; /* dying cells still hold host users of their own */

/* The front end's user never changes, so that its data stays its own; the cells' come after it. */
#define FRONT_USER CELL_UID_FIRST_DEFAULT

struct supervisor {
	struct options options;
	struct loop loop;
	struct cell_user user;
	struct cell_host host;
	struct steps steps;
	struct front_plan plan;
	struct ipc_welcome welcome;
	struct front_child front;
	struct loop_source front_ended, channel, signals;
	uint64_t restart_usec; /* when to start a front end; 0: one is there */
	uint64_t stop_usec;    /* when to stop waiting for the end; 0: not stopping */
	int listening;	       /* the address has been printed */
	int failed;	       /* exit status to end with */
	int channel_writable_wanted;
};

static void on_front_ended(struct loop_source *source, uint32_t events);
static void on_channel(struct loop_source *source, uint32_t events);

static int front_start(struct supervisor *sup, struct error *err)
{
	int r = front_child_start(&sup->front, &sup->plan, &sup->welcome, err);
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
	case IPC_STEP_KILL:
		steps_kill(&sup->steps, &message->step_kill);
		return 0;
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
	steps_abandon(&sup->steps);
	if (sup->front.pidfd >= 0 && channel_send(sup->front.channel_fd, &message, NULL) < 0)
		sup->stop_usec = clock_monotonic_usec();
}

static void on_signal(struct loop_source *source, uint32_t events)
{
	struct signalfd_siginfo info;

	(void)events;
	if (read(source->fd, &info, sizeof(info)) == sizeof(info))
		stop_begin(source->owner);
}

static void results_flush(struct supervisor *sup)
{
	if (sup->front.channel_fd < 0 || sup->front.state != IPC_SERVING)
		return;
	int r = steps_flush(&sup->steps, sup->front.channel_fd);
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
		results_flush(sup);
		if (!sup->stop_usec)
			pool_tick(&sup->steps.pool);
	}
}

/* The folder of this program, where the others are too. */
static int exe_dir(char *ret_dir, size_t size, struct error *err)
{
	char path[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (len < 0)
		return error_set(err, -errno, "exe", "cannot tell where the program is");
	path[len] = '\0';
	snprintf(ret_dir, size, "%s", dirname(path));
	return 0;
}

static void default_image(const char *dir, char *ret_image, size_t size)
{
	/* In a build tree build/libexec/sandlot/ stands beside build/image; installed ones have
	 * /var/lib. */
	if (snprintf(ret_image, size, "%s/../../image", dir) < (int)size &&
	    access(ret_image, F_OK) == 0)
		return;
	snprintf(ret_image, size, "/var/lib/sandlot/image");
}

/* Without root: where the XDG base directory specification has a user's programs keep their state.
 */
static int default_data(const struct cell_user *user, char *ret_data, size_t size,
			struct error *err)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	snprintf(ret_data, size, "/var/lib/sandlot");
	if (user->ids == CELL_IDS_ROOT)
		return 0;
	if (state && state[0] == '/')
		snprintf(ret_data, size, "%s/sandlot", state);
	else if (home && home[0] == '/')
		snprintf(ret_data, size, "%s/.local/state/sandlot", home);
	else
		return error_set_plain(
			err, -ENOENT, "data",
			"there is no HOME to keep the data in; name a folder with --data");
	int r = folder_make_path(ret_data, 0700);
	return r < 0 ? error_set(err, r, "data", "cannot make the data folder %.120s", ret_data)
		     : 0;
}

/*
 * Becomes what cells are launched as. Without root the host's mount namespace could not be entered
 * again for another front end: a copy of it is made that is ours.
 */
static int user_enter(struct supervisor *sup, struct error *err)
{
	unsigned slots = 2 * (sup->options.compile_slots + sup->options.run_slots) +
			 POOL_CELLS_MAX + CELL_SLOTS_MORE;
	char conflict[ERROR_TEXT_MAX];

	int r = cell_user_enter(slots, &sup->user, err);
	if (r < 0)
		return r;
	if (sup->user.ids == CELL_IDS_ROOT && setgroups(0, NULL) < 0)
		return error_set(err, -errno, "start", "cannot drop supplementary groups");
	if (sup->user.ids != CELL_IDS_ROOT &&
	    (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0))
		return error_set(err, -errno, "start", "cannot make a mount namespace");
	if (sup->user.ids == CELL_IDS_SINGLE)
		log_warning("no_user_ids",
			    "cost=\"all cells are the same user on the host, and ours\" why=\"%s\"",
			    sup->user.missing);
	if (cell_user_conflict(&sup->user, conflict, sizeof(conflict)))
		log_warning("user_ids_shared", "what=\"%s\"", conflict);
	return 0;
}

static void welcome_fill(struct supervisor *sup)
{
	sup->welcome = (struct ipc_welcome){
		.generation = 1,
		.listen_port = sup->options.listen_port,
		.user_id = FRONT_USER,
		.own_user_namespace = sup->user.ids != CELL_IDS_ROOT,
		.compile_slots = sup->options.compile_slots,
		.run_slots = sup->options.run_slots,
		.compile_limits = sup->options.compile_limits,
		.run_limits = sup->options.run_limits,
		.interactive_wall_usec = sup->options.interactive_wall_usec,
	};
	snprintf(sup->welcome.listen_address, sizeof(sup->welcome.listen_address), "%s",
		 sup->options.listen_address);
}

static int signals_open(struct supervisor *sup, struct error *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sup->signals = (struct loop_source){signalfd(-1, &set, SFD_CLOEXEC), on_signal, sup};
	if (sup->signals.fd < 0)
		return error_set(err, -errno, "signals", "cannot watch signals");
	int r = loop_add(&sup->loop, &sup->signals, EPOLLIN);
	return r < 0 ? error_set(err, r, "signals", "cannot watch signals") : 0;
}

/* Pipes, pidfds and memfds of many cells: as many as the system lets us have. */
static void raise_open_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int supervisor_open(struct supervisor *sup, struct error *err)
{
	char dir[PATH_MAX], image[PATH_MAX], front_exe[PATH_MAX + 16], cell_exe[PATH_MAX + 16];
	char data[PATH_MAX], cgroup_name[32];

	int r = exe_dir(dir, sizeof(dir), err);
	if (r == 0)
		r = user_enter(sup, err);
	if (r < 0)
		return r;
	default_image(dir, image, sizeof(image));
	if (sup->options.image_dir)
		snprintf(image, sizeof(image), "%s", sup->options.image_dir);
	snprintf(front_exe, sizeof(front_exe), "%s/sandlot-front", dir);
	snprintf(cell_exe, sizeof(cell_exe), "%s/sandlot-cell", dir);
	snprintf(cgroup_name, sizeof(cgroup_name), "sandlot-%d", getpid());

	raise_open_files();
	umask(077);
	if (sup->options.data_dir)
		snprintf(data, sizeof(data), "%s", sup->options.data_dir);
	else
		r = default_data(&sup->user, data, sizeof(data), err);
	if (r == 0)
		r = front_plan_open(&sup->plan, front_exe, image, data,
				    sup->user.ids == CELL_IDS_ROOT ? FRONT_USER : geteuid(), err);
	if (r < 0)
		return r;
	struct cell_host_config config = {
		.image_dir = image,
		.cell_exe = cell_exe,
		.cgroup_name = cgroup_name,
		.user = &sup->user,
	};
	r = cell_host_enter(&sup->host, &config, err);
	if (r < 0)
		return r;
	if (!sup->host.cgroups)
		log_warning("no_cgroups", "cost=\"%s\"", sup->host.no_cgroups);
	welcome_fill(sup);
	return 0;
}

static int supervisor_run(struct supervisor *sup, struct error *err)
{
	int r = loop_init(&sup->loop);
	if (r < 0)
		return error_set(err, r, "loop", "cannot make the event loop");
	r = signals_open(sup, err);
	if (r == 0)
		r = steps_init(&sup->steps, &sup->loop, &sup->host, &sup->options);
	if (r == 0)
		r = front_start(sup, err);
	if (r == 0) {
		serve(sup);
		steps_fini(&sup->steps);
	}
	fd_close(sup->signals.fd);
	loop_fini(&sup->loop);
	return r;
}

int main(int argc, char **argv)
{
	struct supervisor sup = {.front = FRONT_CHILD_NONE,
				 .signals = {.fd = -EBADF},
				 .plan = FRONT_PLAN_NONE,
				 .user.claim_fd = -EBADF};
	struct error err = {0};

	int r = options_parse(&sup.options, argc, argv, &err);
	if (r == OPTIONS_HELP) {
		options_help();
		return EXIT_SUCCESS;
	}
	if (r < 0) {
		error_print("sandlot serve", &err);
		return EXIT_USAGE;
	}
	r = supervisor_open(&sup, &err);
	if (r == 0) {
		r = supervisor_run(&sup, &err);
		cell_host_fini(&sup.host);
	}
	front_plan_close(&sup.plan);
	cell_user_close(&sup.user);
	if (r < 0) {
		error_print("sandlot serve", &err);
		return EXIT_FAILURE;
	}
	return sup.failed;
}
