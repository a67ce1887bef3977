import { randomUUID } from "node:crypto";

import { type Job, JobState, type StageProgress } from "./gen/polycue/api/v1/jobs_pb.js";
import { SubtitleFormat } from "./gen/polycue/api/v1/media_pb.js";
import { CALL_TIMEOUT_MS, persist, type Server } from "./server.js";

/** Queues the film's job, SRT and WebVTT in the spoken language and in others; returns its name. */
export async function createJob(server: Server, upload: string, others: string[]): Promise<string> {
  const request = {
    requestId: randomUUID(), // so that it is safe to ask again
    spec: {
      task: {
        case: "subtitle" as const,
        value: {
          media: { source: { case: "upload" as const, value: upload } },
          translations: others.map((targetLanguageCode) => ({ targetLanguageCode })),
          formats: [SubtitleFormat.SRT, SubtitleFormat.VTT],
        },
      },
    },
  };
  const answer = await persist(() => server.jobs.createJob(request, { timeoutMs: CALL_TIMEOUT_MS }));
  return answer.job!.name;
}

/** Follows a job to its end, over broken streams and restarted servers. */
export async function watchJob(
  server: Server, name: string, tell: (progress: StageProgress) => void,
): Promise<Job> {
  let afterSequence = 0n;
  let job: Job | undefined;
  await persist(
    async () => {
      for await (const { sequence, event } of server.jobs.watchJob({ name, afterSequence })) {
        afterSequence = sequence;
        if (event.case === "job") job = event.value;
        if (event.case === "progress") tell(event.value);
      }
    },
    () => afterSequence,
  );
  if (job?.state !== JobState.SUCCEEDED) {
    throw new Error(`${name}: ${JobState[job?.state ?? 0]} ${job?.failure?.message ?? ""}`);
  }
  return job;
}
