// One value: what it is, and its views.
import { address, ask, element, say, tabs, visible } from "./common.js";
import { showPlot } from "./plot.js";

const pageSize = 50;
let asked = 0; // so that an answer which comes late does not replace a later one

// showValue shows the value that a pointer leads to.
export async function showValue(section, pointer) {
  const mine = ++asked;
  let value;
  try {
    value = await ask("value", { pointer });
  } catch (error) {
    if (mine !== asked) return;
    section.replaceChildren(element("h2", {}, visible(pointer) || "the whole value"),
      element("p", { class: "error", role: "alert" }, error.message));
    return;
  }
  if (mine !== asked) return;
  const panel = element("div", { role: "tabpanel", id: "view", tabindex: "0" });
  const list = element("div", { role: "tablist", "aria-label": "Views of the value" });
  const index = new Index(value);
  section.replaceChildren(
    element("h2", { id: "value-title" }, visible(pointer) || "the whole value"),
    element("p", {}, element("span", { class: "type mono" }, value.node.type),
      value.node.size ? " " + value.node.size : ""),
    index.controls, downloads(value, index), list, panel);
  const views = viewsOf(value, index);
  list.hidden = views.length < 2;
  tabs(list, panel, views);
  index.changed = () => list.querySelector("[aria-selected=true]").click();
  say((visible(pointer) || "the whole value") + ", " + value.node.type);
}

// Index is the index of the first axes of an array, which sliders choose.
class Index {
  constructor(value) {
    this.pointer = value.pointer;
    this.at = Array(value.fixed).fill(0);
    this.changed = () => {};
    this.controls = element("div", { class: "controls" });
    this.at.forEach((_, axis) => this.controls.append(this.slider(axis, value.shape[axis])));
  }

  slider(axis, length) {
    const name = "axis-" + axis;
    const shown = element("output", { for: name }, "0");
    const input = element("input", { type: "range", id: name, min: "0",
      max: String(Math.max(0, length - 1)), value: "0" });
    let waiting;
    input.addEventListener("input", () => {
      this.at[axis] = Number(input.value);
      shown.textContent = input.value;
      clearTimeout(waiting);
      waiting = setTimeout(() => this.changed(), 80);
    });
    return element("div", { class: "slider" },
      element("label", { for: name }, "axis " + axis + " of " + length), input, shown);
  }

  toString() { return this.at.join(","); }

  // place is the pointer to the part that is shown.
  place() { return this.pointer + (this.at.length > 0 ? "/" + this : ""); }
}

// downloads are links to the value as a file.
function downloads(value, index) {
  const line = element("p", { class: "controls" }, element("span", { class: "faint" }, "Download"));
  for (const format of value.formats) {
    const link = element("a", { href: address("download", { pointer: value.pointer, format }),
      download: "" }, format);
    line.append(link);
  }
  if (index.at.length > 0) {
    const link = element("a", { href: "#", download: "" }, "this part as .npy");
    link.addEventListener("click", () => {
      link.href = address("download", { pointer: index.place(), format: ".npy" });
    });
    line.append(link);
  }
  return line;
}

function viewsOf(value, index) {
  const views = [];
  const plots = (value.plots || []).filter((kind) => kind !== "histogram");
  if (value.text) views.push(["Text", (into) => showText(into, value)]);
  for (const kind of plots) views.push([title(kind), (into) => showPlot(into, value, kind, String(index))]);
  if (value.table) views.push(["Table", (into) => new Table(into, value, index).show()]);
  if (value.stats) views.push(["Statistics", (into) => showStats(into, value, String(index))]);
  return views;
}

function title(kind) { return kind[0].toUpperCase() + kind.slice(1); }

function showText(into, value) {
  into.append(element("pre", {}, value.text));
  if (value.cut) into.append(element("p", { class: "faint" }, "… cut; the download has all of it"));
}

async function showStats(into, value, index) {
  say("summing up");
  const stats = await ask("stats", { pointer: value.pointer, index });
  say("");
  const list = element("dl");
  for (const { name, text } of stats.facts) {
    list.append(element("dt", {}, name), element("dd", { class: "mono" }, text));
  }
  into.append(list);
  if (stats.bins) showPlot(into, value, "histogram", index, stats);
}

// Table is a part of a table, which the server pages and sorts.
class Table {
  constructor(into, value, index) {
    Object.assign(this, { into, value, index, first: 0, column: 0, sort: 0, descending: false });
  }

  async show() {
    const page = await ask("rows", { pointer: this.value.pointer, index: String(this.index),
      first: this.first, count: pageSize, column: this.column, sort: this.sort,
      descending: String(this.descending) });
    const focused = document.activeElement?.dataset?.control;
    this.into.replaceChildren(this.controls(page), element("div", { class: "scroll" },
      this.table(page)));
    if (focused) this.into.querySelector(`[data-control="${focused}"]`)?.focus();
  }

  controls(page) {
    const last = Math.max(0, Math.floor((page.all_rows - 1) / pageSize) * pageSize);
    const to = Math.min(this.first + pageSize, page.all_rows);
    const line = element("div", { class: "controls" });
    const button = (name, text, first, enabled) => {
      const made = element("button", { type: "button", "data-control": name, "aria-label": name }, text);
      made.disabled = !enabled;
      made.addEventListener("click", () => { this.first = first; this.show(); });
      return made;
    };
    const go = element("input", { type: "number", min: "0", max: String(page.all_rows - 1),
      id: "row", "data-control": "row", value: String(this.first) });
    go.addEventListener("change", () => {
      this.first = Math.min(Math.max(0, Number(go.value) || 0), page.all_rows - 1);
      this.show();
    });
    line.append(button("First rows", "|◀", 0, this.first > 0),
      button("Previous rows", "◀", Math.max(0, this.first - pageSize), this.first > 0),
      button("Next rows", "▶", this.first + pageSize, to < page.all_rows),
      button("Last rows", "▶|", last, to < page.all_rows),
      element("label", { for: "row" }, "From row"), go);
    if (page.all_columns > page.columns.length) {
      const columns = element("input", { type: "number", min: "0",
        max: String(page.all_columns - 1), id: "column", "data-control": "column",
        value: String(this.column) });
      columns.addEventListener("change", () => {
        this.column = Math.min(Math.max(0, Number(columns.value) || 0), page.all_columns - 1);
        this.show();
      });
      line.append(element("label", { for: "column" }, "From column"), columns);
    }
    say(`rows ${this.first} to ${to - 1} of ${page.all_rows.toLocaleString()}`);
    return line;
  }

  table(page) {
    const head = element("tr", {}, element("th", { scope: "col" }, page.label_name || "row"));
    page.columns.forEach((column, i) => head.append(this.heading(page, column, this.column + i)));
    const body = element("tbody");
    for (const row of page.rows) {
      const line = element("tr", {}, element("th", { scope: "row" }, row.label));
      row.cells.forEach((text, i) => {
        const empty = row.null?.includes(i);
        line.append(element("td", { class: empty ? "null" : page.columns[i].number ? "number" : "",
          title: text }, text));
      });
      body.append(line);
    }
    return element("table", {}, element("caption", {}, page.all_rows.toLocaleString() + " rows, "
      + page.all_columns.toLocaleString() + " columns"), element("thead", {}, head), body);
  }

  // heading is the name of a column, which puts the rows in its order.
  heading(page, column, i) {
    const name = column.name || (page.all_columns === 1 ? "value" : String(i));
    const mine = this.sort === i + 1;
    const cell = element("th", { scope: "col", "aria-sort": !mine ? "none" :
      this.descending ? "descending" : "ascending" });
    if (page.sortable) {
      const button = element("button", { type: "button", "data-control": "sort-" + i,
        title: "put in order" }, name + (mine ? (this.descending ? " ▼" : " ▲") : ""));
      button.addEventListener("click", () => {
        if (!mine) [this.sort, this.descending] = [i + 1, false];
        else if (!this.descending) this.descending = true;
        else [this.sort, this.descending] = [0, false];
        this.first = 0;
        this.show();
      });
      cell.append(button);
    } else {
      cell.append(name);
    }
    cell.append(element("span", { class: "type" }, column.type));
    return cell;
  }
}
