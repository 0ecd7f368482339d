#!/bin/bash
# claim: a program the compiler is told to start in place of its parts has no more than a program
# layer: seccomp
# alone: none
# options: --profile compile
# args: {secret}
# expect: host ENOENT network EPERM image EROFS
# control-options: --profile compile --without seccomp
# control-expect: host ENOENT network done image EROFS
cat >evil.c <<C
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
int plugin_is_GPL_compatible = 1;
static const char *word(int r) { return r < 0 ? strerrorname_np(errno) : "done"; }
__attribute__((constructor)) static void attack(void)
{
	FILE *out = fopen("said", "w");
	fprintf(out, "host %s ", word(open("$1", O_RDONLY)));
	fprintf(out, "network %s ", word(socket(AF_INET, SOCK_STREAM, 0)));
	fprintf(out, "image %s\\n", word(open("/usr/planted", O_CREAT | O_WRONLY, 0600)));
	fclose(out);
}
int main(void) { return 1; }
C
gcc -D_GNU_SOURCE -o evil evil.c
echo 'int a;' >a.c
gcc -c -wrapper ./evil a.c 2>/dev/null
cat said
