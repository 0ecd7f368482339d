#include "base/outcome.h"

#include <assert.h>
#include <signal.h>
#include <string.h>

static const struct {
	const char *name;
	const char *sentence;
} outcomes[] = {
#define X(constant, name, sentence) [constant] = {name, sentence},
	OUTCOMES(X)
#undef X
};

const char *outcome_name(enum outcome outcome)
{
	assert((unsigned)outcome < OUTCOME_COUNT);
	return outcomes[outcome].name;
}

const char *outcome_sentence(enum outcome outcome)
{
	assert((unsigned)outcome < OUTCOME_COUNT);
	return outcomes[outcome].sentence;
}

/*
 * Names and descriptions as the Rust Playground's clients know them (BSD's wording, not glibc's:
 * "segmentation violation").
 */
static const struct {
	const char *name;
	const char *description;
} signals[] = {
	[SIGHUP] = {"SIGHUP", "terminal line hangup"},
	[SIGINT] = {"SIGINT", "interrupt program"},
	[SIGQUIT] = {"SIGQUIT", "quit program"},
	[SIGILL] = {"SIGILL", "illegal instruction"},
	[SIGTRAP] = {"SIGTRAP", "trace trap"},
	[SIGABRT] = {"SIGABRT", "abort program"},
	[SIGBUS] = {"SIGBUS", "bus error"},
	[SIGFPE] = {"SIGFPE", "floating-point exception"},
	[SIGKILL] = {"SIGKILL", "kill program"},
	[SIGUSR1] = {"SIGUSR1", "user defined signal 1"},
	[SIGSEGV] = {"SIGSEGV", "segmentation violation"},
	[SIGUSR2] = {"SIGUSR2", "user defined signal 2"},
	[SIGPIPE] = {"SIGPIPE", "write on a pipe with no reader"},
	[SIGALRM] = {"SIGALRM", "real-time timer expired"},
	[SIGTERM] = {"SIGTERM", "software termination signal"},
	[SIGSTKFLT] = {"SIGSTKFLT", "stack fault of a coprocessor"},
	[SIGCHLD] = {"SIGCHLD", "child status has changed"},
	[SIGCONT] = {"SIGCONT", "continue after stop"},
	[SIGSTOP] = {"SIGSTOP", "stop"},
	[SIGTSTP] = {"SIGTSTP", "stop signal generated from keyboard"},
	[SIGTTIN] = {"SIGTTIN", "background read attempted from control terminal"},
	[SIGTTOU] = {"SIGTTOU", "background write attempted to control terminal"},
	[SIGURG] = {"SIGURG", "urgent condition present on socket"},
	[SIGVTALRM] = {"SIGVTALRM", "virtual time alarm"},
	[SIGPROF] = {"SIGPROF", "profiling timer alarm"},
	[SIGWINCH] = {"SIGWINCH", "window size changes"},
	[SIGIO] = {"SIGIO", "I/O is possible on a descriptor"},
	[SIGPWR] = {"SIGPWR", "power failure"},
	[SIGXCPU] = {"SIGXCPU", "cpu time limit exceeded"},
	[SIGXFSZ] = {"SIGXFSZ", "file size limit exceeded"},
	[SIGSYS] = {"SIGSYS", "non-existent system call invoked"},
};

static int signal_is_known(int signal)
{
	return signal > 0 && (size_t)signal < sizeof(signals) / sizeof(signals[0]) &&
	       signals[signal].name;
}

const char *signal_name(int signal)
{
	return signal_is_known(signal) ? signals[signal].name : "an unnamed signal";
}

int signal_number(const char *name)
{
	for (int number = 1; name && number < SIGNALS_END; number++)
		if (strcmp(signal_name(number), name) == 0)
			return number;
	return 0;
}

const char *signal_description(int signal)
{
	return signal_is_known(signal) ? signals[signal].description : "unknown signal";
}
