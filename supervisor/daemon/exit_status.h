/* The daemon's exit statuses beside 0, as mysql-replcheckd(8) has them. */
#ifndef REPLCHECK_DAEMON_EXIT_STATUS_H
#define REPLCHECK_DAEMON_EXIT_STATUS_H

enum { EXIT_REFUSED = 1, EXIT_CONFIGURATION = 2 };

#endif
