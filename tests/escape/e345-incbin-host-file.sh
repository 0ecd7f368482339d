#!/bin/bash
# claim: the assembler cannot take a file of the host in
# layer: mounts
# alone: none
# options: --profile compile
# args: {secret}
# expect: denied ENOENT
# control: host
echo "asm(\".incbin \\\"$1\\\"\");" >a.c
if gcc -c -o a.o a.c 2>/dev/null; then
	grep -q 'of the host' a.o && echo done
else
	echo denied ENOENT
fi
