-- The terms by which a text is found: its words in a short form, without those that are in most texts. For
-- scripts without spaces, pairs of characters.
create function private.memory_terms(said text) returns text[]
language sql immutable set search_path = '' as $$
  with words as (
    select word
    from regexp_split_to_table(lower(
        -- A long text gives the words of its beginning and its end.
        case when char_length(said) <= 20000 then said
          else left(said, 10000) || ' ' || right(said, 10000) end),
      '[\s!-/:-@\[-`{-~' || U&'\00A1-\00BF\2010-\2027\3000-\3002\300C-\3011\FF01-\FF0F\FF1A-\FF20' || ']+')
      as word
    where char_length(word) between 2 and 200 or word ~ '^[0-9]$'
  ),
  pieces as (
    select case
        when char_length(word) > 6 and word ~ '(ing|ed)$' then regexp_replace(word, '(ing|ed)$', '')
        when char_length(word) > 3 and word ~ '[^s]s$' then left(word, -1)
        else word end as piece
    from words
    where word !~ U&'[\3040-\30FF\3400-\9FFF\AC00-\D7AF]' and word <> all (string_to_array(
      'an the and or but if so as at by for from in into of off on out over to up with without about after '
      'again all also am are be been before being both can cannot could did do does doing done down each few '
      'get gets getting go goes going gone got had has have having he her here hers him his how is it its just '
      'know let like liked likes ll make made many may me might more most much must my need never no nor not '
      'any every now only other our ours us use used '
      ' own please re really said same say says she should some such take tell than '
      'thank thanks that their them then there these they thing things think this those too ve very want wants '
      'was we well were what when where which while who whom why will would yes yeah ok okay you your yours '
      'user isn don didn doesn wasn won always one today tomorrow yesterday hello hi hey '
      'der die das den dem des ein eine einen einem einer und oder aber ist sind war waren bin bist hat habe '
      'haben ich du er sie es wir ihr mich mir dich dir uns mein meine dein deine sein seine nicht kein keine '
      'mit von zu zum zur auf aus bei nach im am um als auch noch nur schon sehr wie was wer wo wenn dass '
      'le la les un une des du et ou est sont je tu il elle nous vous ils elles mon ma mes ton ta tes son sa '
      'ses ne pas que qui dans pour sur avec sans au aux ce cette '
      'el los las una unos unas es son yo tu mi mis su sus no que en de con por para como pero muy lo del al',
      ' '))
  )
  select coalesce(array_agg(distinct term order by term), '{}')
  from (
    select left(piece, 6) as term from pieces where piece ~ '..|[0-9]'
    union all
    select substr(word, place, 2)
    from words
    cross join lateral generate_series(1, char_length(word) - 1) place
    -- Hiragana alone are endings and particles.
    where word ~ U&'[\3040-\30FF\3400-\9FFF\AC00-\D7AF]'
      and substr(word, place, 2) !~ U&'^[\3040-\309F]+$'
  ) found
$$;

revoke all on function private.memory_terms(text) from public, anon, authenticated, service_role;
grant execute on function private.memory_terms(text) to service_role;
