// What is known of the file: what audit finds, and its opcodes.
import { ask, element, tabs } from "./common.js";

const pageSize = 200;

// showAbout fills the panel beside the value.
export function showAbout() {
  tabs(document.getElementById("file-tabs"), document.getElementById("file-panel"),
    [["Audit", showAudit], ["Opcodes", (into) => showOpcodes(into, 0)]]);
}

async function showAudit(into) {
  const report = await ask("audit");
  into.append(element("p", {}, "Worst verdict: ",
    element("strong", { class: report.worst, id: "worst" }, report.worst)));
  if (report.error) into.append(element("p", { class: "error" }, report.error));
  const facts = [report.pickles + (report.pickles === 1 ? " pickle" : " pickles"),
    report.compression, ...(report.libraries || [])].filter(Boolean);
  into.append(element("p", { class: "faint" }, facts.join(", ")));
  if (report.findings.length === 0) {
    into.append(element("p", {}, "It names no class and no function."));
    return;
  }
  const body = element("tbody");
  for (const finding of report.findings) {
    body.append(element("tr", {},
      element("td", { class: finding.verdict }, finding.verdict),
      element("td", { title: finding.name }, finding.name),
      element("td", { class: "number" }, String(finding.offset)),
      element("td", { title: finding.reason || "" }, finding.reason || "")));
  }
  into.append(element("div", { class: "scroll" }, element("table", {},
    element("caption", {}, report.all.toLocaleString() + " names that it would use in Python"),
    element("thead", {}, element("tr", {}, ...["verdict", "name", "byte", "reason"].map(
      (name) => element("th", { scope: "col" }, name)))), body)));
  if (report.all > report.findings.length) {
    into.append(element("p", { class: "faint" }, `the first ${report.findings.length}`));
  }
}

async function showOpcodes(into, first) {
  const page = await ask("opcodes", { first, count: pageSize });
  const lines = element("pre", { "aria-label": "opcodes with their byte offsets" },
    page.lines.join("\n"));
  const controls = element("div", { class: "controls" });
  const button = (text, to, enabled) => {
    const made = element("button", { type: "button" }, text);
    made.disabled = !enabled;
    made.addEventListener("click", () => showOpcodes(into, to));
    return made;
  };
  controls.append(button("Previous", Math.max(0, first - pageSize), first > 0),
    button("Next", first + pageSize, page.more));
  into.replaceChildren(controls, lines);
  if (page.error) into.append(element("p", { class: "error" }, page.error));
}
