import type { Duration } from "@bufbuild/protobuf/wkt";

export function seconds(duration: Duration | undefined): number {
  return Number(duration?.seconds ?? 0n) + (duration?.nanos ?? 0) / 1e9;
}
