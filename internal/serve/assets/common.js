// What the parts of the page share.

let file = "";

// setFile says which file of a folder is asked about.
export function setFile(name) { file = name; }

// address returns the address of what is asked for.
export function address(path, parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ file, ...parameters })) {
    if (value !== null && value !== "") query.set(name, value);
  }
  return path + "?" + query;
}

// ask returns the answer to a question; an error is one of the server's words.
export async function ask(question, parameters = {}) {
  let response;
  try {
    response = await fetch(address("api/" + question, parameters));
  } catch {
    throw new Error("unpkl serve does not answer any more");
  }
  const text = await response.text();
  let answer;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new Error(text);
  }
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

// element makes an element with attributes and children, which are elements or text.
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// visible replaces what is not seen in a key and could change how the line reads: control characters
// and marks that turn the direction of text.
export function visible(text) { return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\ufffd"); }

// say tells what is going on, also to who listens to the page.
export function say(text) { document.getElementById("status").textContent = text; }

// tabs makes a list of tabs, which the arrow keys walk through, and shows the first of them.
export function tabs(list, panel, views) {
  const buttons = views.map(([name, show], i) => {
    const button = element("button", { role: "tab", type: "button", id: panel.id + "-tab-" + i,
      "aria-controls": panel.id, "aria-selected": "false", tabindex: "-1" }, name);
    button.addEventListener("click", () => select(i));
    return button;
  });
  async function select(i, focus = false) {
    buttons.forEach((button, k) => {
      button.setAttribute("aria-selected", String(i === k));
      button.tabIndex = i === k ? 0 : -1;
    });
    if (focus) buttons[i].focus();
    panel.setAttribute("aria-labelledby", buttons[i].id);
    panel.replaceChildren();
    const into = element("div");
    panel.append(into);
    try {
      await views[i][1](into);
    } catch (error) {
      into.append(element("p", { class: "error", role: "alert" }, error.message));
    }
  }
  list.onkeydown = (event) => {
    const at = buttons.findIndex((button) => button.tabIndex === 0), n = buttons.length;
    const to = { ArrowRight: (at + 1) % n, ArrowLeft: (at + n - 1) % n, Home: 0, End: n - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    select(to, true);
  };
  list.replaceChildren(...buttons);
  if (views.length > 0) select(0);
}
