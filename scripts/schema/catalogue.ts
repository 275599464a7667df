// The catalogue's description of the schemas `public` and `private`, for a database that pg_dump
// cannot connect to.
export interface CatalogueRow {
  object: string;
  definition: string;
}

const OURS = "('public'::regnamespace, 'private'::regnamespace)";

/** A query that returns CatalogueRows. */
export const CATALOGUE = `
  select 'schema ' || nspname as object, coalesce(nspacl::text, '') as definition
  from pg_namespace where oid in ${OURS}
  union all
  select 'relation ' || relation.oid::regclass,
    concat_ws(E'\\n', relation.relkind, relation.relrowsecurity, relation.relacl,
      pg_get_viewdef(relation.oid),
      obj_description(relation.oid, 'pg_class'),
      (select string_agg(
          concat_ws(' ', attname, format_type(atttypid, atttypmod),
            case when attnotnull then 'not null' end, attidentity, attgenerated,
            pg_get_expr(adbin, adrelid), attacl),
          E'\\n' order by attnum)
        from pg_attribute
        left join pg_attrdef on adrelid = attrelid and adnum = attnum
        where attrelid = relation.oid and attnum > 0 and not attisdropped))
  from pg_class relation
  where relnamespace in ${OURS} and relkind in ('r', 'p', 'v', 'm', 'c', 'S')
  union all
  select 'index ' || oid::regclass, pg_get_indexdef(oid)
  from pg_class where relnamespace in ${OURS} and relkind = 'i'
  union all
  select format('constraint %s on %s', conname, conrelid::regclass), pg_get_constraintdef(oid)
  from pg_constraint where connamespace in ${OURS}
  union all
  select format('trigger %s on %s', tgname, tgrelid::regclass), pg_get_triggerdef(oid)
  from pg_trigger where not tgisinternal
    and tgrelid in (select oid from pg_class where relnamespace in ${OURS})
  union all
  select format('policy %s on %s', polname, polrelid::regclass),
    concat_ws(E'\\n', polcmd, polpermissive, polroles::regrole[],
      pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
  from pg_policy
  where polrelid in (select oid from pg_class where relnamespace in ${OURS})
  union all
  select 'function ' || oid::regprocedure,
    concat_ws(E'\\n', pg_get_functiondef(oid), proacl, obj_description(oid, 'pg_proc'))
  from pg_proc where pronamespace in ${OURS} and prokind in ('f', 'p')
  union all
  select 'type ' || oid::regtype,
    (select string_agg(enumlabel, ', ' order by enumsortorder) from pg_enum where enumtypid = type.oid)
  from pg_type type where typnamespace in ${OURS} and typtype = 'e'`;
