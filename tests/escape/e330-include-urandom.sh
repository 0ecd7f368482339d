#!/bin/bash
# claim: a header without end ends the compiler, and nothing else
# layer: limits
# alone: none
# options: --profile compile --limit memory=128M --limit wall=6s --limit cpu=2s
# outcome: out_of_memory|cpu_timeout|wall_timeout
# expect:
# args: /dev/urandom
# control-args: /dev/null
echo "#include \"$1\"" >a.c
gcc -fsyntax-only a.c 2>/dev/null && echo done
