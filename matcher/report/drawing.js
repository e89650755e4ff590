"use strict";
let data, language;
const zh = () => language === "zh", say = (chinese, english) => zh() ? chinese : english;
const FIELDS = { number: "证件号码", name: "姓名", birth_date: "出生日期", sex: "性别", phone: "电话", division: "行政区划", address: "地址", surname: "姓", given_name: "名" };
const LEVELS = {
  equal: "一致", different: "不同", missing: "缺失", not_needed: "无须比较", near: "相近", exact: "完全相同", written: "仅写法不同",
  equal_15_18: "15 位与 18 位一致", equal_permit: "同一通行证", equal_unchecked: "相同但校验不符", repaired: "改一处即一致", compatible: "掩码或截断后相容",
  neighbour: "相邻顺序号（双胞胎）", conflict: "两个有效号码", variant: "繁简异体", former: "曾用名", tone: "同音同调", sound: "同音", spelt: "拼音代字",
  wildcard: "含无法显示的字", shape: "形近字", truncated: "长名截断", one_character: "差一字", same_building: "同楼栋", same_road: "同路或同村",
  one_digit: "差一位数字", very_close: "极相近", close: "相近", initial: "首字母一致", alike: "略相近", one_off: "差一处", two_off: "差两处",
};
const words = name => String(name).replaceAll("_", " ").toLowerCase();
const pick = (table, name) => Object.hasOwn(table, name) ? table[name] : undefined;
const level = name => zh() ? pick(LEVELS, name) ?? name : words(name);
const field = name => zh() ? pick(FIELDS, name) ?? name : words(name);

const $ = id => document.getElementById(id);
const make = (tag, text, cls) => { const e = document.createElement(tag); if (text !== undefined) e.textContent = text; if (cls) e.className = cls; return e; };
function svg(tag, attributes = {}, ...inside) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, typeof value === "number" ? Math.round(value * 100) / 100 : value);
  e.append(...inside);
  return e;
}
const tip = (e, text) => { e.prepend(svg("title", {}, text)); return e; };
const text = (x, y, words, cls = "", anchor = "start") => svg("text", { x, y, class: cls, "text-anchor": anchor }, words);
const line = (x1, y1, x2, y2, cls) => svg("line", { x1, y1, x2, y2, class: cls });
const rect = (x, y, width, height, cls) => svg("rect", { x, y, width: Math.max(width, 0), height, class: cls });
function chart(box, height, label, ...inside) {
  const width = wide(box), e = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label }, ...inside);
  box.replaceChildren(e);
  return e;
}
const wide = box => Math.max(280, Math.floor(box.clientWidth));
const count = n => n.toLocaleString("en");
const bits = v => (v < 0 ? "−" : "+") + Math.abs(v).toFixed(1);
const room = (words, size = 12) => [...String(words)].reduce((n, c) => n + (c.codePointAt(0) > 0x2e80 ? size : size * .58), 0);
function fit(words, width) {
  if (room(words) <= width) return String(words);
  const letters = [...String(words)];
  while (letters.length > 1 && room(letters.join("") + "…") > width) letters.pop();
  return letters.join("") + "…";
}
function legend(...entries) {
  const box = make("div", undefined, "legend");
  box.append(...entries.map(([cls, words]) => { const e = make("span", words); e.prepend(make("i", undefined, cls)); return e; }));
  return box;
}
function steps(low, high, most) {
  const raw = (high - low) / most, power = 10 ** Math.floor(Math.log10(raw)), size = [1, 2, 5, 10].map(n => n * power).find(n => n >= raw), found = [];
  for (let v = Math.ceil(low / size) * size; v <= high + 1e-9; v += size) found.push(Math.round(v * 1e6) / 1e6);
  return found;
}

const decision = name => name === "LINK" ? say("关联", "link") : say("待人工", "review");
function waterfall(box, e, thresholds) {
  const width = wide(box), narrow = width < 600;
  const label = b => b.kind === "prior" ? [say("先验", "prior"), say("随机一对为同一人的机会", "the odds of any pair")] : b.kind === "rarity" ? [say(`${field(b.field)}的罕见度`, `rarity of the ${field(b.field)}`), ""] : [field(b.field), level(b.level) + (b.muted ? say("（已含于号码）", " (within the number)") : "")];
  let running = 0;
  const rows = e.bars.map(b => { const from = running; running += b.bits; return { b, from, to: running }; });
  const ends = rows.flatMap(r => [r.from, r.to]).concat(0, thresholds.link_bits), low = Math.min(...ends), high = Math.max(...ends, low + 1);
  const left = narrow ? 4 : Math.min(330, width * .34), right = 58, tall = narrow ? 40 : 29, top = 26, thick = 15;
  const x = v => left + (v - low) / (high - low) * (width - left - right - (narrow ? 4 : 0)), height = top + (rows.length + 1) * tall + 40, base = height - 36, parts = [];
  for (const w of steps(low, high, narrow ? 5 : 9)) parts.push(line(x(w), top, x(w), base, "grid"), text(x(w), base + 15, String(w).replace("-", "−"), "soft", "middle"));
  parts.push(text((x(low) + x(high)) / 2, base + 32, say("累计权重（比特）", "weight so far, in bits"), "soft", "middle"));
  const link = x(thresholds.link_bits), review = x(thresholds.review_bits), apart = link - review > 52;
  parts.push(line(review, top - 4, review, base, "mark"), line(link, top - 4, link, base, "mark"));
  parts.push(text(review - 3, top - 9, decision("REVIEW"), "soft", "end"), text(link + 3, top - 9, decision("LINK"), "soft", apart ? "middle" : "start"));
  const place = i => top + i * tall + (narrow ? 20 : 7);
  const drawn = (name, detail, y, shown, from, to, cls, strong) => {
    const inside = [];
    if (narrow) inside.push(svg("text", { x: left, y: y - 5 }, svg("tspan", { class: strong ? "strong" : "" }, name), svg("tspan", { class: "soft" }, detail ? "  " + detail : "")));
    else inside.push(text(0, y + 12, name, strong ? "strong" : ""), text(left - 16, y + 12, fit(detail, left - 30 - room(name)), "soft", "end"));
    inside.push(rect(Math.min(x(from), x(to)), y, Math.max(Math.abs(x(to) - x(from)), from === to ? 1.5 : 1), thick, cls));
    inside.push(text(width, y + 12, shown, strong ? "strong" : shown.startsWith("−") ? "against" : from === to ? "soft" : "for", "end"));
    return tip(svg("g", {}, ...inside), `${name}${detail ? " · " + detail : ""}\n${shown} ${say("比特", "bits")}${strong ? "" : `\n${bits(from)} → ${bits(to)}`}`);
  };
  rows.forEach(({ b, from, to }, i) => {
    const [name, detail] = label(b), silent = b.kind === "field" && b.bits === 0;
    parts.push(line(x(to), place(i) + thick, x(to), place(i + 1), "axis"));
    parts.push(drawn(name, detail, place(i), silent ? "0" : bits(b.bits), from, to, silent || b.kind === "prior" ? "quiet" : b.bits < 0 ? "against" : "for", false));
  });
  parts.push(drawn(say("总权重", "total"), "", place(rows.length), bits(e.bits), 0, e.bits, "total", true));
  chart(box, height, say("权重瀑布图", "match-weight waterfall"), ...parts);
}
