#include "bake/cargo_says.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *start;
	enum cargo_event event;
	char end; /* ends the crate; 0: the line's end does */
} rows[] = {
	{"     Crates ", CARGO_SAYS_COUNT, 0},
	{"  Downloaded ", CARGO_SAYS_DOWNLOADED, 0},
	{"   Compiling ", CARGO_SAYS_BEGUN, 0},
	{"error: failed to run custom build command for `", CARGO_SAYS_BUILD_SCRIPT, '`'},
	{"error: could not compile `", CARGO_SAYS_NOT_COMPILED, '`'},
};

/* "NAME vVERSION (folder)" becomes "NAME VERSION". */
static void take_crate(const char *text, char end, char ret[CARGO_SAYS_SIZE])
{
	size_t n = 0;

	for (; *text && *text != end && strncmp(text, " (", 2) != 0; text++) {
		if (n + 1 == CARGO_SAYS_SIZE)
			break;
		if (*text == 'v' && n > 0 && ret[n - 1] == ' ')
			continue;
		ret[n++] = *text >= ' ' && *text < 0x7f ? *text : '?';
	}
	ret[n] = '\0';
}

void cargo_says(const char *line, struct cargo_said *ret_said)
{
	*ret_said = (struct cargo_said){.event = CARGO_SAYS_ELSE};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = strlen(rows[i].start);
		if (strncmp(line, rows[i].start, len) != 0)
			continue;
		ret_said->event = rows[i].event;
		if (rows[i].event == CARGO_SAYS_COUNT)
			ret_said->count = (unsigned)strtoul(line + len, NULL, 10);
		else
			take_crate(line + len, rows[i].end, ret_said->crate);
		return;
	}
}
