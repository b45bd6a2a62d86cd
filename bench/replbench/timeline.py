"""What happened in one failover, step by step, from the logs of both supervisors, the statements that the
servers logged, the addresses and the clients."""
import dataclasses
import re

from replab.net import VIP

from . import logs, netns

# (source, pattern, what it means). A statement's time is when the server took it up.
DEAD, LIVING, WITNESS = "dead", "living", "witness"
MARKS = (
    (DEAD, r"/fencer: mariadbd, process \d+, is dead", "the fencer saw the death"),
    (DEAD, r"the server \(pid \d+\) is dead", "the supervisor was told"),
    (DEAD, r"writer -> fenced", "death certified (the decision)"),
    (LIVING, r"the bell rang", "the bell rang"),
    (LIVING, r"standby -> promoting: votes", "a reason to promote"),
    (LIVING, r"votes -> promoting: receive", "the majority counts"),
    (LIVING, r"/fencer: armed", "the fencer is armed"),
    (LIVING, r"receive -> promoting: drain", "received"),
    (LIVING, r"drain -> promoting: promise", "drained"),
    (LIVING, r"promise -> promoting: enable", "promised"),
    (LIVING, r"enable -> writer", "writer"),
    (LIVING, r"ALERT: refused", "refused"),
)
STATEMENTS = (
    (LIVING, r"release_vote\('\w+', 'certificate'", "certificate written at the survivor"),
    (WITNESS, r"release_vote\('\w+', 'certificate'", "certificate written at the witness"),
    (LIVING, r"GET_LOCK\('replcheck\.vote\.", "vote asked for at the survivor"),
    (WITNESS, r"GET_LOCK\('replcheck\.vote\.", "vote asked for at the witness"),
    (LIVING, r"STOP SLAVE IO_THREAD", "receiver told to stop"),
    (LIVING, r"replcheck\.promise\(", "promise at the survivor"),
    (WITNESS, r"replcheck\.promise\(", "promise at the witness"),
    (LIVING, r"replcheck\.enable\(", "enabling"),
    (LIVING, r"INSERT INTO replcheck\.term", "the term's row"),
    (LIVING, r"INSERT INTO lab\.appends", "first write taken up"),
)


@dataclasses.dataclass
class Step:
    ms: float
    where: str
    what: str


class Recorder:
    """From before a failover to after it; `statements` also logs what the servers are asked, which costs them."""

    def __init__(self, lab, writer, survivor, statements):
        self._lab, self._writer, self._survivor, self._statements = lab, writer, survivor, statements
        self._logs = {DEAD: logs.Log(lab.hosts[writer]), LIVING: logs.Log(lab.hosts[survivor])}
        self._watch = netns.Watch([lab.hosts[writer], lab.hosts[survivor]], VIP)
        self._logging(True)

    def _servers(self):
        return {LIVING: self._lab.servers[self._survivor], WITNESS: self._lab.witness}

    def _logging(self, on):
        for server in self._servers().values() if self._statements else ():
            if on:
                server.sql("SET SESSION sql_log_bin=0; TRUNCATE mysql.general_log; SET GLOBAL log_output='TABLE'")
            server.sql(f"SET GLOBAL general_log={int(on)}")

    def stop(self, at_us):
        """Ends it; the steps after that moment, in order."""
        self._logging(False)
        steps = [Step((us - at_us) / 1000, name, "VIP arrived" if arrived else "VIP left")
                 for us, name, arrived in self._watch.stop() if us > at_us]
        for source, log in self._logs.items():
            steps += self._first(at_us, source, MARKS, [(line.at_us, line.text) for line in log.lines()])
        for source, server in self._servers().items() if self._statements else ():
            asked = server.sql("SELECT CAST(UNIX_TIMESTAMP(event_time) * 1000000 AS INT), "
                               "REPLACE(REPLACE(CONVERT(argument USING latin1), '\\n', ' '), '\\t', ' ') "
                               "FROM mysql.general_log WHERE command_type='Query'", timeout_s=60)
            offset = logs.boot_offset_us()
            steps += self._first(at_us, source, STATEMENTS, [(int(us) - offset, text) for us, text in asked])
        return sorted(steps, key=lambda step: step.ms)

    def _first(self, at_us, source, marks, lines):
        where = {DEAD: self._writer, LIVING: self._survivor, WITNESS: "witness"}[source]
        for mark_source, pattern, what in marks:
            at = next((us for us, text in lines if us >= at_us - 1000 and re.search(pattern, text)), None)
            if mark_source == source and at is not None:
                yield Step((at - at_us) / 1000, where, what)
