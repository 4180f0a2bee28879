// Draws the table of windows as plots. Without this script the table says the same.
"use strict";

// What each plot shows: the table's columns by their names, with the color that the style sheet has for them. Bars stand
// on each other in this order, what went wrong at the bottom, where it can be compared.
const PLOTS = {
  received: { bars: true, series: [["Deliveries", "received", "busy"]] },
  outcomes: {
    bars: true,
    series: [
      ["Failed", "failed", "bad"],
      ["Refused", "refused", "warn"],
      ["Set aside", "aside", "calm"],
      ["Completed", "completed", "good"],
    ],
  },
  success: { series: [["Success", "success", "good"]], top: 100, unit: " %" },
  latency: {
    series: [
      ["p99", "p99", "warn"],
      ["p95", "p95", "busy"],
      ["p50", "p50", "good"],
    ],
    unit: " s",
  },
};
const HEIGHT = 168;
const WHOLE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000];
// From so many seconds between two ticks on: what stands there, and below it where a day begins.
const CLOCK = [86400, 60].map((from) => [
  from,
  from === 60 ? "{HH}:{mm}" : "{D} {MMM}",
  from === 60 ? "\n{D} {MMM}" : null,
  null,
  from === 60 ? "\n{D} {MMM}" : null,
  null,
  null,
  null,
  1,
]);

const table = document.getElementById("windows");
const drawn = [];

// One array for each column, with a place for every window, also for those that the table leaves out.
function columns(names, empty) {
  const { span, first, latest } = table.dataset;
  const times = [];
  for (let at = Number(first); at <= Number(latest); at += Number(span)) times.push(at);
  const rows = new Map([...table.tBodies[0].rows].map((row) => [Number(row.dataset.at), row]));
  const values = names.map((name) =>
    times.map((at) => {
      const text = rows.get(at)?.querySelector(`[data-${name}]`)?.dataset[name];
      return text === undefined ? empty : Number(text);
    }),
  );
  return [times, ...values];
}

// Each bar is drawn as high as it and those below it, the highest first.
function stacked([times, ...values]) {
  const sums = [];
  values.forEach((column, at) => sums.push(column.map((value, row) => value + (at ? sums[at - 1][row] : 0))));
  return [times, ...sums.reverse()];
}

function draw(place) {
  const plot = PLOTS[place.dataset.plot];
  const names = plot.series.map(([, name]) => name);
  const own = { place, raw: [], chart: null };
  const read = () => {
    own.raw = columns(names, plot.bars ? 0 : null);
    return plot.bars ? stacked(own.raw) : own.raw;
  };
  const data = read();
  const whole = plot.bars ? { incrs: WHOLE } : {};
  const order = plot.bars ? [...plot.series].reverse() : plot.series;
  own.chart = new uPlot(
    {
      width: width(place),
      height: HEIGHT,
      padding: [8, 20, 0, 0],
      tzDate: (at) => uPlot.tzDate(new Date(at * 1000), "Etc/UTC"),
      cursor: { sync: { key: "windows" }, drag: { x: false, y: false }, y: false, points: { size: 6 } },
      legend: { live: true },
      scales: {
        x: { range: () => [Number(table.dataset.first), Number(table.dataset.latest) + Number(table.dataset.span)] },
        y: { range: (_, low, high) => [0, plot.top ? plot.top * 1.03 : Math.max(high * 1.08, plot.bars ? 1 : 0.1)] },
      },
      axes: [axis({ space: 60, size: 36, values: CLOCK }), axis({ size: 44, space: 28, values: spoken, ...whole })],
      series: [
        { value: (_, at) => (at === null || at === undefined ? "" : moment(at)) },
        ...order.map(([label, name, tone]) => line(own, plot, label, names.indexOf(name), tone)),
      ],
    },
    data,
    place,
  );
  own.update = () => own.chart.setData(read());
  drawn.push(own);
}

// A value without neighbors is no line: it is drawn as a point, or a server's first hour would look empty.
function alone(plot, series, all) {
  if (all) return null;
  const values = plot.data[series];
  return values.flatMap((value, at) =>
    value != null && values[at - 1] == null && values[at + 1] == null ? [at] : [],
  );
}

function line(own, plot, label, number, tone) {
  const said = (_, __, ___, at) => {
    const value = at === null || at === undefined ? null : own.raw[number + 1][at];
    return value === null || value === undefined ? "" : brief(value) + (plot.unit || "");
  };
  const shade = color(tone);
  if (!plot.bars) return { label, stroke: shade, width: 1.75, points: { size: 5, fill: shade, filter: alone }, value: said };
  const paths = uPlot.paths.bars({ size: [0.8, 26], align: 1 });
  return { label, stroke: shade, fill: shade, width: 0, paths, points: { show: false }, value: said };
}

function axis(own) {
  const font = "12px system-ui, sans-serif";
  const rule = color("line");
  return { stroke: color("soft"), font, grid: { stroke: rule, width: 1 }, ticks: { show: false }, gap: 6, ...own };
}

function spoken(_, ticks) {
  return ticks.map(brief);
}

const moment = (at) => new Date(at * 1000).toISOString().slice(5, 16).replace("T", " ");

function brief(value) {
  return value.toLocaleString("en", { maximumSignificantDigits: 3 });
}

function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function width(place) {
  return Math.max(200, place.clientWidth);
}

function begin() {
  document.documentElement.classList.add("plotted");
  const places = [...document.querySelectorAll("[data-plot]")];
  places.forEach(draw);
  document.querySelector("details.numbers").open = false;
  new MutationObserver(() => drawn.forEach((each) => each.update())).observe(table, {
    subtree: true,
    childList: true,
    attributes: true,
  });
  const sizes = new ResizeObserver(() =>
    drawn.forEach(({ chart, place }) => {
      if (chart.width !== width(place)) chart.setSize({ width: width(place), height: HEIGHT });
    }),
  );
  places.forEach((place) => sizes.observe(place));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    drawn.splice(0).forEach((each) => each.chart.destroy());
    places.forEach(draw);
  });
}

if (table && window.uPlot) begin();
