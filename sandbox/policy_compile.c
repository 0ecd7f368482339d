/*
 * Compiles seccomp policies into C arrays when Sandlot is built:
 *
 *   policy_compile FILE.policy… > cell_policy_table.h
 *
 * A policy is an allowlist. One line, one rule; '#' starts a comment:
 *
 *   profile NAME              first line of a profile; a file without it is a fragment, only
 * included include FILE              the lines of another file of the same folder NAME the system
 * call is allowed NAME argN & MASK == VALUE [, argN & MASK == VALUE]… … when all of these hold
 * (several lines: when one of them does) NAME = ERRNO              it fails with this errno (0: it
 * does nothing and succeeds)
 *
 * What is not named fails with EPERM; numbers libseccomp does not know with ENOSYS, so that
 * programs fall back to what they did before the call was invented; calls of a foreign ABI kill.
 * Conditions are always masked: the kernel looks at 32 bits of many arguments, and a plain
 * comparison of 64 could be evaded with bits above.
 */
#include <ctype.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NUMBERS_MAX = 1024, CONDITIONS_MAX = 6, INCLUDE_DEPTH = 4, FILTER_MAX = 4096 };

struct reader {
	scmp_filter_ctx filter;
	char profile[32];
	char constant[40];
	const char *path;
	unsigned line;
	unsigned depth;
};

static void die(const struct reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));

static void die(const struct reader *reader, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s:%u: ", reader->path, reader->line);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

static char *trim(char *text)
{
	text += strspn(text, " \t");
	for (size_t len = strlen(text); len && strchr(" \t\n", text[len - 1]);)
		text[--len] = '\0';
	return text;
}

static int errno_by_name(const char *name)
{
	static const struct {
		const char *name;
		int value;
	} names[] = {{"0", 0}, {"EPERM", EPERM}, {"ENOSYS", ENOSYS}, {"EINVAL", EINVAL}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].name, name) == 0)
			return names[i].value;
	return -1;
}

static uint64_t number(const struct reader *reader, const char *text)
{
	char *end;

	errno = 0;
	uint64_t value = strtoull(text, &end, 0);
	if (end == text || *end || errno)
		die(reader, "\"%s\" is not a number", text);
	return value;
}

static struct scmp_arg_cmp condition(const struct reader *reader, char *text)
{
	char *mask = strchr(text, '&');
	char *value = strstr(text, "==");

	if (strncmp(text, "arg", 3) != 0 || !mask || !value || mask > value)
		die(reader, "\"%s\" is not of the form argN & MASK == VALUE", text);
	*mask++ = '\0';
	*value = '\0';
	unsigned arg = (unsigned)number(reader, trim(text + 3));
	if (arg > 5)
		die(reader, "there is no argument %u", arg);
	uint64_t bits = number(reader, trim(mask)), want = number(reader, trim(value + 2));
	if (want & ~bits)
		die(reader, "the value has bits outside the mask: it never holds");
	return (struct scmp_arg_cmp){arg, SCMP_CMP_MASKED_EQ, bits, want};
}

/*
 * The number of a name, which loses the '?' it may end in; -1 when there is no such call on this
 * architecture, or for this libseccomp and that was expected.
 */
static int resolve(const struct reader *reader, char *name)
{
	size_t len = strlen(name);
	int may_be_unknown = len && name[len - 1] == '?';

	if (may_be_unknown)
		name[len - 1] = '\0';
	int nr = seccomp_syscall_resolve_name(name);
	if (nr == __NR_SCMP_ERROR && !may_be_unknown)
		die(reader, "libseccomp knows no system call \"%s\"", name);
	return nr < 0 ? -1 : nr;
}

static void rule(const struct reader *reader, char *text)
{
	struct scmp_arg_cmp conditions[CONDITIONS_MAX];
	unsigned count = 0;
	uint32_t action = SCMP_ACT_ALLOW;
	char *rest = text + strcspn(text, " \t");

	if (*rest)
		*rest++ = '\0';
	rest = trim(rest);
	if (*rest == '=') {
		int value = errno_by_name(trim(rest + 1));
		if (value < 0)
			die(reader, "unknown errno \"%s\"", trim(rest + 1));
		action = SCMP_ACT_ERRNO((uint32_t)value);
		rest += strlen(rest);
	}
	for (char *part; (part = strsep(&rest, ",")) && *trim(part);) {
		if (count == CONDITIONS_MAX)
			die(reader, "more than %d conditions", CONDITIONS_MAX);
		conditions[count++] = condition(reader, trim(part));
	}
	int nr = resolve(reader, text);
	if (nr < 0)
		return;
	int r = seccomp_rule_add_array(reader->filter, action, nr, count, conditions);
	if (r == -EACCES && action == SCMP_ACT_ERRNO(EPERM))
		return; /* what happens anyhow, said for the reader's sake */
	if (r < 0)
		die(reader, "cannot add the rule: %s", strerror(-r));
}

static void read_file(struct reader *reader, const char *path);

static void include(struct reader *reader, const char *name)
{
	char path[512];
	const char *slash = strrchr(reader->path, '/');
	int folder = slash ? (int)(slash - reader->path + 1) : 0;
	struct reader outer = *reader;

	if (reader->depth == INCLUDE_DEPTH || strchr(name, '/'))
		die(reader, "cannot include %s", name);
	snprintf(path, sizeof(path), "%.*s%s", folder, reader->path, name);
	reader->depth++;
	read_file(reader, path);
	*reader = outer;
}

static void line(struct reader *reader, char *text)
{
	char *hash = strchr(text, '#');
	if (hash)
		*hash = '\0';
	text = trim(text);
	if (!*text)
		return;
	if (strncmp(text, "include ", 8) == 0)
		include(reader, trim(text + 8));
	else if (strncmp(text, "profile ", 8) != 0)
		rule(reader, text);
	else if (reader->depth != 0 || reader->profile[0])
		die(reader, "a profile inside a profile");
	else
		snprintf(reader->profile, sizeof(reader->profile), "%s", trim(text + 8));
}

static void read_file(struct reader *reader, const char *path)
{
	char text[512];
	FILE *file = fopen(path, "re");

	reader->path = path;
	reader->line = 0;
	if (!file)
		die(reader, "%s", strerror(errno));
	while (fgets(text, sizeof(text), file)) {
		reader->line++;
		if (!strchr(text, '\n'))
			die(reader, "the line is too long or does not end");
		line(reader, text);
		if (!reader->profile[0])
			break; /* a fragment */
	}
	fclose(file);
}

static uint32_t last_known_number(void)
{
	uint32_t last = 0;

	for (int nr = 0; nr < NUMBERS_MAX; nr++) {
		char *name = seccomp_syscall_resolve_num_arch(seccomp_arch_native(), nr);
		if (name)
			last = (uint32_t)nr;
		free(name);
	}
	return last;
}

static size_t export_filter(const struct reader *reader, struct sock_filter *program)
{
	int ends[2];

	if (pipe(ends) < 0 || seccomp_export_bpf(reader->filter, ends[1]) < 0)
		die(reader, "cannot export the filter");
	close(ends[1]);
	size_t used = 0, room = FILTER_MAX * sizeof(*program);
	for (ssize_t n; (n = read(ends[0], (char *)program + used, room - used)) > 0;)
		used += (size_t)n;
	close(ends[0]);
	if (used == room)
		die(reader, "the filter is too long");
	return used / sizeof(*program);
}

static void print_instruction(struct sock_filter instruction)
{
	printf("\t{0x%02x, %u, %u, 0x%08x},\n", instruction.code, instruction.jt, instruction.jf,
	       instruction.k);
}

/*
 * libseccomp cannot say "every number above": a few instructions in front do. Calls of another
 * architecture or of x32 go on to libseccomp's own checks, which kill.
 */
static void print_prologue(uint32_t last_number)
{
	const struct sock_filter prologue[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, seccomp_arch_native(), 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, last_number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
	};

	for (size_t i = 0; i < sizeof(prologue) / sizeof(prologue[0]); i++)
		print_instruction(prologue[i]);
}

/* The profile's constant of enum cell_profile: "CELL_RUN". Borrows from the reader. */
static const char *constant(struct reader *reader)
{
	snprintf(reader->constant, sizeof(reader->constant), "CELL_%s", reader->profile);
	for (char *at = reader->constant; *at; at++)
		*at = (char)toupper((unsigned char)*at);
	return reader->constant;
}

static void compile(struct reader *reader)
{
	struct sock_filter program[FILTER_MAX];
	size_t len = export_filter(reader, program);

	printf("static const struct sock_filter cell_policy_%s[] = {\n", reader->profile);
	print_prologue(last_known_number());
	for (size_t i = 0; i < len; i++)
		print_instruction(program[i]);
	printf("};\n\n");
}

static void set_up(struct reader *reader)
{
	reader->filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (!reader->filter ||
	    seccomp_attr_set(reader->filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) < 0 ||
	    /* 2: a binary tree. It loads in a third of the time of the default order. */
	    seccomp_attr_set(reader->filter, SCMP_FLTATR_CTL_OPTIMIZE, 2) < 0)
		die(reader, "cannot set libseccomp up");
}

int main(int argc, char **argv)
{
	char rows[1024] = "";
	size_t used = 0;

	printf("/* Generated from sandbox/policy by policy_compile. */\n"
	       "#include <linux/filter.h>\n\n");
	for (int i = 1; i < argc; i++) {
		struct reader reader = {.path = argv[i]};
		set_up(&reader);
		read_file(&reader, argv[i]);
		if (reader.profile[0]) {
			reader.path = argv[i];
			compile(&reader);
			used += (size_t)snprintf(
				rows + used, sizeof(rows) - used,
				"\t[%s] = {\"%s\", cell_policy_%s, sizeof(cell_policy_%s) / 8},\n",
				constant(&reader), reader.profile, reader.profile, reader.profile);
			if (used >= sizeof(rows))
				die(&reader, "too many profiles");
		}
		seccomp_release(reader.filter);
	}
	printf("static const struct cell_policy {\n\tconst char *name;\n"
	       "\tconst struct sock_filter *filter;\n\tunsigned short len;\n} cell_policies[] = "
	       "{\n%s};\n",
	       rows);
	return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
