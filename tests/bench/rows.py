"""Rows of the table: what was measured, against whom, and whether the target was met."""
from spawn import summary


def ratio_of(ours, peer, medians, at_most=None, at_least=None):
    """How ours stands to peer by these medians, with the target if there is one."""
    value = round(medians[ours] / medians[peer], 3)
    ratio = {"of": f"{ours} / {peer}", "median": value}
    if at_most is not None:
        ratio |= {"target": f"at most {at_most}", "met": value <= at_most}
    if at_least is not None:
        ratio |= {"target": f"at least {at_least}", "met": value >= at_least}
    return ratio


def row(title, taken, ours, peer, **target):
    """taken: {name: seconds of each time}."""
    result = {"title": title, "contenders": {n: summary(s) for n, s in taken.items()}}
    medians = {name: numbers["median_ms"] for name, numbers in result["contenders"].items()}
    result["ratio"] = ratio_of(ours, peer, medians, **target)
    return result


def print_row(result):
    print(result["title"])
    width = max(16, *map(len, result["contenders"]))
    for name, numbers in result["contenders"].items():
        print(f"  {name:{width}} {words(numbers)}")
    ratio = result["ratio"]
    verdict = ""
    if "target" in ratio:
        verdict = f"   ({ratio['target']}: {'ok' if ratio['met'] else 'OVER'})"
    print(f"  {ratio['of']} = {ratio['median']}{verdict}\n", flush=True)


def words(numbers):
    if "median_ms" in numbers:
        return (f"median {numbers['median_ms']:9.3f} ms   p95 {numbers['p95_ms']:9.3f} ms"
                f"   least {numbers['min_ms']:9.3f} ms   ({numbers['n']} times"
                + (f", {numbers['per_sec']} /s)" if "per_sec" in numbers else ")"))
    if "median_per_sec" in numbers:
        return (f"median {numbers['median_per_sec']:9.1f} /s   least {numbers['min_per_sec']:9.1f} /s"
                f"   most {numbers['max_per_sec']:9.1f} /s   ({numbers['n']} times)")
    return "   ".join(f"{name} {number}" for name, number in numbers.items())
