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

// Limits of an entry, in bytes of UTF-8; the database limits a body to 64 KB in its own, longer
// spelling.
inline constexpr std::size_t kMaximumBodyBytes = 48 * 1024;
inline constexpr std::size_t kMaximumEntryNameBytes = 400;
inline constexpr std::size_t kMaximumFieldNameBytes = 48;
inline constexpr std::size_t kMaximumTextBytes = 16 * 1024;
inline constexpr std::size_t kMaximumQuoteBytes = 2 * 1024;
// Items of one list in an entry, such as aliases.
inline constexpr std::size_t kMaximumListItems = 256;
inline constexpr std::size_t kMaximumReferences = 2000;
// A log takes no more entries than this: further ones are left out. This only happens with a log
// that no caller of ours has written.
inline constexpr std::size_t kMaximumEntries = 200'000;

// Positions in a log.
using EntryIndex = std::uint32_t;
inline constexpr EntryIndex kNoEntry = 0xFFFFFFFFU;

enum class EntryKind : std::uint8_t { extracted, confirmed, user, path };

// `unknown` is an act of a later version: it is kept in the log and has no effect.
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

// How entries refer to entries: by the first 16 of the 64 digits of an assertion's id, even if a
// body has all of them. 0 refers to nothing.
using Reference = std::uint64_t;

std::optional<Digest> parse_digest(std::string_view text);        // 64 digits, lower case
std::optional<Reference> parse_reference(std::string_view text);  // 16 or 64 digits, lower case
std::string reference_text(Reference reference);
// Refers to the subject of the whole memory where a target is wanted. Bodies have its type's name
// instead: "story".
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
  std::string value;  // the value that it replaces in a list or as an item; else ""
};

struct Entry {
  Digest id{};
  EntryKind kind = EntryKind::extracted;
  Act act = Act::unknown;
  Type type = Type::none;
  bool is = true;               // list: whether the value is in the list
  bool has_value = false;       // false: no value, or null
  bool holds_together = false;  // split: each part is also one thing
  std::string message_id;       // "": not from a message
  std::int64_t at = 0;
  Source source;
  std::int64_t place = 0;  // order among the entries of one answer or request

  std::string delivery;  // only in extracted entries
  std::string ref;       // also `from_ref`
  std::string field;
  std::string text;   // name, text or value, depending on the act; `from` of a rename
  std::string other;  // relation: `to_ref`; rename: `to`
  std::string to_name;
  std::string relation;
  std::vector<std::string> aliases;
  std::optional<Correction> corrects;
  std::string quote;
  std::string model;
  std::string prompt;
  std::string proposal;
  std::string chapter_title;  // the chapter of an imported text; "": no title
  std::int64_t chapter = 0;   // the chapter of an imported text, from 1; 0: unknown

  std::string operation;  // only in a person's entries
  Reference target = 0;
  std::vector<Reference> mentions;            // the entity's other mentions when the person acted
  std::vector<Reference> replaces;            // set, list, lock and resolve: what the person saw
  std::vector<Reference> entries;             // undo, list and resolve
  std::vector<std::vector<Reference>> parts;  // same, different and split
  std::vector<FieldValue> fields;             // add and lock
  Reference question = 0;
  Reference choose = 0;
  std::string dismiss;

  std::int64_t sequence = 0;  // path
  std::vector<std::string> left;
  std::vector<std::string> back;

  Reference reference() const { return id[0]; }
};

// An entry as it is stored. `body` is canonical JSON: members sorted by name, no spaces.
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

// Fails (invalid_request) when the id or a required member is missing, of another type or beyond
// its limit. Acts and types that are unknown, or unused by the ontology, are no fault: they become
// Act::unknown.
Result<Entry> parse_entry(const EntryRow& row, const Ontology& ontology = story::kOntology);

struct ParsedRows {
  std::vector<Entry> entries;
  std::int64_t last_position = 0;  // the highest position; 0 without rows
  std::size_t unreadable = 0;      // rows left out because parse_entry refuses them
  bool are_objects = true;
};

// Reads the rows in the next value, a JSON array from private.read_log, in a text of `text_bytes`
// bytes. They are valid only if the scanner has not failed and all of them are objects.
ParsedRows read_rows(json::Scanner& scanner, std::size_t text_bytes,
                     const Ontology& ontology = story::kOntology);

// Reads a JSON text. Fails (malformed_json, invalid_request) only when it is no array of objects.
Result<ParsedRows> parse_rows(std::string_view rows_json,
                              const Ontology& ontology = story::kOntology);

}  // namespace fabula::dossier
