/*
 * How a step, and so a job, ended. Every ended step has exactly one outcome and every outcome one
 * sentence for people. The names are part of the HTTP API.
 */
#ifndef BASE_OUTCOME_H
#define BASE_OUTCOME_H

/* X(constant, name in the API, sentence) */
#define OUTCOMES(X)                                                                                \
	X(OUTCOME_EXITED, "exited", "The program ended by itself.")                                \
	X(OUTCOME_SIGNALED, "signaled", "A signal ended the program.")                             \
	X(OUTCOME_WALL_TIMEOUT, "wall_timeout", "It took longer than the time limit.")             \
	X(OUTCOME_CPU_TIMEOUT, "cpu_timeout", "It used up its processor time.")                    \
	X(OUTCOME_OUT_OF_MEMORY, "out_of_memory", "It needed more memory than it may have.")       \
	X(OUTCOME_OUTPUT_LIMIT, "output_limit", "It printed more than it may; the rest is cut.")   \
	X(OUTCOME_FILE_LIMIT, "file_limit", "It filled the disk space it may use.")                \
	X(OUTCOME_KILLED, "killed", "It was stopped on request.")                                  \
	X(OUTCOME_REFUSED, "refused", "The sandbox refused to start it.")                          \
	X(OUTCOME_INTERNAL_ERROR, "internal_error",                                                \
	  "The server failed to run it; this is not the program's fault.")

enum outcome {
#define X(constant, name, sentence) constant,
	OUTCOMES(X)
#undef X
		OUTCOME_COUNT
};

/* The API name and the sentence of an outcome (which must be one). Static strings. */
const char *outcome_name(enum outcome outcome);
const char *outcome_sentence(enum outcome outcome);

/* "SIGSEGV" and "segmentation violation"; all of 1…31 have a name, others are "an unnamed signal"
 * and "unknown signal". Static. */
const char *signal_name(int signal);
const char *signal_description(int signal);

enum { SIGNALS_END = 32 }; /* behind the last that has a name */

/* The number of a signal by its name, 0 when there is none. name: NULL-safe. Pure. */
int signal_number(const char *name);

#endif
