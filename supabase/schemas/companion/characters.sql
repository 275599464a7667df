-- Companions' characters: who speaks, and how the conversation begins. Texts are templates, in which
-- {{char}} and {{user}} are placeholders for names; they are replaced when a prompt or a greeting is
-- made.
create table public.characters (
  character_id uuid primary key default gen_random_uuid(),
  owner_id uuid not null references public.principals (id) on delete cascade,
  name text not null check (char_length(name) between 1 and 200),
  persona text not null default '',
  personality text not null default '',
  scenario text not null default '',
  example_dialogue text not null default '',
  -- Replaces the deployment's text, for which {{original}} is a placeholder; empty: only that text.
  system_prompt text not null default '',
  -- A reminder for the model after the whole description of the character.
  closing_instructions text not null default '',
  -- The conversation's first message; empty: the user speaks first.
  greeting text not null default '' check (octet_length(greeting) <= 100000),
  alternative_greetings text[] not null default '{}',
  -- In the form of requests, provider:model; null: the deployment's choice.
  model text check (char_length(model) between 1 and 256),
  voice text check (char_length(voice) between 1 and 200),
  -- The picture's path in Storage, bucket/path.
  avatar text check (char_length(avatar) between 3 and 1024),
  visibility text not null default 'private' check (visibility in ('private', 'public')),
  -- The card from which the character was imported, with all data for which this table has no
  -- column.
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
-- All public characters, newest first, and how many of them belong to others.
create index public_characters on public.characters (created_at desc, character_id)
  include (owner_id) where visibility = 'public';

alter table public.characters enable row level security;

create policy own_characters_are_readable on public.characters for select to authenticated
  using (owner_id = (select private.current_principal()));

create trigger hold_owner before insert on public.characters
  for each row execute function private.hold_owner();

create trigger touch_updated_at before update on public.characters
  for each row when (old.owner_id = new.owner_id) execute function private.touch_updated_at();
