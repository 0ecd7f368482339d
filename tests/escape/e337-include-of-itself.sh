#!/bin/bash
# claim: a file that includes itself twice over ends the compiler, and nothing else
# layer: limits
# alone: none
# options: --profile compile --limit memory=128M --limit wall=6s --limit cpu=2s
# outcome: out_of_memory|cpu_timeout|wall_timeout
# expect:
# args: 150
# control-args: 5
cat >a.c <<C
#if __INCLUDE_LEVEL__ < $1
#include "a.c"
#include "a.c"
#endif
C
gcc -fsyntax-only a.c 2>/dev/null && echo done
