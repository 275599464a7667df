// The database's scheduled jobs. Dumps lack them: pg_cron is missing where dumps are compared, and
// the statements that schedule do nothing there.

/** The last schedule of each name, without those that were unscheduled. */
export function schedulesOf(sql: string): Map<string, string> {
  const schedules = new Map<string, string>();
  const call = /\bcron\.(schedule|unschedule)\(\s*'([^']+)'([^;]*)\)/g;
  for (const [, what, name, rest] of sql.matchAll(call)) {
    if (what === "unschedule") schedules.delete(`schedule ${name}`);
    else schedules.set(`schedule ${name}`, rest!.replace(/\s+/g, " "));
  }
  return schedules;
}
