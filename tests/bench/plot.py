"""A plot of latency over concurrency, as SVG: one row's points, on axes of powers of two."""
import math

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 640, 400, 64, 48, 24, 110
SERIES = (("median", 1, "#1c7ed6"), ("95th percentile", 2, "#e8590c"))


def position(value, least, most, start, end):
    """Where a value stands on a logarithmic axis."""
    share = (math.log2(value) - math.log2(least)) / (math.log2(most) - math.log2(least))
    return round(start + share * (end - start), 1)


def text(x, y, words, anchor="middle", color="#495057"):
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{color}">{words}</text>'


def powers(least, most):
    power = 2 ** math.floor(math.log2(least))
    while power <= most:
        if power >= least:
            yield power
        power *= 2


def drawing(points, title):
    levels = [point[0] for point in points]
    values = [value for point in points for value in point[1:]]
    least, most = 2 ** math.floor(math.log2(min(values))), 2 ** math.ceil(math.log2(max(values)))
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    x = lambda level: position(level, levels[0], levels[-1], LEFT, right)
    y = lambda value: position(value, least, most, bottom, TOP)
    parts = [f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>', text((LEFT + right) / 2, 16, title, color="#212529")]
    for value in powers(least, most):
        parts.append(f'<line x1="{LEFT}" x2="{right}" y1="{y(value)}" y2="{y(value)}" stroke="#dee2e6"/>')
        parts.append(text(LEFT - 8, y(value) + 4, f"{value:g} ms", "end"))
    for level in levels:
        parts.append(text(x(level), bottom + 18, str(level)))
    parts.append(text((LEFT + right) / 2, HEIGHT - 8, "clients at once"))
    for name, column, color in SERIES:
        line = " ".join(f"{x(point[0])},{y(point[column])}" for point in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="2"/>')
        parts += [f'<circle cx="{x(point[0])}" cy="{y(point[column])}" r="3" fill="{color}"/>' for point in points]
        parts.append(text(right + 8, y(points[-1][column]) + 4, name, "start", color))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
            f'font-size="12">{"".join(parts)}</svg>\n')


def write(results, path):
    """Of the row that has points; without one nothing is written."""
    for result in results:
        if "plot" in result:
            with open(path, "w", encoding="utf-8") as file:
                file.write(drawing(result["plot"], result["title"]))
