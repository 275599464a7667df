#include "shared/llm/stream/tool_call_joiner.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/unit/collecting_sink.hpp"

using namespace fabula;
using llm::ToolCallPiece;

namespace {

ToolCallPiece numbered(std::int64_t number, std::string id, std::string name,
                       std::string arguments) {
  return {number, false, std::move(id), std::move(name), std::move(arguments)};
}

ToolCallPiece unnumbered(std::string id, std::string name, std::string arguments) {
  return {std::nullopt, false, std::move(id), std::move(name), std::move(arguments)};
}

// `id name arguments` of each call.
std::vector<std::string> joined(const std::vector<ToolCallPiece>& pieces) {
  llm::ToolCallJoiner joiner;
  tests::CollectingSink sink;
  for (const auto& piece : pieces) CHECK(joiner.join(piece, sink));
  std::vector<std::string> calls;
  for (const auto& call : sink.tool_calls.all()) {
    calls.push_back(call.id + ' ' + call.name + ' ' + call.arguments);
  }
  return calls;
}

using Calls = std::vector<std::string>;

}  // namespace

TEST_CASE("pieces with a number are joined by it, whatever their ids are") {
  CHECK(joined({numbered(5, "a", "f", ""), numbered(2, "b", "g", "1"), numbered(5, "x", "", "{"),
                numbered(2, "", "g", "2"), numbered(5, "a", "f", "}")}) ==
        Calls{"a f {}", "b g 12"});
}

TEST_CASE("whole calls that all have the number 0 are told apart by id") {
  CHECK(joined({numbered(0, "a", "f", "{}"), numbered(0, "b", "f", "{}"), numbered(0, "c", "g", ""),
                numbered(0, "d", "h", "{}")}) == Calls{"a f {}", "b f {}", "c g ", "d h {}"});
  // New ids for pieces of one call: its arguments are not over yet.
  CHECK(joined({numbered(0, "a", "f", "{\"x\":"), numbered(0, "b", "f", "1}")}) ==
        Calls{"a f {\"x\":1}"});
}

TEST_CASE("without a number the id decides, and a piece without both goes on") {
  CHECK(joined({unnumbered("a", "f", "{"), unnumbered("", "", "}"), unnumbered("b", "f", "["),
                unnumbered("a", "", " "), unnumbered("", "", "]")}) == Calls{"a f {} ", "b f []"});
  // An id that changes from piece to piece.
  CHECK(joined({unnumbered("a", "f", "{"), unnumbered("b", "", "}")}) == Calls{"a f {}"});
}

TEST_CASE("without number and id a name begins a call, unless it is repeated") {
  CHECK(joined({unnumbered("", "f", "{"), unnumbered("", "f", "}"), unnumbered("", "f", "{}"),
                unnumbered("", "g", "")}) == Calls{" f {}", " f {}", " g "});
}

TEST_CASE("id and name count when they first come, even late") {
  CHECK(joined({numbered(0, "", "f", "{"), numbered(0, "a", "", "}"), numbered(0, "", "q", "")}) ==
        Calls{"a f {}"});
}

TEST_CASE("a piece that begins a call does so, and later ones of its number go on with it") {
  ToolCallPiece begins = numbered(1, "b", "g", "");
  begins.begins_call = true;
  CHECK(joined({numbered(1, "a", "f", "{"), begins, numbered(1, "", "", "{}")}) ==
        Calls{"a f {", "b g {}"});
}

TEST_CASE("what says nothing, or belongs to nothing, is passed over") {
  CHECK(joined({unnumbered("", "", ""), numbered(0, "", "", "{}"), numbered(1, "a", "f", "")}) ==
        Calls{"a f "});
}

TEST_CASE("ids and names are valid UTF-8 whatever the provider sent") {
  CHECK(joined({numbered(0, "a\xED\xA0\xBD", "\xED\xB8\x80", "")}).front().size() > 3);
}
