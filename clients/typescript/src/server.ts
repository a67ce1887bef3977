import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

import { type Client, Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";

import { ArtifactService } from "./gen/polycue/api/v1/artifacts_pb.js";
import { JobService } from "./gen/polycue/api/v1/jobs_pb.js";
import { UploadService } from "./gen/polycue/api/v1/uploads_pb.js";

/** Of a call that only asks; one that carries media has none. */
export const CALL_TIMEOUT_MS = 30_000;
/** With a server that is away, until something gets through again. */
const PATIENCE_MS = 120_000;
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;

export interface Server {
  jobs: Client<typeof JobService>;
  uploads: Client<typeof UploadService>;
  artifacts: Client<typeof ArtifactService>;
}

/** A transfer that the server ended before its end. */
export class ClosedEarly extends Error {}

/** With `ca`, a PEM file or "system", the server has to speak TLS and be known to one of these. */
export async function connect(address: string, ca?: string, tokenFile?: string): Promise<Server> {
  const interceptors: Interceptor[] = [];
  if (tokenFile !== undefined) {
    if (ca === undefined) throw new Error("a token is sent over TLS only: give --tls-ca too");
    const token = (await readFile(tokenFile, "utf8")).trim();
    interceptors.push((next) => (request) => {
      request.header.set("authorization", `Bearer ${token}`);
      return next(request);
    });
  }
  const transport = createGrpcTransport({
    baseUrl: `${ca === undefined ? "http" : "https"}://${address}`,
    interceptors,
    nodeOptions: ca === undefined || ca === "system" ? {} : { ca: await readFile(ca) },
  });
  return {
    jobs: createClient(JobService, transport),
    uploads: createClient(UploadService, transport),
    artifacts: createClient(ArtifactService, transport),
  };
}

/**
 * Calls `attempt` until it succeeds, fails for good, or got nothing through for too long.
 *
 * `reached` tells how far it came: an attempt that came further than the one before starts the
 * patience anew.
 */
export async function persist<T>(attempt: () => Promise<T>, reached = (): bigint => 0n): Promise<T> {
  let wait = FIRST_WAIT_MS;
  let since = Date.now();
  for (;;) {
    const before = reached();
    try {
      return await attempt();
    } catch (error) {
      if (reached() > before) {
        wait = FIRST_WAIT_MS;
        since = Date.now();
      }
      if (!passes(error) || Date.now() - since > PATIENCE_MS) throw error;
    }
    await sleep(wait);
    wait = Math.min(2 * wait, LONGEST_WAIT_MS);
  }
}

/**
 * Whether the same may go better later: the server is away or stops, or has more of an upload than
 * it was thought to have.
 */
function passes(error: unknown): boolean {
  if (error instanceof ClosedEarly) return true;
  // Canceled is Node's word for a connection that broke: nobody cancels here.
  const passing = [Code.Unavailable, Code.Aborted, Code.Canceled];
  return error instanceof ConnectError && passing.includes(error.code);
}

/** An error as people should see it. */
export function explain(error: unknown): string {
  if (error instanceof ConnectError) return `${error.rawMessage} (${Code[error.code]})`;
  return error instanceof Error ? error.message : String(error);
}
