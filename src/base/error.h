/*
 * Failures: a negative errno plus who failed and why, in bounded plain data, so that one survives a
 * fork and crosses IPC. Bugs are asserts and outcomes (timed out, out of memory) are an enum
 * (outcome.h): neither is an error.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

enum { ERROR_STEP_MAX = 32, ERROR_TEXT_MAX = 224 };

struct error {
	int code;		   /* negative errno; 0 when nothing failed */
	char step[ERROR_STEP_MAX]; /* the named step that failed, NUL-terminated */
	char text[ERROR_TEXT_MAX]; /* one sentence for people, NUL-terminated, cut when too long */
};

/*
 * Records a failure. code: a negative errno, kept. err may be NULL. The text gets ": " and the
 * errno's own words appended. Returns code, so that `return error_set(...)` reads as the failure.
 */
int error_set(struct error *err, int code, const char *step, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* As error_set, without the errno's words: for input that is wrong in itself. */
int error_set_plain(struct error *err, int code, const char *step, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* What an errno (positive) is called: "No such file or directory". Static; any thread may ask. */
const char *error_words(int number);

/*
 * Prints "PROGRAM: TEXT" (and the step in brackets) on stderr: for the edge of a command, once.
 * program: borrowed.
 */
void error_print(const char *program, const struct error *err);

#endif
