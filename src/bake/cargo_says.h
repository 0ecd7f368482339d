/*
 * What a line that cargo printed on stderr says. Pure. (The words are those of cargo's shell
 * output, which is not promised to stay: a line that is not known is no failure.)
 */
#ifndef BAKE_CARGO_SAYS_H
#define BAKE_CARGO_SAYS_H

enum { CARGO_SAYS_SIZE = 160 };

enum cargo_event {
	CARGO_SAYS_ELSE,
	CARGO_SAYS_COUNT,	 /* build-crates.sh: so many crates there are */
	CARGO_SAYS_DOWNLOADED,	 /* crate */
	CARGO_SAYS_BEGUN,	 /* crate is being compiled */
	CARGO_SAYS_BUILD_SCRIPT, /* crate's build script failed */
	CARGO_SAYS_NOT_COMPILED, /* crate could not be compiled */
};

struct cargo_said {
	enum cargo_event event;
	unsigned count;
	char crate[CARGO_SAYS_SIZE]; /* "NAME VERSION", or "NAME" where cargo says no more */
};

void cargo_says(const char *line, struct cargo_said *ret_said);

#endif
