#!/bin/bash
# claim: an object of a gigabyte does not fit, and the compiler says so
# layer: limits
# alone: none
# options: --profile compile --limit files=16M
# expect: denied EFBIG
# args: 1000000000
# control-args: 1000
echo "char a[$1] = {1};" >a.c
text=$(gcc -c a.c 2>&1) && echo done
case $text in *'File size limit'* | *'No space'*) echo denied EFBIG ;; esac
