"""When a server that should not be written any more was so in fact, as the sampler saw it each millisecond."""
import dataclasses


@dataclasses.dataclass
class Seen:
    fenced_ms: float     # until the old writer answered read-only, or was gone; None: it stayed writable
    dual_ms: float       # both were writable
    resumed: bool        # it stayed the writer


def read(sampled, at_us, old):
    """`sampled` is the sampler's result, `old` the node that was the writer."""
    both_us, intervals = sampled
    after = [i for i in intervals if i.server == old and i.to_us >= at_us]
    writable = [i for i in after if i.state == "writable"]
    closed = [i for i in after if i.state != "writable"]
    if not writable:
        return Seen(0.0, both_us / 1000, False)
    if not closed:
        return Seen(None, both_us / 1000, True)
    # Up to the first answer that says otherwise.
    return Seen((min(i.from_us for i in closed) - at_us) / 1000, both_us / 1000, False)
