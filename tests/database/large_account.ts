// An account with much of everything, as people have it after years, in a project of Supabase with many others.
import { longConversation } from "./erasures.ts";
import { ask } from "./lists.ts";
import { claimedReading, commitReading, talk } from "./memories.ts";
import { SECRET_KEY } from "./rest_target.ts";
import type { SqlTarget } from "./sql_target.ts";
import { beginPictures, beginStory, drawPictures, work } from "./stories.ts";
import { editReply } from "./actions.ts";
import { say, type Principal } from "./turns.ts";

const BUCKETS = ["conversations", "illustrations"] as const;

export interface LargeAccount {
  id: string;
  /** Ids and words that only this account's rows have. */
  personal: string[];
  /** The Storage objects, each as "bucket/path". */
  objects: string[];
}

/** Half of the messages' rows, six for each reply, are in the ledger. `url` is Supabase's. */
export async function makeLargeAccount(
  target: SqlTarget,
  url: string,
  principal: Principal,
  { messages, companions, entries }: { messages: number; companions: number; entries: number },
): Promise<LargeAccount> {
  const long = await longConversation(target, principal, messages);
  const id = long["user_id"] as string;
  await say(target, principal, "Steinpilz?", "Steinpilz.", { session_id: long["session_id"] });
  await target.call("save_profile", { principal, body: { display_name: "Zwetschke" } });
  const edited = await say(target, principal, "Morchel?", "Morchel.");
  await editReply(target, principal, edited["message_id"], "Reizker.");
  const named: string[] = [long["session_id"], long["project_id"], long["message_id"], edited["session_id"]];
  const objects: string[] = [];

  for (let number = 0; number < companions; number += 1) {
    const { character_id } = (
      await ask(target, principal, "save_character", { body: { name: `Ritterling ${number}`, persona: "Of Bovist." } })
    )["body"];
    const told = await talk(target, principal, `I collect the Habichtspilz ${number}.`, { character_id });
    await commitReading(target, await claimedReading(target), [
      { text: `The user collects the Habichtspilz ${number}.`, message_id: told["user_message_id"] },
    ]);
    if (number === 0) named.push(character_id, told["session_id"]);
    objects.push(`conversations/${told["session_id"]}.json`);
  }
  const premise = { given: { premise: "Of a Trompetenpilz." } };
  const story = await beginStory(target, principal, "full", premise);
  await work(target, story["task_id"]);
  const pictures = await beginPictures(target, principal, story["project_id"], { style: "As a Tintling." });
  for (const step of await drawPictures(target, pictures["body"]["task_id"])) {
    objects.push(`illustrations/${step["object_path"]}`);
  }
  named.push(story["project_id"], story["task_id"]);
  for (const object of objects) await store(url, object);
  await target.asOwner(
    `insert into auth.audit_log_entries (id, payload, created_at)
     select gen_random_uuid(), json_build_object('action', 'token_refreshed', 'actor_id',
       case number % 10 when 0 then $1 else gen_random_uuid()::text end), now()
     from generate_series(1, $2::integer) number`,
    [id, entries],
  );
  return {
    id,
    objects,
    personal: [
      id, ...named, "Steinpilz", "Zwetschke", "Morchel", "Reizker", "Ritterling", "Bovist", "Habichtspilz",
      "Trompetenpilz", "Tintling",
    ],
  };
}

const AS_SERVER = { apikey: SECRET_KEY, authorization: `Bearer ${SECRET_KEY}` };

export async function makeBuckets(url: string): Promise<void> {
  for (const name of BUCKETS) await send(`${url}/storage/v1/bucket`, "POST", { id: name, name, public: false });
}

async function store(url: string, object: string): Promise<void> {
  await send(`${url}/storage/v1/object/${object}`, "POST", { text: "A Steinpilz." });
}

async function send(url: string, method: string, body?: object): Promise<void> {
  const headers = { ...AS_SERVER, "content-type": "application/json", "x-upsert": "true" };
  const answer = await fetch(url, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
}

/** Deletes files whose rows are deleted, as the tasks do (wasm/engine/storage.hpp). */
export async function deleteFiles(target: SqlTarget, url: string): Promise<void> {
  for (;;) {
    const due = await target.call("take_deleted_snapshots", { limit: 20 });
    const { ids, illustrations } = due as { ids: string[]; illustrations: string[] };
    if (ids.length + illustrations.length === 0) return;
    for (const id of ids) await remove(url, "conversations", `${id}.json`);
    for (const path of illustrations) await remove(url, "illustrations", path);
    await target.call("forget_deleted_snapshots", due);
  }
}

const remove = (url: string, bucket: string, path: string): Promise<void> =>
  send(`${url}/storage/v1/object/${bucket}`, "DELETE", { prefixes: [path] });

/** Users of Auth, with a session, a token and a file each, so that its tables are as large as a project's. */
export async function makeOtherUsers(target: SqlTarget, count: number): Promise<void> {
  await target.asOwner(`
    create temporary table others on commit drop as
    select gen_random_uuid() as id, gen_random_uuid() as session_id, number || '@example.org' as email
    from generate_series(1, ${count}) number;
    insert into auth.users (id, aud, role, email, created_at, updated_at)
    select id, 'authenticated', 'authenticated', email, now(), now() from others;
    insert into auth.sessions (id, user_id, created_at, updated_at)
    select session_id, id, now(), now() from others;
    insert into auth.refresh_tokens (id, token, user_id, session_id, created_at, updated_at)
    select gen_random_uuid(), gen_random_uuid(), id, session_id, now(), now() from others;
    insert into auth.identities (id, provider_id, user_id, identity_data, provider, created_at, updated_at)
    select gen_random_uuid(), id, id, jsonb_build_object('sub', id), 'email', now(), now() from others;
    insert into storage.objects (id, bucket_id, name, owner_id)
    select gen_random_uuid(), 'conversations', session_id || '.json', id from others`);
}
