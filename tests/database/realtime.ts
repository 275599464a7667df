// Requests of realtime sessions' connections, and the effects of time on them.
import { randomUUID } from "node:crypto";
import type { Row, Target } from "./target.ts";
import { leaseOf, wake } from "./tasks.ts";
import { only, type Principal } from "./turns.ts";

export const LEFT_SECONDS = 60;

export interface Connection {
  principal: Principal;
  /** The caller's own name of the session. */
  session_id: string;
  connection_id: string;
}

export const newConnection = (principal: Principal, session_id = "demo123"): Connection => ({
  principal,
  session_id,
  connection_id: randomUUID(),
});

export function open(target: Target, connection: Connection, changes: Row = {}): Promise<Row> {
  return target.call("open_realtime_session", {
    ...connection,
    left_seconds: LEFT_SECONDS,
    limit: 100,
    ...changes,
  });
}

export function look(
  target: Target,
  connection: Connection,
  after_event_id: number,
  changes: Row = {},
): Promise<Row> {
  return target.call("look_at_realtime_session", {
    ...connection,
    after_event_id,
    left_seconds: LEFT_SECONDS,
    limit: 100,
    ...changes,
  });
}

export function leave(target: Target, connection: Connection): Promise<Row> {
  return target.call("leave_realtime_session", { ...connection, left_seconds: LEFT_SECONDS });
}

/** A turn's members for the session that the connection has opened. */
export const turnIn = ({ session_id }: Connection): Row => ({
  kind: "realtime",
  external_id: session_id,
});

/** Pretends, for presence, that everything happened this many seconds earlier. */
export async function passTime(target: Target, session_id: string, seconds: number): Promise<void> {
  const earlier = (moment: unknown) =>
    new Date(new Date(moment as string).getTime() - seconds * 1000).toISOString();
  const live = await only(target, "live_sessions", { session_id });
  const present_until = earlier(live["present_until"]);
  const end_time = live["end_time"] && earlier(live["end_time"]);
  await target.update("live_sessions", { session_id }, { present_until, end_time });
  for (const { connection_id, seen_at } of await target.select("live_connections", { session_id })) {
    await target.update("live_connections", { connection_id }, { seen_at: earlier(seen_at) });
  }
}

/** The open steps of the session's job. */
export async function openSteps(target: Target, session_id: string): Promise<Row[]> {
  const jobs = await target.select("jobs", { session_id, kind: "realtime_summary" });
  const steps = await Promise.all(
    jobs.map(({ job_id }) => target.select("job_steps", { job_id })),
  );
  return steps
    .flat()
    .filter(({ status }) => ["waiting", "queued", "running"].includes(status))
    .sort((a, b) => a["step"] - b["step"]);
}

/** A worker's input for this session when its time has come; null: none. */
export async function claimSummary(target: Target, session_id: string): Promise<Row | null> {
  for (const step of await openSteps(target, session_id)) await wake(target, step);
  const { step } = await target.call("claim_step", { kinds: ["realtime_summary"], session_id });
  return step;
}

export function commitSummary(target: Target, step: Row, summary: unknown): Promise<Row> {
  return target.call("commit_step", { ...leaseOf(step), result: { summary, prompt: "test-1" } });
}

export async function readSession(
  target: Target,
  { principal, session_id }: Connection,
): Promise<Row> {
  const request = { principal, realtime_session_id: session_id };
  return (await target.call("read_realtime_session", request))["body"];
}

export async function readEvents(
  target: Target,
  { principal, session_id }: Connection,
  query: Row = {},
): Promise<Row[]> {
  const request = { principal, realtime_session_id: session_id, query: { limit: 100, ...query } };
  return (await target.call("list_realtime_events", request))["body"];
}

/** `role type content` of each. */
export const told = (events: Row[]): string[] =>
  events.map(({ role, type, content }) => `${role} ${type} ${content}`);

export const ids = (events: Row[]): number[] => events.map(({ id }) => id);
