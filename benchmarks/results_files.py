"""Results of the benchmark: JSON with the machine, and what is made from it: CSV, Markdown and a figure.

The JSON has one entry per subject, so that a run of some subjects keeps the results of the others.
"""

import json
from pathlib import Path
from typing import Any

import pandas as pd

Results = dict[str, dict[str, Any]]
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"


def read_results(file: Path) -> Results:
    """Results by subject; none if there is no file."""
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def frame_of(results: Results) -> pd.DataFrame:
    """One row per measurement."""
    return pd.DataFrame([row for entry in results.values() for row in entry["rows"]])


def write_results(results: Results, folder: Path) -> None:
    """Write bench.json, bench.csv, bench.md and bench.png."""
    from benchmarks.figure import draw

    folder.mkdir(parents=True, exist_ok=True)
    frame = frame_of(results)
    text = json.dumps(results, indent=1, ensure_ascii=False) + "\n"
    (folder / "bench.json").write_text(text, encoding="utf-8")
    frame.to_csv(folder / "bench.csv", index=False, float_format="%.6g")
    (folder / "bench.md").write_text(markdown(results), encoding="utf-8")
    draw(frame, folder / "bench.png")


def markdown(results: Results) -> str:
    """A table of all subjects, and the machine of each."""
    lines = ["| subject | case | what | value | baseline | ratio |", "|---|---|---|---|---|---|"]
    for entry in results.values():
        lines += [line_of(row) for row in entry["rows"]]
    meanings = dict.fromkeys(
        f"- {row['subject']}, {row['what']}: {row['compared']}."
        for entry in results.values() for row in entry["rows"] if row["compared"]
    )  # fmt: skip
    machines = [f"- {subject}: {machine_line(entry)}" for subject, entry in results.items()]
    parts = [lines, ["What baselines and ratios are:", "", *meanings], ["Measured:", "", *machines]]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def line_of(row: dict[str, Any]) -> str:
    """A measurement as a line of the table."""
    unit = row["unit"]
    baseline = "" if row["baseline"] is None else f"{short(row['baseline'])} {unit}"
    ratio = "" if row["ratio"] is None else short(row["ratio"])
    cells = [row["subject"], row["case"], row["what"], f"{short(row['value'])} {unit}", baseline, ratio]
    return f"| {' | '.join(cells)} |"


def short(value: float) -> str:
    """Three digits, without an exponent."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{float(f'{value:.3g}'):.10f}".rstrip("0").rstrip(".")


def machine_line(entry: dict[str, Any]) -> str:
    """When and on what a subject was measured."""
    found = entry["machine"]
    return (
        f"{entry['measured']}, {found['cores']} cores ({found['processor']}), {found['memory_gib']} GiB, load "
        f"{found['load_before']} before, torch {found['torch']}, {entry['seconds']:.0f} s in all"
    )


def write_between_markers(page: Path, text: str) -> None:
    """Replace what a page has between the markers of the benchmark."""
    before, rest = page.read_text(encoding="utf-8").split(BEGIN)
    _, after = rest.split(END)
    page.write_text(f"{before}{BEGIN}\n{text.strip()}\n{END}{after}", encoding="utf-8")
