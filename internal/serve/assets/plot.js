// Plots: lines and histograms as SVG, heat maps and pictures as the server draws them.
import { ask, element, visible } from "./common.js";

const width = 720, height = 300, left = 80, bottom = 26, top = 10, right = 12;

// showPlot draws a value; of a histogram stats has what is drawn.
export async function showPlot(into, value, kind, index, stats) {
  if (kind === "histogram") return histogram(into, stats);
  const plot = await ask("plot", { pointer: value.pointer, index, kind });
  if (kind === "line") line(into, value, plot);
  else image(into, value, plot, kind);
}

function svg(name, attributes = {}, text) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, v] of Object.entries(attributes)) made.setAttribute(key, v);
  if (text !== undefined) made.textContent = text;
  return made;
}

function frame(label) {
  const plot = svg("svg", { class: "plot", viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": label });
  plot.append(svg("title", {}, label));
  return plot;
}

// brief writes a number in few characters.
function brief(v) { return Number(v.toPrecision(6)).toString(); }

function axes(plot, fromX, toX, fromY, toY) {
  const end = height - bottom;
  plot.append(
    svg("path", { d: `M${left} ${top}V${end}H${width - right}`, fill: "none",
      stroke: "currentColor", "stroke-opacity": ".35" }),
    svg("text", { x: left - 6, y: top + 10, "text-anchor": "end" }, toY),
    svg("text", { x: left - 6, y: end, "text-anchor": "end" }, fromY),
    svg("text", { x: left, y: height - 8 }, fromX),
    svg("text", { x: width - right, y: height - 8, "text-anchor": "end" }, toX));
}

function line(into, value, data) {
  const label = `${data.count.toLocaleString()} elements from ${brief(data.least)} to ${brief(data.greatest)}`;
  const plot = frame("line of " + (visible(value.pointer) || "the whole value") + ": " + label);
  const spanX = Math.max(1, data.count - 1), spanY = data.greatest - data.least || 1;
  const x = (i) => left + (width - left - right) * i / spanX;
  const y = (v) => height - bottom - (height - bottom - top) * (v - data.least) / spanY;
  let path = "", pen = "M";
  data.at.forEach((at, i) => {
    if (data.y[i] === null) {
      pen = "M";
      return;
    }
    path += `${pen}${x(at).toFixed(1)} ${y(data.y[i]).toFixed(1)}`;
    pen = "L";
  });
  plot.append(svg("path", { d: path, fill: "none", stroke: "currentColor", "stroke-width": "1.2",
    "stroke-linejoin": "round" }));
  axes(plot, "0", spanX.toLocaleString(), brief(data.least), brief(data.greatest));
  into.append(plot, element("p", { class: "faint" }, label));
}

function histogram(into, stats) {
  const most = Math.max(...stats.bins, 1);
  const plot = frame(`histogram from ${stats.least} to ${stats.greatest}, the fullest of `
    + `${stats.bins.length} bins holds ${most.toLocaleString()}`);
  const step = (width - left - right) / stats.bins.length;
  stats.bins.forEach((n, i) => {
    const h = (height - bottom - top) * n / most;
    const bar = svg("rect", { x: (left + i * step + 1).toFixed(1), width: Math.max(1, step - 2).toFixed(1),
      y: (height - bottom - h).toFixed(1), height: h.toFixed(1), fill: "currentColor" });
    bar.append(svg("title", {}, n.toLocaleString()));
    plot.append(bar);
  });
  axes(plot, stats.least, stats.greatest, "0", most.toLocaleString());
  into.append(plot);
}

function image(into, value, data, kind) {
  const text = `${kind} of ${visible(value.pointer) || "the whole value"}, ${data.height} rows, ${data.width} columns`
    + (data.heat ? `, ${brief(data.least)} to ${brief(data.greatest)}` : "");
  const picture = element("img", { class: "map", alt: text, src: data.image });
  picture.style.aspectRatio = `${data.width} / ${data.height}`;
  into.append(picture);
  if (data.heat) {
    into.append(element("div", { class: "scale", "aria-hidden": "true" },
      brief(data.least), element("span", { class: "bar" }), brief(data.greatest)));
  }
  into.append(element("p", { class: "faint" }, text));
}
