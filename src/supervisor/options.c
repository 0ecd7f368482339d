#include "supervisor/options.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/net_prefix.h"

static const char help_text[] =
	"Usage: sandlot serve [OPTION]...\n"
	"\n"
	"Serves the playground: a page, and an HTTP API, that compile and run code in sandboxes.\n"
	"Runs in the foreground, as root or as a user who may make user namespaces, prints one "
	"line\n"
	"`listening on http://ADDR:PORT` when it can serve, and ends, with every job, on SIGTERM "
	"or\n"
	"Ctrl-C.\n"
	"\n"
	"  --listen ADDR:PORT         where to listen (default 127.0.0.1:8080); port 0 picks one;\n"
	"                             IPv6 as [::1]:8080 (not with Debian 12's civetweb)\n"
	"  --image DIR                the tool-chain image (default: the one `make image` baked)\n"
	"  --keys DIR                 folder of the public keys that are trusted (default: "
	"$SANDLOT_KEYS,\n"
	"                             /etc/sandlot/keys, without root ~/.config/sandlot/keys,\n"
	"                             if that is there)\n"
	"  --allow-unsigned           take an image without a signature; never one that was "
	"altered\n"
	"  --allow-older              take any image older than one of its name that was served "
	"before;\n"
	"                             otherwise only one that `sandlot image rollback`, or "
	"`use`\n"
	"                             with --allow-older, went to\n"
	"  --stamps DIR               folder that remembers what was verified and served "
	"(default:\n"
	"                             /var/cache/sandlot/stamps, without root "
	"~/.cache/sandlot/stamps)\n"
	"  --erofs-loop               mount image.erofs by loop device, even where the kernel "
	"needs "
	"none\n"
	"  --data DIR                 folder for the job record (default: /var/lib/sandlot; "
	"without\n"
	"                             root $XDG_STATE_HOME/sandlot, ~/.local/state/sandlot)\n"
	"  --compile-slots N          compile steps at once (default: processors)\n"
	"  --run-slots N              run steps at once (default: 16 for each processor)\n"
	"  --compile-limit NAME=VALUE most a compile step may use, e.g. wall=10s; may be repeated\n"
	"  --run-limit NAME=VALUE     most a run step may use, e.g. memory=512M; may be repeated\n"
	"  --interactive-wall TIME    most time of a run that is fed by hand (default 60s)\n"
	"  --memory-reserve SIZE      of the host's memory: while less is available, programs are "
	"run\n"
	"                             one at a time and nothing is kept ready (default 256M)\n"
	"  --cache-memory SIZE        most that finished compiles kept in memory may take, 0 for "
	"none\n"
	"                             (default 128M)\n"
	"  --cache-disk SIZE          likewise in the data folder, where they outlive the server\n"
	"                             (default 512M)\n"
	"  --carry-memory SIZE        most that what visitors' compiles leave for their next ones "
	"may\n"
	"                             take, 0 for nothing (default 64M)\n"
	"  --metrics-token-file FILE  its first line is what /metrics wants as Bearer (default: "
	"/metrics\n"
	"                             is nobody's)\n";

static const char help_more[] =
	"  --rate N                   requests that start or keep something, which one client may "
	"make\n"
	"                             in a second (default 200; 0: as many as he likes); a "
	"snippet\n"
	"                             counts as 50. A client is an address, of IPv6 a /64\n"
	"  --burst N                  as many at once after a quiet time (default 1000)\n"
	"  --proxy ADDR[/BITS]        believe this reverse proxy's X-Forwarded-For; may be "
	"repeated\n"
	"                             (clients may have a share of their own: file api-keys in "
	"--data)\n"
	"  --web-root DIR             serve the page in DIR (index.html and what it wants, "
	"readable by\n"
	"                             everybody; read when the server starts) in place of our "
	"own\n"
	"  --allow-origin ORIGIN      a site whose pages, such as books with examples to run, may "
	"use this\n"
	"                             server: frame /embed and call every API, the WebSocket "
	"included;\n"
	"                             e.g. https://book.example; may be repeated; * for any; "
	"without it\n"
	"                             none may\n"
	"  --help                     this text\n"
	"\n"
	"What is taken of anybody, at most (a head may have 63 fields):\n";

static const char help_more_still[] =
	"\n"
	"SIGHUP (but for that of a terminal that closes) makes it look at --image again and go "
	"over\n"
	"to what is there now. Jobs that wait or run keep the image they began with, and when the\n"
	"new one will not do, the old one stays.\n"
	"\n"
	"Without root, memory and processor time of whole jobs can be limited where systemd gives "
	"a\n"
	"cgroup: systemd-run --user --scope -p Delegate=yes sandlot serve\n"
	"\n"
	"Limits: ";

static const char help_examples[] =
	"\n"
	"Examples:\n"
	"  sandlot serve\n"
	"  sandlot serve --listen 0.0.0.0:80 --image /srv/sandlot/image\n"
	"  sandlot serve --web-root /srv/playground/build\n"
	"  sandlot serve --rate 5 --burst 30 --proxy 127.0.0.1     # public, behind a reverse "
	"proxy\n"
	"  sandlot serve --listen 127.0.0.1:0 --run-limit memory=128M --run-limit wall=5s\n"
	"  sandlot serve --allow-origin https://book.example --allow-origin http://localhost:3000\n"
	"  sandlot serve --listen 0.0.0.0:8080 --allow-origin '*'     # for everybody's books\n"
	"  sandlot serve --connections 128 --client-connections 16 --request-time 5s\n"
	"  kill -HUP $(pidof sandlot-supervisor)     # serve the image that --image now leads to\n";

static void http_limits_help(void)
{
	static const char *const values[] = {
		[LIMIT_USEC] = "TIME", [LIMIT_BYTES] = "SIZE", [LIMIT_COUNT] = "N"};
	const struct http_limits standard = http_limits_default();
	char option[40], text[HTTP_LIMIT_TEXT];

	for (enum http_limit i = 0; i < HTTP_LIMIT_COUNT; i++) {
		const struct limit_row *row = http_limit_row(i);
		http_limit_format(
			i, *(const uint64_t *)(const void *)((const char *)&standard + row->offset),
			text);
		snprintf(option, sizeof(option), "--%s %s", row->name, values[row->unit]);
		printf("  %-26s %s (default %s)\n", option, row->help, text);
	}
}

void options_help(void)
{
	fputs(help_text, stdout);
	fputs(help_more, stdout);
	http_limits_help();
	fputs(help_more_still, stdout);
	for (size_t i = 0; i < LIMIT_FIELDS; i++)
		printf("%s%s", i ? ", " : "", limit_rows()[i].name);
	fputs("\n", stdout);
	fputs(help_examples, stdout);
}

#define CACHE_BYTES_MAX (UINT64_C(1) << 40)

enum { TOKEN_LEAST = 8 };

/* RFC 6750: b64token. */
static const char token_characters[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=";

static int parse_number(const char *option, const char *text, unsigned long least,
			unsigned long most, unsigned *ret_number, struct error *err)
{
	char *end;

	errno = 0;
	unsigned long number = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || number < least || number > most)
		return error_set_plain(err, -EINVAL, "options",
				       "%s takes a whole number from %lu to %lu, not \"%.40s\"",
				       option, least, most, text);
	*ret_number = (unsigned)number;
	return 0;
}

int options_parse_listen(const char *text, char *ret_address, unsigned *ret_port, struct error *err)
{
	char address[64];
	unsigned char binary[sizeof(struct in6_addr)];
	const char *colon = strrchr(text, ':');
	const char *from = text;
	size_t len = colon ? (size_t)(colon - text) : 0;
	int family = AF_INET;

	if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
		family = AF_INET6;
		from = text + 1;
		len -= 2;
	}
	if (!colon || len == 0 || len >= sizeof(address))
		goto wrong;
	memcpy(address, from, len);
	address[len] = '\0';
	if (inet_pton(family, address, binary) != 1)
		goto wrong;

	char *end;
	errno = 0;
	unsigned long port = strtoul(colon + 1, &end, 10);
	if (colon[1] < '0' || colon[1] > '9' || *end || errno || port > 65535)
		goto wrong;
	memcpy(ret_address, address, len + 1);
	*ret_port = (unsigned)port;
	return 0;
wrong:
	return error_set_plain(
		err, -EINVAL, "options",
		"--listen takes a numeric address and a port from 0 to 65535, such as "
		"127.0.0.1:8080 or [::1]:8080, not \"%.60s\"",
		text);
}

static int parse_interactive_wall(struct options *options, const char *value, struct error *err)
{
	struct limits limits = options->run_limits;
	char text[64];

	snprintf(text, sizeof(text), "wall=%.40s", value);
	int r = limits_parse(&limits, text, err);
	if (r == 0)
		options->interactive_wall_usec = limits.wall_usec;
	return r;
}

/* Bytes, or with K, M or G behind the number. */
static int parse_size(const char *option, const char *text, uint64_t *ret_bytes, struct error *err)
{
	static const char suffixes[] = "KMG";
	char *end;

	errno = 0;
	unsigned long long number = strtoull(text, &end, 10);
	const char *suffix = *end ? strchr(suffixes, *end) : NULL;
	unsigned shift = suffix ? 10 * ((unsigned)(suffix - suffixes) + 1) : 0;
	if (text[0] < '0' || text[0] > '9' || errno || (*end && (!suffix || end[1])) ||
	    number > CACHE_BYTES_MAX >> shift)
		return error_set_plain(err, -EINVAL, "options",
				       "%s takes a number of bytes up to 1024G, such as 128M, or "
				       "0, not \"%.40s\"",
				       option, text);
	*ret_bytes = (uint64_t)number << shift;
	return 0;
}

/* Not on the command line, where every user of the machine could read it. */
static int read_token(struct options *options, const char *path, struct error *err)
{
	char *token = options->metrics_token;
	ssize_t n = -1;

	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		n = read(fd, token, sizeof(options->metrics_token) - 1);
	if (n < 0)
		return error_set(err, -errno, "options", "--metrics-token-file: cannot read %.150s",
				 path);
	token[n] = '\0';
	size_t len = strcspn(token, "\r\n");
	int whole = token[len] != '\0' || (size_t)n < sizeof(options->metrics_token) - 1;
	token[len] = '\0';
	if (!whole || len < TOKEN_LEAST || strspn(token, token_characters) != len)
		return error_set_plain(
			err, -EINVAL, "options",
			"--metrics-token-file: the first line of %.100s is no token: %d to %zu "
			"letters, digits or -._~+/=",
			path, TOKEN_LEAST, sizeof(options->metrics_token) - 2);
	return 0;
}

static int proxy_add(struct options *options, const char *value, struct error *err)
{
	size_t used = strlen(options->proxies);
	struct net_prefix prefix;

	if (net_prefix_parse(value, strlen(value), &prefix) < 0)
		return error_set_plain(err, -EINVAL, "options",
				       "--proxy takes an address or a network, such as 127.0.0.1, "
				       "10.0.0.0/8 or 2001:db8::/32, not \"%.60s\"",
				       value);
	if (used + strlen(value) + 2 > sizeof(options->proxies))
		return error_set_plain(err, -EINVAL, "options",
				       "there are too many --proxy: name a network instead");
	snprintf(options->proxies + used, sizeof(options->proxies) - used, "%s%s", used ? "," : "",
		 value);
	return 0;
}

enum { RATE_MAX = 1000000 };

enum option_id {
	OPTION_LISTEN = 1,
	OPTION_IMAGE,
	OPTION_KEYS,
	OPTION_ALLOW_UNSIGNED,
	OPTION_ALLOW_OLDER,
	OPTION_STAMPS,
	OPTION_EROFS_LOOP,
	OPTION_DATA,
	OPTION_COMPILE_SLOTS,
	OPTION_RUN_SLOTS,
	OPTION_COMPILE_LIMIT,
	OPTION_RUN_LIMIT,
	OPTION_INTERACTIVE_WALL,
	OPTION_MEMORY_RESERVE,
	OPTION_CACHE_MEMORY,
	OPTION_CARRY_MEMORY,
	OPTION_CACHE_DISK,
	OPTION_METRICS_TOKEN_FILE,
	OPTION_RATE,
	OPTION_BURST,
	OPTION_PROXY,
	OPTION_WEB_ROOT,
	OPTION_ALLOW_ORIGIN,
	OPTION_HELP,
	OPTION_HTTP_LIMIT, /* and HTTP_LIMIT_COUNT - 1 more */
};

static const struct option long_options[] = {
	{"listen", required_argument, NULL, OPTION_LISTEN},
	{"image", required_argument, NULL, OPTION_IMAGE},
	{"keys", required_argument, NULL, OPTION_KEYS},
	{"allow-unsigned", no_argument, NULL, OPTION_ALLOW_UNSIGNED},
	{"allow-older", no_argument, NULL, OPTION_ALLOW_OLDER},
	{"stamps", required_argument, NULL, OPTION_STAMPS},
	{"erofs-loop", no_argument, NULL, OPTION_EROFS_LOOP},
	{"data", required_argument, NULL, OPTION_DATA},
	{"compile-slots", required_argument, NULL, OPTION_COMPILE_SLOTS},
	{"run-slots", required_argument, NULL, OPTION_RUN_SLOTS},
	{"compile-limit", required_argument, NULL, OPTION_COMPILE_LIMIT},
	{"run-limit", required_argument, NULL, OPTION_RUN_LIMIT},
	{"interactive-wall", required_argument, NULL, OPTION_INTERACTIVE_WALL},
	{"memory-reserve", required_argument, NULL, OPTION_MEMORY_RESERVE},
	{"cache-memory", required_argument, NULL, OPTION_CACHE_MEMORY},
	{"carry-memory", required_argument, NULL, OPTION_CARRY_MEMORY},
	{"cache-disk", required_argument, NULL, OPTION_CACHE_DISK},
	{"metrics-token-file", required_argument, NULL, OPTION_METRICS_TOKEN_FILE},
	{"rate", required_argument, NULL, OPTION_RATE},
	{"burst", required_argument, NULL, OPTION_BURST},
	{"proxy", required_argument, NULL, OPTION_PROXY},
	{"web-root", required_argument, NULL, OPTION_WEB_ROOT},
	{"allow-origin", required_argument, NULL, OPTION_ALLOW_ORIGIN},
	{"help", no_argument, NULL, OPTION_HELP},
#define X(field, option, unit, least, most, standard, help)                                        \
	{option, required_argument, NULL, OPTION_HTTP_LIMIT + HTTP_LIMIT_##field},
	HTTP_LIMITS(X)
#undef X
		{NULL, 0, NULL, 0},
};

static int option_take(struct options *options, int id, const char *value, struct error *err)
{
	switch (id) {
	case OPTION_LISTEN:
		return options_parse_listen(value, options->listen_address, &options->listen_port,
					    err);
	case OPTION_IMAGE:
		options->image_dir = value;
		return 0;
	case OPTION_KEYS:
		options->keys_dir = value;
		return 0;
	case OPTION_ALLOW_UNSIGNED:
		options->allow_unsigned = 1;
		return 0;
	case OPTION_ALLOW_OLDER:
		options->allow_older = 1;
		return 0;
	case OPTION_STAMPS:
		options->stamps_dir = value;
		return 0;
	case OPTION_EROFS_LOOP:
		options->erofs_loop = 1;
		return 0;
	case OPTION_DATA:
		options->data_dir = value;
		return 0;
	case OPTION_COMPILE_SLOTS:
		return parse_number("--compile-slots", value, 1, 1024, &options->compile_slots,
				    err);
	case OPTION_RUN_SLOTS:
		return parse_number("--run-slots", value, 1, 4096, &options->run_slots, err);
	case OPTION_COMPILE_LIMIT:
		return limits_parse(&options->compile_limits, value, err);
	case OPTION_RUN_LIMIT:
		return limits_parse(&options->run_limits, value, err);
	case OPTION_INTERACTIVE_WALL:
		return parse_interactive_wall(options, value, err);
	case OPTION_MEMORY_RESERVE:
		return parse_size("--memory-reserve", value, &options->memory_reserve_bytes, err);
	case OPTION_CACHE_MEMORY:
		return parse_size("--cache-memory", value, &options->cache_memory_bytes, err);
	case OPTION_CARRY_MEMORY:
		return parse_size("--carry-memory", value, &options->carry_memory_bytes, err);
	case OPTION_CACHE_DISK:
		return parse_size("--cache-disk", value, &options->cache_disk_bytes, err);
	case OPTION_METRICS_TOKEN_FILE:
		return read_token(options, value, err);
	case OPTION_RATE:
		return parse_number("--rate", value, 0, RATE_MAX, &options->rate_per_sec, err);
	case OPTION_BURST:
		return parse_number("--burst", value, 1, RATE_MAX, &options->rate_burst, err);
	case OPTION_WEB_ROOT:
		options->web_root = value;
		return 0;
	case OPTION_PROXY:
		return proxy_add(options, value, err);
	case OPTION_ALLOW_ORIGIN:
		return options_add_origin(value, options->allowed_origins, err);
	default:
		assert(id >= OPTION_HTTP_LIMIT && id < OPTION_HTTP_LIMIT + HTTP_LIMIT_COUNT);
		return http_limits_parse(&options->http, (enum http_limit)(id - OPTION_HTTP_LIMIT),
					 value, err);
	}
}

int options_parse(struct options *options, int argc, char **argv, struct error *err)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned processors = cores < 1 ? 1 : cores > 256 ? 256 : (unsigned)cores;

	*options = (struct options){
		.listen_address = "127.0.0.1",
		.listen_port = 8080,
		.compile_slots = processors,
		.run_slots = processors * 16,
		.compile_limits = limits_default_compile(),
		.run_limits = limits_default_run(),
		.interactive_wall_usec = 60 * USEC_PER_SEC,
		.memory_reserve_bytes = UINT64_C(256) << 20,
		.cache_memory_bytes = UINT64_C(128) << 20,
		.cache_disk_bytes = UINT64_C(512) << 20,
		.carry_memory_bytes = UINT64_C(64) << 20,
		.rate_per_sec = 200,
		.rate_burst = 1000,
		.http = http_limits_default(),
	};
	opterr = 0;
	for (;;) {
		int at = optind; /* 0: before the first of a new series, see getopt_long(3) */
		int id = getopt_long(argc, argv, "+:", long_options, NULL);
		if (id == -1)
			break;
		if (id == OPTION_HELP)
			return OPTIONS_HELP;
		if (id == '?' || id == ':')
			return error_set_plain(
				err, -EINVAL, "options", "%s %.60s; see sandlot serve --help",
				id == ':' ? "a value is missing after" : "unknown option",
				argv[at ? at : 1]);
		int r = option_take(options, id, optarg, err);
		if (r < 0)
			return r;
	}
	if (optind < argc)
		return error_set_plain(err, -EINVAL, "options",
				       "unexpected argument \"%.60s\"; see sandlot serve --help",
				       argv[optind]);
	if (options->interactive_wall_usec < options->run_limits.wall_usec)
		options->interactive_wall_usec = options->run_limits.wall_usec;
	if (options->http.client_connections > options->http.connections)
		options->http.client_connections = options->http.connections;
	return OPTIONS_SERVE;
}
