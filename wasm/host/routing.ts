/** The first part of a path after the prefix that Supabase's own address has; "" when none. */
export function functionName(url: string): string {
  const [, name = ""] = /^\/(?:functions\/v1\/)?([^/]*)/.exec(new URL(url).pathname) ?? [];
  return name;
}
