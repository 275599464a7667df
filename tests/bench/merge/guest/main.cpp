// A guest for tests/bench/merge: a function's work on a dossier between its two calls of the
// database, in steps that are timed from outside.
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "shared/dossier/fold/dossier.hpp"
#include "shared/json/scanner.hpp"
#include "wasm/engine/dossier_log.hpp"
#include "wasm/runtime/entry.hpp"

namespace {

using namespace fabula;

dossier::Dossier folded;
std::string text;

// The rows that `text` has as "entries", read as the engine reads them; 0 when there are none.
std::uint32_t add_rows() {
  json::Scanner scanner(text);
  json::StringSpan key;
  dossier::ParsedRows rows;
  scanner.enter_object();
  while (scanner.next_member(key)) {
    if (key.contents == "entries") {
      rows = dossier::read_rows(scanner, text.size());
    } else {
      scanner.skip_value();
    }
  }
  if (!scanner.finish() || !rows.are_objects) return 0;
  return static_cast<std::uint32_t>(folded.add(std::move(rows.entries)));
}

}  // namespace

extern "C" {

// The buffer for the next text, of this many bytes.
char* FABULA_EXPORT(bench_text)(std::uint32_t bytes) {
  text.resize(bytes);
  return text.data();
}

// Takes an answer of read_dossier_log.
std::uint32_t FABULA_EXPORT(bench_load)() { return add_rows(); }

// Adds the rows of one more delivery and merges all.
std::uint32_t FABULA_EXPORT(bench_merge)() {
  const auto added = add_rows();
  return added == 0 ? 0
                    : static_cast<std::uint32_t>(
                          folded.state().entities(dossier::story::kCharacter).size());
}

// Writes the snapshot and the facts in the form in which they are stored; returns their bytes.
std::uint32_t FABULA_EXPORT(bench_store)() {
  std::string request;
  json::Writer writer(request);
  database::write_commit(writer, database::make_commit(folded, 0, {}));
  return static_cast<std::uint32_t>(request.size());
}

}  // extern "C"
