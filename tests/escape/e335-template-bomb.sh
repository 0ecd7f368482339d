#!/bin/bash
# claim: templates that multiply end the compiler, and nothing else
# layer: limits
# alone: none
# options: --profile compile --limit memory=256M --limit wall=6s --limit cpu=3s
# outcome: out_of_memory|cpu_timeout|wall_timeout
# expect:
# args: 200
# control-args: 5
cat >a.cc <<CPP
template <int depth, long path> struct tree {
	static const long value = tree<depth - 1, path * 2>::value + tree<depth - 1, path * 2 + 1>::value;
};
template <long path> struct tree<0, path> { static const long value = path; };
long value = tree<$1 % 60, 1>::value;
CPP
g++ -fsyntax-only a.cc 2>/dev/null && echo done
