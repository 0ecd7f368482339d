#include "doctor/print.h"

#include <string.h>

/* ---- JSON ---- */

void print_json_text(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < ' ' || c == 0x7f)
			fprintf(out, "\\u%04x", c);
		else if (c > 0x7f)
			fputs("\\ufffd", out);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

/* A member; value NULL: null. */
static void print_member(FILE *out, const char *before, const char *key, const char *value)
{
	fprintf(out, "%s\"%s\": ", before, key);
	if (value)
		print_json_text(out, value);
	else
		fputs("null", out);
}

static void print_json_row(struct printer *printer, const struct row *row)
{
	FILE *out = printer->out;

	print_member(out, printer->section ? ",\n  {" : "\n  {", "section", row->check->section);
	print_member(out, ", ", "name", row->check->name);
	print_member(out, ", ", "found", row->finding->found);
	print_member(out, ", ", "verdict", verdict_name(row->finding->verdict));
	fprintf(out, ", \"needed\": %s", row->check->flags & CHECK_NEEDED ? "true" : "false");
	print_member(out, ", ", "cost", row->cost);
	print_member(out, ", ", "remedy", row->remedy);
	fputc('}', out);
}

/* ---- for people ---- */

static void print_text_row(struct printer *printer, const struct row *row)
{
	FILE *out = printer->out;

	if (!printer->section || strcmp(printer->section, row->check->section) != 0)
		fprintf(out, "\n%s\n", row->check->section);
	fprintf(out, "  %-8s  %-32s  %s\n", verdict_name(row->finding->verdict), row->check->name,
		row->finding->found);
	if (row->cost)
		fprintf(out, "            costs: %s\n", row->cost);
	if (row->remedy)
		fprintf(out, "            mend:  %s\n", row->remedy);
}

static const char *privilege(const struct doctor *doctor)
{
	return doctor->host.is_root ? "root" : doctor->host.user;
}

void print_begin(struct printer *printer, const struct doctor *doctor)
{
	if (printer->json)
		fputc('[', printer->out);
	else
		fprintf(printer->out, "What this host gives for running cells, as %s:\n",
			privilege(doctor));
}

void print_row(struct printer *printer, const struct row *row)
{
	if (printer->json)
		print_json_row(printer, row);
	else
		print_text_row(printer, row);
	printer->section = row->check->section;
	fflush(printer->out);
}

void print_end(struct printer *printer, const struct doctor *doctor, int cells_can_run)
{
	const unsigned *verdicts = doctor->tally.verdicts;

	if (printer->json) {
		fputs("\n]\n", printer->out);
		return;
	}
	fprintf(printer->out, "\n%u ok, %u degraded, %u missing. Cells %s as %s%s.\n",
		verdicts[VERDICT_OK], verdicts[VERDICT_DEGRADED], verdicts[VERDICT_MISSING],
		cells_can_run ? "can run here" : "cannot run here", privilege(doctor),
		doctor->cell_ran < 0 ? ", by what was found; none was tried" : "");
	if (verdicts[VERDICT_DEGRADED] + verdicts[VERDICT_MISSING])
		fputs("sysctl -w lasts until the next start; lines NAME=VALUE in "
		      "/etc/sysctl.d/90-sandlot.conf last.\n",
		      printer->out);
}
