/* sandlot-doctor: what `sandlot doctor` becomes. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "doctor/cell.h"
#include "doctor/doctor.h"
#include "doctor/print.h"

enum { EXIT_CELLS_RUN = 0, EXIT_NO_CELLS = 1, EXIT_USAGE = 64, EXIT_OUTPUT = 74 }; /* sysexits.h */

static const char usage[] =
	"Usage: sandlot doctor [--json]\n"
	"Shows what this host gives for running cells: for each thing what was found, what it\n"
	"costs to lack it, and the command that mends it. Run it as the user that is to run\n"
	"Sandlot: root and others need different things.\n"
	"\n"
	"  --json   the same as a JSON array of objects with the keys section, name, found,\n"
	"           verdict (ok, degraded, missing), needed (no cells without it), cost and\n"
	"           remedy (both null when all is well)\n"
	"  --help   this text\n"
	"\n"
	"Everything is really tried, in child processes; nothing is changed and nothing is left.\n"
	"Exit status: 0 when cells can run, 1 when they cannot, 64 wrong usage, 74 when not all\n"
	"of it could be written.\n";

/*
 * What to do about it. In a container that may be an option of the container's, or something to do
 * on its host. text: ADVICE_MAX bytes, to write to. Returns text, or NULL when all is well.
 */
static const char *remedy_find(struct doctor *doctor, const struct doctor_check *check,
			       const struct finding *finding, char *text)
{
	const struct host *host = &doctor->host;
	const char *remedy = finding->remedy[0] ? finding->remedy : check->remedy;
	unsigned options = check->container_options & host_possible_options(host);
	const char *place = "";

	if (finding->verdict == VERDICT_OK)
		return NULL;
	if (host->container != CONTAINER_NONE && options) {
		struct tally *tally = &doctor->tally;
		text_add(tally->forbidden, sizeof(tally->forbidden), "%s%s",
			 tally->forbidden[0] ? ", " : "", check->name);
		tally->container_options |= options;
		container_options_text(host->container, options, text, ADVICE_MAX);
		return text;
	}
	if (host->container != CONTAINER_NONE && check->flags & CHECK_OF_HOST)
		place = "on the container's host: ";
	snprintf(text, ADVICE_MAX, "%s%s", place, remedy);
	return text;
}

static void check_run(struct doctor *doctor, const struct doctor_check *check,
		      struct printer *printer)
{
	struct finding finding = {.verdict = VERDICT_OK};
	char text[ADVICE_MAX];

	check->function(doctor, check, &finding);
	const char *cost = finding.cost[0] ? finding.cost : check->cost;
	const struct row row = {check, &finding, finding.verdict == VERDICT_OK ? NULL : cost,
				remedy_find(doctor, check, &finding, text)};
	doctor->tally.verdicts[finding.verdict]++;
	if (check->flags & CHECK_NEEDED && finding.verdict == VERDICT_MISSING)
		doctor->tally.needed_missing++;
	print_row(printer, &row);
}

/* The cell that ran is the proof; where none was tried, the rows have to do. */
static int cells_can_run(const struct doctor *doctor)
{
	return doctor->cell_ran >= 0 ? doctor->cell_ran : doctor->tally.needed_missing == 0;
}

static int examine(int json)
{
	struct doctor doctor = {.cell_ran = -1};
	struct printer printer = {.out = stdout, .json = json};
	size_t count;
	const struct doctor_check *checks = doctor_checks(&count);

	host_read(&doctor.host);
	print_begin(&printer, &doctor);
	for (size_t i = 0; i < count; i++)
		check_run(&doctor, &checks[i], &printer);
	int can_run = cells_can_run(&doctor);
	print_end(&printer, &doctor, can_run);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		if (errno != EPIPE) /* a reader that has seen enough is no fault */
			fputs("sandlot doctor: cannot write all of it\n", stderr);
		return EXIT_OUTPUT;
	}
	return can_run ? EXIT_CELLS_RUN : EXIT_NO_CELLS;
}

int main(int argc, char **argv)
{
	int json = 0;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], CELL_ARGUMENT) == 0)
			return cell_has_own_user() ? CELL_EXIT_OWN : CELL_EXIT_SHARED;
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			fputs(usage, stdout);
			return EXIT_CELLS_RUN;
		}
		if (strcmp(argv[i], "--json") != 0) {
			fprintf(stderr,
				"sandlot doctor: unknown argument \"%.60s\"; there are --json and "
				"--help\n",
				argv[i]);
			return EXIT_USAGE;
		}
		json = 1;
	}
	/* A reader that goes away ends nothing half done. */
	sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
	return examine(json);
}
