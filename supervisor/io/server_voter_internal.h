/* The inside of a voter that is a MariaDB server, shared by its files: server_voter.c has the session, the
 * taking and the renewing, server_voter_rows.c what is called on the vote's session: promises, marks, the
 * enabling of writes and releases. */
#ifndef REPLCHECK_IO_SERVER_VOTER_INTERNAL_H
#define REPLCHECK_IO_SERVER_VOTER_INTERNAL_H

#include "io/server_voter.h"
#include "io/voter_ops.h"

struct server_voter {
    struct voter base;
    struct event_base *loop;
    bool own, bell;
    struct session_options session_options;
    struct holder_view *holder;
    struct session *session;
    struct session *helper; /* ends a predecessor or an expired holder; lives only while needed */
    char *name, *init_sql, *idle_sql, *renew_sql, *look_sql, *take_sql, *take_wait_sql;
    bool wanted;
    enum voter_urgency urgency;
    bool taking, asking, enabling;
    bool warm;    /* the procedures were called once on this session */
    bool expired; /* the holder that the helper ends was seen idle for a lease */
    uint64_t promising;
    bool marking[OBS_NODES]; /* a mark, or its end, is under way */
    int64_t last_asked_us;
    int64_t look_again_us;     /* when the holder will have been idle for a lease */
    unsigned long predecessor; /* connection that held our vote when the session was lost */
    unsigned long condemned;   /* connection to end with the helper */
};

struct server_voter *server_voter_of(struct voter *v);
struct vote *server_voter_vote(const struct server_voter *v);
/* Whatever was answered: the server answers. */
void server_voter_heard(struct server_voter *v, const struct reply *r);
/* The first result set that has such a column; NULL if there is none. */
const struct rows *server_voter_set(const struct reply *r, const char *column);
double server_voter_elapsed_ms(const struct reply *r); /* -1 = it was not sent, or not answered */

/* Of struct voter_ops. */
void server_voter_drop(struct voter *base);
void server_voter_promise(struct voter *base, uint64_t epoch);
void server_voter_mark(struct voter *base, int node, uint64_t epoch);
void server_voter_clear_mark(struct voter *base, int node);
bool server_voter_enable(struct voter *base, uint64_t epoch);
void server_voter_release(struct voter *base, const struct voter_farewell *row, bool uncounted_too);

#endif
