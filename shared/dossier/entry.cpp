#include "shared/dossier/entry.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "shared/dossier/entry_body.hpp"
#include "shared/json/scanner.hpp"
#include "shared/text/integer.hpp"

namespace fabula::dossier {
namespace {

using json::Document;
using json::Writer;

std::optional<std::string> text_of(std::string_view json) {
  if (json.empty() || json == "null") return std::string();
  return json::string_value(json);
}

// The rows' members in the order that kRowMembers names them.
enum RowMember : std::size_t { kBody, kKind, kPosition, kMessage, kId, kRowMemberCount };

struct ScannedRow {
  Result<Entry> entry;
  std::int64_t position = 0;
};

std::optional<ScannedRow> scan_row(std::string_view row_json) {
  std::array<json::RawMember, kRowMemberCount> members{
      {{"body"}, {"kind"}, {"position"}, {"message_id"}, {"assertion_id"}}};
  if (!json::find_raw_members(row_json, members)) return std::nullopt;
  ScannedRow row{problem(ErrorCode::invalid_request, "A row lacks its kind or its id.")};
  row.position = text::parse_integer(members[kPosition].value).value_or(0);
  const auto kind_name = text_of(members[kKind].value);
  const auto kind = kind_name ? entry_kind_named(*kind_name) : std::nullopt;
  const auto message_id = text_of(members[kMessage].value);
  const auto id_text = text_of(members[kId].value);
  const auto id = id_text ? parse_digest(*id_text) : std::nullopt;
  if (!kind || !message_id || !id) return row;
  row.entry = parse_body(*id, *kind, *message_id, members[kBody].value);
  return row;
}

}  // namespace

Result<EntryRow> make_row(std::string_view project_id, EntryKind kind, std::string_view message_id,
                          const Document& body) {
  EntryRow row;
  row.kind = kind;
  row.message_id = message_id;
  row.body = json::dump(body);
  if (row.body.size() > kMaximumBodyBytes) {
    return problem(ErrorCode::body_too_large,
                   "One change is larger than 48 KB: shorten its texts, or send it in parts.");
  }
  std::string content;
  content.reserve(row.body.size() + 200);
  Writer writer(content);
  writer.begin_object().key("body").raw(row.body).key("kind").string(name(kind));
  writer.key("message_id");
  if (message_id.empty()) {
    writer.null();
  } else {
    writer.string(message_id);
  }
  writer.key("project").string(project_id).end_object();
  row.id = digest_text(sha256(content));
  return row;
}

void write_row(Writer& writer, const EntryRow& row) {
  writer.begin_object().key("assertion_id").string(row.id);
  writer.key("kind").string(name(row.kind)).key("body").raw(row.body).key("message_id");
  if (row.message_id.empty()) {
    writer.null();
  } else {
    writer.string(row.message_id);
  }
  writer.end_object();
}

Result<Entry> parse_entry(const EntryRow& row) {
  const auto id = parse_digest(row.id);
  if (!id) {
    return problem(ErrorCode::invalid_request,
                   "An assertion_id must be 64 hexadecimal digits in lower case.");
  }
  return parse_body(*id, row.kind, row.message_id, row.body);
}

Result<ParsedRows> parse_rows(std::string_view rows_json) {
  ParsedRows rows;
  json::Scanner scanner(rows_json);
  bool are_objects = true;
  if (scanner.enter_array()) {
    while (scanner.next_element()) {
      const auto row_json = scanner.skip_value();
      if (row_json.empty()) break;
      auto row = scan_row(row_json);
      if (!row) {
        are_objects = false;
        continue;
      }
      rows.last_position = std::max(rows.last_position, row->position);
      if (row->entry) {
        rows.entries.push_back(std::move(*row->entry));
      } else {
        ++rows.unreadable;
      }
    }
  }
  if (!scanner.finish()) {
    return problem(ErrorCode::malformed_json, "The log's rows are no JSON array.");
  }
  if (!are_objects) {
    return problem(ErrorCode::invalid_request, "The log's rows must be objects.");
  }
  return rows;
}

}  // namespace fabula::dossier
