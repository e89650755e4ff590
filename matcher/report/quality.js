"use strict";
let data, language;
const at = () => language === "zh" ? 0 : 1, say = (chinese, english) => language === "zh" ? chinese : english;
const pair = both => both[at()];
const $ = id => document.getElementById(id);
const make = (tag, text, cls) => { const e = document.createElement(tag); if (text !== undefined && text !== null) e.textContent = text; if (cls) e.className = cls; return e; };
const box = (cls, ...inside) => { const e = make("div", undefined, cls); e.append(...inside); return e; };
const width = (e, share) => { e.style.setProperty("width", (100 * Math.min(Math.max(share, 0), 1)).toFixed(2) + "%"); return e; };
const count = n => n.toLocaleString("en");
const percent = v => v === 0 ? "0 %" : v < .0001 ? "< 0.01 %" : v >= .9995 && v < 1 ? "99.9 %" : `${Number((100 * v).toPrecision(3))} %`;
const light = (state, words) => { const e = make("i", undefined, `light ${state}`); if (words) { e.setAttribute("role", "img"); e.setAttribute("aria-label", words); e.title = words; } return e; };
const RANK = { REFUSED: 0, ALARM: 1, OK: 2 };
const STATES = { OK: ["正常", "fine"], ALARM: ["需处理", "to mend"], NOT_ASSESSED: ["无法判断", "not assessed"], REFUSED: ["未被接受", "refused"] };
const state = name => pair(STATES[name]);
const title = source => source[language];
function svg(tag, attributes = {}, ...inside) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, typeof value === "number" ? Math.round(value * 100) / 100 : value);
  e.append(...inside);
  return e;
}
function table(headings, rows, cls) {
  const e = make("table", undefined, cls), head = make("tr");
  head.append(...headings.map(h => h instanceof Node ? h : make("th", h)));
  e.append(head, ...rows.map(cells => { const row = make("tr"); row.append(...cells.map(c => c instanceof Node ? c : make("td", c))); return row; }));
  return e;
}
const number = n => make("td", count(n), "number");
const coded = text => { const e = make("td"); e.append(make("code", text)); return e; };

function totals() {
  const read = data.sources.filter(s => "rows_in" in s), sum = key => read.reduce((n, s) => n + s[key], 0);
  const alarms = data.sources.reduce((n, s) => n + s.checks.filter(c => c.state === "ALARM").length, 0), refused = data.sources.filter(s => s.refused).length;
  const figures = [
    [count(data.sources.length), say("来源", "sources")], [count(sum("rows_in")), say("收到的行", "rows received")],
    [count(sum("accepted")), say("接收的行", "rows accepted")], [count(sum("aside")), say("搁置的行", "rows set aside"), sum("aside") > 0],
    [count(alarms), say("需处理的问题", "items to mend"), alarms > 0],
  ];
  if (refused) figures.push([count(refused), say("未被接受的来源", "feeds refused"), true]);
  $("totals").replaceChildren(...figures.map(([value, name, wrong]) => box(wrong ? "bad" : "", make("b", value), make("span", name))));
}
const ordered = () => [...data.sources].sort((a, b) => RANK[a.state] - RANK[b.state]);
function overview() {
  $("legend").replaceChildren(...["OK", "ALARM", "NOT_ASSESSED", "REFUSED"].map(s => { const e = make("span", state(s)); e.prepend(light(s)); return e; }));
  const titles = new Map(data.sources.flatMap(s => s.checks.map(c => [c.check, c.title]))), ids = [...titles.keys()].sort();
  const heads = ids.map(id => { const e = make("th"); e.append(make("b", id), make("span", pair(titles.get(id)))); e.title = pair(titles.get(id)); return e; });
  const rows = ordered().map(s => {
    const name = make("td"), link = make("a", title(s));
    link.href = `#s-${s.id}`;
    link.addEventListener("click", () => { $(`s-${s.id}`).open = true; });
    name.append(link);
    if (s.refused) { const cell = make("td"); cell.colSpan = Math.max(ids.length, 1); cell.append(light("REFUSED", state("REFUSED"))); return [name, cell]; }
    return [name, ...ids.map(id => { const c = s.checks.find(one => one.check === id), cell = make("td"); if (c) cell.append(light(c.state, `${id} ${pair(c.title)}: ${state(c.state)}`)); return cell; })];
  });
  $("overview").replaceChildren(table(["", ...heads], rows, "grid"));
}
function flow(s) {
  const bar = box("stack"), inside = width(make("div", undefined, "in"), s.rows_in ? s.accepted / s.rows_in : 0), says = make("p"), part = (name, n) => { const e = make("span", name + " "); e.append(make("b", count(n))); return e; };
  bar.append(inside);
  if (s.aside) bar.append(width(make("div", undefined, "out"), s.aside / s.rows_in));
  bar.setAttribute("role", "img");
  bar.setAttribute("aria-label", say(`收到 ${s.rows_in} 行，接收 ${s.accepted}，搁置 ${s.aside}`, `${s.rows_in} rows, ${s.accepted} accepted, ${s.aside} set aside`));
  says.append(part(say("收到", "rows"), s.rows_in), part(say("= 接收", "= accepted"), s.accepted), part(say("+ 搁置", "+ set aside"), s.aside), part(say("其中置空的值", "values nulled"), s.nulled));
  return box("flow", bar, says);
}
function columns(s) {
  const rows = s.columns.map(c => {
    const share = s.accepted ? c.filled / s.accepted : 0, fell = c.before !== null && c.before > .05 && share < .8 * c.before, track = box("track", width(make("div"), share));
    if (c.before !== null) { const mark = make("i"); mark.style.setProperty("left", `calc(${(100 * Math.min(c.before, 1)).toFixed(2)}% - 1px)`); track.append(mark); }
    const row = box(fell ? "column fell" : "column", make("span", c[language]), track, make("span", share > 0 && share < .001 ? "< 0.1 %" : percent(share)));
    row.title = `${c.name}: ${count(c.filled)} / ${count(s.accepted)}` + (c.before === null ? "" : say(`，上一批 ${percent(c.before)}`, `, last batch ${percent(c.before)}`)) + (c.nulled ? say(`，置空 ${count(c.nulled)}`, `, nulled ${count(c.nulled)}`) : "");
    return row;
  });
  const note = s.columns.some(c => c.before !== null) ? say("各列填写率（竖线：上一批）", "Filled share by column (tick: last batch)") : say("各列填写率", "Filled share by column");
  const e = make("div");
  e.append(make("h3", note), box("columns", ...rows));
  return e;
}
function sparkline(name, entries, value, shown, cls, base) {
  const points = entries.map((h, i) => [i, value(h), h.as_of]).filter(([, v]) => v !== null);
  if (!points.length) return "";
  const W = 340, top = 10, bottom = 62, left = 4, right = 80, most = Math.max(...points.map(p => p[1]), base ?? 0) || 1, n = Math.max(entries.length - 1, 1);
  const x = i => entries.length === 1 ? left + 6 : left + i / n * (W - left - right), y = v => bottom - v / most * (bottom - top);
  const path = points.map(([i, v], k) => `${k ? "L" : "M"}${x(i).toFixed(1)},${y(v).toFixed(1)}`).join(""), last = points.at(-1), e = svg("svg", { viewBox: `0 0 ${W} 82`, role: "img", class: cls, "aria-label": `${name}: ${points.map(p => shown(p[1])).join(", ")}` });
  e.append(svg("line", { x1: left, y1: bottom, x2: W - right, y2: bottom, class: "base", "stroke-dasharray": "none", opacity: .4 }));
  if (points.length > 1) e.append(svg("path", { d: `${path}L${x(last[0])},${bottom}L${x(points[0][0])},${bottom}Z`, class: "under" }), svg("path", { d: path, class: "trend" }));
  if (base !== undefined && base !== null) e.append(svg("line", { x1: left, y1: y(base), x2: W - right, y2: y(base), class: "base" }, svg("title", {}, say("基线", "baseline"))));
  for (const [i, v, day] of points) e.append(svg("circle", { cx: x(i), cy: y(v), r: i === last[0] ? 4.5 : 2.5, class: "dot" }, svg("title", {}, `${day ?? ""} ${shown(v)}`)));
  e.append(svg("text", { x: x(last[0]) + 10, y: Math.min(Math.max(y(last[1]) + 4, 14), bottom), class: "now" }, shown(last[1])));
  if (points[0][2]) e.append(svg("text", { x: left, y: 79 }, points[0][2]));
  if (points.length > 1 && last[2]) e.append(svg("text", { x: x(last[0]), y: 79, "text-anchor": points.length > 2 ? "end" : "middle" }, last[2]));
  const out = make("div");
  out.append(make("h3", name), e);
  return out;
}
function trends(s) {
  const q03 = s.checks.find(c => c.check === "Q03"), only = s.history.length === 1 ? say("（第一批）", " (first batch)") : "";
  return box("trends",
    sparkline(say("接收的行", "Rows accepted") + only, s.history, h => h.accepted, count, "rows"),
    sparkline(say("证件号码无效率", "Invalid ID numbers") + (q03 && q03.baseline !== null ? say(`（虚线：基线${q03.assumed ? "，假定" : ""}）`, ` (dashed: baseline${q03.assumed ? ", assumed" : ""})`) : ""), s.history, h => h.invalid_numbers, percent, "rate", q03 && q03.baseline));
}
function places(s, list) {
  const names = new Map((s.columns ?? []).map(c => [c.name, c[language]]));
  return table([say("文件", "file"), say("行", "row"), say("列", "column"), say("值（已遮盖）", "value (masked)")],
    list.map(p => [coded(p.file), make("td", count(p.row)), make("td", p.column === null ? say("整行", "whole row") : names.get(p.column) ?? p.column), coded(p.value ?? "")]));
}
function alarm(s, c) {
  const e = box(`check ${c.state}`), head = make("h4", `${c.check} ${pair(c.title)}`);
  head.prepend(light(c.state, state(c.state)));
  if (c.assumed) head.append(make("small", say("报警线为假定值", "the threshold is an assumption")));
  const text = box("", make("p", pair(c.noticed), "noticed"));
  if (c.details.length) { const list = make("ul"); list.append(...c.details.map(d => make("li", pair(d)))); text.append(list); }
  const says = make("dl");
  says.append(make("dt", say("影响", "what it means")), make("dd", pair(c.means)), make("dt", say("请这样做", "what to do")), make("dd", pair(c.do), "do"));
  text.append(says);
  e.append(head, text);
  if (c.examples.length) e.append(box("scroll", places(s, c.examples)));
  return e;
}
function quiet(s, list) {
  return box("quiet", ...list.map(c => {
    const e = make("div");
    e.append(light(c.state, state(c.state)), make("span", `${c.check} ${pair(c.title)}`), make("span", pair(c.noticed), "soft"));
    return e;
  }));
}
function reasons(s) {
  const e = make("div");
  e.append(make("h3", say("没有接收的行和值", "Rows and values not taken over")), box("scroll reasons", table(
    [say("原因", "reason"), say("列", "column"), make("th", say("处数", "count"), "number"), say("最先出现在", "first places"), say("怎样改", "what to do")],
    s.reasons.map(r => {
      const where = make("td");
      r.places.slice(0, 3).forEach((p, i) => { if (i) where.append(make("br")); where.append(make("code", `${p.file} : ${p.row}` + (p.value === null ? "" : `  ${p.value}`))); });
      return [make("td", pair(r.said)), make("td", r.title ? pair(r.title) : r.column ?? say("整行", "whole row")), number(r.count), where, make("td", pair(r.do), "wide")];
    }))));
  return e;
}
function refusal(r) {
  const e = box("refusal"), where = [r.file && `${say("文件", "file")} ${r.file}`, r.row !== null && `${say("行", "row")} ${count(r.row)}`, r.column && `${say("列", "column")} ${r.column}`].filter(Boolean).join(" · ");
  e.append(make("p", say("这个来源没有被接受，其中任何一行都没有使用。请按下述说明处理后整批重发。", "This feed was not accepted, and no row of it is used. Mend what is said below and send the whole batch again.")));
  if (where) e.append(make("p", where, "soft"));
  e.append(make("p", r.what + "."));
  if (r.remedy) e.append(make("p", "→ " + r.remedy));
  return e;
}
function source(s) {
  const e = make("details", undefined, `source ${s.state}`), head = make("summary"), body = box("inside"), alarms = s.checks.filter(c => c.state === "ALARM"), rest = s.checks.filter(c => c.state !== "ALARM");
  e.id = `s-${s.id}`;
  e.open = s.state !== "OK";
  const files = s.files ? Object.keys(s.files) : [];
  const about = [language === "zh" ? s.agency_zh : "", s.as_of ? say(`截至 ${s.as_of}`, `as of ${s.as_of}`) : "", files.length > 2 ? say(`${files.length} 个文件`, `${files.length} files`) : files.join(say("、", ", "))].filter(Boolean).join(" · ");
  head.append(light(s.state, state(s.state)), make("b", title(s)), make("span", about, "soft"), make("span", s.state === "ALARM" ? say(`${alarms.length} 项需处理`, `${alarms.length} to mend`) : state(s.state), "verdict"));
  if (s.refused) body.append(refusal(s.refused));
  if ("rows_in" in s) body.append(flow(s));
  if (alarms.length) body.append(box("checks", ...alarms.map(c => alarm(s, c))));
  if ("rows_in" in s) body.append(box("pictures", columns(s), trends(s)));
  if (s.reasons && s.reasons.length) body.append(reasons(s));
  if (rest.length) { const others = make("div"); others.append(make("h3", say("其他检查", "Other checks")), quiet(s, rest)); body.append(others); }
  e.append(head, body);
  return e;
}
function draw() {
  document.documentElement.lang = language;
  document.querySelectorAll("[data-zh]").forEach(e => { e.textContent = e.dataset[language]; });
  $("language").textContent = say("English", "中文");
  $("scope").textContent = say(`检查日期 ${data.checked_on}`, `checked on ${data.checked_on}`) + (data.ignored_files.length ? say(` · 未识别、未读取的文件：${data.ignored_files.join("、")}`, ` · files of no source, not read: ${data.ignored_files.join(", ")}`) : "");
  totals();
  overview();
  const open = new Map([...document.querySelectorAll("details.source")].map(e => [e.id, e.open]));
  $("sources").replaceChildren(...ordered().map(source));
  for (const [id, was] of open) $(id).open = was;
  $("foot").textContent = Object.entries(data.versions).map(([name, version]) => `${name} ${version}`).join(" · ") + say(" · 明细见 rejects.parquet，数字见 quality.json", " · every row in rejects.parquet, every figure in quality.json");
}
