#!/usr/bin/env python3
"""The probe's questions on a real server: the program's own statements under the accounts that run them."""

import sys
import time

from schema_fixture import case, expect, main, node, statement

DAY_S = 86400


def parts(session, *arguments):
    """The rows of each statement of a packet; a warning would be a value that this server has no answer to."""
    answers = []
    for sql in statement(*arguments).strip().split(";"):
        answers.append(session.query(sql))
        expect(f"warnings of {sql}", session.query("SHOW WARNINGS"), [])
    return answers


def unplanned(session, window_s, reset_s):
    (row,) = [rows[0] for rows in parts(session, "server", str(window_s), str(reset_s))
              if rows and rows[0].get("part") == "breaker"]
    return int(row["unplanned"])


@case
def every_question_is_answered_without_a_warning():
    with node() as (roles, _):
        for account in (roles.local(), roles.remote()):
            for arguments in (("bare",), ("holder",), ("server", str(DAY_S), "0")):
                parts(account, *arguments)


@case
def unplanned_promotions_are_counted_within_the_window_and_since_the_reset():
    with node() as (roles, root):
        local, now_s = roles.local(), int(time.time())
        expect("without any", unplanned(local, DAY_S, 0), 0)
        root.query("SET SESSION sql_log_bin = 0;"
                   " INSERT INTO replcheck.term (epoch, node, reason, row_id, gtid, at) VALUES"
                   " (1, 'mx1', 'no writer', 450, '', NOW(3)), (2, 'mx2', 'silence', 450, '', NOW(3)),"
                   " (3, 'mx1', 'certified death', 450, '', NOW(3) - INTERVAL 1 HOUR),"
                   " (4, 'mx2', 'switchover', 450, '', NOW(3)),"
                   " (5, 'mx1', 'silence', 450, '', NOW(3) - INTERVAL 2 DAY)")
        expect("a day", unplanned(local, DAY_S, 0), 2)
        expect("ten minutes", unplanned(local, 600, 0), 1)
        expect("a year", unplanned(local, 365 * DAY_S, 0), 3)
        expect("as long as there is", unplanned(local, 2**31 - 1, 0), 3)
        expect("since half an hour", unplanned(local, DAY_S, now_s - 1800), 1)
        expect("since a minute to come", unplanned(local, DAY_S, now_s + 60), 0)


@case
def a_server_in_any_time_zone_counts_the_same():
    with node() as (roles, root):
        local = roles.local()
        root.query("SET SESSION sql_log_bin = 0;"
                   " INSERT INTO replcheck.term (epoch, node, reason, row_id, gtid) VALUES (2, 'mx2', 'silence', 450, '')")
        for zone in ("-12:00", "+00:00", "+13:00"):
            local.query(f"SET time_zone = '{zone}'")
            expect(zone, unplanned(local, 600, int(time.time()) - 300), 1)


if __name__ == "__main__":
    sys.exit(main())
