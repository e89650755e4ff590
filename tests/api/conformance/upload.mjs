// A file sent by the stock client of tus: node upload.mjs URL TOKEN FILE CHUNK STOP; sent in pieces of CHUNK bytes, broken
// off when STOP bytes were taken (0: never), and gone on with by another client that knows the URL alone. What happened, as JSON.
import { createReadStream, statSync } from "node:fs";
import { Upload } from "tus-js-client";

const [url, token, file, chunk, stop] = process.argv.slice(2);
const offsets = [];

function send(until) {
  return new Promise((resolve) => {
    let stopped = false;
    const upload = new Upload(createReadStream(file), {
      uploadUrl: url,
      uploadSize: statSync(file).size,
      chunkSize: Number(chunk),
      headers: { Authorization: `Bearer ${token}` },
      retryDelays: [0, 100, 300],
      storeFingerprintForResuming: false,
      onChunkComplete: (_, accepted) => {
        offsets.push(accepted);
        if (until && accepted >= until && !stopped) {
          stopped = true;
          upload.abort().then(() => resolve("stopped"));
        }
      },
      onError: (error) => resolve(`failed: ${error.message}`),
      onSuccess: () => resolve("done"),
    });
    upload.start();
  });
}

const ends = Number(stop) ? [await send(Number(stop)), await send(0)] : [await send(0)];
process.stdout.write(JSON.stringify({ ends, offsets }), () => process.exit());
