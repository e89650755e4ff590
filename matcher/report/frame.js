$("language").addEventListener("click", () => { language = language === "zh" ? "en" : "zh"; draw(); });
async function unpack() {
  const packed = atob($("data").textContent), bytes = new Uint8Array(packed.length);
  for (let i = 0; i < packed.length; i++) bytes[i] = packed.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  data = JSON.parse(await new Response(stream).text());
  language = data.language;
  draw();
}
unpack();
