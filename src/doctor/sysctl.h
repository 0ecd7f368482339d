/* A kernel setting worth having, as data of a row of the table. */
#ifndef DOCTOR_SYSCTL_H
#define DOCTOR_SYSCTL_H

#include "doctor/doctor.h"

enum sysctl_want { SYSCTL_AT_LEAST, SYSCTL_AT_MOST };

struct sysctl_rule {
	const char *name; /* with dots, as sysctl(8) has it */
	enum sysctl_want want;
	long long value;
	enum verdict otherwise; /* when it is not so */
	enum verdict absent;	/* when this kernel has no such setting */
	int users_only;		/* 1: it costs root nothing */
};

/* Writes what the value (text; NULL: there is none) comes to under the rule. Pure. */
void sysctl_judge(const struct sysctl_rule *rule, const char *text, int is_root,
		  struct finding *finding);

#endif
