/*
 * Theory of operation. rustc ends with a summary on a line of its own, followed by an empty line:
 * "error: aborting due to 2 previous errors; 1 warning emitted", or "warning: 1 warning emitted".
 * cargo drops it and prints counts of its own for the package; the counts are the same. A message
 * of the visitor's (compile_error!) may read alike, but "  --> file" follows it, not an empty line.
 */
#include "front/playground_cargo.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A growing text. Failure is sticky. */
struct text {
	char *data;
	size_t used, room;
	int failed;
};

static void text_add(struct text *text, const char *data, size_t len)
{
	if (text->failed)
		return;
	if (len >= text->room - text->used) {
		size_t room = (text->used + len) * 2 + 256;
		char *more = realloc(text->data, room);
		if (!more) {
			text->failed = 1;
			return;
		}
		text->data = more;
		text->room = room;
	}
	memcpy(text->data + text->used, data, len);
	text->used += len;
	text->data[text->used] = '\0';
}

__attribute__((format(printf, 2, 3))) static void text_format(struct text *text, const char *format,
							      ...)
{
	char line[256];
	va_list args;

	va_start(args, format);
	int n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (n > 0)
		text_add(text, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
}

struct counts {
	unsigned long errors, warnings;
};

/* Skips a literal at *at. Returns 1 when it was there. */
static int skip(const char **at, const char *end, const char *literal)
{
	size_t n = strlen(literal);

	if ((size_t)(end - *at) < n || memcmp(*at, literal, n) != 0)
		return 0;
	*at += n;
	return 1;
}

static int skip_number(const char **at, const char *end, unsigned long *ret_number)
{
	const char *start = *at;

	*ret_number = 0;
	for (; *at < end && **at >= '0' && **at <= '9' && *at - start < 9; (*at)++)
		*ret_number = *ret_number * 10 + (unsigned long)(**at - '0');
	return *at > start;
}

/* "N warning[s] emitted" up to the end of the line */
static int skip_warnings(const char **at, const char *end, unsigned long *ret_number)
{
	return skip_number(at, end, ret_number) && skip(at, end, " warning") &&
	       (skip(at, end, "s"), 1) && skip(at, end, " emitted") && *at == end;
}

/* Is this line (without its newline) rustc's summary? Fills ret_counts when it is. */
static int is_summary(const char *line, const char *end, struct counts *ret_counts)
{
	struct counts counts = {0};

	if (skip(&line, end, "warning: ")) {
		if (!skip_warnings(&line, end, &counts.warnings))
			return 0;
		*ret_counts = counts;
		return 1;
	}
	if (!skip(&line, end, "error: aborting due to "))
		return 0;
	/* Older compilers say "previous error" for one. */
	if (!skip_number(&line, end, &counts.errors))
		counts.errors = 1;
	else if (!skip(&line, end, " "))
		return 0;
	if (!skip(&line, end, "previous error"))
		return 0;
	skip(&line, end, "s");
	if (line != end &&
	    (!skip(&line, end, "; ") || !skip_warnings(&line, end, &counts.warnings)))
		return 0;
	*ret_counts = counts;
	return 1;
}

/* Copies rustc's messages without the summary and the empty line after it. */
static struct counts copy_messages(struct text *text, const char *data, size_t len)
{
	const char *at = data, *end = data + len;
	struct counts counts = {0};

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *line_end = newline ? newline : end;
		const char *next = newline ? newline + 1 : end;
		if ((next == end || *next == '\n') && is_summary(at, line_end, &counts)) {
			at = next == end ? end : next + 1;
			continue;
		}
		text_add(text, at, (size_t)(next - at));
		if (!newline)
			text_add(text, "\n", 1);
		at = next;
	}
	return counts;
}

static const char *plural(unsigned long number)
{
	return number == 1 ? "" : "s";
}

static void add_counts(struct text *text, const char *target, const struct counts *counts,
		       int success)
{
	if (counts->warnings)
		text_format(text, "warning: `playground` (%s) generated %lu warning%s\n", target,
			    counts->warnings, plural(counts->warnings));
	if (success)
		return;
	text_format(text, "error: could not compile `playground` (%s)", target);
	if (counts->errors)
		text_format(text, " due to %lu previous error%s", counts->errors,
			    plural(counts->errors));
	if (counts->errors && counts->warnings)
		text_format(text, "; %lu warning%s emitted", counts->warnings,
			    plural(counts->warnings));
	text_add(text, "\n", 1);
}

static void add_finished(struct text *text, const struct cargo_build *build, uint64_t wall_usec)
{
	const char *profile = build->release ? "release" : build->tests ? "test" : "dev";
	uint64_t seconds = wall_usec / 1000000;

	text_format(text, "    Finished `%s` profile [%s] target(s) in ", profile,
		    build->release ? "optimized" : "unoptimized + debuginfo");
	if (seconds >= 60)
		text_format(text, "%llum %02llus\n", (unsigned long long)(seconds / 60),
			    (unsigned long long)(seconds % 60));
	else
		text_format(text, "%llu.%02llus\n", (unsigned long long)seconds,
			    (unsigned long long)(wall_usec / 10000 % 100));
}

static void add_running(struct text *text, const struct cargo_build *build)
{
	const char *folder = build->release ? "release" : "debug";

	if (build->tests)
		text_format(text, "     Running unittests %s (target/%s/playground)\n",
			    build->is_bin ? "src/main.rs" : "src/lib.rs", folder);
	else
		text_format(text, "     Running `target/%s/playground`\n", folder);
}

int cargo_after_compile(const struct cargo_build *build, const char *stderr_text, size_t len,
			int success, int will_run, uint64_t wall_usec, char **ret_text,
			size_t *ret_len)
{
	struct text text = {0};
	struct counts counts;
	char target[32];

	text_add(&text, "", 0);
	if (build->command == CARGO_FMT) {
		text_add(&text, stderr_text, len);
		goto done;
	}
	snprintf(target, sizeof(target), "%s%s", build->is_bin ? "bin \"playground\"" : "lib",
		 build->tests ? " test" : "");
	counts = copy_messages(&text, stderr_text, len);
	add_counts(&text, target, &counts, success);
	if (success) {
		add_finished(&text, build, wall_usec);
		if (will_run)
			add_running(&text, build);
	}
done:
	if (text.failed) {
		free(text.data);
		return -ENOMEM;
	}
	*ret_text = text.data;
	*ret_len = text.used;
	return 0;
}

const char *cargo_before_compile(const struct cargo_build *build)
{
	static const char *const lines[] = {
		[CARGO_RUN] = "   Compiling playground v0.0.1 (/playground)\n",
		[CARGO_RUSTC] = "   Compiling playground v0.0.1 (/playground)\n",
		[CARGO_CHECK] = "    Checking playground v0.0.1 (/playground)\n",
		[CARGO_FMT] = "",
	};

	return lines[build->command];
}

const char *cargo_after_run(const struct cargo_build *build, int success)
{
	if (success || !build->tests)
		return "";
	return build->is_bin ? "error: test failed, to rerun pass `--bin playground`\n"
			     : "error: test failed, to rerun pass `--lib`\n";
}
