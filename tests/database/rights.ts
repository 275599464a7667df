// All rights in a database, and how its functions run, for comparisons.
import type pg from "pg";

const RIGHTS = `
  select 'schema ' || nspname as object, concat_ws(' ', nspowner::regrole, nspacl) as rights
  from pg_namespace where nspname in ('public', 'private')
  union all
  select 'relation ' || oid::regclass,
    concat_ws(' ', relkind, relowner::regrole, relacl, relrowsecurity, relforcerowsecurity, reloptions)
  from pg_class where relnamespace in ('public'::regnamespace, 'private'::regnamespace)
  union all
  select 'column ' || attrelid::regclass || '.' || attname, attacl::text
  from pg_attribute where attacl is not null and attrelid >= 16384
  union all
  select 'function ' || oid::regprocedure,
    concat_ws(' ', proowner::regrole, proacl, prosecdef, proconfig, provolatile, proparallel)
  from pg_proc where pronamespace in ('public'::regnamespace, 'private'::regnamespace)
  union all
  select 'policy ' || polname || ' on ' || polrelid::regclass,
    concat_ws(' ', polcmd, polpermissive, polroles::regrole[], pg_get_expr(polqual, polrelid, true),
      pg_get_expr(polwithcheck, polrelid, true))
  from pg_policy
  union all
  select 'trigger ' || tgname || ' on ' || tgrelid::regclass, concat_ws(' ', tgenabled, pg_get_triggerdef(oid, true))
  from pg_trigger where not tgisinternal
  union all
  select 'default rights in ' || defaclnamespace::regnamespace || ' ' || defaclobjtype::text, defaclacl::text
  from pg_default_acl
  union all
  select 'extension ' || extname, extversion from pg_extension
  order by 1`;

/** By object: its owner, grants and settings. */
export async function rightsIn(client: pg.Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ object: string; rights: string | null }>(RIGHTS);
  // Grants are a set.
  const sorted = (list: string) => list.slice(1, -1).split(",").sort().join();
  return new Map(rows.map(({ object, rights }) => [object, (rights ?? "").replace(/\{[^{}]*\}/g, sorted)]));
}
