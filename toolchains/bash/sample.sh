#!/bin/bash
set -euo pipefail

declare -A area=([square]=4.00 [circle]=7.07)
for name in "${!area[@]}"; do
	printf '%-8s %6s\n' "$name" "${area[$name]}"
done | sort

fibonacci() {
	local a=0 b=1
	while ((a < $1)); do
		echo "$a"
		((b += a, a = b - a)) || true
	done
}
fibonacci 100 | paste -sd' '

tr ' ' '\n' <<<'the quick fox and the lazy dog and the cat' | sort | uniq -c | sort -rn | head -n 2
