/* What the fencer tells its supervisor, written into the observation. */
#ifndef REPLCHECK_DAEMON_FENCER_EVENTS_H
#define REPLCHECK_DAEMON_FENCER_EVENTS_H

struct node;

/* Begins to talk to it over its SOCK_SEQPACKET, and to wait for a dead server's end. */
void fencer_events_open(struct node *n, int fd);

void fencer_events_close(struct node *n);

#endif
