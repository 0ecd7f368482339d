/*
 * How a manifest is checked: tools that keep the path of the value at hand (manifest_check.c),
 * shared with the checks of steps (manifest_check_step.c).
 */
#ifndef FRONT_MANIFEST_CHECK_H
#define FRONT_MANIFEST_CHECK_H

#include "front/manifest_internal.h"

enum { CHECK_PATH_MAX = 128 };

struct check {
	char path[CHECK_PATH_MAX]; /* of the value at hand */
	const json_t *options;	   /* of the language at hand; NULL: none */
	struct error *err;
};

/* Checks one value under check->path. Returns 0, or -EINVAL having said what is wrong. */
typedef int value_check(struct check *check, const json_t *value);

enum presence { OPTIONAL, REQUIRED };

/* Says what is wrong with the value at hand. Returns -EINVAL. */
int check_fault(const struct check *check, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Checks the member called key with how, under its path. */
int check_member(struct check *check, const json_t *object, const char *key, enum presence presence,
		 value_check *how);

/* Checks that it is an array, and every element of it with how. */
int check_elements(struct check *check, const json_t *array, value_check *how);

value_check check_text, check_full_text; /* text; text that is not empty */
value_check check_boolean;
/* These need check->options, which must have been checked before. */
value_check check_compile, check_run;	    /* steps */
value_check check_when;			    /* a condition */
value_check check_actions;		    /* manifest_check_action.c */
value_check check_diagnostics, check_texts; /* texts: an array */

#endif
