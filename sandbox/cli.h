/* `sandlot cell`: one command in one cell, for people and for the tests. */
#ifndef SANDBOX_CLI_H
#define SANDBOX_CLI_H

/*
 * The whole command. argv[0] is not looked at; cell_exe: path of sandlot-cell, borrowed. Returns
 * the exit status (--help lists them). The process has left the host's mount namespace then.
 */
int cli_cell(int argc, char **argv, const char *cell_exe);

#endif
