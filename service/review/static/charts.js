// Draws the figures of a page by Chart.js, from the documents that service/review/charts.py makes.
// Colours and fonts are those of style.css, in light and in dark.
"use strict";

const language = document.documentElement.lang.startsWith("zh") ? "zh-CN" : "en-US";
const written = {
  number: new Intl.NumberFormat(language, { maximumSignificantDigits: 4 }),
  count: new Intl.NumberFormat(language, { maximumFractionDigits: 0 }),
  percent: new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 }),
  money: new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 }),
  signed: new Intl.NumberFormat(language, { maximumSignificantDigits: 3, signDisplay: "exceptZero" }),
};
const ROW = 26; // pixels of a category that lies

// A colour that is resolved: canvas does not know light-dark().
function colour(name) {
  const probe = document.createElement("span");
  probe.className = `colour ${name}`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

function faint(rgb) {
  return rgb.replace(/^rgb\(([^)]+)\)$/, "rgba($1, 0.35)");
}

function axis(told, soft, line) {
  const form = written[told.format];
  return {
    min: told.low ?? undefined,
    max: told.high ?? undefined,
    title: { display: Boolean(told.title), text: told.title, color: soft },
    ticks: told.names.length
      ? { color: soft, stepSize: 1, autoSkip: false, callback: (value) => told.names[value] ?? "" }
      : {
          color: soft,
          precision: told.format === "count" ? 0 : undefined,
          callback: (value) => form.format(value),
        },
    grid: { color: line },
    border: { color: line },
  };
}

// One series as Chart.js takes it. A range is a thin bar from low to high.
function dataset(each, kind) {
  const drawn = colour(typeof each.colour === "string" ? each.colour : `series-${each.colour % 6}`);
  const lying = kind === "across";
  const points = kind === "xy";
  const shared = { label: each.name, data: each.values, borderColor: drawn, order: 1 };
  if (points) {
    shared.data = each.values.map(([x, y]) => ({ x, y }));
  } else if (lying) {
    shared.xAxisID = "x";
  } else {
    shared.yAxisID = each.axis === "right" ? "right" : "y";
  }
  const dash = each.dashed ? [6, 4] : [];
  if (each.kind === "bar") {
    return { ...shared, type: "bar", backgroundColor: faint(drawn), borderWidth: 1, maxBarThickness: 34, order: 2, grouped: true };
  }
  if (each.kind === "range" && !points) {
    return { ...shared, type: "bar", backgroundColor: drawn, barThickness: 2, grouped: false, minBarLength: 2 };
  }
  if (each.kind === "range") {
    const ends = each.values.flatMap(([x, low, high]) => [{ x, y: low }, { x, y: high }, { x, y: NaN }]);
    return { ...shared, data: ends, type: "line", borderWidth: 2, pointRadius: 0, spanGaps: false };
  }
  const dots = each.kind === "points";
  return {
    ...shared,
    type: points && dots ? "scatter" : "line",
    showLine: !dots,
    borderDash: dash,
    borderWidth: 2,
    backgroundColor: drawn,
    pointRadius: dots ? (each.values.length > 150 ? 2 : 4) : each.dashed || each.values.length > 40 ? 0 : 2.5,
    pointHoverRadius: 6,
    tension: 0,
    order: 0,
  };
}

function told(item, chart) {
  const each = chart.series[item.datasetIndex];
  if (!each) return "";
  const axes = chart.axes;
  const form = written[(each.axis === "right" ? axes.right : axes.y ?? axes.x).format];
  const raw = item.raw;
  if (Array.isArray(raw)) return `${each.name}: ${form.format(raw[0])} – ${form.format(raw[1])}`;
  if (raw !== null && typeof raw === "object") {
    const at = axes.y.names.length ? axes.y.names[Math.round(raw.y)] : form.format(raw.y);
    return `${each.name}: ${written[axes.x.format].format(raw.x)}, ${at}`;
  }
  return `${each.name}: ${form.format(raw)}`;
}

function draw(figure) {
  const chart = JSON.parse(figure.querySelector("script").textContent);
  const canvas = figure.querySelector("canvas");
  const [ink, soft, line] = ["ink", "soft", "line"].map(colour);
  const scales = {};
  for (const [name, each] of Object.entries(chart.axes)) scales[name] = axis(each, soft, line);
  const category = { ticks: { color: soft, autoSkip: chart.kind === "over" }, grid: { display: false }, border: { color: line } };
  if (chart.kind === "over") {
    scales.x = { ...category, stacked: chart.stacked, title: { display: Boolean(chart.bottom), text: chart.bottom ?? "", color: soft } };
    scales.y.stacked = chart.stacked;
    if (scales.right) Object.assign(scales.right, { position: "right", grid: { display: false } });
  } else if (chart.kind === "across") {
    scales.y = category;
    figure.querySelector(".canvas").style.height = `${Math.max(chart.categories.length, 4) * ROW + 90}px`;
  } else {
    scales.x.type = "linear";
    if (chart.axes.y.names.length) {
      figure.querySelector(".canvas").style.height = `${chart.axes.y.names.length * ROW + 90}px`;
    }
  }
  const datasets = chart.series.map((each) => dataset(each, chart.kind));
  if (chart.diagonal) {
    datasets.push({ type: "line", label: "", data: [{ x: 0, y: 0 }, { x: 1, y: 1 }], borderColor: soft, borderDash: [4, 4], borderWidth: 1, pointRadius: 0 });
  }
  return new Chart(canvas, {
    type: chart.kind === "xy" ? "scatter" : "bar",
    data: { labels: chart.categories, datasets },
    options: {
      animation: false,
      clip: 8, // a point at an end is whole
      responsive: true,
      maintainAspectRatio: false,
      indexAxis: chart.kind === "across" ? "y" : "x",
      interaction: { mode: chart.kind === "xy" ? "nearest" : "index", intersect: false, axis: chart.kind === "across" ? "y" : "x" },
      scales,
      plugins: {
        legend: {
          display: chart.series.length > 1,
          position: "bottom",
          labels: { color: ink, usePointStyle: true, boxHeight: 7, filter: (item) => item.text !== "" },
        },
        tooltip: { callbacks: { label: (item) => told(item, chart) }, filter: (item) => Boolean(chart.series[item.datasetIndex]) },
      },
    },
  });
}

Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
Chart.defaults.font.size = 13;

const figures = [...document.querySelectorAll("figure.chart")];
let drawn = figures.map(draw);

function again() {
  for (const chart of drawn) chart.destroy();
  drawn = figures.map(draw);
}
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
// Paper is always light.
window.addEventListener("beforeprint", () => {
  for (const chart of drawn) chart.resize();
});
window.addEventListener("afterprint", () => {
  for (const chart of drawn) chart.resize();
});
document.documentElement.dataset.drawn = String(drawn.length);
