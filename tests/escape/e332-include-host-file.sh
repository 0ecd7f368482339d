#!/bin/bash
# claim: a file of the host is not there to be included, and no error message quotes it
# layer: mounts
# alone: none
# options: --profile compile
# args: {secret}
# expect: denied ENOENT
# control: host
echo "#include \"$1\"" >a.c
text=$(gcc -fsyntax-only a.c 2>&1)
case $text in
*'of the host'*) echo done ;;
*'No such file'*) echo denied ENOENT ;;
*) echo "$text" ;;
esac
