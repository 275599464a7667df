// One entry of a dossier's log. What an entry says never changes; what is shown is computed from
// the set of all of them (dossier.hpp), whatever order they arrived in.
//
// Bodies are JSON objects with `do`, which names the act, and `at`, ms since the epoch: of an
// extracted entry when its message was created, of a person's when they asked. The order in which
// things were said (content order) is by `at`, `source`, `place` and the id. Acts by kind:
//   extracted  mention, fact, item, relation, story, retract, rename; with `quote`, the message's
//              text in bytes [source.begin, source.end), `model`, `prompt`, and `delivery`, which
//              names the one answer of an extractor that it came from. With `proposal` they count
//              only while an accept of that proposal does; of an imported text with `chapter`, its
//              number, and `heading`.
//   user       add, set, list, remove, same, different, split, lock, unlock, resolve, undo, reject;
//              with `operation`, a UUID for each request.
//   confirmed  accept
//   path       path
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/dossier/log/ontology.hpp"
#include "shared/dossier/log/sha256.hpp"
#include "shared/dossier/log/story.hpp"
#include "shared/json/document.hpp"
#include "shared/json/text.hpp"
#include "shared/result/result.hpp"

namespace fabula::dossier {

// Limits of what an entry may hold, in bytes of UTF-8; the database's limit of a body is 64 KB of
// its own, wider spelling.
inline constexpr std::size_t kMaximumBodyBytes = 48 * 1024;
inline constexpr std::size_t kMaximumEntryNameBytes = 400;
inline constexpr std::size_t kMaximumFieldNameBytes = 48;
inline constexpr std::size_t kMaximumTextBytes = 16 * 1024;
inline constexpr std::size_t kMaximumQuoteBytes = 2 * 1024;
inline constexpr std::size_t kMaximumListItems = 256;  // aliases and the like of one entry
inline constexpr std::size_t kMaximumReferences = 2000;
// Beyond them a log takes no more entries: what is added is left out, which only happens with a log
// that no caller of ours has written.
inline constexpr std::size_t kMaximumEntries = 200'000;

// Positions in a log.
using EntryIndex = std::uint32_t;
inline constexpr EntryIndex kNoEntry = 0xFFFFFFFFU;

enum class EntryKind : std::uint8_t { extracted, confirmed, user, path };

// `unknown` is an act of a later version: kept in the log, it does nothing.
enum class Act : std::uint8_t {
  unknown,
  mention,
  fact,
  item,
  relation,
  story,
  retract,
  rename,
  add,
  set,
  list,
  remove,
  same,
  different,
  split,
  lock,
  unlock,
  resolve,
  undo,
  accept,
  reject,
  path,
};

std::string_view name(EntryKind kind);
std::string_view name(Act act);
std::optional<EntryKind> entry_kind_named(std::string_view name);
std::optional<Act> act_named(std::string_view name);

// How entries refer to entries: by the first 16 of the 64 digits of an assertion's id, also where a
// body has all of them. 0 refers to nothing.
using Reference = std::uint64_t;

std::optional<Digest> parse_digest(std::string_view text);        // 64 digits, lower case
std::optional<Reference> parse_reference(std::string_view text);  // 16 or 64 digits, lower case
std::string reference_text(Reference reference);
// Names what the memory as a whole is about where a target is wanted, by its type's name: "story".
inline constexpr Reference kSubject = 1;

// Bytes of the message's text, as UTF-8.
struct Source {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

struct FieldValue {
  std::string field;
  std::vector<std::string> values;  // one, except for lists
  bool is_list = false;
};

struct Correction {
  std::string quote;
  Source source;
  std::string value;  // what it takes the place of, where that is a list's or an item; else ""
};

struct Entry {
  Digest id{};
  EntryKind kind = EntryKind::extracted;
  Act act = Act::unknown;
  Type type = Type::none;
  bool is = true;               // list: the value belongs to it; else it does not
  bool has_value = false;       // false: no value, or null
  bool holds_together = false;  // split: each part is also one thing
  std::string message_id;       // "": of no message
  std::int64_t at = 0;
  Source source;
  std::int64_t place = 0;  // among those of one answer or request

  std::string delivery;  // of extracted ones
  std::string ref;       // also `from_ref`
  std::string field;
  std::string text;   // name, text or value, whichever the act has; `from` of a rename
  std::string other;  // relation: `to_ref`; rename: `to`
  std::string to_name;
  std::string relation;
  std::vector<std::string> aliases;
  std::optional<Correction> corrects;
  std::string quote;
  std::string model;
  std::string prompt;
  std::string proposal;
  std::string chapter_title;  // of an imported text; "": it has none
  std::int64_t chapter = 0;   // of an imported text, from 1 on; 0: not known

  std::string operation;  // of a person's
  Reference target = 0;
  std::vector<Reference> mentions;            // the entity's other mentions when the person acted
  std::vector<Reference> replaces;            // of set, list, lock and resolve: what the person saw
  std::vector<Reference> entries;             // of undo, list and resolve
  std::vector<std::vector<Reference>> parts;  // of same, different and split
  std::vector<FieldValue> fields;             // of add and lock
  Reference question = 0;
  Reference choose = 0;
  std::string dismiss;

  std::int64_t sequence = 0;  // of path
  std::vector<std::string> left;
  std::vector<std::string> back;

  Reference reference() const { return id[0]; }
};

// As it is stored. `body` is canonical JSON: members sorted by name, no spaces.
struct EntryRow {
  std::string id;  // 64 hexadecimal digits
  EntryKind kind = EntryKind::extracted;
  std::string message_id;  // "": null
  std::string body;
};

// The row of a new entry; its id is the SHA-256 of the canonical JSON of {project, kind,
// message_id, body}. Fails (body_too_large) above kMaximumBodyBytes.
Result<EntryRow> make_row(std::string_view project_id, EntryKind kind, std::string_view message_id,
                          const json::Document& body);

// {"assertion_id", "kind", "body", "message_id"}, as commit_assertions takes it.
void write_row(json::Writer& writer, const EntryRow& row);

// Fails (invalid_request) when the id or a member that the act needs is missing, of another type or
// beyond its limit. Acts and types that are not known, or that the ontology has nothing for, are no
// fault: Act::unknown.
Result<Entry> parse_entry(const EntryRow& row, const Ontology& ontology = story::kOntology);

struct ParsedRows {
  std::vector<Entry> entries;
  std::int64_t last_position = 0;  // the highest, 0 without rows
  std::size_t unreadable = 0;      // rows left out, because parse_entry refuses them
  bool are_objects = true;
};

// The rows of the value that comes next, a JSON array as private.read_log gives it, in a text of so
// many bytes. They are good only if the scanner has not failed and all of them are objects.
ParsedRows read_rows(json::Scanner& scanner, std::size_t text_bytes,
                     const Ontology& ontology = story::kOntology);

// The same of a JSON text. Fails (malformed_json, invalid_request) only when it is no array of
// objects.
Result<ParsedRows> parse_rows(std::string_view rows_json,
                              const Ontology& ontology = story::kOntology);

}  // namespace fabula::dossier
