/** The path without the prefix of Supabase's own URLs. */
export function functionPath(url: string): string {
  return new URL(url).pathname.replace(/^\/functions\/v1(?=\/)/, "");
}

/** The first part of that path; "" when there is none. */
export function functionName(url: string): string {
  return functionPath(url).split("/", 2)[1] ?? "";
}
