// The text that principals store: as their plan counts it, and as it is.
import type { SqlTarget } from "./sql_target.ts";

/** What the plan counts. */
export async function countedBytes(target: SqlTarget, owner_id: string): Promise<number> {
  const [row] = await target.asOwner(
    "select coalesce(sum(bytes), 0)::integer as bytes from public.stored_byte_changes where owner_id = $1",
    [owner_id],
  );
  return row!["bytes"];
}

/** The bytes of everything that is there, without what is in deleted sessions. */
export async function trueBytes(target: SqlTarget, owner_id: string): Promise<number> {
  const [row] = await target.asOwner(
    `select coalesce(sum(bytes), 0)::integer as bytes from (
       select octet_length(content) + octet_length(metadata::text)
       from public.messages join public.sessions using (session_id, owner_id)
       where owner_id = $1 and is_active
       union all
       select octet_length(content)
       from public.message_revisions join public.sessions using (session_id, owner_id)
       where owner_id = $1 and is_active
       union all
       select octet_length(body::text) from public.dossier_assertions where owner_id = $1
       union all
       select octet_length(content::text) from public.story_versions where owner_id = $1
       union all
       select octet_length(name) + coalesce(octet_length(instructions), 0) from public.projects where owner_id = $1
       union all
       select octet_length(concat(persona, personality, scenario, example_dialogue, system_prompt, greeting,
         alternative_greetings, card))
       from public.characters where owner_id = $1
       union all
       select octet_length(system) from public.bots where owner_id = $1
       union all
       select octet_length(payload::text) from public.job_steps where owner_id = $1 and kind = 'dossier_import'
     ) stored (bytes)`,
    [owner_id],
  );
  return row!["bytes"];
}
