import { createHash, randomUUID } from "node:crypto";
import { type FileHandle, mkdtemp, open, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";

import type { Artifact } from "./gen/polycue/api/v1/artifacts_pb.js";
import { UploadState } from "./gen/polycue/api/v1/uploads_pb.js";
import { CALL_TIMEOUT_MS, ClosedEarly, persist, type Server } from "./server.js";

const CHUNK_BYTES = 1024 * 1024; // the largest the server takes

/** Sends a film and returns the upload's name. What the server has already is not sent again. */
export async function upload(server: Server, path: string): Promise<string> {
  const file = await open(path);
  try {
    const request = {
      sizeBytes: BigInt((await file.stat()).size),
      sha256: await sha256(file),
      filename: basename(path),
      requestId: randomUUID(), // so that it is safe to ask again
    };
    const made = await persist(() =>
      server.uploads.createUpload(request, { timeoutMs: CALL_TIMEOUT_MS }),
    );
    const name = made.upload!.name;
    let committed = 0n;
    await persist(
      async () => {
        const now = (await server.uploads.getUpload({ name }, { timeoutMs: CALL_TIMEOUT_MS })).upload!;
        committed = now.committedBytes;
        if (now.state !== UploadState.COMPLETE) await send(server, name, file, committed);
      },
      () => committed,
    );
    return name;
  } finally {
    await file.close();
  }
}

async function sha256(file: FileHandle): Promise<Uint8Array> {
  const hash = createHash("sha256");
  for await (const chunk of file.createReadStream({ autoClose: false, start: 0 })) hash.update(chunk);
  return hash.digest();
}

/** Sends the rest of the file from an offset, in one call. */
async function send(server: Server, name: string, file: FileHandle, offset: bigint): Promise<void> {
  const answer = await server.uploads.writeUpload(messages(name, file, offset));
  if (answer.upload?.state !== UploadState.COMPLETE) {
    throw new ClosedEarly("the server took only part of the film");
  }
}

async function* messages(name: string, file: FileHandle, offset: bigint) {
  const size = BigInt((await file.stat()).size);
  for (let finish = false; !finish; ) {
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, Number(offset),
    );
    finish = offset + BigInt(bytesRead) >= size;
    if (!finish && bytesRead < CHUNK_BYTES) throw new Error("the film became shorter while it was sent");
    yield { name, writeOffset: offset, data: buffer.subarray(0, bytesRead), finish };
    offset += BigInt(bytesRead);
  }
}

/** Writes an artifact into a folder under its own name, whole or not at all; returns its path. */
export async function download(server: Server, artifact: Artifact, folder: string): Promise<string> {
  const path = join(folder, basename(artifact.filename));
  const workplace = await mkdtemp(join(folder, ".subtitle-"));
  const part = join(workplace, "part");
  const file = await open(part, "w");
  const hash = createHash("sha256");
  let offset = 0n;
  try {
    await persist(
      async () => {
        const request = { name: artifact.name, readOffset: offset };
        for await (const { data } of server.artifacts.readArtifact(request)) {
          await file.writeFile(data); // goes on where the last one ended
          hash.update(data);
          offset += BigInt(data.length);
        }
        if (offset !== artifact.sizeBytes) throw new ClosedEarly("the server sent only part of a file");
      },
      () => offset,
    );
    if (!hash.digest().equals(artifact.sha256)) {
      throw new Error(`${artifact.filename} arrived damaged; fetch it again`);
    }
    await file.sync();
    await rename(part, path);
    return path;
  } finally {
    await file.close();
    await rm(workplace, { recursive: true });
  }
}
