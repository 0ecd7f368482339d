/*
 * One line per event on stderr: `time level event key=value …`. Only the edge of a process logs,
 * libraries do not, and nothing ever logs a visitor's code.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Lines above this level are dropped; LOG_LEVEL_INFO at start. The only mutable file-scope state.
 */
void log_set_level(enum log_level level);

/* event: a fixed word; format: "key=value key=value". Bytes outside printable ASCII become '?'. */
void log_event(enum log_level level, const char *event, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#define log_error(...) log_event(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_event(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_event(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_event(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
