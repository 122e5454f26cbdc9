// The report's page: unpacks the series that is looked at, draws it, and keeps read-out, strip and table in step with it.
// Text from the data goes into the page by textContent alone.
(function () {
  "use strict";

  const DAY_MS = 86400000;
  const STATUS = { f: "final", p: "provisional", o: "open" };
  const GRANULARITY = { h: "hourly", "5": "5-minute" };
  const RANGES = [["Week", 8], ["30 D", 30], ["90 D", 90], ["1 Y", 365], ["All", Infinity]]; // seven days and today
  const MOST_MARKED = 30; // days
  const MOST_SQUEEZE = 0.25; // the share of the candles' range, above and below, that a moving average may take, as in the PNG
  const LINE_STYLES = [2, 0, 1]; // of lightweight-charts: dashed, solid, dotted

  const at = (id) => document.getElementById(id);
  const periods = at("chart").dataset.averages.split(",").filter(Boolean).map(Number); // of moving averages, in days
  const about = JSON.parse(at("about-series").textContent);
  const packed = document.querySelectorAll("script.packed");
  const unpacked = new Map();

  let shown = null; // the series that is looked at: {about, days, byDay}
  let range = RANGES.find(([, days]) => days >= Number(at("chart").dataset.days))[1]; // at first the run's own days
  let view = null; // the chart and its parts

  // --- Data

  async function unpack(number) {
    if (!unpacked.has(number)) {
      const bytes = Uint8Array.from(atob(packed[number].textContent), (letter) => letter.charCodeAt(0));
      const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
      unpacked.set(number, seriesOf(about[number], JSON.parse(await new Response(stream).text())));
    }
    return unpacked.get(number);
  }

  function seriesOf(facts, columns) {
    const first = Date.parse(facts.first);
    const candles = columns.day.map((offset, i) => ({
      day: new Date(first + offset * DAY_MS).toISOString().slice(0, 10),
      open: columns.open[i], high: columns.high[i], low: columns.low[i], close: columns.close[i],
      volume: columns.volume[i], points: columns.points[i], expected: columns.expected[i], coverage: columns.coverage[i] / 1000,
      status: STATUS[columns.status[i]], granularity: GRANULARITY[columns.granularity[i]], opinion: columns.opinion[i],
    }));
    const byDay = new Map(candles.map((candle) => [candle.day, candle]));
    const count = columns.day[columns.day.length - 1] + 1;
    const days = Array.from({ length: count }, (_, i) => new Date(first + i * DAY_MS).toISOString().slice(0, 10));
    return { about: facts, days, byDay, averages: periods.map((period) => averageOf(days, byDay, period)) };
  }

  function daysInRange() {
    return shown.days.slice(Math.max(0, shown.days.length - range));
  }

  // The mean of the last `period` closes; none if one of these days has no candle.
  function averageOf(days, byDay, period) {
    let sum = 0, known = 0;
    const closes = days.map((day) => (byDay.get(day) || {}).close);
    return closes.map((close, i) => {
      const left = i >= period ? closes[i - period] : undefined;
      if (close !== undefined) { sum += close; known += 1; }
      if (left !== undefined) { sum -= left; known -= 1; }
      return known === period ? sum / period : undefined;
    });
  }

  // --- Words

  const SUPERSCRIPTS = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

  function priceText(price) {
    const { exponent, decimals } = shown.about;
    const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals, roundingMode: "halfEven" }; // as Python rounds
    const mantissa = (price / 10 ** exponent).toLocaleString("en-US", digits);
    return exponent ? mantissa + "×10" + [...String(exponent)].map((letter) => SUPERSCRIPTS[letter]).join("") : mantissa;
  }

  const UNITS = [[1e12, "T"], [1e9, "B"], [1e6, "M"], [1e3, "K"]];

  function volumeText(volume) {
    if (volume === null) return "unknown";
    const rounded = Number(volume.toPrecision(4));
    const [unit, letter] = UNITS.find(([size]) => rounded >= size) || [1, ""];
    return ((rounded / unit).toLocaleString("en-US", { maximumSignificantDigits: 4 }) + " " + letter).trim();
  }

  function changeText(change) {
    const percent = Math.round(change * 10000) / 100;
    if (percent === 0) return "0.00 %";
    return (percent > 0 ? "▲ +" : "▼ −") + Math.abs(percent).toLocaleString("en-US", { minimumFractionDigits: 2 }) + " %";
  }

  // A whole axis of prices at once: without decimals if none of them needs any.
  function axisTexts(values) {
    const unit = 10 ** shown.about.exponent;
    const texts = values.map((value) => priceText(value * unit));
    return texts.every((text) => /\.0+$/.test(text)) ? texts.map((text) => text.replace(/\.0+$/, "")) : texts;
  }

  function tickText(day, kind) {
    const parts = [{ year: "numeric" }, { month: "short", year: "numeric" }][kind] || { day: "numeric", month: "short" };
    return new Date(day).toLocaleDateString("en-GB", { timeZone: "UTC", ...parts });
  }

  const DAY_FORMAT = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", weekday: "short", day: "numeric", month: "short", year: "numeric" });
  const dayText = (day) => DAY_FORMAT.format(new Date(day)).replace(",", "");
  const percentText = (share) => Math.floor(share * 100 + 1e-9) + " %";
  const slotsText = (candle) => candle.expected + " " + candle.granularity; // those that are due by now; several points may lie in one
  const coverageText = (candle) => percentText(candle.coverage) + " of " + slotsText(candle) + " slots";
  const directionOf = (candle) => (candle.close > candle.open ? "up" : candle.close < candle.open ? "down" : "flat");

  // --- Elements

  function element(name, text, className) {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  function colours() {
    const style = getComputedStyle(document.documentElement);
    const of = (name) => style.getPropertyValue("--" + name).trim();
    return { ink: of("ink"), muted: of("muted"), paper: of("paper"), line: of("line"), up: of("up"), down: of("down"), volume: of("volume"),
      averages: [0, 1, 2].map((number) => of("average-" + number)) };
  }

  // --- The chart

  function build() {
    const LC = window.LightweightCharts;
    const chart = LC.createChart(at("chart"), {
      autoSize: true,
      layout: { attributionLogo: false, fontFamily: getComputedStyle(document.body).fontFamily, panes: { enableResize: false } },
      crosshair: { mode: LC.CrosshairMode.Normal },
      rightPriceScale: { borderVisible: false, scaleMargins: { top: 0.12, bottom: 0.08 }, ensureEdgeTickMarksVisible: false, entireTextOnly: true },
      timeScale: { borderVisible: false, minBarSpacing: 0.05, fixLeftEdge: true, fixRightEdge: true, tickMarkFormatter: tickText },
      localization: { locale: "en-GB" },
      handleScroll: { vertTouchDrag: false },
    });
    const candles = chart.addSeries(LC.CandlestickSeries, { priceLineVisible: false, lastValueVisible: false });
    const last = candles.createPriceLine({ price: 0, lineWidth: 1, lineStyle: LC.LineStyle.Dotted }); // its own would be as hollow as the open candle
    const lines = periods.map((_, i) => chart.addSeries(LC.LineSeries, {
      lineWidth: 1, lineStyle: LINE_STYLES[i], priceLineVisible: false, lastValueVisible: false, crosshairMarkerVisible: false,
      autoscaleInfoProvider: roomForAverage,
    }));
    const volumes = chart.addSeries(LC.HistogramSeries, {
      priceLineVisible: false, lastValueVisible: false, base: 0,
      priceFormat: { type: "custom", minMove: 1e-9, formatter: volumeText },
      autoscaleInfoProvider: (original) => {
        const info = original(); // volumes that are all 0 have no scale of their own
        return info && info.priceRange && info.priceRange.maxValue === 0 ? { priceRange: { minValue: 0, maxValue: 1 } } : info;
      },
    }, 1);
    chart.panes()[0].setStretchFactor(4);
    chart.panes()[1].setStretchFactor(1);
    chart.subscribeCrosshairMove((event) => readOut(event.time || lastDay()));
    const watermark = at("chart").dataset.watermark;
    if (watermark) {
      const lines = [{ text: watermark, color: "rgba(128, 128, 128, 0.16)", fontSize: 96, fontStyle: "bold" }];
      LC.createTextWatermark(chart.panes()[0], { horzAlign: "center", vertAlign: "center", lines });
    }
    view = { chart, candles, last, lines, volumes, marks: LC.createSeriesMarkers(candles, []) };
  }

  // A moving average gets room as well, but no more than a share of the candles' own: a far one is cut off.
  function roomForAverage(original) {
    const info = original(), seen = view && view.chart.timeScale().getVisibleLogicalRange();
    const days = seen ? shown.days.slice(Math.max(0, Math.ceil(seen.from)), Math.floor(seen.to) + 1) : [];
    const candles = days.map((day) => shown.byDay.get(day)).filter(Boolean);
    if (!info || !info.priceRange || !candles.length) return null;
    const unit = 10 ** shown.about.exponent;
    const low = Math.min(...candles.map((candle) => candle.low)) / unit, high = Math.max(...candles.map((candle) => candle.high)) / unit;
    const most = MOST_SQUEEZE * (high - low);
    const near = (value) => Math.min(Math.max(value, low - most), high + most);
    return { priceRange: { minValue: near(info.priceRange.minValue), maxValue: near(info.priceRange.maxValue) } };
  }

  function draw() {
    const look = colours();
    const unit = 10 ** shown.about.exponent;
    view.chart.applyOptions({
      layout: { background: { color: look.paper }, textColor: look.muted },
      grid: { vertLines: { visible: false }, horzLines: { color: look.line } },
      crosshair: { vertLine: { color: look.muted, labelBackgroundColor: look.ink }, horzLine: { color: look.muted, labelBackgroundColor: look.ink } },
    });
    view.candles.applyOptions({
      upColor: look.up, downColor: look.down, wickUpColor: look.up, wickDownColor: look.down, borderUpColor: look.up, borderDownColor: look.down,
      priceFormat: { type: "custom", minMove: 10 ** -shown.about.decimals, formatter: (value) => priceText(value * unit), tickmarksFormatter: axisTexts },
    });
    view.candles.setData(shown.days.map((day) => {
      const candle = shown.byDay.get(day);
      if (!candle) return { time: day }; // a gap
      const bar = { time: day, open: candle.open / unit, high: candle.high / unit, low: candle.low / unit, close: candle.close / unit };
      if (directionOf(candle) === "flat") bar.color = bar.borderColor = bar.wickColor = look.muted;
      if (candle.status !== "final") bar.color = look.paper; // hollow: it may still change
      return bar;
    }));
    const newest = shown.byDay.get(lastDay());
    const colour = { up: look.up, down: look.down, flat: look.muted }[directionOf(newest)];
    view.last.applyOptions({ price: newest.close / unit, color: colour, axisLabelColor: colour, axisLabelTextColor: look.paper });
    view.lines.forEach((line, i) => {
      const values = shown.averages[i];
      line.applyOptions({ color: look.averages[i] });
      line.setData(shown.days.map((day, n) => (values[n] === undefined ? { time: day } : { time: day, value: values[n] / unit })));
    });
    view.volumes.applyOptions({ color: look.volume });
    view.volumes.setData(shown.days.map((day) => {
      const candle = shown.byDay.get(day);
      return candle && candle.volume !== null ? { time: day, value: candle.volume } : { time: day };
    }));
    mark(look);
  }

  // The words `open` and `provisional` at such candles, if there is room for words.
  function mark(look) {
    const days = range <= MOST_MARKED ? daysInRange().filter((day) => (shown.byDay.get(day) || { status: "final" }).status !== "final") : [];
    view.marks.setMarkers(days.map((day) => (
      { time: day, position: "aboveBar", shape: "circle", size: 0, color: look.ink, text: shown.byDay.get(day).status }
    )));
  }

  function zoom() {
    mark(colours());
    const from = Math.max(0, shown.days.length - range);
    view.chart.timeScale().setVisibleLogicalRange({ from, to: shown.days.length - 1 });
  }

  // --- Read-out

  const lastDay = () => shown.days[shown.days.length - 1];
  let pointed = null;

  function readOut(day) {
    if (day === pointed) return;
    pointed = day;
    const box = at("readout");
    const candle = shown.byDay.get(day);
    const parts = [element("b", dayText(day))];
    if (!candle) {
      parts.push(element("span", "no data"));
    } else {
      for (const name of ["open", "high", "low", "close"]) parts.push(labelled(name, priceText(candle[name])));
      const change = element("span", changeText(candle.close / candle.open - 1) + " since open", directionOf(candle));
      parts.push(change, labelled("24 h volume", volumeText(candle.volume)));
      parts.push(labelled("points", String(candle.points)), labelled("coverage", coverageText(candle)));
      parts.push(labelled("status", candle.status));
      for (const [i, period] of periods.entries()) {
        const value = shown.averages[i][shown.days.indexOf(day)];
        if (value !== undefined) parts.push(labelled("SMA " + period, priceText(value), "average-" + i));
      }
    }
    box.replaceChildren(...parts);
  }

  function labelled(label, text, className) {
    const made = element("span");
    made.append(element("i", label + " ", className), text);
    return made;
  }

  function point(day) {
    const candle = shown.byDay.get(day);
    if (candle) view.chart.setCrosshairPosition(candle.close / 10 ** shown.about.exponent, day, view.candles);
    else view.chart.clearCrosshairPosition();
    readOut(day);
  }

  at("chart").addEventListener("keydown", (event) => {
    const here = shown.days.indexOf(pointed || lastDay());
    const first = shown.days.indexOf(daysInRange()[0]), last = shown.days.length - 1;
    const steps = { ArrowLeft: here - 1, ArrowRight: here + 1, Home: first, End: last };
    if (!(event.key in steps) || event.altKey || event.ctrlKey || event.metaKey) return; // of the browser
    event.preventDefault();
    const next = Math.min(Math.max(steps[event.key], first), last);
    point(shown.days[next]);
  });

  // --- Strip and table

  function strip() {
    const svg = at("strip"), days = daysInRange(), counts = { final: 0, provisional: 0, open: 0, missing: 0 };
    let least = 1;
    const bars = days.map((day, i) => {
      const candle = shown.byDay.get(day);
      const status = candle ? candle.status : "missing";
      counts[status] += 1;
      if (candle) least = Math.min(least, candle.coverage);
      const height = candle ? Math.max(candle.coverage, 0.04) : 1;
      const bar = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      const box = { x: i + 0.05, y: 1 - height, width: days.length > 200 ? 0.95 : 0.9, height };
      for (const [name, value] of Object.entries(box)) bar.setAttribute(name, value);
      bar.setAttribute("class", status);
      const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
      title.textContent = dayText(day) + ": " + (candle ? percentText(candle.coverage) + ", " + status : "no data");
      bar.append(title);
      return bar;
    });
    svg.setAttribute("viewBox", "0 0 " + days.length + " 1");
    svg.replaceChildren(...bars);
    const counted = Object.entries(counts).filter(([, count]) => count).map(([name, count]) => count + " " + (name === "missing" ? "without data" : name));
    const words = dayText(days[0]) + " to " + dayText(days[days.length - 1]) + ": " + counted.join(", ") + "; least coverage " + percentText(least) + ".";
    svg.setAttribute("aria-label", "Coverage, " + words);
    at("strip-words").textContent = words;
  }

  function table() {
    const rows = daysInRange().reverse().map((day) => {
      const row = element("tr"), candle = shown.byDay.get(day);
      const head = element("th", dayText(day));
      head.scope = "row";
      row.append(head);
      if (!candle) {
        const cell = element("td", "no data");
        cell.colSpan = 10;
        row.append(cell);
        return row;
      }
      const numbers = [...["open", "high", "low", "close"].map((name) => priceText(candle[name])), volumeText(candle.volume),
        String(candle.points), percentText(candle.coverage)];
      row.append(...numbers.map((text) => element("td", text, "number")), element("td", slotsText(candle)), element("td", candle.status),
        element("td", candle.opinion === null ? "" : candle.opinion + " bp", "number"));
      return row;
    });
    at("rows").replaceChildren(...rows);
  }

  // --- What a person chooses

  function buttons() {
    const length = shown.days.length;
    const useful = RANGES.filter(([, days]) => days < length || days === Infinity);
    range = useful.find(([, days]) => days >= range)[1]; // of a shorter history there may be no such range
    at("ranges").hidden = useful.length < 2;
    at("ranges").replaceChildren(...useful.map(([label, days]) => {
      const button = element("button", label);
      button.type = "button";
      button.dataset.days = days;
      button.setAttribute("aria-pressed", String(days === range));
      button.addEventListener("click", () => choose(days));
      return button;
    }));
  }

  function choose(days) {
    range = days;
    at("ranges").childNodes.forEach((button) => button.setAttribute("aria-pressed", String(Number(button.dataset.days) === range)));
    zoom();
    strip();
    table();
  }

  let newest = 0;

  async function show(number) {
    newest = number;
    const found = await unpack(number);
    if (newest !== number) return; // another one was chosen meanwhile
    shown = found;
    at("candles-title").textContent = shown.about.name;
    at("chart").setAttribute("aria-label", "Candlestick chart of " + shown.about.name + "; the table below has the same numbers");
    buttons();
    draw();
    choose(range);
    pointed = null;
    readOut(lastDay());
    document.documentElement.dataset.shown = String(number);
  }

  // --- How old the newest price is for whoever looks now

  function age() {
    const box = at("age");
    if (!box) return; // past days were never fresh, and do not go stale
    const minutes = Math.max(0, Math.floor((Date.now() - Date.parse(box.dataset.newest)) / 60000));
    const [number, unit] = minutes < 120 ? [minutes, "minute"] : minutes < 2880 ? [Math.floor(minutes / 60), "hour"] : [Math.floor(minutes / 1440), "day"];
    const text = number + " " + unit + (number === 1 ? "" : "s");
    const isStale = minutes > 60 * Number(box.dataset.limitHours);
    box.textContent = isStale ? "Stale: the newest price is " + text + " old now" : text + " old now";
    box.classList.toggle("stale", isStale);
    if (isStale && box.closest(".answer").classList.replace("good", "warning")) box.closest(".answer").dataset.turned = "";
  }

  // --- Print: a picture of the chart, since a canvas keeps the width of the screen

  function beforePrint() {
    document.documentElement.classList.add("printing"); // light colours
    document.querySelectorAll("[data-turned]").forEach((answer) => answer.classList.replace("warning", "good")); // on paper there is no now
    draw();
    const picture = at("printed");
    picture.src = view.chart.takeScreenshot().toDataURL();
    picture.alt = at("chart").getAttribute("aria-label");
    document.querySelectorAll("section:not(#checks) > details:not([open])").forEach((part) => { part.open = true; part.dataset.unfolded = ""; });
  }

  function afterPrint() {
    document.documentElement.classList.remove("printing");
    document.querySelectorAll("[data-turned]").forEach((answer) => answer.classList.replace("good", "warning"));
    draw();
    at("printed").removeAttribute("src");
    document.querySelectorAll("details[data-unfolded]").forEach((part) => { part.open = false; delete part.dataset.unfolded; });
  }

  build();
  age();
  setInterval(age, 30000);
  const select = at("series");
  if (select) select.addEventListener("change", () => show(Number(select.value)));
  document.querySelectorAll("a[data-series]").forEach((link) => link.addEventListener("click", () => {
    if (select) select.value = link.dataset.series;
    show(Number(link.dataset.series));
  }));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => shown && draw());
  addEventListener("beforeprint", beforePrint);
  addEventListener("afterprint", afterPrint);
  show(0);
})();
