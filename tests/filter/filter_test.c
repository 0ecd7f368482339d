/*
 * Runs the compiled seccomp policies on rows of data, in user space: no row needs a kernel that has
 * the call, an i386 binary, or any privilege. The programs are the very arrays embedded in
 * sandlot-cell.
 *
 *   filter_test ROWS      prints every row that does not hold, then "N passed, N failed"
 *
 * A row: profile arch syscall arguments -> action      ('#' starts a comment)
 *   profile    compile, run, or * for all
 *   arch       x86_64, i386, x32, aarch64
 *   syscall    a name libseccomp knows on that architecture, or a number
 *   arguments  up to six numbers with commas between them, or -
 *   action     ALLOW, KILL, or the name of an errno; 0 for "succeeds and does nothing"
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/sandbox.h"

#include "cell_policy_table.h"

enum { LINE_MAX_BYTES = 512, STEPS_MAX = 8192, ARGS = 6 };

static const struct {
	const char *name;
	uint32_t token; /* libseccomp's; the audit value but for x32 */
	uint32_t audit;
} arches[] = {
	{"x86_64", SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64},
	{"i386", SCMP_ARCH_X86, AUDIT_ARCH_I386},
	{"x32", SCMP_ARCH_X32, AUDIT_ARCH_X86_64},
	{"aarch64", SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64},
};

static const struct {
	const char *name;
	uint32_t value;
} actions[] = {
	{"ALLOW", SECCOMP_RET_ALLOW},
	{"KILL", SECCOMP_RET_KILL_PROCESS},
	{"EPERM", SECCOMP_RET_ERRNO | EPERM},
	{"ENOSYS", SECCOMP_RET_ERRNO | ENOSYS},
	{"0", SECCOMP_RET_ERRNO},
};

/* A failure of the program itself, not of a row: nothing it says would mean anything. */
static void broken(const char *why)
{
	fprintf(stderr, "filter_test: %s\n", why);
	exit(2);
}

static uint32_t load(const struct seccomp_data *data, uint32_t offset)
{
	uint32_t word;

	if (offset % 4 || offset > sizeof(*data) - sizeof(word))
		broken("the filter loads from outside the data");
	memcpy(&word, (const char *)data + offset, sizeof(word));
	return word;
}

static int jump_holds(uint16_t code, uint32_t accumulator, uint32_t k)
{
	switch (BPF_OP(code)) {
	case BPF_JEQ:
		return accumulator == k;
	case BPF_JGT:
		return accumulator > k;
	case BPF_JGE:
		return accumulator >= k;
	case BPF_JSET:
		return (accumulator & k) != 0;
	default:
		broken("the filter has a jump this simulation does not know");
		return 0;
	}
}

/* Classic BPF as seccomp uses it: linux/Documentation/userspace-api/seccomp_filter.rst */
static uint32_t simulate(const struct cell_policy *policy, const struct seccomp_data *data)
{
	uint32_t accumulator = 0;

	for (size_t pc = 0, steps = 0; pc < policy->len && steps < STEPS_MAX; steps++) {
		struct sock_filter at = policy->filter[pc++];
		switch (at.code) {
		case BPF_LD | BPF_W | BPF_ABS:
			accumulator = load(data, at.k);
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			accumulator &= at.k;
			break;
		case BPF_JMP | BPF_JA:
			pc += at.k;
			break;
		case BPF_RET | BPF_K:
			return at.k;
		default:
			if (BPF_CLASS(at.code) != BPF_JMP || BPF_SRC(at.code) != BPF_K)
				broken("the filter has an instruction this simulation does not "
				       "know");
			pc += jump_holds(at.code, accumulator, at.k) ? at.jt : at.jf;
		}
	}
	broken("the filter runs off its end");
	return 0;
}

struct row {
	const char *profile, *arch, *call, *args, *action;
};

/* Cuts a line into a row. Returns 0 when it holds none. */
static int parse(char *line, struct row *ret_row)
{
	const char **fields[] = {&ret_row->profile, &ret_row->arch, &ret_row->call,
				 &ret_row->args,    NULL,	    &ret_row->action};
	char *rest = line, *word;
	size_t count = 0;

	line[strcspn(line, "#\n")] = '\0';
	while ((word = strsep(&rest, " \t"))) {
		if (!*word)
			continue;
		if (count == sizeof(fields) / sizeof(fields[0]) ||
		    (!fields[count] && strcmp(word, "->") != 0))
			broken("a row is not: profile arch syscall arguments -> action");
		if (fields[count])
			*fields[count] = word;
		count++;
	}
	if (count && count != sizeof(fields) / sizeof(fields[0]))
		broken("a row is not: profile arch syscall arguments -> action");
	return count != 0;
}

static struct seccomp_data call_of(const struct row *row)
{
	struct seccomp_data data = {0};
	char *end, args[LINE_MAX_BYTES], *rest = args, *word;
	size_t i = 0;

	while (i < sizeof(arches) / sizeof(arches[0]) && strcmp(arches[i].name, row->arch) != 0)
		i++;
	if (i == sizeof(arches) / sizeof(arches[0]))
		broken("a row names an unknown architecture");
	data.arch = arches[i].audit;
	data.nr = (int)strtol(row->call, &end, 0);
	if (*end)
		data.nr = seccomp_syscall_resolve_name_arch(arches[i].token, row->call);
	if (data.nr < 0)
		broken("a row names an unknown system call");
	snprintf(args, sizeof(args), "%s", row->args);
	for (i = 0; (word = strsep(&rest, ",")) && strcmp(word, "-") != 0; i++) {
		if (i == ARGS)
			broken("a row has more than six arguments");
		data.args[i] = strtoull(word, &end, 0);
		if (*end)
			broken("an argument is not a number");
	}
	return data;
}

static const char *action_name(uint32_t value)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (actions[i].value == value)
			return actions[i].name;
	return "something else";
}

int main(int argc, char **argv)
{
	char line[LINE_MAX_BYTES];
	unsigned passed = 0, failed = 0, number = 0;
	FILE *file = argc == 2 ? fopen(argv[1], "re") : NULL;

	if (!file)
		broken("usage: filter_test ROWS");
	while (fgets(line, sizeof(line), file)) {
		struct row row;
		number++;
		if (!parse(line, &row))
			continue;
		struct seccomp_data data = call_of(&row);
		unsigned profiles = 0;
		for (size_t i = 0; i < CELL_PROFILE_COUNT; i++) {
			if (strcmp(row.profile, "*") != 0 &&
			    strcmp(row.profile, cell_policies[i].name) != 0)
				continue;
			const char *action = action_name(simulate(&cell_policies[i], &data));
			int holds = strcmp(action, row.action) == 0;
			profiles++;
			passed += (unsigned)holds;
			failed += (unsigned)!holds;
			if (!holds)
				printf("%s:%u: %s %s %s %s: want %s, got %s\n", argv[1], number,
				       cell_policies[i].name, row.arch, row.call, row.args,
				       row.action, action);
		}
		if (!profiles)
			broken("a row names an unknown profile");
	}
	fclose(file);
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0 || passed == 0;
}
