// What pg_cron does on Supabase: the database has no clock of its own here.
const HOUR_MS = 3_600_000;

export interface MaintenanceOptions {
  /** Where the database is now; undefined while it is not there. */
  databaseUrl: () => string | undefined;
  secretKey: string;
  /** Takes what could not be done. */
  log: (line: string) => void;
  everyMs?: number;
}

/** Deletes guests who have expired, now and every hour; the answer ends it. */
export function startMaintenance(options: MaintenanceOptions): () => void {
  const round = () => {
    deleteExpiredGuests(options).catch((error: Error) => {
      options.log(`expired guests could not be deleted: ${error.message}`);
    });
  };
  round();
  const timer = setInterval(round, options.everyMs ?? HOUR_MS);
  timer.unref();
  return () => clearInterval(timer);
}

// The function deletes a bounded number a call.
async function deleteExpiredGuests({ databaseUrl, secretKey }: MaintenanceOptions): Promise<void> {
  for (let deleted = 1; deleted > 0; ) {
    const url = databaseUrl();
    if (url === undefined) return;
    const response = await fetch(`${url}/rest/v1/rpc/delete_expired_guests`, {
      method: "POST",
      headers: { apikey: secretKey, "content-type": "application/json" },
      body: JSON.stringify({ request: {} }),
      signal: AbortSignal.timeout(60_000),
    });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    ({ deleted } = (await response.json()) as { deleted: number });
  }
}
