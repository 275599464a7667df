#include <algorithm>
#include <utility>

#include "shared/dossier/log/entry.hpp"
#include "shared/dossier/log/entry_body.hpp"
#include "shared/dossier/log/word_code.hpp"
#include "shared/json/scanner.hpp"
#include "shared/text/integer.hpp"

namespace fabula::dossier {
namespace {

using json::Kind;
using json::Scanner;
using json::StringSpan;

// Entries are large: moving them each time the vector grows would cost as much as reading them.
constexpr std::size_t kUsualRowBytes = 400;

// Reads one row in one pass: members may come in any order, and the last of those with one name
// counts.
class RowReader {
 public:
  RowReader(Scanner& scanner, Entry& entry, const Ontology& ontology)
      : scanner_(scanner), entry_(entry), ontology_(ontology) {}

  // Whether it is an entry, which is then in `entry`; in both cases the row has been read to its
  // end.
  bool read() {
    StringSpan key;
    std::string unescaped;
    scanner_.enter_object();
    while (scanner_.next_member(key)) read_member(json::unescaped(key, unescaped));
    if (!has_body_ || !kind_ || !id_ || !has_message_id_) return false;
    entry_.id = *id_;
    entry_.kind = *kind_;
    entry_.message_id = std::move(message_id_);
    return complete_entry(entry_, ontology_).has_value();
  }

  std::int64_t position() const { return position_; }

 private:
  void read_member(std::string_view name) {
    switch (word_code(name)) {
      case word_code("body"):
        if (std::exchange(has_read_body_, true)) entry_ = Entry();
        has_body_ = read_body(scanner_, entry_, ontology_).empty();
        break;
      case word_code("kind"):
        kind_ = entry_kind_named(text().value_or(""));
        break;
      case word_code("position"):
        position_ = text::parse_integer(scanner_.skip_value()).value_or(0);
        break;
      case word_code("message_id"): {
        const auto message_id = text();
        has_message_id_ = message_id.has_value();
        message_id_ = message_id.value_or("");
        break;
      }
      case word_code("assertion_id"):
        id_ = parse_digest(text().value_or(""));
        break;
      default:
        scanner_.skip_value();
    }
  }

  // "" for null, nothing for a value that is no text. Valid until the next text is read.
  std::optional<std::string_view> text() {
    StringSpan span;
    const auto kind = scanner_.peek();
    if (kind == Kind::string && scanner_.read_string(span)) {
      return json::unescaped(span, unescaped_);
    }
    scanner_.skip_value();
    if (kind == Kind::null) return "";
    return std::nullopt;
  }

  Scanner& scanner_;
  Entry& entry_;
  const Ontology& ontology_;
  std::int64_t position_ = 0;
  std::optional<EntryKind> kind_;
  std::optional<Digest> id_;
  std::string message_id_;
  bool has_message_id_ = true;  // the member may be missing
  bool has_body_ = false;
  bool has_read_body_ = false;
  std::string unescaped_;
};

}  // namespace

ParsedRows read_rows(Scanner& scanner, std::size_t text_bytes, const Ontology& ontology) {
  ParsedRows rows;
  if (!scanner.enter_array()) return rows;
  rows.entries.reserve(text_bytes / kUsualRowBytes);
  while (scanner.next_element()) {
    if (scanner.peek() != Kind::object) {
      scanner.skip_value();
      rows.are_objects = false;
      continue;
    }
    RowReader reader(scanner, rows.entries.emplace_back(), ontology);
    if (!reader.read()) {
      rows.entries.pop_back();
      ++rows.unreadable;
    }
    rows.last_position = std::max(rows.last_position, reader.position());
  }
  return rows;
}

Result<ParsedRows> parse_rows(std::string_view rows_json, const Ontology& ontology) {
  Scanner scanner(rows_json);
  auto rows = read_rows(scanner, rows_json.size(), ontology);
  if (!scanner.finish()) {
    return problem(ErrorCode::malformed_json, "The log's rows are no JSON array.");
  }
  if (!rows.are_objects) {
    return problem(ErrorCode::invalid_request, "The log's rows must be objects.");
  }
  return rows;
}

}  // namespace fabula::dossier
