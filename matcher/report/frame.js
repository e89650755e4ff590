$("language").addEventListener("click", () => { language = language === "zh" ? "en" : "zh"; draw(); });
async function unpack() {
  const bytes = Uint8Array.from(atob($("data").textContent), c => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  data = JSON.parse(await new Response(stream).text());
  language = data.language;
  draw();
}
unpack();
