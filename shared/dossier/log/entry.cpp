#include "shared/dossier/log/entry.hpp"

#include <utility>

#include "shared/dossier/log/entry_body.hpp"
#include "shared/json/scanner.hpp"

namespace fabula::dossier {

using json::Document;
using json::Writer;

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

Result<Entry> parse_entry(const EntryRow& row, const Ontology& ontology) {
  const auto id = parse_digest(row.id);
  if (!id) {
    return problem(ErrorCode::invalid_request,
                   "An assertion_id must be 64 hexadecimal digits in lower case.");
  }
  Entry entry;
  entry.id = *id;
  entry.kind = row.kind;
  entry.message_id = row.message_id;
  json::Scanner scanner(row.body);
  auto fault = read_body(scanner, entry, ontology);
  if (!scanner.finish() && fault.empty()) fault = "must be a JSON object";
  if (!fault.empty()) {
    return problem(ErrorCode::invalid_request, "An assertion's body " + std::string(fault) + ".");
  }
  if (auto completed = complete_entry(entry, ontology); !completed) {
    return tl::unexpected(std::move(completed.error()));
  }
  return entry;
}

}  // namespace fabula::dossier
