import { readFileSync } from "node:fs";

/** Resident memory in kilobytes; undefined where there is no /proc. */
export function residentKilobytes(processId: number): number | undefined {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${processId}/status`, "utf8"))?.[1]);
  } catch {
    return undefined;
  }
}
