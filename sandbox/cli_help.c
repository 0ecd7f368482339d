#include "sandbox/cli_help.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "sandbox/cell_spec.h"

static const struct {
	const char *who, *name, *help;
} steps[CELL_STEP_COUNT] = {
#define HOST_STEP(constant, name, help) {"launcher", name, help},
#define INIT_STEP(constant, function, name, help) {"pid 1", name, help},
#define JOB_STEP(constant, function, name, help) {"job", name, help},
#define FEED_STEP(constant, function, name, help) {"pid 1", name, help},
#include "sandbox/cell_steps.def"
};

static const char usage[] =
	"Usage: sandlot cell --image DIR [OPTION]... -- PROGRAM [ARGUMENT]...\n"
	"Runs one command in a fresh sandbox (a cell) and exits with its status.\n"
	"\n"
	"  --image DIR            the image: what the cell sees as / is DIR/image.erofs (root "
	"only),\n"
	"                         else DIR/root, or DIR itself\n"
	"  --profile run|compile  system call filter, /proc and default limits (run)\n"
	"  --limit NAME=VALUE     see below; may be given several times, as most options\n"
	"  --file HOSTPATH:PATH   put a copy of a file at /playground/PATH; executable stays "
	"executable\n"
	"  --dir HOSTDIR:PATH     the same for a folder and what is below it (no links, no "
	"devices)\n"
	"  --bind HOSTDIR:PATH    show a folder of the host at /playground/PATH, read-only, "
	"uncopied\n"
	"  --erofs-loop           mount image.erofs by loop device, even where the kernel needs "
	"none\n"
	"  --artefact PATH:FILE   copy /playground/PATH out to FILE at the end\n"
	"  --env NAME=VALUE       set a variable besides PATH, HOME and LANG\n"
	"  --report FD            write the outcome as one JSON object to a file descriptor\n"
	"  --without LAYER        leave a layer off, to test the others: seccomp landlock cgroup\n"
	"                         rlimits net-ns proc readonly uid-drop ipc-ns uts-ns\n"
	"                         pivot cgroup-ns\n"
	"  --fail-at STEP         make a step fail, by number or name\n"
	"  --list-steps           show the steps a cell is built from\n"
	"\n"
	"Limits, with their defaults (run, compile):\n";

static const char examples[] =
	"\n"
	"Exit status: the command's own; 128 + N when signal N ended it; 124 out of time; 137 out "
	"of\n"
	"memory; 141 too much output; 125 the sandbox failed; 64 wrong usage.\n"
	"\n"
	"Examples:\n"
	"  sandlot cell --image build/image -- python3 -c 'print(6 * 7)'\n"
	"  sandlot cell --image build/image --limit wall=2s --limit memory=64M -- bash -c ': > x; "
	"ls -l'\n"
	"  sandlot cell --image build/image --profile compile --file hello.c:hello.c \\\n"
	"      --artefact hello:hello -- gcc -O2 -o hello hello.c\n"
	"  sandlot cell --image build/image --report 3 -- sleep 100 3>report.json\n";

/* A limit as one would write it: 10s, 512M, 64. */
static void format_limit(char *ret_text, size_t size, uint64_t value, enum limit_unit unit)
{
	static const char *const suffixes[] = {"", "K", "M", "G"};
	size_t scale = 0;

	if (unit == LIMIT_USEC) {
		snprintf(ret_text, size, "%llus", (unsigned long long)(value / USEC_PER_SEC));
		return;
	}
	while (unit == LIMIT_BYTES && value && value % 1024 == 0 && scale < 3) {
		value /= 1024;
		scale++;
	}
	snprintf(ret_text, size, "%llu%s", (unsigned long long)value, suffixes[scale]);
}

static void print_limit(const struct limit_row *row)
{
	struct limits run = limits_default_run(), compile = limits_default_compile();
	char texts[2][24];

	format_limit(texts[0], sizeof(texts[0]), *limit_field(&run, row), row->unit);
	format_limit(texts[1], sizeof(texts[1]), *limit_field(&compile, row), row->unit);
	printf("  %-12s %6s %6s  %s\n", row->name, texts[0], texts[1], row->help);
}

void cli_print_help(void)
{
	fputs(usage, stdout);
	for (size_t i = 0; i < LIMIT_FIELDS; i++)
		print_limit(&limit_rows()[i]);
	fputs(examples, stdout);
}

void cli_print_steps(void)
{
	for (int i = 0; i < CELL_STEP_COUNT; i++)
		printf("%2d  %-9s %-17s %s\n", i, steps[i].who, steps[i].name, steps[i].help);
}

int cli_step_number(const char *name)
{
	for (int i = 0; i < CELL_STEP_COUNT; i++)
		if (strcmp(steps[i].name, name) == 0)
			return i;
	return -1;
}
