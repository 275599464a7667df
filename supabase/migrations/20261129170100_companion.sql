-- Companions: characters, and conversations with them.

-- Companions' characters: who speaks, and how the conversation begins. Texts are templates, in which
-- {{char}} and {{user}} stand for names; they are filled in when a prompt or a greeting is made.
create table public.characters (
  character_id uuid primary key default gen_random_uuid(),
  owner_id uuid not null references public.principals (id) on delete cascade,
  name text not null check (char_length(name) between 1 and 200),
  persona text not null default '',
  personality text not null default '',
  scenario text not null default '',
  example_dialogue text not null default '',
  -- Replaces the deployment's text, which {{original}} stands for; empty: that text alone.
  system_prompt text not null default '',
  -- What the model is reminded of after all that has been told about the character.
  closing_instructions text not null default '',
  -- The conversation's first message; empty: the user speaks first.
  greeting text not null default '' check (octet_length(greeting) <= 100000),
  alternative_greetings text[] not null default '{}',
  -- As requests name it, provider:model; null: the deployment's choice.
  model text check (char_length(model) between 1 and 256),
  voice text check (char_length(voice) between 1 and 200),
  -- Where the picture is in Storage, bucket/path.
  avatar text check (char_length(avatar) between 3 and 1024),
  visibility text not null default 'private' check (visibility in ('private', 'public')),
  -- The card that the character was imported from, with all that this table has no column for.
  card jsonb check (jsonb_typeof(card) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint characters_fit_a_prompt check (
    octet_length(persona) + octet_length(personality) + octet_length(scenario)
      + octet_length(example_dialogue) + octet_length(system_prompt)
      + octet_length(closing_instructions) <= 100000),
  constraint characters_have_few_greetings check (
    cardinality(alternative_greetings) <= 100
    and array_position(alternative_greetings, null) is null
    and octet_length(array_to_string(alternative_greetings, '')) <= 400000)
);

-- A principal's characters, newest first.
create index characters_of_owner on public.characters (owner_id, created_at desc, character_id);
-- Everybody's characters, newest first, and how many are another's.
create index public_characters on public.characters (created_at desc, character_id)
  include (owner_id) where visibility = 'public';

alter table public.characters enable row level security;

create policy own_characters_are_readable on public.characters for select to authenticated
  using (owner_id = (select private.current_principal()));

create trigger hold_owner before insert on public.characters
  for each row execute function private.hold_owner();

create trigger touch_updated_at before update on public.characters
  for each row when (old.owner_id = new.owner_id) execute function private.touch_updated_at();

alter table public.sessions add column character_id uuid;
alter table public.sessions
  add column user_word text check (char_length(user_word) between 1 and 64);

create index sessions_with_character on public.sessions (owner_id, character_id, last_message_at desc)
  where character_id is not null;

-- The character, if the principal may talk to it: an own one, or a public one; nulls otherwise.
create function private.visible_character(principal_id uuid, wanted_id uuid)
returns public.characters
language sql stable set search_path = '' as $$
  select * from public.characters
  where character_id = wanted_id and (owner_id = principal_id or visibility = 'public');
$$;

revoke all on function private.visible_character(uuid, uuid)
from public, anon, authenticated, service_role;
grant execute on function private.visible_character(uuid, uuid) to service_role;

create or replace function private.lock_belongings(principal_id uuid) returns boolean
language plpgsql set search_path = '' as $$
begin
  perform from public.principals where id = principal_id for no key update;
  if not found then
    return false;
  end if;
  perform from public.bots where owner_id = principal_id order by bot_id for no key update;
  perform from public.characters where owner_id = principal_id order by character_id for no key update;
  perform from public.projects where owner_id = principal_id order by project_id for no key update;
  perform from public.sessions where owner_id = principal_id order by session_id for no key update;
  -- Only of an open one is a step claimed, without the session's lock.
  perform from public.jobs
  where owner_id = principal_id and status in ('queued', 'running', 'paused')
  order by job_id
  for no key update;
  perform from public.dossiers where owner_id = principal_id order by project_id for no key update;
  return true;
end
$$;

create or replace function private.move_belongings(guest_id uuid, account_id uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_attempts constant integer := 10;
  moved jsonb;
begin
  perform private.lock_belongings(guest_id);
  select jsonb_build_object(
    'projects', (select count(*) from public.projects where owner_id = guest_id),
    'sessions', (select count(*) from public.sessions where owner_id = guest_id),
    'messages', (
      select count(*) from public.sessions session
      join public.messages message
        on message.session_id = session.session_id and message.owner_id = guest_id
      where session.owner_id = guest_id),
    'dossiers', (select count(*) from public.dossiers where owner_id = guest_id))
  into moved;

  for attempt in 1..max_attempts loop
    begin
      perform private.rename_clashes(guest_id, account_id);
      -- Foreign keys carry the owner on to whatever is in them.
      update public.projects set owner_id = account_id where owner_id = guest_id;
      update public.sessions set owner_id = account_id where owner_id = guest_id;
      exit;
    exception when unique_violation then
      -- The account has just used a name that the guest had.
      if attempt = max_attempts then
        raise;
      end if;
    end;
  end loop;

  update public.bots set owner_id = account_id where owner_id = guest_id;
  update public.characters set owner_id = account_id where owner_id = guest_id;
  update public.model_calls set owner_id = account_id where owner_id = guest_id;
  update public.profiles set owner_id = account_id
  where owner_id = guest_id
    and not exists (select from public.profiles where owner_id = account_id);
  delete from public.profiles where owner_id = guest_id;
  return moved;
end
$$;

select private.align_grants_with_policies();
