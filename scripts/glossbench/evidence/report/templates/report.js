"use strict";

// The table of runs is whole without this script; it adds buttons that sort and a form that chooses rows.
(() => {
  const section = document.getElementById("runs");
  const table = section.querySelector("table.sortable");
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const found = section.querySelector(".count");
  const rows = [...body.rows].map((element) => ({
    element,
    texts: [...element.cells].map((cell) => cell.textContent),
    values: [...element.cells].map(valueOf),
    whole: [...element.cells].map((cell) => cell.textContent.toLowerCase()).join(" "),
  }));
  const words = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const NEXT = { none: "ascending", ascending: "descending", descending: "none" };

  // What a cell is sorted by: the number it carries or shows, null where it shows none.
  function valueOf(cell) {
    const text = cell.dataset.value ?? cell.textContent.replaceAll(",", "");
    return text === "" || Number.isNaN(Number(text)) ? null : Number(text);
  }

  function compared(column, worded) {
    if (worded) return (one, other) => words.compare(one.texts[column], other.texts[column]);
    return (one, other) => one.values[column] - other.values[column];
  }

  function sort(column, direction) {
    if (direction === "none") return body.append(...rows.map((row) => row.element));
    const worded = heads[column].classList.contains("worded");
    const present = rows.filter((row) => worded || row.values[column] !== null);
    const absent = rows.filter((row) => !worded && row.values[column] === null);
    const compare = compared(column, worded);
    present.sort(direction === "ascending" ? compare : (one, other) => compare(other, one));
    body.append(...[...present, ...absent].map((row) => row.element));
  }

  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    head.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => {
      const direction = NEXT[head.getAttribute("aria-sort")];
      for (const other of heads) other.setAttribute("aria-sort", "none");
      head.setAttribute("aria-sort", direction);
      sort(column, direction);
    });
  });

  const filters = section.querySelector(".filters");
  const search = filters.querySelector("input");
  const choices = [...filters.querySelectorAll("select")].map((select) => ({
    select,
    column: heads.findIndex((head) => head.textContent === select.dataset.column),
  }));

  function choose() {
    const sought = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = choices.filter(({ select }) => select.value !== "");
    let shown = 0;
    for (const row of rows) {
      const wanted =
        sought.every((part) => row.whole.includes(part)) &&
        chosen.every(({ select, column }) => row.texts[column] === select.value);
      row.element.hidden = !wanted;
      shown += wanted;
    }
    found.textContent = `${shown.toLocaleString("en")} of ${rows.length.toLocaleString("en")} runs`;
  }

  filters.addEventListener("input", choose);
  filters.addEventListener("change", choose); // what a screen reader or a script chooses may tell of itself this way alone
  filters.querySelector("button").addEventListener("click", () => {
    search.value = "";
    for (const { select } of choices) select.value = "";
    choose();
    search.focus();
  });
  filters.hidden = false;
  choose();
})();
