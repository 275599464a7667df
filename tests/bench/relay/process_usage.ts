// The resources that a process has used, from Linux's counters.
import { readFileSync } from "node:fs";

// The unit of /proc/PID/stat: hundredths of a second everywhere that Node runs.
const TICK_MS = 10;

/** User and system time of all its threads, those that have ended included. */
export function cpuMs(processId: number): number {
  const stat = readFileSync(`/proc/${processId}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [userTicks, systemTicks] = [Number(fields[11]), Number(fields[12])];
  return (userTicks + systemTicks) * TICK_MS;
}

export function residentKilobytes(processId: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${processId}/status`, "utf8"))![1]);
}
