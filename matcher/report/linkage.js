let chosen = 0;
const SLICES = {
  clean: "无差错", number_15: "15 位旧号码", fifteen: "15 位旧号码", full_width: "全角", lower_x: "小写 x", masked: "掩码", digit_typo: "号码错一位", swap: "号码相邻颠倒", digit_swap: "号码相邻颠倒", adjacent_swap: "号码相邻颠倒",
  excel: "Excel 损坏", truncated: "截断", spaces: "含空格", homophone: "同音字", shape: "形近字", traditional: "繁体", variant: "异体字", rare: "生僻字", dot: "间隔号", spaced_name: "姓名含空格",
  former_name: "曾用名", former: "曾用名", missing_number: "缺号码", no_number: "缺号码", missing_birth_date: "缺出生日期", wrong_birth_date: "出生日期有误", birth_date: "出生日期有误", pinyin: "拼音代字", mojibake: "乱码", permit: "通行证", wildcard: "无法显示的字",
};
const RELATIONS = { TWIN: ["双胞胎", "twins"], SIBLING: ["兄弟姐妹", "siblings"], PARENT: ["父母与子女", "parent and child"], NAMESAKE: ["同名者", "namesakes"], SPOUSE: ["配偶", "spouses"], NUMBER_OWNER: ["号码的真正持有人", "owner of the number"], none: ["未知关系", "no relation known"] };
const WHY = { strongest: ["最强的关联", "strongest links"], weakest: ["最弱的关联", "weakest links"], threshold: ["阈值附近", "around the threshold"], missed: ["同一人，未关联", "one person, not linked"], false: ["两个人，被列出", "two people, shown"] };
const slice = name => zh() ? pick(SLICES, name) ?? name : words(name);
const relation = name => (pick(RELATIONS, name) ?? [name, words(name)])[zh() ? 0 : 1];
const source = name => name === "all" ? say("合计", "all") : (pick(data.titles, name) ?? [name, name])[zh() ? 0 : 1];

const share = v => v === null || v === undefined ? "–" : v.toFixed(4);
function table(headings, rows, sums = 0) {
  const e = make("table"), head = make("tr");
  head.append(...headings.map(h => make("th", h)));
  e.append(head, ...rows.map((cells, i) => {
    const row = make("tr", undefined, i < sums ? "sum" : "");
    row.append(...cells.map(c => c instanceof Node ? c : make("td", c)));
    return row;
  }));
  return e;
}
const bad = n => make("td", count(n), n > 0 ? "bad" : "");
const probability = w => 1 / (1 + 2 ** -(data.slope * w + data.intercept));
const weight = p => (Math.log2(p / (1 - p)) - data.intercept) / data.slope;

function totals() {
  const link = data.links[0], shown = data.review[0], falsely = link.claimed - link.right;
  const figures = [
    [share(link.precision), say("查准率 · 关联", "precision of links")], [share(link.recall), say("查全率 · 关联", "recall of links")], [share(link.f1), say("F1 · 关联", "F1 of links")],
    [share(shown.recall), say("查全率 · 含待人工", "recall with review")], [count(falsely), say("错误关联", "false links"), falsely > 0],
    [share(data.calibration.expected_calibration_error), say("期望校准误差", "expected calibration error")],
  ];
  $("totals").replaceChildren(...figures.map(([value, name, wrong]) => { const e = make("div", undefined, wrong ? "bad" : ""); e.append(make("b", value), make("span", name)); return e; }));
}

function curve() {
  const points = data.curve.points, box = $("curve");
  if (!points.length) return box.replaceChildren(make("p", say("没有记录对", "no pairs")));
  const width = wide(box), narrow = width < 560, left = 48, right = 16, top = 16, height = narrow ? 300 : 360, bottom = height - 62;
  const ends = [data.link_bits, data.review_bits, points[0].weight_bits, points.at(-1).weight_bits], low = Math.floor(Math.min(...ends)), high = Math.max(low + 1, Math.ceil(Math.max(...ends)));
  const nines = Math.min(5, Math.max(2, Math.ceil(Math.log10(data.links[0].true))));
  const x = w => left + (w - low) / (high - low) * (width - left - right);
  const y = v => bottom - Math.min(v >= 1 ? nines + 1 : -Math.log10(1 - v), nines + 1) / (nines + 1) * (bottom - top);
  const parts = [];
  for (let n = 0; n <= nines + 1; n++) {
    const v = n > nines ? 1 : 1 - 10 ** -n;
    parts.push(line(left, y(v), width - right, y(v), "grid"), text(left - 7, y(v) + 4, n === 0 ? "0" : n > nines ? "1" : v.toFixed(n), "soft", "end"));
  }
  parts.push(line(left, y(.5), width - right, y(.5), "grid"), text(left - 7, y(.5) + 4, "0.5", "soft", "end"));
  for (const w of steps(low, high, narrow ? 5 : 10)) parts.push(line(x(w), bottom, x(w), bottom + 4, "axis"), text(x(w), bottom + 17, String(w), "soft", "middle"));
  let last = -Infinity;
  for (const p of [.5, .9, .99, .999, .9999, .999999, .999999999]) {
    const w = weight(p), name = String(p);
    if (w < low || w > high || x(w) - room(name) / 2 < last + 8 || x(w) + room(name) / 2 > width) continue;
    last = x(w) + room(name) / 2;
    parts.push(text(x(w), bottom + 33, name, "soft", "middle"));
  }
  parts.push(line(left, bottom, width - right, bottom, "axis"), text(left + (width - left - right) / 2, bottom + 53, say("阈值：权重（比特），其下为相应概率", "threshold: weight in bits, below it the probability"), "soft", "middle"));
  for (const [w, name] of [[data.review_bits, say("待人工", "review")], [data.link_bits, say("关联", "link")]])
    parts.push(line(x(w), top, x(w), bottom, "mark"), text(x(w) + 4, w === data.link_bits ? bottom - 8 : bottom - 24, name, "soft"));
  // a threshold between two points claims what the upper one does
  const path = key => points.map((p, i) => `${i ? "V" : "M" + x(low).toFixed(1) + ","}${y(p[key]).toFixed(1)}H${x(p.weight_bits).toFixed(1)}`).join("");
  for (const [key, cls] of [["f1", "third"], ["recall", "against"], ["precision", "for"]]) parts.push(svg("path", { d: path(key), class: `line ${cls}` }));
  const best = data.curve.best_f1;
  if (best) parts.push(tip(svg("circle", { cx: x(best.weight_bits), cy: y(best.f1), r: 4.5, class: "ring" }), `${say("最佳 F1", "best F1")} ${share(best.f1)}`));
  let before = left;
  points.forEach(p => {
    const e = rect(before, top, x(p.weight_bits) - before, bottom - top, "hit");
    before = Math.max(before, x(p.weight_bits));
    parts.push(tip(e, [`${p.weight_bits.toFixed(2)} ${say("比特", "bits")} · ${say("概率", "probability")} ${p.probability.toFixed(6)}`, `${say("查准率", "precision")} ${share(p.precision)}`, `${say("查全率", "recall")} ${share(p.recall)}`, `F1 ${share(p.f1)}`, `${count(p.right)} / ${count(p.claimed)}`].join("\n")));
  });
  chart(box, height, say("查准率、查全率、F1 随阈值的变化", "precision, recall and F1 by threshold"), ...parts);
  box.prepend(legend(["for", say("查准率", "precision")], ["against", say("查全率（虚线）", "recall (dashed)")], ["third", "F1"]));
  const at = data.curve.recall_at_precision, named = [[say("最佳 F1", "best F1"), best], ...Object.entries(at).map(([asked, p]) => [say(`查准率 ≥ ${asked} 时`, `at precision ≥ ${asked}`), p])];
  $("points").replaceChildren(table(
    ["", say("比特", "bits"), say("概率", "probability"), say("查准率", "precision"), say("查全率", "recall"), "F1"],
    named.map(([name, p]) => p ? [name, p.weight_bits.toFixed(2), p.probability.toFixed(6), share(p.precision), share(p.recall), share(p.f1)] : [name, "–", "–", "–", "–", "–"]),
  ));
}

function reliability() {
  const c = data.calibration, box = $("reliability"), bins = c.bins.filter(b => b.count);
  $("reliability-note").textContent = say(
    `${count(c.pairs)} 对达到待人工阈值的记录：预测概率与真实比例。期望校准误差 ${share(c.expected_calibration_error)}，Brier 分数 ${share(c.brier)}。阴影处低于阈值，未保留。`,
    `${count(c.pairs)} pairs at or above the review threshold: predicted probability and true share. Expected calibration error ${share(c.expected_calibration_error)}, Brier score ${share(c.brier)}. What is shaded lies below the threshold and was not kept.`);
  const width = wide(box), left = 48, right = 14, top = 10, side = Math.min(width - left - right, 330), bottom = top + side, foot = bottom + 92, span = width - left - right;
  const x = v => left + v * span, y = v => bottom - v * side, parts = [rect(left, top, x(probability(data.review_bits)) - left, side, "wash")];
  for (const v of [0, .2, .4, .6, .8, 1]) {
    parts.push(line(left, y(v), width - right, y(v), "grid"), text(left - 7, y(v) + 4, v.toFixed(1), "soft", "end"), text(x(v), foot + 17, v.toFixed(1), "soft", "middle"), line(x(v), foot, x(v), foot + 4, "axis"));
  }
  parts.push(line(x(0), y(0), x(1), y(1), "mark"), line(left, foot, width - right, foot, "axis"), line(left, bottom, width - right, bottom, "axis"));
  const most = Math.log10(Math.max(10, ...bins.map(b => b.count)) + 1), tall = foot - bottom - 30;
  for (const b of bins) {
    const bar = Math.log10(b.count + 1) / most * tall, middle = x((b.low + b.high) / 2), told = `${b.low.toFixed(1)}–${b.high.toFixed(1)}\n${say("预测", "predicted")} ${share(b.predicted)}\n${say("真实", "true")} ${share(b.true)}${b.true_95 ? ` (${b.true_95.map(v => v.toFixed(3)).join("–")})` : ""}\n${count(b.count)} ${say("对", "pairs")}`;
    parts.push(tip(rect(x(b.low) + 1.5, foot - bar, x(b.high) - x(b.low) - 3, bar, "pale"), told), text(Math.min(middle, width - right - room(count(b.count)) / 2), foot - bar - 5, count(b.count), "soft", "middle"));
    parts.push(line(x(b.predicted), y(b.true_95[0]), x(b.predicted), y(b.true_95[1]), "whisker"), tip(svg("circle", { cx: x(b.predicted), cy: y(b.true), r: 5.5, class: "dot" }), told));
  }
  parts.push(svg("text", { transform: `translate(13 ${(top + bottom) / 2}) rotate(-90)`, class: "soft", "text-anchor": "middle" }, say("真实比例", "true share")), text(left, bottom + 14, say("对数（对数尺度）", "pairs (log scale)"), "soft"));
  parts.push(text(left + span / 2, foot + 36, say("预测概率", "predicted probability"), "soft", "middle"));
  chart(box, foot + 44, say("可靠性图", "reliability diagram"), ...parts);
}

function sources() {
  const review = Object.fromEntries(data.review.map(s => [s.name, s]));
  const named = data.findings ? [["all", data.findings[0]]] : [];
  $("sources").replaceChildren(table(
    ["", say("真实", "true"), say("查准率", "precision"), say("查全率", "recall"), "F1", say("查全率·含待人工", "recall with review")],
    data.links.map(s => [source(s.name), count(s.true), share(s.precision), share(s.recall), share(s.f1), share(review[s.name].recall)]), 1,
  ));
  if (named.length) {
    const f = named[0][1];
    $("sources").append(make("p", say(`疑点：查准率 ${share(f.precision)}，查全率 ${share(f.recall)}（${count(f.claimed)} 条提出，${count(f.true)} 条属实）`, `Findings: precision ${share(f.precision)}, recall ${share(f.recall)} (${count(f.claimed)} raised, ${count(f.true)} true)`), "note"));
  }
}

function bars(box, rows, draw, label) {
  const width = wide(box), narrow = width < 620, longest = Math.max(60, ...rows.map(r => room(r.name))), left = narrow ? 0 : Math.min(longest + 14, 240), right = narrow ? 0 : 250, tall = narrow ? 54 : 32;
  const x = v => left + v * (width - left - right), height = rows.length * tall + 26, parts = [];
  for (const v of [0, .2, .4, .6, .8, 1]) parts.push(line(x(v), 0, x(v), height - 22, "grid"), text(x(v), height - 6, v.toFixed(1), "soft", narrow && v === 0 ? "start" : narrow && v === 1 ? "end" : "middle"));
  rows.forEach((r, i) => {
    const top = i * tall + (narrow ? 24 : 6);
    if (narrow) parts.push(text(0, top - 7, fit(r.name, width - room(r.short) - 10)), text(width, top - 7, r.short, "soft", "end"));
    else parts.push(tip(text(left - 10, top + 14, fit(r.name, left - 14), "", "end"), r.name), text(width - right + 12, top + 14, r.long, "soft"));
    parts.push(...draw(r, x, top));
  });
  return [chart(box, height, label, ...parts), x, height];
}

function slices() {
  const box = $("slices");
  if (!data.slices.length) return box.replaceChildren(make("p", say("真值未注明差错种类。", "The truth does not name kinds of error.")));
  const rows = data.slices.toSorted((a, b) => a.recall_review - b.recall_review || a.recall_link - b.recall_link || (a.name < b.name ? -1 : 1)).map(s => ({
    ...s, name: slice(s.name), short: `${s.recall_review.toFixed(3)} · ${count(s.true)}`,
    long: `${s.recall_review.toFixed(3)} [${s.recall_review_95.map(v => v.toFixed(3)).join("–")}] · ${s.recall_link.toFixed(3)} · ${count(s.true)}`,
    told: [`${say("真实", "true")} ${count(s.true)}`, `${say("含待人工", "with review")} ${share(s.recall_review)} (${s.recall_review_95.map(share).join("–")})`, `${say("关联", "linked")} ${share(s.recall_link)} (${s.recall_link_95.map(share).join("–")})`].join("\n"),
  }));
  const [e, x, height] = bars(box, rows, (r, x, top) => {
    const whisker = (ends, y) => [line(x(ends[0]), y, x(ends[1]), y, "whisker"), line(x(ends[0]), y - 3, x(ends[0]), y + 3, "whisker"), line(x(ends[1]), y - 3, x(ends[1]), y + 3, "whisker")];
    return [tip(svg("g", {}, rect(x(0), top, x(r.recall_review) - x(0), 10, "pale"), rect(x(0), top + 11, x(r.recall_link) - x(0), 8, "for"), ...whisker(r.recall_review_95, top + 5), ...whisker(r.recall_link_95, top + 15)), `${r.name}\n${r.told}`)];
  }, say("各类差错的查全率", "recall by kind of error"));
  e.append(line(x(.95), 0, x(.95), height - 22, "mark"));
  box.prepend(legend(["pale", say("含待人工", "with review")], ["for", say("关联", "linked")]));
  box.append(make("p", say("右侧：含待人工的查全率 [95% 区间] · 关联的查全率 · 真实记录对数", "At the right: recall with review [95 %] · recall of links · true pairs"), "note"));
}

function lookalikes() {
  const box = $("lookalikes");
  if (data.lookalikes === null) box.replaceChildren(make("p", say("真值未注明易混的人。", "The truth does not name look-alikes.")));
  else {
    const rows = data.lookalikes.filter(r => r.pairs).map(r => ({ ...r, name: relation(r.name), apart: r.pairs - r.link - r.review }));
    rows.forEach(r => { r.long = say(`分开 ${count(r.apart)} · 待人工 ${count(r.review)} · 关联 ${count(r.link)}`, `apart ${count(r.apart)} · review ${count(r.review)} · link ${count(r.link)}`); r.short = r.long; });
    bars(box, rows, (r, x, top) => {
      const parts = []; let from = 0;
      for (const [n, cls, name] of [[r.apart, "pale", say("分开", "kept apart")], [r.review, "third", decision("REVIEW")], [r.link, "against", decision("LINK")]]) {
        if (n) parts.push(tip(rect(x(from / r.pairs), top + 1, Math.max(x((from + n) / r.pairs) - x(from / r.pairs), 2), 17, cls), `${r.name}\n${name} ${count(n)} / ${count(r.pairs)}`));
        from += n;
      }
      return parts;
    }, say("易混的人", "look-alikes"));
    box.prepend(legend(["pale", say("分开", "kept apart")], ["third", say("交人工判断", "left to a person")], ["against", say("错误关联（须为 0）", "falsely linked (must be 0)")]));
    const other = data.lookalikes.find(r => r.name === "none");
    if (other) box.append(make("p", say(`另有两个人而真值不知其关系：关联 ${count(other.link)}，待人工 ${count(other.review)}。`, `Besides, of two people whose relation the truth does not know: link ${count(other.link)}, review ${count(other.review)}.`), "note"));
  }
  $("grades").replaceChildren(data.grades.length ? table(
    [say("身份等级", "identity grade"), say("关联", "links"), say("其中错误", "false"), say("待人工", "review"), say("其中两个人", "two people")],
    data.grades.map(g => [g.name === "none" ? say("无等级", "no grade") : g.name, count(g.link), bad(g.false_link), count(g.review), count(g.false_review)])) : "");
}

function examples() {
  const rows = [];
  for (const why of Object.keys(WHY)) {
    const chips = data.examples.map((e, i) => [e, i]).filter(([e]) => e.why === why);
    if (!chips.length) continue;
    const box = make("div");
    box.append(...chips.map(([e, i]) => {
      const chip = make("button", String(i + 1), !e.same && e.decision === "LINK" ? "wrong" : e.decision === "LINK" ? "link" : "");
      chip.type = "button"; chip.setAttribute("aria-pressed", String(i === chosen)); chip.title = `${decision(e.decision)} · ${bits(e.bits)} ${say("比特", "bits")}`;
      chip.addEventListener("click", () => { chosen = i; examples(); $("examples").querySelector("[aria-pressed=true]").focus(); });
      return chip;
    }));
    rows.push(make("span", WHY[why][zh() ? 0 : 1]), box);
  }
  $("examples").replaceChildren(...rows);
  const e = data.examples[chosen];
  if (!e) return $("waterfall").replaceChildren(make("p", say("没有记录对", "no pairs")));
  const truth = e.same ? say("确为同一人", "truly one person") : say("实为两个人", "truly two people") + (e.relation ? `（${relation(e.relation)}）` : "");
  $("verdict").textContent = [say(`第 ${chosen + 1} 例`, `Pair ${chosen + 1}`), decision(e.decision), e.grade ?? say("无等级", "no grade"), truth, `${say("概率", "probability")} ${e.probability.toFixed(6)}`].join(" · ");
  waterfall($("waterfall"), e, data);
}

function weights() {
  $("key-weights").replaceChildren(...legend(["for", "m"], ["against", "u"], ["striped", say("u × 值的常见程度", "u × how common the value is")]).childNodes);
  const lowest = Math.min(...data.weights.flatMap(f => f.levels.map(l => l.rarity ? l.u * 2 ** -(l.typical ?? 0) : l.u)), .01), floor = Math.floor(Math.log10(lowest));
  const boxes = data.weights.filter(f => f.levels.length).map(f => { const box = make("div"), head = make("h3", field(f.field)), draw = make("div"); if (f.muted_beside) head.append(make("small", say(`与${field(f.muted_beside)}同时一致时不计`, `counts nothing when it agrees beside the ${field(f.muted_beside)}`))); box.append(head, draw); return [f, box, draw]; });
  $("weights").replaceChildren(...boxes.map(([, box]) => box));
  boxes.forEach(([f, , box], n) => {
    const width = wide(box), left = Math.min(150, width * .36), right = 56, tall = 25, height = f.levels.length * tall + 24;
    const x = v => left + Math.max(0, Math.log10(v) - floor) / -floor * (width - left - right), parts = [svg("defs", {}, svg("pattern", { id: `stripes${n}`, width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, line(0, 0, 0, 5, "stripe")))];
    for (let power = floor; power <= 0; power += Math.max(1, Math.round(-floor / 5))) parts.push(line(x(10 ** power), 0, x(10 ** power), height - 20, "grid"), text(x(10 ** power), height - 5, power === 0 ? "1" : "10" + [...String(power)].map(c => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]).join(""), "soft", "middle"));
    f.levels.forEach((l, i) => {
      const top = i * tall + 3, unknown = l.rarity && l.typical === null, u = Math.min(1, l.rarity ? l.u * 2 ** -(l.typical ?? 0) : l.u), total = l.bits + (l.typical ?? 0);
      const shown = unknown ? `${bits(l.bits)} +?` : (l.rarity ? "≈" : "") + bits(total);
      const told = [`${field(f.field)} · ${level(l.name)}`, zh() ? "" : l.doc, `m ${l.m}`, l.rarity ? say(`u ${l.u} × 值的常见程度`, `u ${l.u} × how common the value is`) : `u ${l.u}`, l.rarity && !unknown ? say(`${bits(l.bits)} 比特，罕见度通常再加 ${l.typical.toFixed(1)}`, `${bits(l.bits)} bits, and usually ${l.typical.toFixed(1)} for rarity`) : `${bits(l.bits)} ${say("比特", "bits")}`].filter(Boolean).join("\n");
      const inside = [text(left - 10, top + 13, fit(level(l.name), left - 12), "", "end"), rect(left, top, x(l.m) - left, 8, "for")];
      if (!unknown) inside.push(l.rarity ? svg("rect", { x: left, y: top + 9, width: Math.max(0, x(u) - left), height: 8, fill: `url(#stripes${n})` }) : rect(left, top + 9, x(u) - left, 8, "against"));
      inside.push(text(width, top + 13, shown, (unknown ? l.bits : total) < 0 ? "against" : "for", "end"), rect(0, top - 3, width, tall, "hit"));
      parts.push(tip(svg("g", {}, ...inside), told));
    });
    chart(box, height, `m, u · ${field(f.field)}`, ...parts);
  });
}

function charts() { curve(); reliability(); slices(); lookalikes(); examples(); weights(); }
function draw() {
  seen = document.body.clientWidth;
  const all = data.links[0], shown = data.review[0];
  document.documentElement.lang = language;
  document.querySelectorAll("[data-zh]").forEach(e => { e.textContent = e.dataset[language]; });
  $("scope").textContent = say(`与已知真值对照 · ${count(all.true)} 对真实 · ${count(all.claimed)} 对关联 · ${count(shown.claimed - all.claimed)} 对待人工`, `Against the known truth · ${count(all.true)} true pairs · ${count(all.claimed)} linked · ${count(shown.claimed - all.claimed)} left to review`);
  $("language").textContent = say("English", "中文");
  totals();
  sources();
  charts();
  $("foot").textContent = `plan ${data.versions.plan} · model ${data.versions.model} · ${say("先验", "prior")} ${bits(data.prior_bits)} ${say("比特", "bits")}`;
}
let seen = 0;
new ResizeObserver(() => { if (data && seen !== document.body.clientWidth) { seen = document.body.clientWidth; charts(); } }).observe(document.body);
