"""What was measured, and how it is shown."""
import dataclasses
import statistics


def number(value):
    """Three digits that matter."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if digits else text


@dataclasses.dataclass
class Series:
    """Samples of one kind; `total` where their sum is what matters (refused, lost)."""
    values: list = dataclasses.field(default_factory=list)
    total: bool = False

    def add(self, value):
        self.values.append(value)

    @property
    def median(self):
        return statistics.median(self.values)

    @property
    def judged(self):
        """What a limit is held against."""
        return sum(self.values) if self.total else self.median

    def __str__(self):
        if not self.values:
            return ""
        if self.total:
            return f"{number(sum(self.values))} in {len(self.values)}"
        low, middle, high = (number(f(self.values)) for f in (min, statistics.median, max))
        return f"{low} / {middle} / {high} ({len(self.values)})"


@dataclasses.dataclass
class Row:
    what: str
    ours: Series
    unit: str = "ms"
    limit: float = None
    worst: bool = False       # the limit binds each sample, not the median alone
    aim: float = None
    baseline: dict = dataclasses.field(default_factory=dict)  # setting -> Series

    def met(self):
        if self.limit is None or not self.ours.values:
            return None
        return (max(self.ours.values) if self.worst else self.ours.judged) <= self.limit

    def verdict(self):
        return {None: "", True: "met", False: "MISSED"}[self.met()]

    def limit_text(self):
        if self.limit is None:
            return ""
        text = ("each " if self.worst else "") + f"<= {number(self.limit)}"
        return text + (f", aim {number(self.aim)}" if self.aim is not None else "")


COLUMNS = ("figure", "unit", "limit", "min / median / max (n)", "", "baseline, fastest", "baseline, usual")


def cells(row):
    return (row.what, row.unit, row.limit_text(), str(row.ours), row.verdict(),
            str(row.baseline.get("fast", "")), str(row.baseline.get("usual", "")))


def as_markdown(rows):
    table = [COLUMNS, ["---"] * len(COLUMNS), *map(cells, rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in table)


def as_text(rows):
    table = [COLUMNS, *map(cells, rows)]
    widths = [max(len(line[i]) for line in table) for i in range(len(COLUMNS))]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(line, widths)).rstrip() for line in table)
