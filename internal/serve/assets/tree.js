// The tree of values. What is inside a value is asked for when it is opened, a page at a time, so
// that a file of a million keys is as quick as one of ten.
import { ask, element, say, visible } from "./common.js";

const pageSize = 100;

export class Tree {
  constructor(list, choose) {
    this.list = list;
    this.choose = choose;
    list.addEventListener("keydown", (event) => this.key(event));
    list.addEventListener("click", (event) => this.click(event));
  }

  clear() { this.list.replaceChildren(); }

  // show shows the tree of a file, opened one level.
  async show(root) {
    const item = this.item(root, "", 1, 1, 1);
    item.tabIndex = 0;
    this.list.replaceChildren(item);
    if (root.inside > 0) await this.open(item);
  }

  item(node, pointer, level, position, all) {
    const twist = element("span", { class: "twist", "aria-hidden": "true" },
      node.inside > 0 ? "▸" : "");
    const row = element("div", { class: "row" }, twist);
    if (pointer !== "") row.append(element("span", { class: "key" }, visible(node.key) || "''"), " ");
    row.append(element("span", { class: "type" }, node.type));
    if (node.size) row.append(" ", element("span", { class: "faint" }, node.size));
    if (node.same !== undefined) row.append(" same as " + (visible(node.same) || "the whole value"));
    if (node.error) row.append(" ", element("span", { class: "error" }, node.error));
    if (node.value) row.append(" ", element("span", {}, node.value));
    row.title = row.textContent;
    const item = element("li", { role: "treeitem", "aria-level": level, "aria-posinset": position,
      "aria-setsize": all, "aria-selected": "false", tabindex: "-1" }, row);
    item.dataset.pointer = pointer;
    if (node.inside > 0) item.setAttribute("aria-expanded", "false");
    return item;
  }

  // open shows what is inside a value.
  async open(item) {
    if (item.getAttribute("aria-expanded") !== "false") return;
    item.setAttribute("aria-expanded", "true");
    item.querySelector(".twist").textContent = "▾";
    const group = element("ul", { role: "group" });
    item.append(group);
    item.loading = this.more(item, group, 0);
    await item.loading;
  }

  // more adds the next values inside.
  async more(item, group, first) {
    const pointer = item.dataset.pointer, level = Number(item.getAttribute("aria-level")) + 1;
    let page;
    try {
      page = await ask("children", { pointer, first, count: pageSize });
    } catch (error) {
      say(error.message);
      return null;
    }
    const added = page.nodes.map((node, i) => this.item(node,
      pointer + "/" + node.key.replaceAll("~", "~0").replaceAll("/", "~1"), level,
      first + i + 1, page.all));
    group.append(...added);
    const left = page.all - first - page.nodes.length;
    if (left > 0) {
      const row = element("div", { class: "row faint" }, element("span", { class: "twist" }),
        "… " + left.toLocaleString() + " more");
      const next = element("li", { role: "treeitem", "aria-level": level, tabindex: "-1",
        "aria-selected": "false" }, row);
      next.dataset.first = first + page.nodes.length;
      group.append(next);
    }
    return added[0];
  }

  close(item) {
    if (item.getAttribute("aria-expanded") !== "true") return;
    item.setAttribute("aria-expanded", "false");
    item.querySelector(".twist").textContent = "▸";
    item.querySelector("[role=group]").remove();
  }

  // activate shows a value, or the further ones of a line that says how many there are.
  async activate(item) {
    if (item.dataset.first !== undefined) {
      const group = item.parentElement, around = group.closest("[role=treeitem]");
      const next = await this.more(around, group, Number(item.dataset.first));
      if (next) this.focus(next);
      item.remove();
      return;
    }
    for (const other of this.list.querySelectorAll("[aria-selected=true]")) {
      other.setAttribute("aria-selected", "false");
    }
    item.setAttribute("aria-selected", "true");
    await this.choose(item.dataset.pointer);
  }

  focus(item) {
    for (const other of this.list.querySelectorAll("[tabindex='0']")) other.tabIndex = -1;
    item.tabIndex = 0;
    item.focus();
  }

  click(event) {
    const item = event.target.closest("[role=treeitem]");
    if (!item) return;
    this.focus(item);
    if (event.target.classList.contains("twist")) {
      if (item.getAttribute("aria-expanded") === "true") this.close(item);
      else this.open(item);
      return;
    }
    this.activate(item);
    this.open(item);
  }

  // key follows the pattern of trees in ARIA: arrows move, open and close; Enter shows.
  async key(event) {
    const item = event.target.closest("[role=treeitem]");
    if (!item || event.altKey || event.ctrlKey || event.metaKey) return;
    if (["ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight", "Home", "End", "Enter", " "].includes(
      event.key)) event.preventDefault();
    const all = () => [...this.list.querySelectorAll("[role=treeitem]")];
    const move = (to) => { if (to) this.focus(to); };
    switch (event.key) {
      case "ArrowDown": move(all()[all().indexOf(item) + 1]); break;
      case "ArrowUp": move(all()[all().indexOf(item) - 1]); break;
      case "Home": move(all()[0]); break;
      case "End": move(all().at(-1)); break;
      case "ArrowRight":
        if (item.getAttribute("aria-expanded") === "true") {
          await item.loading;
          move(item.querySelector("[role=treeitem]"));
        } else {
          await this.open(item);
        }
        break;
      case "ArrowLeft":
        if (item.getAttribute("aria-expanded") === "true") this.close(item);
        else move(item.parentElement.closest("[role=treeitem]"));
        break;
      case "Enter":
      case " ": await this.activate(item); break;
      default:
        if (event.key.length === 1) this.find(item, event.key.toLowerCase(), all());
    }
  }

  // find moves to the next value whose key begins with a letter.
  find(item, letter, all) {
    const at = all.indexOf(item);
    const next = [...all.slice(at + 1), ...all.slice(0, at)].find((other) => {
      const key = other.querySelector(".key");
      return key && key.textContent.toLowerCase().startsWith(letter);
    });
    if (next) this.focus(next);
  }
}
