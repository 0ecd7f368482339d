/* What `sandlot serve` is told on its command line. Runs in the supervisor, before anything else.
 */
#ifndef SUPERVISOR_OPTIONS_H
#define SUPERVISOR_OPTIONS_H

#include <stdint.h>

#include "base/error.h"
#include "base/http_limits.h"

struct options {
	char listen_address[64];	 /* numeric, without brackets */
	unsigned listen_port;		 /* 0: pick one */
	const char *image_dir;		 /* borrowed from argv; NULL: the default image */
	int erofs_loop;			 /* 1: EROFS by loop device only */
	int allow_unsigned, allow_older; /* images, see the help */
	const char *keys_dir;		 /* borrowed from argv; NULL: the default folder */
	const char *stamps_dir;		 /* likewise */
	const char *data_dir;		 /* borrowed from argv; NULL: the default folder */
	unsigned compile_slots, run_slots;
	unsigned early_slots; /* what capacity_fit() leaves room for */
	struct limits compile_limits, run_limits;
	uint64_t interactive_wall_usec;
	char metrics_token[128];       /* empty: /metrics is nobody's */
	uint64_t memory_reserve_bytes; /* of the host's memory, which is to stay available */
	uint64_t cache_memory_bytes, cache_disk_bytes; /* of finished compiles; 0: none are kept */
	uint64_t carry_memory_bytes;		       /* of carried folders; 0: none are kept */
	unsigned rate_per_sec, rate_burst;	       /* 0: no limit */
	struct http_limits http;
	char proxies[256];	   /* addresses and networks, commas between them */
	char allowed_origins[256]; /* origins parted by spaces, "*" for any, or "" */
	const char *web_root;	   /* borrowed from argv; NULL: the embedded page */
};

enum options_verdict { OPTIONS_SERVE, OPTIONS_HELP };

/*
 * Reads argv. Returns OPTIONS_SERVE, OPTIONS_HELP when help was asked for, or -EINVAL with a text
 * that names the option, its fault and what is allowed.
 */
int options_parse(struct options *options, int argc, char **argv, struct error *err);

/*
 * Takes "ADDR:PORT" or "[ADDR]:PORT" with a numeric IPv4 or IPv6 address. Returns 0 or -EINVAL.
 * address: 64 bytes.
 */
int options_parse_listen(const char *text, char *ret_address, unsigned *ret_port,
			 struct error *err);

/*
 * Adds to a list of origins: "*" or SCHEME://HOST[:PORT] as browsers write it, without a path. What
 * is taken has no character that means anything in a header. Returns 0 or -EINVAL. list: 256 bytes.
 */
int options_add_origin(const char *text, char *list, struct error *err);

/* Prints the help on stdout. */
void options_help(void);

#endif
