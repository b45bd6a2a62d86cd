"""A pair whose every address is an IPv6 one: nodes, witness, VIP and reference."""
from replab import faults

from .catalogue import expect, scenario
from .deaths import kill_server
from .moves import switch


@scenario(fault=1, ipv6=True)
def ipv6_kill_writer(t):
    """On IPv6 alone, the writer's server is killed: the other node writes, and clients are not left waiting."""
    kill_server(t)
    for node in (t.writer, t.standby):
        expect("can be reset when it dies" in t.said(node), f"{node} did not note the listeners of its server")
    expect("reset " in t.said(t.writer), f"{t.writer} did not reset the dead server's connections")


@scenario(ipv6=True)
def ipv6_switchover(t):
    """On IPv6 alone, `mysql-replcheck switchover` under load, there and back."""
    t.begin()
    t.fault(faults.now_us())
    switch(t, t.writer, t.standby)
    switch(t, t.standby, t.writer)
    t.end(t.writer, terms=3, outage_s=5)
