/* Log lines for the operator. One sink per process, set once at start: stderr in the foreground,
 * otherwise a function that queues the line for the worker thread (syslog may block). A line is one
 * sentence without a newline; the sink adds time, program and node. Never called by the model. */
#ifndef REPLCHECK_BASE_LOG_H
#define REPLCHECK_BASE_LOG_H

enum log_level {
    LOG_LEVEL_ERROR = 3,
    LOG_LEVEL_WARNING = 4,
    LOG_LEVEL_NOTICE = 5,
    LOG_LEVEL_INFO = 6,
    LOG_LEVEL_DEBUG = 7
};

/* `line` is valid only during the call. */
void log_set_sink(void (*sink)(enum log_level level, const char *line));
void log_set_level(enum log_level most_verbose);
/* The name that leads each line, usually the node's; copied. */
void log_set_name(const char *name);
void log_at(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...)   log_at(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_at(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...)  log_at(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...)    log_at(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_at(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
