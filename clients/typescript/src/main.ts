// Sends a film to a polycue server and writes the subtitles beside it:
//
//   npm start -- --server localhost:50051 --translate-to es,de film.mp4
//
// It survives what a long job meets: an upload that breaks is taken up at the byte the server has,
// a watch that breaks at the event it came to, a download at the byte that was written.
import { dirname } from "node:path";
import { parseArgs } from "node:util";

import { JobStage, type StageProgress } from "./gen/polycue/api/v1/jobs_pb.js";
import { seconds } from "./duration.js";
import { createJob, watchJob } from "./jobs.js";
import { connect, explain } from "./server.js";
import { download, upload } from "./transfers.js";

const USAGE = `npm start -- [options] FILM

For example: npm start -- --translate-to es,de film.mp4

  --server HOST:PORT    where polycue serves (localhost:50051)
  --tls-ca FILE         speak TLS and trust these certificates (PEM; or 'system')
  --token-file FILE     holds the token that says who calls
  --translate-to es,de  languages besides the spoken one
  --output FOLDER       for the subtitles; the film's own unless given`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      server: { type: "string", default: "localhost:50051" },
      "tls-ca": { type: "string" },
      "token-file": { type: "string" },
      "translate-to": { type: "string", default: "" },
      output: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const [film, ...more] = positionals;
  if (values.help) {
    console.log(USAGE);
    return;
  }
  if (film === undefined || more.length > 0) {
    throw new Error(`one film is wanted, ${positionals.length} were given\n\n${USAGE}`);
  }

  const server = await connect(values.server, values["tls-ca"], values["token-file"]);
  const name = await upload(server, film);
  const languages = values["translate-to"].split(/[\s,]+/).filter(Boolean);
  const created = await createJob(server, name, languages);
  const job = await watchJob(server, created, tell);
  for (const artifact of job.artifacts) {
    console.log(await download(server, artifact, values.output ?? dirname(film)));
  }
}

/** Writes how far a stage came, on a line that the next one takes the place of. */
function tell(progress: StageProgress): void {
  const stage = (JobStage[progress.stage] ?? "").toLowerCase().padEnd(12);
  const line = `\r${stage} ${seconds(progress.processedDuration).toFixed(0).padStart(6)} s`;
  process.stderr.write(progress.finished ? `${line}\n` : line);
}

main().catch((error: unknown) => {
  console.error(`subtitle: ${explain(error)}`);
  process.exitCode = 1;
});
