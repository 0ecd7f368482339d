#!/bin/bash
# claim: the compiler cannot be told to write into the image
# layer: readonly
# alone: none
# options: --profile compile
# expect: denied
# control: host
# args: /usr/lib/planted.o
# control-args: planted.o
echo 'int a;' >a.c
gcc -c -o "$1" a.c 2>/dev/null && echo done || echo denied
