/*
 * sandlot-front: started by the supervisor as root (of the host, or of the supervisor's user
 * namespace), with fd 3 its channel; stdin and stdout are /dev/null, stderr is the log. In this
 * order: greeting, jail, manifest, store, service, HTTP, ready, and then the pump until the end.
 * Nothing but the greeting is read before the jail is closed.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "front/api_keys.h"
#include "front/http_server.h"
#include "front/jail.h"
#include "front/pump.h"
#include "front/service.h"
#include "front/snippets.h"
#include "front/store.h"
#include "front/web_root.h"
#include "ipc/channel.h"

enum { CHANNEL_FD = 3, STOP_SEC = 3 };

#ifdef __SANITIZE_ADDRESS__
/* The leak check at exit starts a tracer, which the jail rightly forbids. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif

static int channel_check(struct error *err)
{
	int type = 0;
	socklen_t size = sizeof(type);

	if (getsockopt(CHANNEL_FD, SOL_SOCKET, SO_TYPE, &type, &size) < 0)
		return error_set(err, -errno, "channel",
				 "sandlot-front is started by sandlot serve: fd 3 is no channel");
	if (type != SOCK_SEQPACKET)
		return error_set_plain(err, -EPROTOTYPE, "channel", "fd 3 is not a packet socket");
	if (fcntl(CHANNEL_FD, F_SETFD, FD_CLOEXEC) < 0)
		return error_set(err, -errno, "channel", "cannot set up fd 3");
	return 0;
}

/* Signals reach the pump through a signalfd; no other thread sees them. */
static int signals_block(struct error *err)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_SETMASK, &set, NULL) < 0 || sigaction(SIGPIPE, &ignore, NULL) < 0)
		return error_set(err, -errno, "signals", "cannot set up signals");
	return 0;
}

/* What the supervisor greets with. */
struct greeting {
	struct ipc_welcome welcome;
	int manifest_fd, data_fd;
	int web_fd; /* -EBADF: none */
};

/* Returns 1, or 0 when the supervisor has closed before a greeting, or a negative errno. */
static int greeting_receive(struct greeting *greeting, struct error *err)
{
	struct ipc_message message;
	int fds[IPC_FDS_MAX];
	int r = channel_receive(CHANNEL_FD, IPC_SUPERVISOR, IPC_GREETING, &message, fds, err);

	if (r <= 0)
		return r;
	greeting->welcome = message.welcome; /* no other message passes in this state */
	greeting->manifest_fd = fds[0];
	greeting->data_fd = fds[1];
	greeting->web_fd = greeting->welcome.has_web_root ? fds[2] : fd_close(fds[2]);
	return 1;
}

/* What was opened outside is closed again, but for the channel, before anything else is read. */
static int enter(struct greeting *greeting, struct manifest **ret_manifest, struct error *err)
{
	struct jail_config jail = {
		.data_fd = greeting->data_fd,
		.web_fd = greeting->web_fd,
		.user_id = greeting->welcome.user_id,
		.own_user_namespace = (int)greeting->welcome.own_user_namespace,
		.listen_port = greeting->welcome.listen_port,
	};

	int r = jail_enter(&jail, err);
	greeting->data_fd = fd_close(greeting->data_fd);
	greeting->web_fd = fd_close(greeting->web_fd);
	if (r == 0)
		r = manifest_read(greeting->manifest_fd, greeting->welcome.generation, ret_manifest,
				  err);
	greeting->manifest_fd = fd_close(greeting->manifest_fd);
	return r;
}

static int records_open(struct store **ret_store, struct error *err)
{
	static const char *const why[] = {NULL, "damaged", "written by a later version"};
	int set_aside;
	unsigned recovered;

	int r = store_open(JAIL_DATA, ret_store, &set_aside, &recovered, err);
	if (r < 0)
		return r;
	if (set_aside)
		log_warning("records_set_aside", "file=sandlot.db reason=\"%s\"", why[set_aside]);
	if (recovered)
		log_warning("jobs_lost", "count=%u reason=\"the server had stopped under them\"",
			    recovered);
	return 0;
}

/* NULL: none are to be kept on disk, or they cannot be; nothing else depends on them. */
static struct compile_store *compiles_open(const struct ipc_welcome *welcome)
{
	struct compile_store *store = NULL;
	struct error err = {0};

	if (welcome->cache_memory_bytes && welcome->cache_disk_bytes &&
	    compile_store_open(JAIL_DATA, welcome->cache_disk_bytes, &store, &err) < 0)
		log_warning("no_compile_cache_on_disk", "error=\"%s\"", err.text);
	return store;
}

static int shared_open(struct snippets **ret_snippets, struct error *err)
{
	int set_aside;

	int r = snippets_open(JAIL_DATA, SNIPPETS_SERVER, ret_snippets, &set_aside, err);
	if (r == 0 && set_aside)
		log_warning("snippets_set_aside", "file=snippets.db reason=damaged");
	return r;
}

static void stop_late(int signal)
{
	(void)signal;
	_exit(EXIT_SUCCESS);
}

/* Ends of all jobs are on record when this is called: slow readers are not waited for. */
static void stop_bound(void)
{
	struct sigaction late = {.sa_handler = stop_late};

	if (sigaction(SIGALRM, &late, NULL) == 0)
		alarm(STOP_SEC);
}

static int serve(struct service *service, const struct api_keys *keys, struct snippets *snippets,
		 const struct web_root *page, const struct ipc_welcome *welcome, struct error *err)
{
	struct http_server_config config = {
		.service = service,
		.snippets = snippets,
		.api_keys = keys,
		.listen_address = welcome->listen_address,
		.listen_port = welcome->listen_port,
		.rate = {welcome->rate_per_sec, welcome->rate_burst},
		.limits =
			{
#define X(field, option, unit, least, most, standard, help) .field = welcome->http_##field,
				HTTP_LIMITS(X)
#undef X
			},
		.assets = page->count ? page->assets : web_assets,
		.asset_count = page->count ? page->count : web_asset_count,
		.own_page = page->count > 0,
	};
	_Static_assert(sizeof(config.origins) == sizeof(welcome->allowed_origins), "one list");
	memcpy(config.origins, welcome->allowed_origins, sizeof(config.origins));
	struct http_server *server;
	struct ipc_message ready = {.type = IPC_READY};

	int r = http_proxies_read(welcome->proxies, &config.proxies, err);
	if (r == 0)
		r = http_server_start(&config, &server, &ready.ready.port, err);
	if (r < 0) {
		service_stop(service);
		return r;
	}
	r = channel_send(CHANNEL_FD, &ready, NULL);
	if (r < 0)
		error_set(err, r, "ready", "cannot tell the supervisor");
	else
		r = pump_run(service, CHANNEL_FD, err);
	service_stop(service);
	stop_bound();
	http_server_stop(server);
	return r;
}

static int front_run(struct error *err)
{
	struct greeting greeting = {.manifest_fd = -EBADF, .data_fd = -EBADF, .web_fd = -EBADF};
	struct manifest *manifest;
	struct store *store;
	struct snippets *snippets = NULL;
	static struct api_keys keys; /* written here alone, before there are other threads */
	struct service *service;
	struct web_root page = {0};

	int r = channel_check(err);
	if (r == 0)
		r = signals_block(err);
	if (r < 0)
		return r;
	r = greeting_receive(&greeting, err);
	if (r <= 0)
		return r;
	r = enter(&greeting, &manifest, err);
	if (r < 0)
		return r;
	r = api_keys_read(JAIL_DATA, &keys, err);
	if (r == 0)
		r = records_open(&store, err);
	if (r < 0) {
		manifest_unref(manifest);
		return r;
	}
	struct service_config config = service_config_default(&greeting.welcome);
	config.take_compile_store = compiles_open(&greeting.welcome);
	log_info("front_jailed", "image=%s user=%u", manifest_image_id(manifest),
		 greeting.welcome.user_id);
	r = service_new(&config, manifest, store, &service, err);
	if (r < 0)
		return r;
	r = shared_open(&snippets, err);
	if (r == 0 && greeting.welcome.has_web_root)
		r = web_root_read(JAIL_WEB, &page, err);
	if (r == 0)
		r = serve(service, &keys, snippets, &page, &greeting.welcome, err);
	else
		service_stop(service);
	web_root_fini(&page);
	snippets_close(snippets);
	service_free(service);
	return r;
}

int main(void)
{
	struct error err = {0};

	if (front_run(&err) < 0) {
		log_error("front_failed", "step=%s error=\"%s\"", err.step, err.text);
		return EXIT_FAILURE;
	}
	log_info("front_stopped", "reason=asked");
	return EXIT_SUCCESS;
}
