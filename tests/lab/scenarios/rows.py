"""The faults that the pair must survive, row by row, and what each must leave whole. A scenario bears the number of
the row that it shows (`@scenario(fault=N)`); a row may have several, one per tie-breaker or node.

W  at most one node acknowledges writes at any instant
A  what was acknowledged survives: all of it in lossless mode; in async what was lost is within the stated bound, and
   listed
E  epochs rise
R  every live, reachable server answers reads
C  one writer again, within a bound, after the fault has ended
V  one holder of the VIP within a bound, and some live node holds it
N  no needless change of roles
"""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Row:
    number: int
    fault: str
    keeps: str


# P is the writer, S the standby.
ROWS = {number: Row(number, fault, keeps) for number, fault, keeps in (
    (1, "P's mariadbd crashes", "WA"),
    (2, "P's mariadbd hangs", "WA"),
    (3, "a hang shorter than `silent`", "N"),
    (4, "the hung server resumes after the promotion", "W"),
    (5, "S's mariadbd crashes", "RA"),
    (6, "S restarted with received, unapplied transactions, then P dies", "A"),
    (7, "P's supervisor crashes", "W"),
    (8, "P's supervisor hangs", "W"),
    (9, "P's supervisor resumes", "WE"),
    (10, "S's supervisor stops in each step of a promotion", "WE"),
    (11, "the fencer dies or hangs", "W"),
    (12, "supervisor and fencer stop", "W"),
    (13, "full partition", "WA"),
    (14, "P hears nothing", "WA"),
    (15, "P is not heard", "WA"),
    (16, "S hears nothing", "WV"),
    (17, "only VRRP is cut", "W"),
    (18, "only 3306 is cut", "WN"),
    (19, "P and the witness are cut", "WN"),
    (20, "S and the witness are cut", "N"),
    (21, "the witness dies", "NR"),
    (22, "the witness hangs", "W"),
    (23, "the witness restarts", "WE"),
    (24, "the witness loses its state", "E"),
    (25, "30 % loss", "N"),
    (26, "delay near the query deadline", "W"),
    (27, "the link flaps, 1 s, 100 times", "NC"),
    (28, "keepalived dies", "V"),
    (29, "keepalived hangs and resumes", "WV"),
    (30, "the clock is an hour off", "WN"),
    (31, "everything on P pauses and resumes", "W"),
    (32, "the CPU is starved", "W"),
    (33, "the disk under mariadbd is full", "W"),
    (34, "the disk under the journal is full", "W"),
    (35, "an idle LOCK TABLES at a demotion", "W"),
    (36, "a commit that waits for an acknowledgement at a demotion", "A"),
    (37, "a long statement at a demotion", "W"),
    (38, "the application's account bypasses read_only", "W"),
    (39, "max_connections is exhausted", "W"),
    (40, "both hosts boot together", "WC"),
    (41, "P reboots before S's wait ends", "W"),
    (42, "somebody sets read_only=0 on S", "W"),
    (43, "replication is broken by a duplicate key", "A"),
    (44, "a returning P has an extra transaction", "A"),
    (45, "a state file or the journal is torn", "E"),
    (46, "a partition in the middle of a switchover", "WA"),
    (47, "the dead-man's event is missing, disabled or SLAVESIDE_DISABLED", "W"),
    (48, "somebody else holds a vote's lock", "C"),
    (49, "the supervisor's session is killed", "N"),
    (50, "the two configurations differ", "W"),
    (51, "P off, S promotes and writes, S off, P boots alone", "AE"),
    (52, "FLUSH TABLES WITH READ LOCK and backup stages, on each node", "NW"),
    (53, "the reader of syslog stops", "NW"),
    (54, "a flush of the journal's disk hangs for 30 s", "NW"),
    (55, "a second supervisor is started on a node", "W"),
    (56, "the supervisor is upgraded on the writer", "N"),
    (57, "the last live node reboots without quorum", "RV"),
    (58, "a SYN falls into the VIP's gap", "C"),
)}
