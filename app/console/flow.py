"""A transaction's postings as a picture: sources on the left, destinations on the right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

BOX_WIDTH, BOX_HEIGHT, GAP, WIDTH, TOP = 190, 34, 14, 640, 8
THINNEST, THICKEST = 1.5, 8.0
LONGEST_NAME = 24
MOST_POSTINGS = 40


@dataclass(frozen=True, slots=True)
class Box:
    """A wallet. x, y: of its upper left corner. label: its name, shortened in its middle."""

    name: str
    label: str
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Line:
    """A posting. path: as SVG spells it. width: of the line, by the amount."""

    source: str
    destination: str
    amount: int
    path: str
    width: float
    label_x: int
    label_y: int


@dataclass(frozen=True, slots=True)
class Flow:
    """The postings of one asset. left_out: how many are not drawn."""

    asset: str
    boxes: list[Box]
    lines: list[Line]
    height: int
    width: int = WIDTH
    left_out: int = 0


def flow_of(postings: list[dict[str, Any]]) -> list[Flow]:
    """Return a picture for each asset. postings: as the API answers them."""
    assets = dict.fromkeys(posting["asset"] for posting in postings)
    return [draw(asset, [one for one in postings if one["asset"] == asset]) for asset in assets]


def draw(asset: str, postings: list[dict[str, Any]]) -> Flow:
    drawn = postings[:MOST_POSTINGS]
    left = column(drawn, "source", 0)
    right = column(drawn, "destination", WIDTH - BOX_WIDTH)
    largest = max(int(posting["amount"]) for posting in drawn)
    lines = []
    for number, posting in enumerate(drawn):
        a, b = left[posting["source"]], right[posting["destination"]]
        x1, x2 = a.x + BOX_WIDTH, b.x
        y1, y2 = a.y + BOX_HEIGHT // 2, b.y + BOX_HEIGHT // 2
        middle = (x1 + x2) // 2
        share = int(posting["amount"]) / largest if largest else 1.0
        # Labels of lines that share an end are moved apart along the line.
        along = 0.5 + (number % 3 - 1) * 0.18 if len(drawn) > 1 else 0.5
        lines.append(
            Line(
                posting["source"],
                posting["destination"],
                int(posting["amount"]),
                f"M{x1},{y1} C{middle},{y1} {middle},{y2} {x2},{y2}",
                round(max(THINNEST, THICKEST * share), 1),
                int(x1 + (x2 - x1) * along),
                int(y1 + (y2 - y1) * along) - 9,
            )
        )
    height = TOP * 2 + max(len(left), len(right)) * (BOX_HEIGHT + GAP)
    boxes = [*left.values(), *right.values()]
    return Flow(asset, boxes, lines, height, left_out=len(postings) - len(drawn))


def column(postings: list[dict[str, Any]], end: str, x: int) -> dict[str, Box]:
    """Return the boxes of one end of the postings, by wallet, one below the other."""
    names = dict.fromkeys(posting[end] for posting in postings)
    return {
        name: Box(name, shortened(name), x, TOP + number * (BOX_HEIGHT + GAP))
        for number, name in enumerate(names)
    }


def shortened(name: str) -> str:
    if len(name) <= LONGEST_NAME:
        return name
    half = (LONGEST_NAME - 1) // 2
    return f"{name[:half]}…{name[-half:]}"
