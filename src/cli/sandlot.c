/*
 * The command `sandlot`: finds the program that a sub-command stands for and becomes it. It is
 * static and needs libc alone, so that a sub-command that links little starts fast, whatever the
 * others link; the one that counts its time in fractions of a millisecond, `cell`, is part of it.
 *
 * Programs lie in ../libexec/sandlot/ as seen from this executable, in the build folder as well as
 * where it is installed.
 */
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/version.h"
#include "sandbox/cli.h"

enum { EXIT_USAGE = 64, EXIT_NO_PROGRAM = 127 }; /* sysexits.h, and what shells say */

static const struct command {
	const char *name, *program /* NULL: command_cell() */, *help;
} commands[] = {
	{"serve", "sandlot-supervisor", "start the server and its page"},
	{"run", "sandlot-run", "run a file through a server"},
	{"cell", NULL, "run one command in a cell, without a server"},
	{"bake", "sandlot-bake", "bake an image of tool chains"},
	{"image", "sandlot-image", "look after images: list, verify, use, export, …"},
	{"key", "sandlot-key", "make and list the keys images are signed with"},
	{"snippets", "sandlot-snippets", "carry shared snippets out of a server and into one"},
	{"doctor", "sandlot-doctor", "show what this host gives for running cells"},
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static void help_print(FILE *out)
{
	fputs("usage: sandlot COMMAND [ARGUMENTS…]\n\n", out);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-10s%s\n", commands[i].name, commands[i].help);
	fputs("\n`sandlot help COMMAND` says more about one; `sandlot --version` prints the "
	      "version.\n",
	      out);
}

static int command_unknown(const char *name)
{
	fprintf(stderr, "sandlot: there is no command \"%.60s\"; commands are:", name);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(stderr, " %s", commands[i].name);
	fputs(" help\n", stderr);
	return EXIT_USAGE;
}

/* path: size bytes. Returns 0 or a negative errno. */
static int program_path(const char *program, char *path, size_t size)
{
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (len < 0)
		return -errno;
	self[len] = '\0';
	for (int up = 0; up < 2; up++) {
		char *slash = strrchr(self, '/');
		if (!slash)
			return -ENOENT;
		*slash = '\0';
	}
	int n = snprintf(path, size, "%s/libexec/sandlot/%s", self, program);
	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

static int command_cell(char **args)
{
	char cell_exe[PATH_MAX];
	int argc = 0;

	while (args[argc])
		argc++;
	int r = program_path("sandlot-cell", cell_exe, sizeof(cell_exe));
	if (r == 0)
		return cli_cell(argc, args, cell_exe);
	fprintf(stderr, "sandlot: cannot find sandlot-cell: %s\n", strerror(-r));
	return EXIT_NO_PROGRAM;
}

/*
 * args: NULL-terminated; args[0] is replaced. Where the command is another program's, returns an
 * exit status only when it fails.
 */
static int command_run(const struct command *command, char **args)
{
	char path[PATH_MAX];

	args[0] = (char *)(uintptr_t)command->name;
	if (!command->program)
		return command_cell(args);
	int r = program_path(command->program, path, sizeof(path));

	if (r == 0) {
		args[0] = path;
		execv(path, args);
		r = -errno;
	}
	fprintf(stderr, "sandlot: cannot start %s, which does `sandlot %s`: %s\n", command->program,
		command->name, strerror(-r));
	return EXIT_NO_PROGRAM;
}

static int help_command(const char *name)
{
	const struct command *command = command_find(name);
	char help[] = "--help";

	if (!command)
		return command_unknown(name);
	return command_run(command, (char *[]){NULL, help, NULL});
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		help_print(stderr);
		return EXIT_USAGE;
	}
	const char *name = argv[1];
	if (strcmp(name, "--version") == 0) {
		puts("sandlot " SANDLOT_VERSION);
		return EXIT_SUCCESS;
	}
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
		if (argc > 2)
			return help_command(argv[2]);
		help_print(stdout);
		return EXIT_SUCCESS;
	}
	const struct command *command = command_find(name);
	return command ? command_run(command, argv + 1) : command_unknown(name);
}
