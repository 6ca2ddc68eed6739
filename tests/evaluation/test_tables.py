"""Summaries of known lists, tables that a reader of Markdown and of a terminal sees right, published numbers."""

import re

import pytest

from rrb.errors import BadInputError
from rrb.evaluation import PUBLISHED_RRB, Column, Row, Summary, markdown, summary, text

COLUMNS = {"shape IoU": Column(digits=3), "azimuth": Column("°", 1)}
ROWS = [
    Row("view only", {"azimuth": summary([10.0, 20.0, 60.0]), "shape IoU": None}),
    Row("ours", {"azimuth": summary([1.0, None, 3.0]), "shape IoU": summary([0.5, 0.75, 1.0])}, "no mask"),
    Row("published", {"azimuth": 10.793, "shape IoU": "either"}),
]


# --- summaries ------------------------------------------------------------------------------------


def test_a_known_list():
    assert summary([10, 0, 30, 20, 140]) == Summary(5, 40.0, 20.0, 96.0, 140.0)


def test_the_tail_is_the_bad_one():
    hundred = [i / 100 for i in range(101)]
    errors, scores = summary(hundred), summary(hundred, higher_is_better=True)
    assert (errors.p90, errors.worst) == pytest.approx((0.9, 1.0))
    assert (scores.p90, scores.worst) == pytest.approx((0.1, 0.0))
    assert (errors.mean, errors.median) == (scores.mean, scores.median) == pytest.approx((0.5, 0.5))


def test_none_is_left_out_and_not_counted():
    assert summary([None, 1.0, None, 3.0]) == summary([1.0, 3.0])
    assert summary([None, 1.0, None, 3.0]).count == 2
    assert summary([0.0, None]).count == 1


@pytest.mark.parametrize("values", [[], [None, None]])
def test_nothing_has_no_summary(values):
    assert summary(values) is None


def test_an_iterator_is_taken_and_the_order_does_not_matter():
    assert summary(iter([3.0, 1.0, 2.0])) == summary([1.0, 2.0, 3.0])
    assert summary([4.0]) == Summary(1, 4.0, 4.0, 4.0, 4.0)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_finite_is_refused(value):
    with pytest.raises(BadInputError, match="not finite"):
        summary([1.0, value])


# --- tables ---------------------------------------------------------------------------------------


def parsed(table):
    """Rows of cells of a Markdown table, as its readers cut them."""
    lines = [line for line in table.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def test_markdown_says_what_was_measured():
    head, rule, *body = parsed(markdown(ROWS, COLUMNS))
    assert head == ["", "n", "shape IoU", "azimuth (°)"]
    assert rule == [":--", "--:", "--:", "--:"]
    assert body == [
        ["view only", "3", "–", "30.0 / 20.0 / 52.0"],
        ["ours", "3", "0.750 / 0.750 / 0.950", "2.0 / 2.0 / 2.8 (n 2)"],
        ["published", "", "either", "10.8"],
    ]


def test_notes_stand_below():
    below = markdown(ROWS, COLUMNS).split("\n\n")[1].splitlines()
    assert below == ["- mean / median / what nine in ten reach", "- ours: no mask"]


def test_one_statistic_alone_needs_no_words():
    table = markdown([ROWS[0]], COLUMNS, statistics=["median"])
    assert parsed(table)[2] == ["view only", "3", "–", "20.0"]
    assert table.count("\n") == 3


def test_a_bar_in_a_name_does_not_cut_the_row():
    lines = parsed(markdown([Row("a | b\nc", {"azimuth": "x|y"})], COLUMNS))
    assert {len(line) for line in lines} == {4}
    assert lines[2][0] == r"a \| b c"


def test_text_holds_the_same_and_is_aligned():
    lines = text(ROWS, COLUMNS).splitlines()
    head, rule, *body = lines[:5]
    ends = [match.end() for match in re.finditer("-+", rule)]
    starts = [match.start() for match in re.finditer("-+", rule)]
    cut = [[line[a:b].strip() for a, b in zip(starts, ends, strict=True)] for line in (head, *body)]
    expected = parsed(markdown(ROWS, COLUMNS))
    assert cut == [expected[0], *expected[2:]]
    assert {len(line) for line in (head, rule, *body)} == {ends[-1]}
    assert lines[5:] == ["  mean / median / what nine in ten reach", "  ours: no mask"]


def test_a_cell_without_a_column_is_refused():
    with pytest.raises(BadInputError, match="'roll'; the columns are shape IoU, azimuth"):
        markdown([Row("ours", {"roll": 1.0})], COLUMNS)


def test_an_unknown_statistic_is_refused():
    with pytest.raises(BadInputError, match="'p95'; mean, median, p90, worst are accepted"):
        text(ROWS, COLUMNS, statistics=["p95"])


# --- published ------------------------------------------------------------------------------------


def test_the_published_numbers_are_the_paper_s(shared):
    """Each line of Table 1: a name and four numbers or dashes."""
    paper = (shared / "papers" / "rrb.txt").read_text()
    table = paper.split("Translation\n(meters)")[1].split("Table 1:")[0]
    names = {"Parv et.al [30]": "Parv et al. [30]", "Ours": "RRB"}
    found = {}
    for line in filter(None, table.splitlines()):
        name, *cells = line.rsplit(" ", 4)
        found[names.get(name, name)] = [None if cell == "–" else float(cell) for cell in cells]
    assert found == {name: list(vars(row).values()) for name, row in PUBLISHED_RRB.items()}


def test_the_published_numbers_cannot_be_changed():
    with pytest.raises(TypeError):
        PUBLISHED_RRB["RRB"] = PUBLISHED_RRB["OCC-NET"]
