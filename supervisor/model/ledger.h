/* The loss ledger: what would be lost if this node were promoted now (DESIGN "Loss gate").
 *
 * It keeps what was last seen on the writer, and the highest position that this node ever received: no
 * server remembers that one (Gtid_IO_Pos is empty after a restart), so the caller persists the ledger
 * (model/ledger_text.h) whenever it is dirty, once per LEDGER_FLUSH_US.
 *
 * Two figures make a bound. Known lost: transactions seen on the writer, or received here, that this node
 * lacks. Unseen: for how long the writer may have written after it was last seen. Nothing is unseen if the
 * writer's final position was read after it was closed, or if a certificate of its death names a binary log
 * that was received to its end; then what was seen on the writer beyond that was never in it. Both are
 * unknown, never 0, where nothing was seen.
 *
 * Times are CLOCK_BOOTTIME microseconds; `at_us` of a sample is when it was asked for. */
#ifndef REPLCHECK_MODEL_LEDGER_H
#define REPLCHECK_MODEL_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/tri.h"
#include "model/gtid.h"

#define LEDGER_FLUSH_US     1000000
#define LEDGER_FILE_MAX     64
#define LEDGER_SENTENCE_MAX 512

/* Zeroed: nothing is known yet. */
struct ledger {
    int writer_node; /* of the term below; means nothing while writer_pos is unknown */
    uint64_t writer_epoch;
    struct gtid_set writer_pos;
    int64_t writer_seen_us; /* 0 = never in this life of the host: the age is unknown */
    bool writer_final;      /* writer_pos was read after that writer was closed */
    struct gtid_set received;
    bool restored; /* read back after a restart, no sample since */
    uint64_t revision;
    uint64_t flushed_revision;
};

/* Where the dead writer's binary log ended. */
struct loss_certificate {
    bool known;
    int node;
    uint64_t epoch;
    char file[LEDGER_FILE_MAX]; /* "" = it could not be read */
    uint64_t size;
};

/* What the bound is asked for. */
struct loss_question {
    int self; /* this node's index */
    int64_t now_us;
    /* Up to when the writer may have written: when it was closed or certified dead (`until_proven`), or when
     * it was last heard of, which makes the bound an estimate; 0 = until now. */
    int64_t until_us;
    bool until_proven;
    uint64_t term_epoch;      /* highest term known to have begun anywhere; 0 = none */
    bool other_unheard;       /* the other may have had a later one */
    struct gtid_set applied;  /* gtid_slave_pos merged with gtid_binlog_pos */
    struct gtid_set received; /* Gtid_IO_Pos */
    bool drained;             /* only what is applied counts as being here */
    struct loss_certificate certificate;
    /* Master_Log_File and Read_Master_Log_Pos; "" unless the IO thread was connected in this life of the
     * server (a restart discards the relay log, not these). */
    char read_file[LEDGER_FILE_MAX];
    uint64_t read_pos;
};

struct loss_bound {
    enum tri known;     /* unknown unless a position of the last term and one of this node are known */
    int64_t known_lost; /* -1 = unknown */
    struct gtid_set missing_from; /* what this node has */
    struct gtid_set missing_to;   /* what was seen or received */
    int64_t unseen_us;            /* -1 = unknown */
    bool estimate;                /* unseen_us counts up to when the writer was last heard of */
    int64_t unheard_us;           /* of an estimate: since then, in which it may have gone on for others */
    bool exact;                   /* rests on a certificate, a final position or our own history */
    int64_t missing_bytes;        /* of the certified binary log, not received; -1 = unknown */
};

/* The last two are not the ledger's to say. With durability `lossless`: the writer recorded this node as out
 * of sync; nothing proves that all acknowledged transactions are here. */
enum loss_verdict { LOSS_UNKNOWN = 0, LOSS_OK, LOSS_KNOWN, LOSS_UNSEEN, LOSS_MARKED, LOSS_UNPROVEN };

/* The gtid_binlog_pos of the writer, this node included. A new term replaces what was seen of the last; an
 * older term's and an unknown position are ignored. */
void ledger_saw_writer(struct ledger *l, int node, uint64_t epoch, const struct gtid_set *pos, int64_t at_us);

/* The same, read after that writer was closed (a handover's final position, read_only=1 read back). */
void ledger_saw_final(struct ledger *l, int node, uint64_t epoch, const struct gtid_set *pos, int64_t at_us);

/* This node's Gtid_IO_Pos. */
void ledger_saw_received(struct ledger *l, const struct gtid_set *received);

/* This node's history was rewritten on purpose (a rejoin), or a loss was accepted: what it has received is
 * from now on `own`, and no more. */
void ledger_forget_received(struct ledger *l, const struct gtid_set *own);

/* Dirty until the caller says that the revision it wrote is on disk. */
bool ledger_dirty(const struct ledger *l);
void ledger_flushed(struct ledger *l, uint64_t revision);

struct loss_bound ledger_bound(const struct ledger *l, const struct loss_question *q);

/* One sentence for an operator: "known lost 0 transactions; unseen at most 180 ms". Returns `out`. */
const char *loss_bound_format(const struct loss_bound *b, char *out, size_t size);

/* May a node with this bound be promoted? `sentence` says why not, naming the positions, or what was
 * allowed or accepted. What is known to be lost is named before what is unknown. `accept`: by the operator,
 * whatever the bound. */
enum loss_verdict ledger_gate(const struct loss_bound *b, int64_t max_known_lost, int64_t max_unseen_us,
                              bool accept, char *sentence, size_t size);

const char *loss_verdict_name(enum loss_verdict v);

#endif
