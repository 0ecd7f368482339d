/* The rows as a table for people, and as JSON. */
#ifndef DOCTOR_PRINT_H
#define DOCTOR_PRINT_H

#include <stddef.h>
#include <stdio.h>

#include "doctor/doctor.h"

/* What is printed of a row: a check and what it found. cost, remedy: NULL when all is well. */
struct row {
	const struct doctor_check *check;
	const struct finding *finding;
	const char *cost, *remedy;
};

struct printer {
	FILE *out;
	int json;
	const char *section; /* the last one printed; NULL at the start */
};

void print_begin(struct printer *printer, const struct doctor *doctor);
void print_row(struct printer *printer, const struct row *row);
void print_end(struct printer *printer, const struct doctor *doctor, int cells_can_run);

/*
 * Writes text as a JSON string, with its quotes. What is not ASCII becomes U+FFFD: no text of ours
 * has any.
 */
void print_json_text(FILE *out, const char *text);

#endif
