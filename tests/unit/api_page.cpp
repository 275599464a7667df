#include "shared/api/page.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

#include "shared/api/endpoints/groups.hpp"
#include "shared/api/html.hpp"

using namespace fabula;

namespace {

using api::Field;
using api::Operation;
using api::Schema;
using api::Type;

std::string page() {
  return api::reference_page(api::kGroups, "https://a.example/functions/v1", "docs/openapi.json");
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// Each tag that is opened is closed again, in order; attributes have no `>` inside.
bool is_balanced(std::string_view html) {
  std::vector<std::string> open;
  for (auto at = html.find('<'); at != std::string_view::npos; at = html.find('<', at + 1)) {
    const auto end = html.find('>', at);
    if (end == std::string_view::npos) return false;
    const auto tag = html.substr(at + 1, end - at - 1);
    const std::string name(tag.substr(0, tag.find(' ')));
    if (name == "!doctype" || name == "meta") continue;
    if (!name.starts_with('/')) {
      open.push_back(name);
    } else if (open.empty() || open.back() != name.substr(1)) {
      return false;
    } else {
      open.pop_back();
    }
  }
  return open.empty();
}

constexpr std::string_view kHostile = "<script>\"'&`<b>`";
constexpr std::array<std::string_view, 1> kHostileChoices{"</code><i>"};
constexpr std::array kHostileFields{
    Field{.name = "<x>", .description = kHostile},
    Field{.name = "choice",
          .description = kHostile,
          .choices = kHostileChoices,
          .default_json = "\"</code><i>\""},
};
constexpr Schema kHostileSchema{"Hostile", kHostile, kHostileFields};
constexpr std::array kHostileOperations{Operation{
    .id = "\" onclick=\"x",
    .method = "POST",
    .pattern = "/<a>/{<b>_id}",
    .summary = kHostile,
    .query = &kHostileSchema,
    .body = &kHostileSchema,
    .answer = {.schema = &kHostileSchema, .description = kHostile},
    .description = kHostile,
    .body_example = "{\"a\":\"</code>\"}",
}};
constexpr std::array kHostileGroups{
    api::OperationGroup{"\" onclick=\"x", kHostile, kHostileOperations}};

}  // namespace

TEST_CASE("text is escaped, and backticks make code") {
  std::string out;
  api::append_html(out, "a<b>&\"'`ä");
  CHECK(out == "a&lt;b&gt;&amp;&quot;&#39;`ä");
  out.clear();
  api::append_html_with_code(out, "`x<` and y");
  CHECK(out == "<code>x&lt;</code> and y");
}

TEST_CASE("the page is one well-formed document without scripts or foreign hosts") {
  const auto html = page();
  CHECK(html.starts_with("<!doctype html><html lang=\"en\">"));
  CHECK(is_balanced(html));
  for (const std::string_view part : {"<script", "javascript:", "onclick", "src=", "url(",
                                      "@import", "href=\"http", "href=\"//", "<link", "<form"}) {
    CHECK_FALSE(has(html, part));
  }
}

TEST_CASE("each operation has an article that the navigation leads to") {
  const auto html = page();
  for (const auto& group : api::kGroups) {
    CHECK(has(html, "<a href=\"#group-" + std::string(group.tag) + '"'));
    CHECK(has(html, "<section id=\"group-" + std::string(group.tag) + '"'));
    for (const auto& operation : group.operations) {
      CAPTURE(operation.id);
      const std::string id(operation.id);
      CHECK(has(html, "<a href=\"#" + id + "\">" + std::string(operation.method) + ' ' +
                          std::string(operation.pattern) + "</a>"));
      CHECK(has(html, "<article id=\"" + id + "\"><h3><span class=\"method\">" +
                          std::string(operation.method) + "</span> " +
                          std::string(operation.pattern) + "</h3>"));
    }
  }
}

TEST_CASE("fields are told with their limits, nested ones with their paths") {
  const auto html = page();
  CHECK(has(html,
            "<td><code>text</code> <em>required</em></td><td>string, at most 200000 bytes, "
            "not blank</td><td>The user&#39;s message.</td>"));
  CHECK(
      has(html, "<td><code>limit</code></td><td>integer, 1 to 100, default <code>20</code></td>"));
  CHECK(
      has(html, "<td><code>messages[].message_id</code></td><td>UUID, or <code>null</code></td>"));
  CHECK(has(html, "<td><code>tokens.in</code></td>"));
  CHECK(has(html, "<code>asc</code> | <code>desc</code>"));
  CHECK(has(html, "<td><code>{session_id}</code></td><td>UUID</td>"));
  CHECK(has(html, "<td><code>If-Match</code></td>"));
  CHECK(has(html, "<strong>412</strong> precondition_failed"));
  CHECK(has(html, "href=\"docs/openapi.json\""));
}

TEST_CASE("nothing that is declared can leave its place") {
  const auto html = api::reference_page(kHostileGroups, "https://a/\"><script>", "\"><script>");
  CHECK(is_balanced(html));
  for (const std::string_view part : {"<script", "<i>", "<b>", "<a>", "\" onclick"}) {
    CHECK_FALSE(has(html, part));
  }
}
