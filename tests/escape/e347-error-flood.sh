#!/bin/bash
# claim: error messages without end are cut
# layer: limits
# alone: none
# options: --profile compile --limit output=64K
# outcome: output_limit
# exit: 141
# expect:
# args: 100000
# control-args: 0
for ((i = 0; i < $1; i++)); do echo 'x y;'; done >a.c
gcc -fsyntax-only -fmax-errors=0 a.c && echo done
