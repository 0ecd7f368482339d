#!/bin/bash
# claim: so does one of C++
# layer: limits
# alone: none
# options: --profile compile --limit memory=512M --limit wall=6s --limit cpu=3s
# outcome: out_of_memory|cpu_timeout|wall_timeout
# expect:
# args: 100000000
# control-args: 10
cat >a.cc <<CPP
constexpr long sum() { long s = 0; for (long i = 0; i < ${1}L; i++) s += i; return s; }
static_assert(sum() > 0);
CPP
g++ -std=c++20 -fsyntax-only -fconstexpr-ops-limit=1000000000000 -fconstexpr-loop-limit=2000000000 a.cc \
	2>/dev/null && echo done
