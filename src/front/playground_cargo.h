/*
 * The Rust Playground's clients read what cargo prints on stderr. Here rustc is run without cargo,
 * and this writes the lines that cargo would have printed around it. Pure.
 */
#ifndef FRONT_PLAYGROUND_CARGO_H
#define FRONT_PLAYGROUND_CARGO_H

#include <stddef.h>
#include <stdint.h>

/* What cargo would have been asked for. */
enum cargo_command {
	CARGO_RUN,   /* build, and run what is a program or a test harness */
	CARGO_RUSTC, /* build only */
	CARGO_CHECK, /* clippy */
	CARGO_FMT,   /* prints nothing of its own */
};

struct cargo_build {
	enum cargo_command command;
	int release; /* profile release, else dev (or test) */
	int tests;   /* built as a test harness */
	int is_bin;  /* crate type bin, else some library */
};

enum { CARGO_FAILED_STATUS = 101 };

/* The first line, or "". Static. */
const char *cargo_before_compile(const struct cargo_build *build);

/*
 * What follows the first line: rustc's own messages less its summary, cargo's counts of them, and
 * when it succeeded how long it took and, when a program follows, what is run.
 * stderr_text: what rustc printed, len bytes. ret_text: new, NUL-terminated. Returns 0 or -ENOMEM.
 */
int cargo_after_compile(const struct cargo_build *build, const char *stderr_text, size_t len,
			int success, int will_run, uint64_t wall_usec, char **ret_text,
			size_t *ret_len);

/* The last line when the program has failed, or "". Static. */
const char *cargo_after_run(const struct cargo_build *build, int success);

#endif
