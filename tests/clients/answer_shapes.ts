// Rules for every answer to any caller: times are ISO 8601 in UTC, URLs are absolute.

const TIME_OF_DAY = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/;
const ISO_IN_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)$/;

/** Seconds or milliseconds since 1970, of a year from 2014 to 2039. */
function isLikeTime(number: number): boolean {
  return [1, 1000].some((unit) => number >= 1.4e9 * unit && number < 2.2e9 * unit);
}

function faultOf(name: string, value: unknown): string | undefined {
  if (typeof value === "number" && !name.endsWith("_bytes") && isLikeTime(value)) return "a time as a number";
  if (typeof value !== "string") return undefined;
  if (TIME_OF_DAY.test(value) && !ISO_IN_UTC.test(value)) return "a time that is not ISO 8601 in UTC";
  if (/(^|_)url$/.test(name) && value.startsWith("/")) return "an address that is not whole";
  return undefined;
}

function* faultsWithin(value: unknown, name: string): Generator<string> {
  const fault = faultOf(name, value);
  if (fault) yield `${name}: ${fault}: ${JSON.stringify(value)}`;
  if (typeof value !== "object" || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    yield* faultsWithin(member, Array.isArray(value) ? name : key);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The faults of an answer that is JSON or a stream of events; empty for other answers. */
export function faultsOf(text: string): string[] {
  const whole = parsed(text);
  if (whole !== undefined) return [...faultsWithin(whole, "")];
  const events = text.split("\n").filter((line) => line.startsWith("data: "));
  return events.flatMap((line) => [...faultsWithin(parsed(line.slice("data: ".length)), "")]);
}
