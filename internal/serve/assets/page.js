// The page of unpkl serve. Whatever comes from a file is put in as text, never as HTML.
import { ask, element, say, setFile } from "./common.js";
import { Tree } from "./tree.js";
import { showValue } from "./value.js";
import { showAbout } from "./about.js";

const tree = new Tree(document.getElementById("tree"), choose);
const pointerInput = document.getElementById("pointer");

// choose shows a value, and writes where it is into the address, so that Back leads here again.
async function choose(pointer, fromHistory = false) {
  state.choices++;
  pointerInput.value = pointer;
  if (!fromHistory) {
    const place = new URLSearchParams();
    if (state.file) place.set("file", state.file);
    place.set("pointer", pointer);
    if ("#" + place !== location.hash) history.pushState(null, "", "#" + place);
  }
  await showValue(document.getElementById("value"), pointer);
}

const state = { file: "", choices: 0 };

// openFile shows another file; before is how many choices there were before it was asked to.
async function openFile(name, pointer = "", before = state.choices) {
  state.file = name;
  setFile(name);
  for (const button of document.querySelectorAll("#file-list button")) {
    button.setAttribute("aria-current", String(button.dataset.file === name));
  }
  say("opening " + (name || "the file"));
  try {
    const about = await ask("file");
    document.getElementById("summary").textContent = [name, bytes(about.size),
      about.protocol === null ? "" : "pickle protocol " + about.protocol]
      .filter(Boolean).join(", ");
    await tree.show(about.root);
    say("");
  } catch (error) {
    tree.clear();
    document.getElementById("summary").textContent = name;
    document.getElementById("value").replaceChildren(
      element("p", { class: "error", role: "alert" }, error.message));
    say("");
    showAbout();
    return;
  }
  showAbout();
  // What was chosen while the file was being opened stays.
  if (state.choices === before) await choose(pointer, pointer !== "");
}

function bytes(n) {
  for (const unit of ["B", "KiB", "MiB", "GiB"]) {
    if (n < 1024) return (unit === "B" ? n : n.toFixed(1)) + " " + unit;
    n /= 1024;
  }
  return n.toFixed(1) + " TiB";
}

// listFolder lists a folder of the tree of files below list.
async function listFolder(list, folder, first = 0) {
  const page = await ask("files", { folder, first, file: null });
  for (const entry of page.entries) {
    const path = folder ? folder + "/" + entry.name : entry.name;
    const button = element("button", { type: "button" },
      (entry.folder ? "▸ " : "") + entry.name);
    const item = element("li", {}, button);
    if (entry.folder) {
      button.setAttribute("aria-expanded", "false");
      button.addEventListener("click", () => toggleFolder(button, item, path, entry.name));
    } else {
      button.dataset.file = path;
      button.title = bytes(entry.size || 0);
      button.addEventListener("click", () => openFile(path));
    }
    list.append(item);
  }
  const left = page.all - first - page.entries.length;
  if (left > 0) {
    const more = element("button", { type: "button" }, "… " + left.toLocaleString() + " more");
    const item = element("li", {}, more);
    more.addEventListener("click", async () => {
      await listFolder(list, folder, first + page.entries.length);
      item.remove();
    });
    list.append(item);
  }
  return page;
}

async function toggleFolder(button, item, path, name) {
  const open = button.getAttribute("aria-expanded") === "true";
  button.setAttribute("aria-expanded", String(!open));
  button.textContent = (open ? "▸ " : "▾ ") + name;
  if (open) {
    item.querySelector("ul").remove();
    return;
  }
  const inside = element("ul", { class: "inside" });
  inside.style.paddingLeft = "1rem";
  item.append(inside);
  await listFolder(inside, path);
}

// follow goes where the address says.
function follow() {
  const place = new URLSearchParams(location.hash.slice(1));
  const file = place.get("file") || "", pointer = place.get("pointer") || "";
  if (file !== state.file) return openFile(file, pointer);
  return choose(pointer, true);
}

document.getElementById("go").addEventListener("submit", (event) => {
  event.preventDefault();
  choose(pointerInput.value.trim());
  document.getElementById("value").focus();
});
addEventListener("popstate", follow);

async function begin() {
  const about = await ask("files", { file: null });
  document.getElementById("title").textContent = about.title;
  document.title = about.title + " – unpkl";
  const place = new URLSearchParams(location.hash.slice(1));
  if (about.folder) {
    document.getElementById("files").hidden = false;
    await listFolder(document.getElementById("file-list"), "");
    if (!place.get("file")) {
      say("choose a file");
      return;
    }
  }
  await openFile(place.get("file") || "", place.get("pointer") || "", 0);
}

begin().catch((error) => say(error.message));
