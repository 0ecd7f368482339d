#!/bin/bash
# claim: macros that multiply end the compiler, and nothing else
# layer: limits
# alone: none
# options: --profile compile --limit memory=128M --limit wall=6s --limit cpu=3s
# outcome: out_of_memory|cpu_timeout|wall_timeout
# expect:
# args: 40
# control-args: 4
echo '#define M0 1,' >a.c
for i in $(seq "$1"); do echo "#define M$i M$((i - 1)) M$((i - 1))" >>a.c; done
echo "int a[] = {M$1};" >>a.c
gcc -fsyntax-only a.c 2>/dev/null && echo done
