const STATES = ["VALUE", "NO_RECORD", "NO_ANSWER", "NOT_AUTHORISED", "NOT_ASKED"];
const SEVERITIES = ["INFO", "LOW", "MEDIUM", "HIGH"], GRADES = ["G1", "G2", "G3", "G4", "G5"], UNSURE = 4;
const WORDS = {
  VALUE: ["有记录", "a value"], NO_RECORD: ["无记录", "no record"], NO_ANSWER: ["未答复（不等于无）", "no answer (not: none)"], NOT_AUTHORISED: ["未授权（未查询）", "not authorised (not looked up)"], NOT_ASKED: ["未查询", "not asked"],
  HIGH: ["高", "high"], MEDIUM: ["中", "medium"], LOW: ["低", "low"], INFO: ["提示", "info"], NO: ["否", "no"], YES: ["是", "yes"], UNKNOWN: ["不明", "unknown"],
  UNDECLARED: ["多于申报", "undeclared"], OVER_LIMIT: ["超过规定", "over the limit"], OK: ["正常", "fine"], ALARM: ["需处理", "to mend"], NOT_ASSESSED: ["无法判断", "not assessed"], unknown: ["未知区划", "unknown place"],
  obtain_authorisation: ["人须先取得授权", "persons whose authorisation is to be obtained"],
};
const FAMILIES = { P: ["个人", "Persons"], H: ["家庭", "Households"], C: ["重复与互斥", "Duplicates and compatibility"], N: ["关联网络", "Networks"], U: ["应享未享", "Entitlement"] };
const ASIDE = /^(例外情形|Exceptions)(：|: )/, LISTED = /^(比对|计算|Compared|Arithmetic)$/, LABEL = /^([^：。；，（]{2,16})：(.+)$|^([A-Z][^:.;,(]{2,40}): (.+)$/;
const PRINTED = 500, TOP = 8, MOST_PLACES = 30;
const at = () => zh() ? 0 : 1, word = name => (pick(WORDS, name) ?? [name, words(name)])[at()];
const box = (cls, ...inside) => { const e = make("div", undefined, cls); e.append(...inside); return e; };
const span = (words, cls) => make("span", words, cls);
const share = (e, part) => { e.style.setProperty("width", (100 * part).toFixed(2) + "%"); return e; };
const due = rule => rule.startsWith("U");
const yuan = fen => (fen / 100).toLocaleString("en", { minimumFractionDigits: fen % 100 ? 2 : 0, maximumFractionDigits: 2 });
const rough = fen => fen === 0 ? "0" : zh() ? (fen >= 1e6 ? `${(fen / 1e6).toLocaleString("en", { maximumFractionDigits: fen >= 1e8 ? 0 : 1 })} 万元` : `${Math.round(fen / 100).toLocaleString("en")} 元`) : `${Math.round(fen / 100).toLocaleString("en")} yuan`;
const between = (low, high, show = yuan, unit = say(" 元", " yuan")) => high === 0 ? say("无金额", "no amount") : low === high ? show(high) + unit : say(`${show(low)} 至 ${show(high)}${unit}`, `${show(low)} to ${show(high)}${unit}`);
const place = code => code === "unknown" ? word("unknown") : named.get(code) ?? code;
const rule = id => ruled.get(id) ?? { id, zh: id, en: id };
const source = name => (pick(data.titles, name) ?? [name, name])[at()];

let L, N, named, ruled, firstOf, recordOf, cut, measure = "count", view = [], opened = new Map(), nodes = new Map(), queue = "", last = "", rowHeight = 68;
function prepare() {
  L = data.leads; N = L.id.length; cut = new Map();
  named = new Map(L.counties.map(([code, name]) => [code, name ?? code]));
  ruled = new Map(data.rules.map(r => [r.id, r]));
  firstOf = new Int32Array(L.shapes.length).fill(-1); recordOf = new Int32Array(N + 1);
  for (let i = 0; i < N; i++) { if (firstOf[L.shape[i]] < 0) firstOf[L.shape[i]] = i; recordOf[i + 1] = recordOf[i] + Math.min(L.records.count[i], L.records.shown); }
  L.due = L.rules.map(due);
  L.orders = new Map();
}
function ordered(by) {
  if (!L.orders.has(by)) {
    const key = new Float64Array(N), queues = [[], []], both = [];
    for (let i = 0; i < N; i++) { key[i] = by === "amount" ? L.high[i] * 4 + L.severity[i] : L.severity[i] * 1e13 + L.high[i]; queues[L.due[L.rule[i]] ? 1 : 0].push(i); }
    queues.forEach(q => q.sort((a, b) => key[b] - key[a]));
    for (let k = 0; k < Math.max(queues[0].length, queues[1].length); k++) for (const q of queues) if (k < q.length) both.push(q[k]);
    L.orders.set(by, both);
  }
  return L.orders.get(by);
}
function values(i) {
  const s = L.shape[i];
  if (!cut.has(s)) {
    let end = firstOf[s];
    while (end < N && L.shape[end] === s) end++;
    cut.set(s, [L.values[s].split("\n"), end - firstOf[s]]);
  }
  const [column, rows] = cut.get(s);
  return k => column[k * rows + i - firstOf[s]];
}
function lines(i, which = at()) {
  const shape = L.shapes[L.shape[i]], value = values(i), slots = shape[2], found = [];
  let slot = 0;
  for (let k = 0; k <= which; k++) for (const t of shape[k]) {
    const parts = L.templates[t];
    if (k === which) { let line = parts[0]; for (let p = 1; p < parts.length; p++) line += value(slots[slot + p - 1]) + parts[p]; found.push(line); }
    slot += parts.length - 1;
  }
  return found;
}
const id = i => L.rules[L.rule[i]], unsure = i => L.grade[i] === UNSURE;

function kinds() {
  for (const [name, isDue] of [["leads", false], ["entitled", true]]) {
    const t = data.totals[name], rules = data.rules.filter(r => due(r.id) === isDue).sort((a, b) => b.findings - a.findings), most = Math.max(1, ...rules.map(r => r.findings)), into = $(name).lastElementChild;
    const figures = box("figures"), big = span(count(isDue ? t.persons : t.findings), "big"), part = (n, text) => { const e = make("span"); e.append(make("b", n), " " + text); return e; };
    big.append(make("small", isDue ? say("人", t.persons === 1 ? "person" : "persons") : say("条", t.findings === 1 ? "lead" : "leads")));
    figures.append(big, part(count(t.households), say("户", "households")), isDue ? part(count(t.findings), say("条转介线索", "referrals")) : part(count(t.persons), say("人", "persons")));
    figures.append(span(t.high ? say("涉及 ", "at risk ") + between(t.low, t.high, rough, "") : isDue ? say("经本人同意后转介", "referred with their consent") : say("未涉及金额", "no amount at risk")));
    const by = SEVERITIES.map(() => 0);
    for (let i = 0; i < N; i++) if (L.due[L.rule[i]] === isDue) by[L.severity[i]]++;
    into.replaceChildren(figures, ...stacked([3, 2, 1, 0].map(s => [SEVERITIES[s], by[s], word(SEVERITIES[s])]), say("程度", "severity")));
    into.append(...rules.slice(0, TOP).map(r => {
      const e = make("button", undefined, "bar"), track = box("track", share(make("div"), r.findings / most));
      e.type = "button";
      e.title = `${r.id} ${r[language]}\n${between(r.low, r.high)}`;
      e.append(make("b", r.id), span(r[language]), track, span(count(r.findings)));
      e.addEventListener("click", () => only({ rule: r.id }));
      return e;
    }));
    if (rules.length > TOP) { const p = make("p", undefined, "more"), a = make("a", say(`另有 ${rules.length - TOP} 条规则，见下图`, `${rules.length - TOP} more rules: see below`)); a.href = "#places"; p.append(a); into.append(p); }
    if (!rules.length) into.append(make("p", say("没有。", "None."), "note"));
  }
}
function stacked(parts, label) {
  const total = parts.reduce((n, [, v]) => n + v, 0) || 1, bar = box("stack"), mix = box("mix");
  bar.setAttribute("role", "img");
  bar.setAttribute("aria-label", `${label}: ${parts.map(([, n, name]) => `${name} ${n}`).join(", ")}`);
  for (const [cls, n, name] of parts) if (n) { const part = share(make("div", undefined, cls), n / total), e = span(`${name} ${count(n)}`); part.title = `${name} ${count(n)}`; bar.append(part); e.prepend(make("i", undefined, cls)); mix.append(e); }
  return [bar, mix];
}

function map() {
  const cells = new Map(), perRule = new Map(), perPlace = new Map(), amount = measure === "amount", add = (m, k, v) => m.set(k, (m.get(k) ?? 0) + v);
  for (let i = 0; i < N; i++) { const v = amount ? L.high[i] : 1; add(cells, L.rule[i] + " " + L.county[i], v); add(perRule, L.rule[i], v); add(perPlace, L.county[i], v); }
  const order = L.counties.map((_, k) => k), code = k => L.counties[k][0];
  if (order.length > MOST_PLACES) order.sort((a, b) => (perPlace.get(b) ?? 0) - (perPlace.get(a) ?? 0)).length = MOST_PLACES;
  order.sort((a, b) => code(a) === "unknown" ? 1 : code(b) === "unknown" ? -1 : code(a) < code(b) ? -1 : 1);
  const known = L.counties.some(([c]) => c !== "unknown"), shown = known ? order : [];
  const rules = L.rules.map((name, k) => [name, k]).sort((a, b) => Object.keys(FAMILIES).indexOf(a[0][0]) - Object.keys(FAMILIES).indexOf(b[0][0]) || (a[0] < b[0] ? -1 : 1));
  const show = v => amount ? (v === 0 ? "–" : zh() ? (v / 1e6).toFixed(v < 1e6 ? 2 : 1) : Math.round(v / 1e5).toLocaleString("en")) : count(v);
  const most = [false, true].map(d => Math.max(1, ...rules.filter(([name]) => due(name) === d).flatMap(([, k]) => shown.map(c => cells.get(k + " " + c) ?? 0))));
  const table = make("table", undefined, "map"), head = make("tr"), body = make("tbody");
  const corner = make("th", amount ? say("万元，上限", "thousand yuan, at most") : say("条数", "how many"));
  corner.scope = "col";
  head.append(corner, ...shown.map(c => { const e = make("th"), name = make("div", place(code(c)), "down"); e.scope = "col"; e.title = `${code(c)} ${place(code(c))}`; e.append(name); return e; }));
  const sum = make("th", say("合计", "all")); sum.scope = "col"; head.append(sum);
  const thead = make("thead"); thead.append(head);
  let family = "";
  for (const [name, k] of rules) {
    if (name[0] !== family) { family = name[0]; const row = make("tr", undefined, "family"), e = make("th", (pick(FAMILIES, family) ?? [family, family])[at()]); e.colSpan = shown.length + 2; e.scope = "colgroup"; row.append(e); body.append(row); }
    const row = make("tr", undefined, due(name) ? "due" : "lead"), title = make("th");
    title.scope = "row"; title.title = `${name} ${rule(name)[language]}`;
    title.append(make("b", name), rule(name)[language]);
    row.append(title, ...shown.map(c => {
      const v = cells.get(k + " " + c) ?? 0;
      if (!v) return make("td", "·", "none");
      const e = make("td"), b = make("button", show(v)), heat = Math.sqrt(v / most[due(name) ? 1 : 0]);
      b.type = "button"; b.style.setProperty("--heat", (10 + 85 * heat).toFixed(0) + "%");
      if (heat > .6) b.className = "hot";
      b.title = `${name} · ${place(code(c))}: ${amount ? between(0, v) : count(v)}`;
      b.addEventListener("click", () => only({ rule: name, county: code(c) }));
      e.append(b);
      return e;
    }), make("td", show(perRule.get(k) ?? 0), "sum"));
    body.append(row);
  }
  const foot = make("tr"), all = make("th", say("合计", "all"));
  all.scope = "row";
  foot.append(all, ...shown.map(c => make("td", show(perPlace.get(c) ?? 0), "sum")), make("td", show([...perPlace.values()].reduce((a, b) => a + b, 0)), "sum"));
  body.append(foot);
  table.append(thead, body);
  $("map").replaceChildren(table);
  if (!known) $("map").append(make("p", say("本页未附各家庭所在的区划。", "This page was made without the places where households live."), "note"));
  if (order.length < L.counties.length) $("map").append(make("p", say(`只列条目最多的 ${MOST_PLACES} 个区划，合计为全部。`, `The ${MOST_PLACES} places with most; "all" counts every place.`), "note"));
  pressed($("measure"), [["count", say("条数", "number")], ["amount", say("金额", "amount")]], () => measure, v => { measure = v; map(); });
}
function pressed(into, options, current, choose) {
  into.replaceChildren(...options.map(([value, name, cls]) => {
    const b = make("button", name, cls);
    b.type = "button"; b.setAttribute("aria-pressed", String(value === current()));
    b.addEventListener("click", () => { choose(value); const again = [...into.children].find(e => e.getAttribute("aria-pressed") === "true"); if (again) again.focus(); });
    return b;
  }));
}

function amounts() {
  const rows = data.rules.filter(r => r.high > 0).sort((a, b) => b.high - a.high), into = $("amounts");
  if (!rows.length) return into.replaceChildren(make("p", say("没有涉及金额的条目。", "Nothing with an amount."), "note"));
  const width = wide(into), narrow = width < 520, left = narrow ? 0 : Math.min(190, width * .34), right = narrow ? 8 : Math.min(150, width * .27), tall = narrow ? 40 : 30, top = 4, height = top + rows.length * tall + 24, most = rows[0].high;
  const x = v => left + v / most * (width - left - right), parts = [], unit = zh() ? 1e6 : 1e5;
  for (const v of steps(0, most / unit, narrow ? 4 : 5)) parts.push(line(x(v * unit), top, x(v * unit), height - 20, "grid"), text(x(v * unit), height - 5, v.toLocaleString("en"), "soft", v === 0 && narrow ? "start" : "middle"));
  rows.forEach((r, i) => {
    const y = top + i * tall + (narrow ? 17 : 6), own = due(r.id) ? " due" : "", name = `${r.id} ${r[language]}`, label = between(r.low, r.high), short = r.low === r.high ? rough(r.high) : `${rough(r.low)} – ${rough(r.high)}`;
    const inside = [rect(x(r.low), y, Math.max(x(r.high) - x(r.low), 1), 14, "range" + own), line(x(r.low), y - 2, x(r.low), y + 16, "least" + own), svg("circle", { cx: x(r.high), cy: y + 7, r: 4.5, class: "most" + own })];
    if (narrow) inside.push(text(0, y - 4, fit(name, width - room(short) - 14)), text(width, y - 4, short, "soft", "end"));
    else inside.push(text(0, y + 11, fit(name, left - 14)), text(width, y + 11, short, "soft", "end"));
    parts.push(tip(svg("g", {}, ...inside), `${name}\n${label}`));
  });
  chart(into, height, say("各规则涉及金额的区间", "amounts at risk by rule, as ranges"), ...parts);
  into.append(make("p", say("横轴：万元。竖线为下限，圆点为上限。", "Axis: thousand yuan. The stroke is the least, the dot the most."), "note"));
}

function identity() {
  const mixes = [[0, 0, 0, 0, 0], [0, 0, 0, 0, 0]], rows = [];
  for (let i = 0; i < N; i++) mixes[L.due[L.rule[i]] ? 1 : 0][L.grade[i]]++;
  const row = (name, parts, cls) => {
    const total = parts.reduce((a, b) => a + b, 0), bar = box("stack");
    if (!total) return;
    bar.setAttribute("role", "img");
    bar.setAttribute("aria-label", `${name}: ${parts.map((n, g) => `${GRADES[g] ?? say("待人工", "review")} ${n}`).join(", ")}`);
    parts.forEach((n, g) => { if (n) { const e = share(make("div", undefined, "g" + g), n / total); e.title = `${name}\n${GRADES[g] ?? say("无等级，待人工", "no grade, to review")} ${count(n)} (${(100 * n / total).toFixed(1)} %)`; bar.append(e); } });
    const e = span(name, cls);
    e.title = name;
    rows.push(e, bar, span(count(total)));
  };
  row(say("疑点", "leads"), mixes[0], "strong lead");
  row(say("可能应享未享", "may be entitled"), mixes[1], "strong due");
  const linked = c => [...GRADES.map(g => c.grades[g] ?? 0), c.grades.none ?? 0], links = data.coverage.filter(c => Object.keys(c.grades).length), all = [0, 0, 0, 0, 0, 0];
  for (const c of links) linked(c).forEach((n, g) => { all[g] += n; });
  row(say("全部关联", "all links"), all, "strong");
  const first = rows.splice(0), more = make("details", undefined, "more"), kept = $("grades").querySelector("details")?.open;
  for (const c of links) row(c[language], linked(c));
  more.open = kept ?? false;
  more.append(make("summary", say("各来源的关联", "Links by source")), box("mixed", ...rows));
  const told = make("dl", undefined, "grades");
  for (const [g, name] of [...GRADES.entries(), [5, say("无", "none")]]) { const dt = make("dt", name); dt.prepend(make("i", undefined, "g" + g)); told.append(dt, make("dd", g === 5 ? say("没有等级的关联只供人工判断，不进入任何规则", "a link without a grade is for a person to look at and feeds no rule") : data.grades[name][at()])); }
  $("grades").replaceChildren(box("mixed", ...first), told, ...(links.length ? [more] : []));
}

function coverage() {
  $("legend").replaceChildren(...STATES.map((s, i) => { const e = span(word(s)); e.prepend(make("i", undefined, "s" + i)); return e; }));
  const sources = data.coverage.map(c => {
    const total = STATES.reduce((n, s) => n + (c.states[s] ?? 0), 0) || 1, bar = box("stack"), told = [];
    bar.setAttribute("role", "img");
    bar.setAttribute("aria-label", `${c[language]}: ${STATES.map(s => `${word(s)} ${c.states[s] ?? 0}`).join(", ")}`);
    STATES.forEach((s, i) => { const n = c.states[s] ?? 0; if (n) { const e = share(make("div", undefined, "s" + i), n / total); e.title = `${word(s)} ${count(n)} (${(100 * n / total).toFixed(1)} %)`; bar.append(e); } });
    if (!c.here) told.push(say("没有收到数据", "no data received"));
    else told.push(c.as_of ? say(`截至 ${c.as_of}`, `as of ${c.as_of}`) : say("截至日不明", "undated"), say(`${count(c.rows_in)} 行`, `${count(c.rows_in)} rows`), ...(c.set_aside ? [say(`搁置 ${count(c.set_aside)}`, `${count(c.set_aside)} set aside`)] : []), c.complete ? say("全量", "complete extract") : say("非全量：查不到不等于没有", "not complete: absence is no answer"));
    const e = box("source", span(c[language]), bar, make("small", told.join(" · ")));
    e.title = STATES.filter(s => c.states[s]).map(s => `${word(s)} ${count(c.states[s])}`).join("\n");
    return e;
  });
  $("coverage").replaceChildren(box("sources", ...sources));
  const judged = Object.entries(data.quality);
  if (!judged.length) return $("quality").replaceChildren();
  const checks = [...new Set(judged.flatMap(([, list]) => list.map(c => c.check)))].sort(), notice = c => (zh() ? c.notice_zh : c.notice_en) ?? "";
  const table = make("table", undefined, "plain checks"), head = make("tr"), noticed = make("ul", undefined, "noticed");
  head.append(make("th"), ...checks.map(c => make("th", c)));
  table.append(head, ...judged.map(([name, list]) => {
    const row = make("tr");
    row.append(make("td", source(name)), ...checks.map(id => {
      const c = list.find(one => one.check === id), e = make("td");
      if (c) { const light = make("i", undefined, `light ${c.state}`); light.setAttribute("role", "img"); light.setAttribute("aria-label", `${id} ${word(c.state)}`); light.title = `${id} ${word(c.state)}\n${notice(c)}`; e.append(light); }
      return e;
    }));
    for (const c of list) if (c.state === "ALARM") { const e = make("li", `${source(name)} ${c.check}${say("：", ": ")}${notice(c)}`); e.prepend(make("i", undefined, "light ALARM")); noticed.append(e); }
    return row;
  }));
  $("quality").replaceChildren(make("h3", say("数据质量检查（说的是数据，不是人）", "Quality checks (about data, not about people)")), box("scroll", table), noticed);
}

function silent() {
  $("silent").hidden = !data.silent.length;
  const stopped = data.silent.filter(r => r.state !== "RAN"), quiet = data.silent.filter(r => r.state === "RAN"), parts = [];
  if (stopped.length) {
    const table = make("table", undefined, "plain"), head = make("tr");
    head.append(make("th", say("规则", "rule")), make("th", say("情况", "what became of it")), make("th", say("所缺的数据", "what it lacked")));
    table.append(head, ...stopped.map(r => {
      const row = make("tr"), title = make("td");
      title.append(make("b", r.id), " " + r[language]);
      row.append(title, make("td", r.state === "NOT_ASKED" ? say("未能运行：所需数据未查询", "could not run: its data were not asked for") : word(r.state)), make("td", r.missing.map(m => m[at()]).join(say("、", ", ")) || "–"));
      return row;
    }));
    parts.push(table);
  }
  if (quiet.length) parts.push(make("p", say("已运行而没有发现：", "Ran and found nothing: ") + quiet.map(r => `${r.id} ${r[language]}`).join(say("、", "; ")), "quiet"));
  $("rules").replaceChildren(...parts);
}

function breakers() {
  const parts = [];
  if (data.breakers.length) {
    const e = box("breaker", make("p", say("断路器已触发：以下情况说明数据或规则可能有误，在查明之前不要逐条处理。", "A circuit breaker tripped: the data or a rule may be wrong. Do not work through the leads before this is cleared."), "strong"));
    e.append(...data.breakers.map(b => make("p", b[language])));
    if (data.override) e.append(make("p", say("继续的理由：", "Continued because: ") + data.override));
    parts.push(e);
  }
  $("breakers").replaceChildren(...parts);
}
function totals() {
  const cells = [[data.households, say("户", "households")], [data.persons, say("人", "persons")], [data.rows, say("条部门记录", "department records")], ...Object.entries(data.tasks).map(([name, n]) => [n, word(name)])];
  const review = data.coverage.reduce((n, c) => n + (c.grades.none ?? 0), 0), stopped = data.silent.filter(r => r.state !== "RAN").length;
  if (review) cells.push([review, say("对关联待人工判断", "links for a person to judge")]);
  if (stopped) cells.push([stopped, say("条规则未能运行", "rules could not run")]);
  $("totals").replaceChildren(...cells.map(([n, name]) => box("", make("b", count(n)), span(name))));
  $("nav").setAttribute("aria-label", $("nav").dataset[zh() ? "zhLabel" : "enLabel"]);
  $("nav").replaceChildren(...[["places", say("县区与规则", "places and rules")], ["money", say("金额", "amounts")], ["identity", say("身份", "identity")], ["feeds", say("来源与质量", "sources and quality")], ...(data.silent.length ? [["silent", say("未运行的规则", "silent rules")]] : []), ["one-by-one", say("逐条查看", "one by one")]].map(([to, name]) => { const a = make("a", name); a.href = "#" + to; return a; }));
}

function choices(name, first, options) {
  const select = $(name), kept = select.value;
  select.setAttribute("aria-label", first);
  select.replaceChildren(...[["", first], ...options].map(([value, text]) => { const o = make("option", text); o.value = value; return o; }));
  select.value = options.some(([v]) => v === kept) ? kept : "";
}
function filters() {
  const sorted = L.rules.toSorted(), families = [...new Set(sorted.map(r => r[0]))];
  choices("rule", say("全部规则", "all rules"), sorted.map(r => [r, `${r} ${rule(r)[language]} (${count(rule(r).findings ?? 0)})`]));
  choices("family", say("全部类别", "all families"), families.map(f => [f, (pick(FAMILIES, f) ?? [f, f])[at()]]));
  choices("county", say("全部区划", "all places"), L.counties.map(([c]) => c).toSorted().map(c => [c, c === "unknown" ? place(c) : `${place(c)} ${c}`]));
  choices("severity", say("全部程度", "any severity"), SEVERITIES.toReversed().map(s => [s, word(s)]));
  choices("grade", say("全部身份等级", "any identity grade"), GRADES.map(g => [g, `${g} ${data.grades[g][at()]}`]));
  choices("basis", say("全部依据", "any basis"), ["UNDECLARED", "OVER_LIMIT"].map(b => [b, word(b)]));
  choices("order", say("按程度排列", "gravest first"), [["amount", say("按金额排列", "largest amount first")]]);
  $("search").placeholder = say("查找家庭编号、疑点编号、规则或文字", "household, finding, rule or words");
  $("search").setAttribute("aria-label", $("search").placeholder);
  const t = data.totals;
  pressed($("queue"), [["", say(`全部 ${count(N)}`, `all ${count(N)}`)], ["leads", say(`须核实 ${count(t.leads.findings)}`, `to verify ${count(t.leads.findings)}`), "lead"], ["due", say(`可能应享 ${count(t.entitled.findings)}`, `may be entitled ${count(t.entitled.findings)}`), "due"]], () => queue, v => { queue = v; filters(); select(); });
}
function only(wanted) {
  clear();
  for (const [name, value] of Object.entries(wanted)) $(name).value = value;
  filters(); select();
  $("one-by-one").scrollIntoView();
}
function clear() { queue = ""; for (const name of ["rule", "family", "county", "severity", "grade", "basis", "search"]) $(name).value = ""; }

let hits = null, hitWords = "";
function searched(wanted) {
  if (!wanted) { hits = null; hitWords = ""; return null; }
  const key = language + wanted;
  if (hits && key === hitWords) return hits;
  const narrower = hits && key.startsWith(hitWords), parts = wanted.split(/\s+/), found = new Uint8Array(N);
  const titles = L.rules.map(r => `${r} ${rule(r)[language]}`.toLowerCase()), names = L.counties.map(([c]) => place(c).toLowerCase());
  for (let i = 0; i < N; i++) {
    if (narrower && !hits[i]) continue;
    let known = L.id[i] + "\n" + L.household[i].toLowerCase() + "\n" + titles[L.rule[i]] + "\n" + names[L.county[i]];
    if (parts.every(p => known.includes(p))) { found[i] = 1; continue; }
    if (unsure(i)) continue;
    known += "\n" + lines(i).join("\n").toLowerCase();
    if (parts.every(p => known.includes(p))) found[i] = 1;
  }
  hits = found; hitWords = key;
  return hits;
}
function select() {
  const numbered = (name, list) => $(name).value === "" ? -1 : list.indexOf($(name).value), r = numbered("rule", L.rules), s = numbered("severity", SEVERITIES), g = numbered("grade", GRADES), b = numbered("basis", ["", "UNDECLARED", "OVER_LIMIT"]), c = numbered("county", L.counties.map(([code]) => code)), family = $("family").value;
  const families = L.rules.map(name => !family || name[0] === family), kind = L.due.map(d => queue === "" || (queue === "due") === d), hit = searched($("search").value.trim().toLowerCase());
  view = ordered($("order").value).filter(i => (r < 0 || L.rule[i] === r) && families[L.rule[i]] && kind[L.rule[i]] && (s < 0 || L.severity[i] === s) && (g < 0 || L.grade[i] === g) && (b < 0 || L.basis[i] === b) && (c < 0 || L.county[i] === c) && (!hit || hit[i]));
  $("count").textContent = say(`${count(view.length)} / ${count(N)} 条`, `${count(view.length)} of ${count(N)}`);
  $("nothing").hidden = view.length > 0;
  opened = new Map(); forget(); paint();
}

function forget() { for (const e of nodes.values()) { watcher.unobserve(e); e.remove(); } nodes.clear(); }
let growth = [];
function layout() { growth = []; if (opened.size) view.forEach((i, k) => { if (opened.has(i)) growth.push([k, opened.get(i)]); }); $("list").style.setProperty("height", top_(view.length) + "px"); }
function top_(k) { let y = k * rowHeight; for (const [at, extra] of growth) { if (at >= k) break; y += extra; } return y; }
function index(y) {
  let extra = 0;
  for (const [k, more] of growth) { const begins = k * rowHeight + extra; if (y < begins + rowHeight) break; if (y < begins + rowHeight + more) return k; extra += more; }
  return Math.floor((y - extra) / rowHeight);
}
const watcher = new ResizeObserver(entries => {
  let changed = false;
  for (const { target } of entries) {
    const extra = Math.max(0, target.offsetHeight - rowHeight);
    if (opened.has(target.lead) && opened.get(target.lead) !== extra) { opened.set(target.lead, extra); changed = true; }
  }
  if (changed) paint();
});
function paint() {
  const list = $("list"), above = -list.getBoundingClientRect().top, margin = 300;
  layout();
  const from = Math.max(0, index(above - margin)), to = Math.min(view.length - 1, index(above + innerHeight + margin)), active = document.activeElement?.closest?.(".item");
  for (const [k, e] of nodes) if ((k < from || k > to) && e !== active) { watcher.unobserve(e); e.remove(); nodes.delete(k); }
  for (let k = from; k <= to; k++) if (!nodes.has(k)) {
    const e = item(k);
    nodes.set(k, e);
    const next = [...nodes.keys()].filter(n => n > k).sort((a, b) => a - b)[0];
    list.insertBefore(e, next === undefined ? null : nodes.get(next));
    watcher.observe(e);
  }
  for (const [k, e] of nodes) e.style.setProperty("top", top_(k) + "px");
}
function item(k) {
  const i = view[k], e = box(L.due[L.rule[i]] ? "item u" : "item"), head = make("button", undefined, "head"), severity = span(word(SEVERITIES[L.severity[i]]), "severity soft");
  e.lead = i; e.setAttribute("role", "listitem"); e.setAttribute("aria-posinset", k + 1); e.setAttribute("aria-setsize", view.length);
  head.type = "button"; head.setAttribute("aria-expanded", "false");
  severity.prepend(make("i", undefined, SEVERITIES[L.severity[i]]));
  const told = unsure(i) ? say("须先核实身份，内容暂不显示", "the identity must be checked first; content held back") : lines(i)[1] ?? lines(i)[0];
  const amount = L.high[i] ? between(L.low[i], L.high[i]) : L.due[L.rule[i]] ? say("待转介", "to refer") : say("无金额", "no amount");
  const paid = span(amount, "right");
  paid.append(make("small", " · " + L.household[i]));
  head.append(make("b", id(i)), span(rule(id(i))[language], "title"), span(L.counties[L.county[i]][0] === "unknown" ? "" : place(L.counties[L.county[i]][0]), "place"), paid);
  head.append(severity, span(told, "second"), span(GRADES[L.grade[i]], "place soft"), span(L.household[i], "soft right"));
  head.addEventListener("click", () => toggle(k));
  e.append(head);
  if (opened.has(i)) open(e, i);
  return e;
}
function open(e, i) {
  e.classList.add("open");
  e.firstChild.setAttribute("aria-expanded", "true");
  const body = detail(i);
  e.append(body);
  for (const trace of body.querySelectorAll(".waterfall")) if (trace.closest("details")?.open ?? true) trace.draw();
}
function toggle(k) {
  const i = view[k], e = nodes.get(k);
  if (opened.has(i)) { opened.delete(i); e.classList.remove("open"); e.firstChild.setAttribute("aria-expanded", "false"); e.lastChild.remove(); }
  else { opened.set(i, 0); open(e, i); opened.set(i, Math.max(0, e.offsetHeight - rowHeight)); }
  paint();
}
function go(k) {
  if (k < 0 || k >= view.length) return;
  if (!nodes.has(k)) { scrollTo(0, scrollY + $("list").getBoundingClientRect().top + top_(k) - innerHeight / 2); paint(); }
  nodes.get(k).firstChild.focus();
  nodes.get(k).firstChild.scrollIntoView({ block: "nearest" });
}

function explained(i) {
  const parts = make("dl", undefined, "parts"), out = [], told = lines(i);
  let fact = true, closing = null;
  told.forEach((words, n) => {
    if (n === 0 && told.length > 1 || ASIDE.test(words) && L.exceptions[L.tested[i]].length) return;
    if (fact) { out.push(make("p", words, "fact")); fact = false; return; }
    const cut = LABEL.exec(words), label = cut && (cut[1] ?? cut[3]), rest = cut && (cut[2] ?? cut[4]);
    if (!cut) { if (n === told.length - 1) closing = make("p", words, "last"); else parts.append(make("dt"), make("dd", words)); return; }
    const dd = make("dd"), several = rest.split(zh() ? "；" : "; ");
    if (LISTED.test(label) && several.length > 1) { const list = make(/比对|Compared/.test(label) ? "ul" : "ol"); list.append(...several.map(one => make("li", one))); dd.append(list); }
    else dd.textContent = rest;
    parts.append(make("dt", label), dd);
  });
  out.push(parts);
  if (closing) out.push(closing);
  return out;
}
function chips(i) {
  const tested = L.exceptions[L.tested[i]], list = make("ul", undefined, "chips"), names = pick(data.words, id(i)) ?? {};
  for (let k = 0; k < tested.length; k += 2) { const e = make("li", (pick(names, tested[k]) ?? [tested[k], words(tested[k])])[at()], tested[k + 1]); e.append(make("b", word(tested[k + 1]))); list.append(e); }
  return list;
}
function steps_of(n) {
  const R = L.records, bars = R.patterns[R.pattern[n]].map(([kind, name, lvl, amount, muted]) => ({ kind, field: name, level: lvl, bits: amount, muted: !!muted })), total = R.bits[n] / 100;
  const rest = total - bars.reduce((sum, b) => sum + (b.bits ?? 0), 0), rare = bars.find(b => b.kind === "rarity");
  if (rare) { rare.bits = rest; rare.field = rare.field.split(" + ").map(field).join(" + "); }
  const quiet = bars.filter(b => b.kind === "field" && b.bits === 0);
  return { bars: bars.filter(b => !quiet.includes(b)), quiet, bits: total };
}
function record(n, first) {
  const R = L.records, traced = R.pattern[n] >= 0, e = make(traced ? "details" : "div", undefined, "record"), head = make(traced ? "summary" : "div");
  head.append(make("b", source(R.sources[R.source[n]])), make("code", R.id[n]), span(say("人员 ", "person ") + R.person[n], "soft"));
  if (traced) { const p = 1 / (1 + 2 ** -(R.slope * R.bits[n] / 100 + R.intercept)); head.append(span(`${say("同一人的概率", "one person:")} ${p >= .9999 ? "> 99.99 %" : (100 * p).toFixed(2) + " %"} · ${bits(R.bits[n] / 100)} ${say("比特", "bits")}`, "sure")); }
  e.append(head);
  if (traced) {
    const trace = box("waterfall");
    trace.draw = () => {
      if (trace.firstChild) return;
      const steps = steps_of(n), silent = steps.quiet.map(b => `${field(b.field)} ${b.muted ? say("（已含于号码）", "(within the number)") : level(b.level)}`);
      waterfall(trace, steps, R);
      trace.append(make("p", say("每多 1 比特，是本人的机会翻一倍。", "Each bit doubles the odds that it is this person.") + (silent.length ? say(" 不增不减：", " Neither for nor against: ") + silent.join(say("、", ", ")) : ""), "note"));
    };
    e.append(trace);
    e.open = first;
    e.addEventListener("toggle", () => { if (e.open) trace.draw(); });
  }
  return e;
}
function records(i) {
  const out = [], from = recordOf[i], to = recordOf[i + 1], more = L.records.count[i] - (to - from);
  if (from === to) return out;
  out.push(make("h3", say(`依据的记录（${count(L.records.count[i])}），以及为何认为是本人`, `The records behind it (${count(L.records.count[i])}), and why they are taken for this person`)));
  for (let n = from; n < to; n++) out.push(record(n, n === from));
  if (more > 0) out.push(make("p", say(`另有 ${count(more)} 条，见 findings.parquet。`, `${count(more)} more stand in findings.parquet.`), "note"));
  return out;
}
function told(i) {
  const out = explained(i);
  if (L.exceptions[L.tested[i]].length) out.push(make("h3", say("例外情形：已核对的结果", "Innocent explanations: what was tested")), chips(i));
  return out;
}
function detail(i) {
  const body = box("body"), left = make("div"), right = make("div"), about = make("p", undefined, "id"), basis = ["", "UNDECLARED", "OVER_LIMIT"][L.basis[i]], county = L.counties[L.county[i]];
  if (unsure(i)) {
    const held = box("held", make("p", say("身份等级 G5：没有可用的号码。请先看右侧的比对并向本人或户籍部门核实身份，确认后再查看内容。", "Identity grade G5: there is no usable number. Look at the comparison, check the identity with the person or the register, and read the content only then."))), show = make("button", say("身份已核实，显示内容", "The identity is checked: show the content"));
    show.type = "button";
    show.addEventListener("click", () => left.replaceChildren(...told(i), about));
    held.append(show);
    left.append(held);
  } else left.append(...told(i));
  about.append([`${say("家庭", "household")} ${L.household[i]}`, ...(county[0] === "unknown" ? [] : [`${place(county[0])} ${county[0]}`]), `${GRADES[L.grade[i]]} ${data.grades[GRADES[L.grade[i]]][at()]}`, ...(basis ? [word(basis)] : [])].join(" · ") + " · ", make("code", L.id[i]));
  left.append(about);
  right.append(...records(i));
  body.append(left, right);
  return body;
}

function prints() {
  const into = $("printed"), some = view.slice(0, PRINTED), out = [];
  out.push(make("p", view.length > PRINTED ? say(`所列共 ${count(view.length)} 条，只打印前 ${PRINTED} 条；请先筛选再打印其余。`, `${count(view.length)} are listed; the first ${PRINTED} are printed. Filter to print the others.`) : say(`所列 ${count(view.length)} 条。`, `${count(view.length)} listed.`), "note"));
  for (const i of some) {
    const e = box(L.due[L.rule[i]] ? "printed u" : "printed"), head = make("h3", `${id(i)} ${rule(id(i))[language]}`);
    head.append(...[word(SEVERITIES[L.severity[i]]), GRADES[L.grade[i]], L.household[i], place(L.counties[L.county[i]][0]), L.id[i]].map(words => span(words)));
    e.append(head, ...(unsure(i) ? [make("p", say("须先核实身份，内容不打印。", "The identity must be checked first; the content is not printed."))] : told(i)));
    const R = L.records, pieces = [];
    for (let n = recordOf[i]; n < recordOf[i + 1]; n++) pieces.push(`${source(R.sources[R.source[n]])} ${R.id[n]}` + (R.pattern[n] >= 0 ? ` (${bits(R.bits[n] / 100)} ${say("比特", "bits")})` : ""));
    if (pieces.length) e.append(make("p", say("依据的记录：", "Records: ") + pieces.join(say("；", "; ")), "id"));
    out.push(e);
  }
  into.replaceChildren(...out);
}

function sized() { rowHeight = matchMedia("(max-width: 40rem)").matches ? 16 * 6.4 + 1 : 16 * 4.25 + 1; }
function pictures() { kinds(); map(); amounts(); identity(); }
function draw() {
  if (!L) prepare();
  seen = document.body.clientWidth; sized();
  document.documentElement.lang = language;
  document.querySelectorAll("[data-zh]").forEach(e => { e.textContent = e.dataset[language]; });
  $("language").textContent = say("English", "中文");
  $("scope").textContent = say(`数据截至 ${data.as_of}`, `as of ${data.as_of}`) + (data.authorised_by ? say(` · 查询依据：${data.authorised_by}`, ` · authorised by: ${data.authorised_by}`) : "");
  breakers(); totals(); pictures(); coverage(); silent(); filters(); select();
  $("foot").textContent = data.versions + say(" · 全部明细见 findings、links、coverage、rejects.parquet，数字见 summary.json", " · every row in findings, links, coverage and rejects.parquet, every figure in summary.json");
}
let seen = 0, waiting = 0, painting = 0;
new ResizeObserver(() => { if (data && seen !== document.body.clientWidth) { seen = document.body.clientWidth; sized(); amounts(); forget(); paint(); } }).observe(document.body);
addEventListener("scroll", () => { if (!painting) painting = requestAnimationFrame(() => { painting = 0; if (L) paint(); }); }, { passive: true });
$("filter").addEventListener("submit", e => e.preventDefault());
$("reset").addEventListener("click", e => { e.preventDefault(); clear(); filters(); select(); });
$("search").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(select, N > 5000 ? 180 : 0); });
for (const name of ["rule", "family", "county", "severity", "grade", "basis", "order"]) $(name).addEventListener("input", select);
$("list").addEventListener("keydown", e => {
  const item = e.target.closest(".item"), step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
  if (!step || !e.target.classList.contains("head")) return;
  e.preventDefault();
  go(Number(item.getAttribute("aria-posinset")) - 1 + step);
});
$("print").addEventListener("click", () => { document.body.classList.add("listed"); window.print(); document.body.classList.remove("listed"); });
addEventListener("beforeprint", () => { if (L) prints(); });
addEventListener("afterprint", () => $("printed").replaceChildren());
