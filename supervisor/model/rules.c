#include "model/rules.h"

#include "model/durability.h"

/* A row is one line where it can be: this is read as a table. */
/* clang-format off */
#define S(state)  (UINT32_C(1) << NODE_##state)
#define V(value)  (UINT32_C(1) << (value))
#define YES(f)    {FACT_##f, V(TRI_YES)}
#define NO(f)     {FACT_##f, V(TRI_NO)}
#define NOT_YES(f) {FACT_##f, V(TRI_NO) | V(TRI_UNKNOWN)}
#define NOT_NO(f) {FACT_##f, V(TRI_YES) | V(TRI_UNKNOWN)}
#define IS(f, v)  {FACT_##f, V(v)}
#define NOT(f, v) {FACT_##f, ~V(v)}
#define A(action) ACTION_BIT(ACTION_##action)

#define PROMOTING (S(PROMOTE_VOTES) | S(PROMOTE_RECEIVE) | S(PROMOTE_DRAIN) | S(PROMOTE_PROMISE) | S(PROMOTE_ENABLE))
#define BEFORE_PROMISE (S(PROMOTE_VOTES) | S(PROMOTE_RECEIVE) | S(PROMOTE_DRAIN))
#define HOLDING   (S(PROMOTE_ENABLE) | S(WRITER))
#define GO(state) .next = NODE_##state
#define STAY      .stay = true
#define DUALS     (S(DUAL_HELD) | S(DUAL))
#define KEEP_AUTHORITY (A(TAKE_VOTES) | A(PREPARE) | A(ARM))

const struct rule rules_table[] = {
    /* 1xx: what must stop a writer, before anything else */
    {100, HOLDING | S(DEMOTE_CLOSE), {YES(OWN_DEAD), YES(CERTIFIABLE)}, GO(FENCED),
     .actions = A(DISARM) | A(CERTIFY) | A(WEIGHT_FAULT) | A(ALERT), "the server died under the writer; its death is certified"},
    {102, HOLDING | S(DEMOTE_CLOSE), {YES(OWN_DEAD)}, GO(FENCED), .actions = A(DISARM) | A(WEIGHT_FAULT) | A(DROP_VOTES) | A(ALERT),
     "the server died under the writer, and without read_only=ON in its option files that cannot be certified"},
    {103, HOLDING, {YES(RESTARTED), YES(OWN_READ_ONLY)}, GO(FENCED), .actions = A(FENCE) | A(ALERT),
     "the server was restarted in its term: what crash recovery took back is for a new term to leave out"},
    {105, HOLDING | S(DEMOTE_CLOSE) | S(DEMOTE_HANDOVER), {NO(FENCER)}, GO(FENCED), .actions = A(CLOSE_OWN) | A(ALERT),
     "the fencer is gone"},
    {110, S(WRITER), {YES(SUPERSEDED)}, GO(FENCED), .actions = A(FENCE) | A(ALERT), "the other node promised a higher epoch"},
    {115, S(WRITER), {NOT_YES(AUTHORITY)}, GO(FENCED), .actions = A(FENCE) | A(ALERT),
     "authority ended: no majority of votes answers"},
    {117, S(DEMOTE_CLOSE), {NOT_YES(AUTHORITY), NOT_YES(OWN_READ_ONLY)}, GO(FENCED), .actions = A(FENCE) | A(ALERT),
     "authority ended while the own server is being closed"},
    {118, HOLDING, {NO(QUICK), NOT_YES(WRITE_LOCK)}, GO(FENCED), .actions = A(FENCE) | A(ALERT),
     "the other voters answer too slowly for the write lock to be renewed"},
    {120, S(WRITER), {YES(ISOLATED)}, GO(FENCED), .actions = A(FENCE) | A(ALERT),
     "neither the other node nor a reference was heard for a lease"},
    /* write_mode dual leaves the rest of the table here */
    {121, S(UNKNOWN), {YES(DUAL), NO(FENCER)}, STAY, .actions = A(DROP_VOTES) | A(EXIT), "the fencer is gone"},
    {122, S(UNKNOWN), {YES(DUAL), YES(STOPPING)}, STAY, .actions = A(DROP_VOTES) | A(EXIT), "asked to stop"},
    {123, S(UNKNOWN), {YES(DUAL), YES(OWN_DEAD)}, STAY, .actions = A(WEIGHT_FAULT), "the own server is dead"},
    {124, S(UNKNOWN), {YES(DUAL), YES(OWN_UP), YES(FENCER)}, GO(DUAL_HELD), .actions = A(DISARM) | A(DROP_VOTES),
     "write_mode dual: looking whether this server may be opened"},
    {125, S(UNKNOWN), {YES(DUAL)}, STAY, .actions = A(DROP_VOTES), "the own server or the fencer does not answer"},
    {130, S(UNKNOWN), {NO(OWN_READ_ONLY), NO(INHERITED)}, GO(FENCED), .actions = A(FENCE) | A(ALERT),
     "the server is writable and nobody here has the authority"},
    {132, S(STANDBY) | S(QUARANTINED), {NO(OWN_READ_ONLY)}, GO(FENCED), .actions = A(FENCE) | A(ALERT),
     "somebody made this server writable without authority"},
    {134, BEFORE_PROMISE | S(PROMOTE_PROMISE), {NO(OWN_READ_ONLY)}, GO(FENCED), .actions = A(FENCE) | A(ALERT),
     "somebody made this server writable during the promotion"},

    /* 2xx: unknown */
    {200, S(UNKNOWN), {YES(INHERITED), NO(OWN_READ_ONLY), IS(VOTES, VOTES_COUNTED), YES(AUTHORITY), NOT_YES(SUPERSEDED)}, GO(WRITER),
     .actions = KEEP_AUTHORITY, "the predecessor's votes were taken again within their validity"},
    {205, S(UNKNOWN), {YES(INHERITED), YES(OWN_READ_ONLY)}, GO(FENCED), .actions = A(DISARM),
     "the predecessor was writer and the server is read-only now"},
    {207, S(UNKNOWN), {NO(FENCER)}, STAY, .actions = A(DROP_VOTES) | A(EXIT), "the fencer is gone"},
    {208, S(UNKNOWN), {YES(STOPPING)}, STAY, .actions = A(DROP_VOTES) | A(EXIT), "asked to stop"},
    {210, S(UNKNOWN), {YES(INHERITED)}, STAY, .actions = A(TAKE_VOTES) | A(PREPARE), "resuming the predecessor's authority"},
    {220, S(UNKNOWN), {NOT_YES(OWN_UP)}, STAY, .actions = A(DROP_VOTES), "the own server does not answer"},
    {225, S(UNKNOWN), {NOT_YES(FENCER)}, STAY, .actions = A(DROP_VOTES), "the fencer has not answered yet"},
    {230, S(UNKNOWN), {YES(OWN_READ_ONLY)}, GO(STANDBY), .actions = A(DISARM), "the own server answers and is read-only"},
    {299, S(UNKNOWN), {{0}}, STAY, .actions = 0, "looking"},

    /* 3xx: standby */
    {300, S(STANDBY), {NOT_YES(OWN_UP)}, GO(UNKNOWN), .actions = A(DROP_VOTES), "the own server stopped answering"},
    {302, S(STANDBY), {NO(FENCER)}, GO(UNKNOWN), .actions = A(DROP_VOTES) | A(ALERT) | A(EXIT), "the fencer is gone"},
    {304, S(STANDBY) | S(QUARANTINED), {YES(STOPPING)}, STAY, .actions = A(DISARM) | A(DROP_VOTES) | A(EXIT), "asked to stop"},
    {305, S(STANDBY), {IS(HISTORY, GTID_REL_DIVERGED), NOT_YES(LATER_TERM)}, GO(QUARANTINED), .actions = A(ALERT),
     "this server has transactions that the other lacks, and lacks some of the other's"},
    {307, S(STANDBY), {IS(HISTORY, GTID_REL_AHEAD), YES(PEER_WRITER)}, GO(QUARANTINED), .actions = A(ALERT),
     "this server has transactions that the writer lacks"},
    {310, S(STANDBY), {YES(MAINTENANCE), NOT_YES(LAST_WRITER)}, STAY, .actions = A(DROP_VOTES), "maintenance: nothing changes role"},
    {320, S(STANDBY), {{FACT_REASON, V(REASON_CERTIFIED) | V(REASON_SILENCE)}, YES(BREAKER)}, STAY, .actions = A(ALERT),
     "refused: the breaker is open; `mysql-replcheck breaker reset` closes it"},
    {321, S(STANDBY), {NOT(REASON, REASON_NONE), NO(SCHEMA)}, STAY, .actions = A(ALERT),
     "refused: the schema replcheck here is too old for durability lossless; `mysql-replcheck schema upgrade`"},
    {322, S(STANDBY), {NOT(REASON, REASON_NONE), NOT_YES(BOOT_SAFE)}, STAY, .actions = A(ALERT),
     "refused: the server's option files do not set read_only=ON"},
    {323, S(STANDBY), {NOT(REASON, REASON_NONE), YES(DISK_FULL)}, STAY, .actions = A(ALERT),
     "refused: there is no room on the disk that the own server writes to"},
    {324, S(STANDBY), {NOT(REASON, REASON_NONE), IS(DEAD_MAN, TRI_UNKNOWN)}, STAY, .actions = 0,
     "waiting: the dead-man's switch is being verified"},
    {325, S(STANDBY), {NOT(REASON, REASON_NONE), NOT_YES(DEAD_MAN)}, STAY, .actions = A(ALERT),
     "refused: the dead-man's switch is off or does not advance"},
    {326, S(STANDBY), {NOT(REASON, REASON_NONE), NOT(REASON, REASON_OPERATOR), NOT_NO(STALE)}, STAY, .actions = A(ALERT),
     "refused: a voter remembers a term whose data are not here"},
    {327, S(STANDBY), {{FACT_REASON, V(REASON_SILENCE) | V(REASON_VACANT)}, YES(ISOLATED)}, STAY, .actions = A(ALERT),
     "refused: neither the other node nor a reference is heard"},
    {328, S(STANDBY), {NOT(REASON, REASON_NONE), IS(LOSS, LOSS_KNOWN)}, STAY, .actions = A(ALERT),
     "refused: transactions seen on the writer are missing here"},
    {329, S(STANDBY), {{FACT_REASON, V(REASON_SILENCE) | V(REASON_OPERATOR)}, NOT_YES(PEER_UP), NO(THIRD_VOTE), NOT_YES(PEER_CLOSED)}, STAY, .actions = A(DROP_VOTES) | A(ALERT),
     "refused: the third vote is the silent writer's; if its host is off, `mysql-replcheck promote --peer-is-off NODE`"},
    {330, S(STANDBY), {NOT(REASON, REASON_NONE), {FACT_LOSS, V(LOSS_UNSEEN) | V(LOSS_UNKNOWN)}}, STAY, .actions = A(ALERT),
     "refused: the writer was not seen for longer than max_unseen"},
    {331, S(STANDBY), {NOT(REASON, REASON_NONE), IS(LOSS, LOSS_MARKED)}, STAY, .actions = A(ALERT),
     "refused: this node is marked as out of sync: it may lack acknowledged transactions; `mysql-replcheck promote --accept-loss`"},
    {332, S(STANDBY), {NOT(REASON, REASON_NONE), IS(LOSS, LOSS_UNPROVEN)}, STAY, .actions = A(ALERT),
     "refused: nothing proves that all acknowledged transactions are here; `mysql-replcheck promote --accept-loss`"},
    {333, S(STANDBY), {NOT(REASON, REASON_NONE), NO(QUICK)}, STAY, .actions = A(ALERT),
     "refused: the other voters answer too slowly for a writer to keep its votes"},
    {334, S(STANDBY), {NOT(REASON, REASON_NONE), YES(APPLIER_BROKEN)}, STAY, .actions = A(ALERT),
     "refused: the applier stopped with an error, so that what was received cannot be applied; `mysql-replcheck promote --accept-loss`"},
    {335, S(STANDBY), {NOT(REASON, REASON_NONE), YES(APPLIER_STOPPED), IS(IO, IO_NO), NO(DRAINED)}, STAY, .actions = A(DROP_VOTES) | A(ALERT),
     "refused: both replication threads are stopped, and received transactions are not applied: START SLAVE would discard them"},
    {336, S(STANDBY), {NOT(REASON, REASON_NONE), YES(BACKOFF)}, STAY, .actions = A(DROP_VOTES),
     "the last attempt failed; the next one waits"},
    {340, S(STANDBY), {NOT(REASON, REASON_NONE)}, GO(PROMOTE_VOTES), .actions = A(TAKE_VOTES) | A(PREPARE) | A(CLOSE_PEER) | A(PROBE),
     "a reason to promote, and nothing against it"},
    {350, S(STANDBY), {YES(PEER_WRITER), NO(THREADS), YES(OWN_READ_ONLY), {FACT_HISTORY, V(GTID_REL_EQUAL) | V(GTID_REL_BEHIND)}}, STAY,
     .actions = A(DROP_VOTES) | A(START_THREADS), "the own history is contained in the writer's: replication resumes"},
    {352, S(STANDBY), {{FACT_ACKS, V(ACKS_WEAK) | V(ACKS_REQUIRED)}, YES(OWN_READ_ONLY)}, STAY, .actions = A(DROP_VOTES) | A(SEMI_SYNC_OFF),
     "standby; commits no longer wait here: there are none but the applier's"},
    {353, S(STANDBY), {NO(OWN_ACKS), YES(SQL)}, STAY, .actions = A(DROP_VOTES) | A(ACKNOWLEDGE),
     "standby; the receiver begins again, to acknowledge what it receives"},
    {355, S(STANDBY), {NO(OFFSETS)}, STAY, .actions = A(DROP_VOTES) | A(OFFSETS), "standby; the offsets are put right"},
    {399, S(STANDBY), {{0}}, STAY, .actions = A(DROP_VOTES), "standby"},

    /* 4xx: a promotion's five steps */
    {400, BEFORE_PROMISE, {NOT_YES(OWN_UP)}, GO(UNKNOWN), .actions = A(DROP_VOTES), "given up: the own server stopped answering"},
    {402, BEFORE_PROMISE, {NOT_YES(FENCER)}, GO(STANDBY), .actions = A(DROP_VOTES), "given up: the fencer does not answer"},
    {404, BEFORE_PROMISE, {IS(REASON, REASON_NONE)}, GO(STANDBY), .actions = A(DISARM) | A(DROP_VOTES) | A(START_RECEIVER),
     "given up: the reason is gone"},
    {406, BEFORE_PROMISE, {YES(SUPERSEDED)}, GO(STANDBY), .actions = A(DISARM) | A(DROP_VOTES) | A(START_RECEIVER),
     "given up: the other node promised a higher epoch"},
    {407, BEFORE_PROMISE, {NOT(REASON, REASON_OPERATOR), YES(STALE)}, GO(STANDBY), .actions = A(DISARM) | A(DROP_VOTES) | A(START_RECEIVER),
     "given up: a voter remembers a term whose data are not here"},
    {408, BEFORE_PROMISE, {YES(TIMEOUT)}, GO(STANDBY), .actions = A(DISARM) | A(DROP_VOTES) | A(START_RECEIVER),
     "given up: this step took too long"},
    {409, BEFORE_PROMISE, {IS(LOSS, LOSS_MARKED)}, GO(STANDBY), .actions = A(DISARM) | A(DROP_VOTES) | A(START_RECEIVER) | A(ALERT),
     "refused: this node is marked as out of sync"},
    {410, S(PROMOTE_VOTES), {IS(VOTES, VOTES_COUNTED), YES(EPOCH), YES(PEER_CLOSED)}, GO(PROMOTE_RECEIVE), .actions = KEEP_AUTHORITY | A(PROBE),
     "a majority of votes counts and the other is closed"},
    {412, S(PROMOTE_VOTES), {IS(VOTES, VOTES_COUNTED), YES(EPOCH), YES(DELAY_OVER)}, GO(PROMOTE_RECEIVE), .actions = KEEP_AUTHORITY | A(PROBE),
     "a majority of votes counts and the takeover delay has passed"},
    {419, S(PROMOTE_VOTES), {{0}}, STAY, .actions = A(TAKE_VOTES) | A(PREPARE) | A(CLOSE_PEER) | A(SEMI_SYNC_OFF), "asking for votes"},
    {420, S(PROMOTE_RECEIVE) | S(PROMOTE_DRAIN), {NOT(VOTES, VOTES_COUNTED)}, GO(STANDBY), .actions = A(DISARM) | A(DROP_VOTES) | A(START_RECEIVER),
     "given up: the majority was lost"},
    {422, S(PROMOTE_RECEIVE), {YES(APPLIER_BROKEN)}, GO(STANDBY), .actions = A(DISARM) | A(DROP_VOTES) | A(ALERT),
     "refused: the applier stopped with an error, so that what was received cannot be applied"},
    {423, S(PROMOTE_RECEIVE), {YES(APPLIER_STOPPED), NOT(IO, IO_NO)}, STAY, .actions = KEEP_AUTHORITY | A(START_THREADS),
     "the applier is stopped: starting it while the receiver runs, which keeps the relay log"},
    {425, S(PROMOTE_RECEIVE), {YES(RECEIVED)}, GO(PROMOTE_DRAIN), .actions = KEEP_AUTHORITY | A(STOP_RECEIVER),
     "all that can arrive has arrived"},
    {429, S(PROMOTE_RECEIVE), {{0}}, STAY, .actions = KEEP_AUTHORITY | A(PROBE), "receiving what the other had written"},
    {430, S(PROMOTE_DRAIN), {NOT(IO, IO_NO)}, STAY, .actions = KEEP_AUTHORITY | A(STOP_RECEIVER), "stopping the receiver"},
    {432, S(PROMOTE_DRAIN), {YES(DRAINED), IS(LOSS, LOSS_OK)}, GO(PROMOTE_PROMISE), .actions = KEEP_AUTHORITY | A(PROMISE) | A(OFFSETS),
     "everything received is applied"},
    {434, S(PROMOTE_DRAIN), {YES(DRAINED)}, GO(STANDBY), .actions = A(DISARM) | A(DROP_VOTES) | A(START_RECEIVER) | A(ALERT),
     "refused after the drain: transactions of the writer are missing here"},
    {436, S(PROMOTE_DRAIN), {YES(APPLIER_BROKEN)}, GO(STANDBY), .actions = A(DISARM) | A(DROP_VOTES) | A(ALERT),
     "refused: the applier stopped with an error, so that what was received cannot be applied"},
    {437, S(PROMOTE_DRAIN), {YES(APPLIER_STOPPED), NO(DRAINED)}, GO(STANDBY), .actions = A(DISARM) | A(DROP_VOTES) | A(ALERT),
     "given up: the applier is stopped, and received transactions are not applied"},
    {439, S(PROMOTE_DRAIN), {{0}}, STAY, .actions = KEEP_AUTHORITY | A(DRAIN), "applying what was received"},
    {440, S(PROMOTE_PROMISE), {NO(BASIS_USED)}, GO(FENCED), .actions = A(DISARM), "undone: the other took its handover back"},
    {442, S(PROMOTE_PROMISE) | S(PROMOTE_ENABLE), {YES(SUPERSEDED)}, GO(FENCED), .actions = A(FENCE),
     "undone: the other node promised a higher epoch"},
    {444, S(PROMOTE_PROMISE), {NOT(VOTES, VOTES_COUNTED)}, GO(FENCED), .actions = A(DISARM), "undone: the majority was lost"},
    {446, S(PROMOTE_PROMISE), {YES(TIMEOUT)}, GO(FENCED), .actions = A(DISARM), "undone: the promise took too long"},
    {447, S(PROMOTE_PROMISE), {IS(LOSS, LOSS_KNOWN)}, GO(FENCED), .actions = A(DISARM) | A(ALERT),
     "undone: transactions of the writer are missing here, as a late answer of it told"},
    {448, S(PROMOTE_PROMISE), {YES(PROMISED), NOT_NO(OFFSETS)}, GO(PROMOTE_ENABLE), .actions = KEEP_AUTHORITY,
     "the epoch is promised at every counted voter"},
    {449, S(PROMOTE_PROMISE), {{0}}, STAY, .actions = KEEP_AUTHORITY | A(PROMISE) | A(OFFSETS), "promising the epoch"},
    {450, S(PROMOTE_ENABLE), {NO(OWN_READ_ONLY), NO(UNANSWERED), YES(AUTHORITY)}, GO(WRITER), .actions = KEEP_AUTHORITY | A(TERM),
     "writes are enabled and read back"},
    {451, S(PROMOTE_ENABLE), {NO(BEGUN), IS(ACKS, ACKS_REQUIRED), IS(MARK, MARK_BOTH), NO(PEER_ACKS), YES(AUTHORITY), NO(TIMEOUT)}, STAY,
     .actions = KEEP_AUTHORITY | A(SEMI_SYNC_OFF), "the other acknowledges no more and is marked as out of sync: the term's row goes on without it"},
    {452, S(PROMOTE_ENABLE), {YES(TIMEOUT)}, GO(FENCED), .actions = A(FENCE), "undone: enabling took too long"},
    {453, S(PROMOTE_ENABLE), {NO(BEGUN), IS(ACKS, ACKS_REQUIRED), NOT(MARK, MARK_BOTH), NO(PEER_ACKS), YES(AUTHORITY)}, STAY,
     .actions = KEEP_AUTHORITY | A(MARK), "the other acknowledges no more, and the term's row would wait for it: marking it as out of sync"},
    {454, S(PROMOTE_ENABLE), {NOT_YES(AUTHORITY)}, GO(FENCED), .actions = A(FENCE), "undone: authority ended while enabling"},
    {455, S(PROMOTE_ENABLE), {YES(ARMED), YES(AUTHORITY), YES(SAFE), NO(BEGUN)}, STAY, .actions = KEEP_AUTHORITY | A(TERM),
     "writing the term's row before writes are enabled, behind all numbers that a crash may have taken back"},
    {456, S(PROMOTE_ENABLE), {YES(ARMED), YES(AUTHORITY), YES(SAFE)}, STAY, .actions = KEEP_AUTHORITY | A(ENABLE), "enabling writes"},
    {457, S(PROMOTE_ENABLE), {NOT_YES(SAFE), {FACT_ACKS, V(ACKS_OFF) | V(ACKS_WEAK)}, YES(PEER_ACKS)}, STAY, .actions = KEEP_AUTHORITY | A(ACKS_ON),
     "requiring the other's acknowledgement before writes are enabled"},
    {458, S(PROMOTE_ENABLE), {NO(SAFE)}, STAY, .actions = KEEP_AUTHORITY | A(MARK),
     "the other does not acknowledge: marking it as out of sync before writes are enabled"},
    {459, S(PROMOTE_ENABLE), {{0}}, STAY, .actions = KEEP_AUTHORITY, "waiting for the fencer to acknowledge the deadline"},

    /* 5xx: writer */
    {500, S(WRITER), {YES(OWN_READ_ONLY)}, GO(PROMOTE_ENABLE), .actions = KEEP_AUTHORITY | A(ALERT),
     "somebody made the writer read-only; authority is intact, writes are enabled again"},
    {501, S(WRITER), {IS(ACKS, ACKS_REQUIRED), NOT(MARK, MARK_BOTH), YES(PEER_GONE), NO(STOPPING)}, STAY, .actions = KEEP_AUTHORITY | A(MARK) | A(ALERT),
     "the other is gone and commits wait for it: marking it as out of sync"},
    {502, S(WRITER), {IS(ACKS, ACKS_REQUIRED), IS(MARK, MARK_BOTH), YES(PEER_GONE), NO(STOPPING)}, STAY, .actions = KEEP_AUTHORITY | A(SEMI_SYNC_OFF),
     "the other is gone and marked as out of sync: commits go on without it"},
    {503, S(WRITER), {{FACT_ACKS, V(ACKS_OFF) | V(ACKS_WEAK)}, {FACT_MARK, V(MARK_NONE) | V(MARK_SOME)}, NO(STOPPING)}, STAY, .actions = KEEP_AUTHORITY | A(ACKS_ON) | A(ALERT),
     "commits do not wait for the other, which is not marked: they shall wait again"},
    {504, S(WRITER), {{FACT_ACKS, V(ACKS_OFF) | V(ACKS_WEAK)}, YES(PEER_ACKS), NO(STOPPING)}, STAY, .actions = KEEP_AUTHORITY | A(ACKS_ON),
     "the other acknowledges and keeps up again: commits wait for it"},
    {505, S(WRITER), {IS(ACKS, ACKS_REQUIRED), {FACT_MARK, V(MARK_SOME) | V(MARK_BOTH)}, YES(IN_STEP), NO(STUCK), NO(STOPPING)}, STAY, .actions = KEEP_AUTHORITY | A(CLEAR_MARK),
     "the other has caught up and acknowledges: its mark goes"},
    {506, S(WRITER), {IS(ACKS, ACKS_REQUIRED), NOT(MARK, MARK_BOTH), YES(STUCK), NO(STOPPING)}, STAY, .actions = KEEP_AUTHORITY | A(MARK) | A(ALERT),
     "commits wait for what the other received and will never acknowledge: it is marked, so that they can be let go"},
    {507, S(WRITER), {IS(ACKS, ACKS_REQUIRED), IS(MARK, MARK_BOTH), YES(STUCK), NO(STOPPING)}, STAY, .actions = KEEP_AUTHORITY | A(SEMI_SYNC_OFF),
     "marked: the commits that would wait for ever are let go"},
    {510, S(WRITER), {NO(PEER_READ_ONLY), NOT_YES(OWN_READ_ONLY)}, STAY, .actions = KEEP_AUTHORITY | A(CLOSE_PEER) | A(ALERT),
     "the other server is writable too: closing it"},
    {515, S(WRITER), {YES(MAINTENANCE), NO(STOPPING)}, STAY, .actions = KEEP_AUTHORITY | A(PROMISE) | A(TERM), "maintenance: the writer stays writer"},
    {520, S(WRITER), {YES(WANT_AWAY), YES(PEER_READY)}, GO(DEMOTE_CLOSE), .actions = KEEP_AUTHORITY | A(CLOSE_OWN), "a handover was asked for"},
    {522, S(WRITER), {YES(DISK_FULL), YES(PEER_FOLLOWS)}, GO(FENCED), .actions = A(FENCE) | A(ALERT),
     "writes hang, for there is no room on the disk, and the other node follows"},
    {525, S(WRITER), {YES(STOPPING)}, GO(DEMOTE_CLOSE), .actions = KEEP_AUTHORITY | A(CLOSE_OWN) | A(ALERT),
     "asked to stop, and the other node cannot take over: closing"},
    {530, S(WRITER), {NO(TERM)}, STAY, .actions = KEEP_AUTHORITY | A(TERM), "writer; the term's first row is being written"},
    {540, S(WRITER), {NO(THREADS), YES(PEER_READ_ONLY), {FACT_HISTORY, V(GTID_REL_EQUAL) | V(GTID_REL_AHEAD)}}, STAY,
     .actions = KEEP_AUTHORITY | A(START_RECEIVER), "writer; the other's history is contained: listening to it again"},
    {545, S(WRITER), {NO(OFFSETS)}, STAY, .actions = KEEP_AUTHORITY | A(OFFSETS), "writer; the offsets are put right"},
    {547, S(WRITER), {NO(OWN_ACKS), YES(SQL)}, STAY, .actions = KEEP_AUTHORITY | A(ACKNOWLEDGE),
     "writer; the receiver begins again, to acknowledge when the other is writer"},
    {599, S(WRITER), {{0}}, STAY, .actions = KEEP_AUTHORITY | A(PROMISE), "writer"},

    /* 6xx: the two steps of a demotion */
    {600, S(DEMOTE_CLOSE), {YES(OWN_READ_ONLY), YES(FINAL), NO(UNANSWERED)}, GO(DEMOTE_HANDOVER),
     .actions = A(DISARM) | A(WEIGHT_FAULT) | A(RELEASE), "closed, the final position is read: handing over"},
    {605, S(DEMOTE_CLOSE), {YES(TIMEOUT)}, GO(FENCED), .actions = A(FENCE) | A(ALERT), "closing took longer than a fence may"},
    {609, S(DEMOTE_CLOSE), {{0}}, STAY, .actions = KEEP_AUTHORITY | A(CLOSE_OWN), "closing the own server"},
    {610, S(DEMOTE_HANDOVER), {NO(OWN_READ_ONLY)}, GO(FENCED), .actions = A(FENCE) | A(ALERT), "writable again while handing over"},
    {615, S(DEMOTE_HANDOVER), {NO(PEER_READ_ONLY)}, GO(STANDBY), .actions = 0, "the other node is the writer"},
    {620, S(DEMOTE_HANDOVER), {YES(RECLAIMED)}, GO(STANDBY), .actions = 0, "the handover was not taken and is taken back"},
    {625, S(DEMOTE_HANDOVER), {NO(RECLAIMED)}, GO(STANDBY), .actions = 0, "the other node has used the handover"},
    {628, S(DEMOTE_HANDOVER), {YES(STOPPING), YES(RELEASED)}, GO(STANDBY), .actions = 0, "asked to stop, and released in writing"},
    {630, S(DEMOTE_HANDOVER), {NOT_YES(OWN_UP)}, GO(UNKNOWN), .actions = 0, "the own server stopped answering"},
    {633, S(DEMOTE_HANDOVER), {YES(TIMEOUT), NOT_YES(PEER_UP)}, GO(STANDBY), .actions = 0,
     "not taken in time, and the other does not answer: nothing can be taken back"},
    {635, S(DEMOTE_HANDOVER), {YES(TIMEOUT)}, STAY, .actions = A(RECLAIM), "not taken in time: taking the handover back"},
    {639, S(DEMOTE_HANDOVER), {{0}}, STAY, .actions = A(RELEASE) | A(WEIGHT_FAULT), "handed over; waiting for the other node"},

    /* 7xx: fenced and quarantined */
    {700, S(FENCED), {YES(OWN_DEAD), YES(CERTIFIABLE), NO(RELEASED)}, STAY, .actions = A(DISARM) | A(CERTIFY) | A(WEIGHT_FAULT),
     "certifying the server's death"},
    {701, S(FENCED), {YES(OWN_DEAD), YES(CERTIFIABLE), NO(CERTIFICATE)}, STAY, .actions = A(CERTIFY_LATE) | A(WEIGHT_FAULT),
     "certifying the server's death at the other's, which was away when it died"},
    {702, S(FENCED), {YES(OWN_DEAD), NO(STOPPING)}, STAY, .actions = A(DROP_VOTES) | A(WEIGHT_FAULT), "the own server is dead"},
    {703, S(FENCED), {NOT_YES(OWN_UP), YES(STOPPING)}, STAY, .actions = A(EXIT), "asked to stop, and the own server does not answer"},
    {705, S(FENCED), {YES(OWN_READ_ONLY), NO(FENCER), NO(UNANSWERED)}, STAY, .actions = A(WEIGHT_FAULT) | A(RELEASE) | A(EXIT),
     "closed without a fencer: this process ends"},
    {710, S(FENCED), {NO(OWN_READ_ONLY), NO(FENCER)}, STAY, .actions = A(CLOSE_OWN), "closing the own server without a fencer"},
    {715, S(FENCED), {NO(OWN_READ_ONLY)}, STAY, .actions = A(FENCE) | A(CLOSE_OWN),
     "fencing, and closing beside it: that the fencer stands still is noticed only later"},
    {720, S(FENCED), {YES(OWN_READ_ONLY), NO(UNANSWERED), NO(VOTES_FREE)}, STAY, .actions = A(DISARM) | A(RELEASE),
     "closed: the votes are given back in writing"},
    {722, S(FENCED), {YES(OWN_READ_ONLY), YES(UNANSWERED), NO(FENCER)}, STAY, .actions = A(CLOSE_OWN),
     "an enabling is unanswered and the fencer is gone: its session is killed first"},
    {725, S(FENCED), {YES(OWN_READ_ONLY), YES(UNANSWERED)}, STAY, .actions = A(FENCE), "an enabling is unanswered: its session is killed first"},
    {727, S(FENCED), {YES(OWN_READ_ONLY), YES(STOPPING)}, STAY, .actions = A(DISARM) | A(EXIT), "asked to stop, and closed"},
    {730, S(FENCED), {YES(OWN_READ_ONLY), {FACT_HISTORY, V(GTID_REL_EQUAL) | V(GTID_REL_BEHIND)}}, GO(STANDBY), .actions = A(DISARM),
     "closed, and the own history is contained in the other's"},
    {735, S(FENCED), {YES(OWN_READ_ONLY), YES(KEPT_LEASE)}, GO(STANDBY), .actions = A(DISARM), "closed for a lease"},
    {740, S(FENCED), {YES(OWN_READ_ONLY), IS(HISTORY, GTID_REL_DIVERGED), NOT_YES(LATER_TERM)}, GO(QUARANTINED), .actions = A(DISARM) | A(ALERT),
     "this server has transactions that the other lacks, and lacks some of the other's"},
    {742, S(FENCED), {YES(OWN_READ_ONLY), IS(HISTORY, GTID_REL_AHEAD), YES(PEER_WRITER)}, GO(QUARANTINED), .actions = A(DISARM) | A(ALERT),
     "this server has transactions that the writer lacks"},
    {747, S(FENCED), {IS(OWN_READ_ONLY, TRI_UNKNOWN), YES(AUTHORITY), YES(FENCER), NO(TIMEOUT)}, STAY, .actions = 0,
     "being fenced, and the server answers nothing: the votes are kept for a moment, to be given back in writing"},
    {749, S(FENCED), {{0}}, STAY, .actions = A(DROP_VOTES), "fenced"},
    {750, S(QUARANTINED), {NOT_YES(OWN_UP)}, STAY, .actions = A(DROP_VOTES), "quarantined; the own server does not answer"},
    {752, S(QUARANTINED), {NO(FENCER)}, STAY, .actions = A(DROP_VOTES) | A(EXIT), "the fencer is gone"},
    {755, S(QUARANTINED), {{FACT_HISTORY, V(GTID_REL_EQUAL) | V(GTID_REL_BEHIND)}}, GO(STANDBY), .actions = 0,
     "the own history is contained in the other's again"},
    {760, S(QUARANTINED), {IS(HISTORY, GTID_REL_AHEAD), NO(PEER_WRITER)}, GO(STANDBY), .actions = 0,
     "no writer, and the own history contains the other's"},
    {765, S(QUARANTINED), {IS(HISTORY, GTID_REL_DIVERGED), YES(LATER_TERM), NO(PEER_WRITER)}, GO(STANDBY), .actions = 0,
     "no writer, and the own data have the later term: the other's extra transactions are for it to keep"},
    {799, S(QUARANTINED), {{0}}, STAY, .actions = A(DROP_VOTES), "quarantined: `mysql-replcheck divergence` lists the transactions"},

    /* 8xx: write_mode dual: nothing here closes a server */
    {800, DUALS, {YES(OWN_DEAD)}, GO(UNKNOWN), .actions = A(WEIGHT_FAULT) | A(ALERT), "the own server died; the other goes on"},
    {802, DUALS, {NO(FENCER)}, GO(UNKNOWN), .actions = A(ALERT), "the fencer is gone"},
    {804, DUALS, {YES(STOPPING)}, STAY, .actions = A(EXIT), "asked to stop: the server remains as it is"},
    {806, DUALS, {NOT_YES(OWN_UP)}, GO(UNKNOWN), .actions = A(ALERT), "the own server stopped answering"},
    {810, S(DUAL_HELD), {NO(OWN_READ_ONLY)}, GO(DUAL), .actions = 0, "the server is writable"},
    {812, S(DUAL_HELD), {YES(MAINTENANCE)}, STAY, .actions = 0, "maintenance: nothing is opened"},
    {814, S(DUAL_HELD), {YES(PEER_SINGLE)}, STAY, .actions = A(ALERT),
     "refused: the other node's supervisor has write_mode single; the configuration must be the same on both"},
    {816, S(DUAL_HELD), {NO(DOMAINS)}, STAY, .actions = A(ALERT),
     "refused: both servers have the same gtid_domain_id, and two that are written need one each"},
    {818, S(DUAL_HELD), {IS(SWITCH_OFF, TRI_UNKNOWN)}, STAY, .actions = 0, "waiting: whether the dead-man's switch is off is being asked"},
    {820, S(DUAL_HELD), {NO(SWITCH_OFF)}, STAY, .actions = A(ALERT),
     "refused: the dead-man's switch would close the server again; `mysql-replcheck schema upgrade` turns it off"},
    {822, S(DUAL_HELD), {YES(DISK_FULL)}, STAY, .actions = A(ALERT), "refused: there is no room on the disk that the own server writes to"},
    {824, S(DUAL_HELD), {NO(OFFSETS)}, STAY, .actions = A(OFFSETS), "the offsets are put right before anything is written"},
    {826, S(DUAL_HELD), {YES(WANT_OPEN)}, STAY, .actions = A(OPEN), "the operator wants it opened as it is"},
    {828, S(DUAL_HELD), {NO(THREADS), NO(APPLIER_BROKEN)}, STAY, .actions = A(START_THREADS), "replication begins"},
    {830, S(DUAL_HELD), {YES(CAUGHT_UP)}, STAY, .actions = A(OPEN), "it has what the other had: writes are enabled"},
    {832, S(DUAL_HELD), {YES(APPLIER_BROKEN)}, STAY, .actions = A(ALERT),
     "refused: a transaction of the other's cannot be applied, so that this server lacks what the other has"},
    {849, S(DUAL_HELD), {{0}}, STAY, .actions = 0, "waiting until what the other had is applied here"},
    {850, S(DUAL), {YES(OWN_READ_ONLY)}, GO(DUAL_HELD), .actions = A(ALERT), "the server is read-only: it was restarted, or somebody closed it"},
    {852, S(DUAL), {NO(OFFSETS)}, STAY, .actions = A(OFFSETS) | A(ALERT),
     "the auto_increment offsets are not as configured while both servers are written: they are put right"},
    {854, S(DUAL), {NO(DOMAINS)}, STAY, .actions = A(ALERT), "both servers are written with the same gtid_domain_id"},
    {856, S(DUAL), {YES(APPLIER_BROKEN)}, STAY, .actions = A(ALERT), "a transaction of the other's cannot be applied: the two conflict"},
    {858, S(DUAL), {YES(DISK_FULL)}, STAY, .actions = A(ALERT), "writes hang: there is no room on the disk that the own server writes to"},
    {860, S(DUAL), {NO(THREADS)}, STAY, .actions = A(START_THREADS), "replication begins again"},
    {899, S(DUAL), {{0}}, STAY, .actions = 0, "written, as the other is"},
};
/* clang-format on */

const size_t rules_count = sizeof(rules_table) / sizeof(rules_table[0]);

static const char *const action_names[ACTIONS] = {
    [ACTION_FENCE] = "fence",
    [ACTION_CLOSE_OWN] = "close-own",
    [ACTION_DISARM] = "disarm",
    [ACTION_WEIGHT_FAULT] = "give-vip",
    [ACTION_CERTIFY] = "certify",
    [ACTION_CERTIFY_LATE] = "certify-late",
    [ACTION_RELEASE] = "release",
    [ACTION_DROP_VOTES] = "drop-votes",
    [ACTION_RECLAIM] = "reclaim",
    [ACTION_TAKE_VOTES] = "take-votes",
    [ACTION_PREPARE] = "prepare",
    [ACTION_CLOSE_PEER] = "close-peer",
    [ACTION_SEMI_SYNC_OFF] = "semi-sync-off",
    [ACTION_ACKS_ON] = "acks-on",
    [ACTION_MARK] = "mark",
    [ACTION_CLEAR_MARK] = "clear-mark",
    [ACTION_ACKNOWLEDGE] = "acknowledge",
    [ACTION_PROBE] = "probe",
    [ACTION_STOP_RECEIVER] = "stop-receiver",
    [ACTION_DRAIN] = "drain",
    [ACTION_PROMISE] = "promise",
    [ACTION_OFFSETS] = "offsets",
    [ACTION_ARM] = "arm",
    [ACTION_ENABLE] = "enable",
    [ACTION_TERM] = "term",
    [ACTION_OPEN] = "open",
    [ACTION_START_RECEIVER] = "start-receiver",
    [ACTION_START_THREADS] = "start-threads",
    [ACTION_ALERT] = "alert",
    [ACTION_EXIT] = "exit",
};

const char *action_name(enum action a)
{
    return a >= 0 && a < ACTIONS ? action_names[a] : "invalid";
}

int rules_mismatch(const struct rule *r, enum node_state state, const struct facts *f)
{
    if (!(r->states & (UINT32_C(1) << state)))
        return -2;
    for (int i = 0; i < RULE_CONDITIONS_MAX && r->when[i].fact; i++)
        if (!(r->when[i].any_of & (UINT32_C(1) << f->value[r->when[i].fact])))
            return i;
    return -1;
}

static bool has_last_row(enum node_state state)
{
    for (size_t i = 0; i < rules_count; i++)
        if ((rules_table[i].states & (UINT32_C(1) << state)) && rules_table[i].when[0].fact == FACT_NONE)
            return true;
    return false;
}

const char *rules_self_check(void)
{
    for (size_t i = 0; i < rules_count; i++) {
        const struct rule *r = &rules_table[i];
        if (i && r->id <= rules_table[i - 1].id)
            return "row ids do not rise";
        if (!r->states || (r->states >> NODE_STATES))
            return "a row names no state, or one that does not exist";
        if (!r->reason || (r->actions >> ACTIONS))
            return "a row has no reason, or an action that does not exist";
        for (int c = 0; c < RULE_CONDITIONS_MAX; c++)
            if (r->when[c].fact >= FACTS || (r->when[c].fact && !r->when[c].any_of))
                return "a row asks for a fact or a value that does not exist";
    }
    for (int s = 0; s < NODE_STATES; s++)
        if (!has_last_row(s))
            return "a state has no row without conditions";
    return NULL;
}
