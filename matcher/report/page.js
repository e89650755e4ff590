"use strict";
let data;
const STATES = ["VALUE", "NO_RECORD", "NO_ANSWER", "NOT_AUTHORISED"];
const WORDS = {
  zh: { states: ["有记录", "无记录", "未答复（不等于无）", "未授权（未查询）"], all: "全部规则", any: "全部程度", search: "查找家庭编号、疑点编号或文字",
        INFO: "提示", LOW: "低", MEDIUM: "中", HIGH: "高", other: "English", of: (n, m) => `${n} / ${m} 条`, none: "没有",
        scope: s => `数据截至 ${s.as_of} · ${s.households} 户 ${s.persons} 人 · ${s.rows} 条部门记录`, yuan: (a, b) => a === b ? `${b} 元` : `${a} 至 ${b} 元` },
  en: { states: ["a value", "no record", "no answer (not: none)", "not authorised (not asked)"], all: "all rules", any: "any severity", search: "household, finding or words",
        INFO: "info", LOW: "low", MEDIUM: "medium", HIGH: "high", other: "中文", of: (n, m) => `${n} of ${m}`, none: "none",
        scope: s => `as of ${s.as_of} · ${s.households} households, ${s.persons} persons · ${s.rows} department records`, yuan: (a, b) => a === b ? `${b} yuan` : `${a} to ${b} yuan` },
};
const PAGE = 100;
let language, shown = PAGE;
const $ = id => document.getElementById(id);
const make = (tag, text, cls) => { const e = document.createElement(tag); if (text !== undefined) e.textContent = text; if (cls) e.className = cls; return e; };
const width = (e, share) => { e.style.setProperty("width", (100 * share).toFixed(2) + "%"); return e; };

function bars(box, rules) {
  box.replaceChildren();
  const most = Math.max(1, ...rules.map(r => r.count));
  for (const r of rules) {
    const row = make("div", undefined, "row"), track = make("span");
    track.append(width(make("div", undefined, "bar"), r.count / most));
    row.append(make("span", `${r.id} ${r[language]}`), track, make("span", String(r.count), "count"));
    if (Number(r.high) > 0) row.append(make("span", WORDS[language].yuan(r.low, r.high), "amount"));
    box.append(row);
  }
  if (!rules.length) box.append(make("p", WORDS[language].none));
}
function coverage() {
  $("legend").replaceChildren(...WORDS[language].states.map((word, i) => { const e = make("span", word); e.prepend(make("i", undefined, "s" + i)); return e; }));
  $("coverage").replaceChildren(...data.coverage.map(c => {
    const row = make("div", undefined, "row"), stack = make("div", undefined, "stack"), total = STATES.reduce((n, s) => n + (c.states[s] || 0), 0) || 1;
    STATES.forEach((s, i) => { const part = width(make("div", undefined, "s" + i), (c.states[s] || 0) / total); part.title = `${WORDS[language].states[i]}: ${c.states[s] || 0}`; stack.append(part); });
    row.append(make("span", c[language]), stack);
    return row;
  }));
}
function list() {
  const words = $("search").value.trim().toLowerCase(), rule = $("rule").value, severity = $("severity").value;
  const found = data.findings.filter(f => (!rule || f.rule === rule) && (!severity || f.severity === severity) &&
    (!words || (f.id + " " + f.household + " " + f[language]).toLowerCase().includes(words)));
  $("count").textContent = WORDS[language].of(found.length, data.findings.length);
  $("list").replaceChildren(...found.slice(0, shown).map(f => {
    const lead = make("details", undefined, f.rule.startsWith("U") ? "u" : ""), head = make("summary"), lines = f[language].split("\n");
    head.append(make("b", f.rule), make("span", WORDS[language][f.severity] + " " + f.grade), make("span", lines[1] || lines[0]), make("span", f.household));
    lead.append(head);
    lead.addEventListener("toggle", () => { if (lead.open && lead.children.length === 1) lead.append(make("pre", f[language]), make("small", f.id)); });
    return lead;
  }));
  $("more").hidden = found.length <= shown;
}
function choices(select, first, options) {
  const kept = select.value;
  select.replaceChildren(...[["", first], ...options].map(([value, text]) => { const o = make("option", text); o.value = value; return o; }));
  select.value = kept;
}
function draw() {
  const word = WORDS[language];
  document.documentElement.lang = language;
  document.querySelectorAll("[data-zh]").forEach(e => { e.textContent = e.dataset[language]; });
  $("scope").textContent = word.scope(data);
  $("language").textContent = word.other;
  $("search").placeholder = word.search;
  choices($("rule"), word.all, data.rules.map(r => [r.id, `${r.id} ${r[language]}`]));
  choices($("severity"), word.any, ["HIGH", "MEDIUM", "LOW", "INFO"].map(s => [s, word[s]]));
  bars($("leads"), data.rules.filter(r => !r.id.startsWith("U")));
  bars($("entitled"), data.rules.filter(r => r.id.startsWith("U")));
  coverage();
  list();
  $("foot").textContent = data.versions;
}
$("filter").addEventListener("submit", e => e.preventDefault());
for (const id of ["search", "rule", "severity"]) $(id).addEventListener("input", () => { shown = PAGE; list(); });
$("more").addEventListener("click", () => { shown += PAGE; list(); });
