#include "shared/api/page.hpp"

#include "shared/api/html.hpp"
#include "shared/api/page_fields.hpp"
#include "shared/api/page_style.hpp"
#include "shared/api/path_parameter.hpp"
#include "shared/api/refusals.hpp"
#include "shared/text/split.hpp"

namespace fabula::api {
namespace {

void append_paragraph(std::string& out, std::string_view text) {
  out += "<p>";
  append_html_with_code(out, text);
  out += "</p>";
}

void append_method(std::string& out, const Operation& operation) {
  out += "<span class=\"method\">";
  append_html(out, operation.method);
  out += "</span> ";
}

// Ends a start tag whose last attribute has this value.
void append_start_tag(std::string& out, std::string_view before, std::string_view value) {
  out += before;
  append_html(out, value);
  out += "\">";
}

void append_navigation(std::string& out, std::span<const OperationGroup> groups) {
  out += "<nav aria-label=\"Endpoints\"><details open><summary>Endpoints</summary><ul>";
  for (const auto& group : groups) {
    append_start_tag(out, "<li><a href=\"#group-", group.tag);
    append_html(out, group.tag);
    out += "</a><ul>";
    for (const auto& operation : group.operations) {
      append_start_tag(out, "<li><a href=\"#", operation.id);
      append_html(out, operation.method);
      out += ' ';
      append_html(out, operation.pattern);
      out += "</a></li>";
    }
    out += "</ul></li>";
  }
  out += "<li><a href=\"#errors\">errors</a></li></ul></details></nav>";
}

std::string_view access_words(Access access) {
  switch (access) {
    case Access::anyone:
      return "Anyone may call this.";
    case Access::caller:
      return "For users and guests: send `Authorization: Bearer` with the token.";
    case Access::caller_or_new_guest:
      return "For users and guests; whoever sends no token becomes a new guest, whose token is in "
             "the header `x-guest-token`.";
    case Access::operator_only:
      return "For whoever runs the server: the secret key as `apikey`, or `Authorization: Bearer` "
             "with `FABULA_METRICS_TOKEN`.";
  }
  return {};
}

struct Parameter {
  bool is_taken;
  std::string_view name;
  std::string_view type;
  std::string_view meaning;
};

void append_parameter(std::string& rows, const Parameter& parameter) {
  if (!parameter.is_taken) return;
  rows += "<tr><td>";
  append_element(rows, "code", parameter.name);
  rows += "</td>";
  append_element(rows, "td", parameter.type);
  append_element(rows, "td", parameter.meaning);
  rows += "</tr>";
}

// Of the path and the headers; a query has its own table.
void append_parameters(std::string& out, const Operation& operation) {
  std::string rows;
  text::Splitter parts(operation.pattern, '/');
  while (const auto part = parts.next()) {
    if (!part->starts_with('{')) continue;
    const auto type = path_parameter(part->substr(1, part->size() - 2)).type;
    append_parameter(rows, {true, *part,
                            type == Type::integer ? "whole number"
                            : type == Type::text  ? "text"
                                                  : "UUID",
                            "Another's is 404, like an unknown one."});
  }
  for (const auto& header : {
           Parameter{operation.takes_idempotency_key, "Idempotency-Key",
                     "1 to 255 visible ASCII characters",
                     "The same request with the same key is done once."},
           Parameter{operation.takes_if_match, "If-Match", "ETag",
                     "The version that is to be changed: 412 when there is a newer one."},
           Parameter{operation.answer.has_etag, "If-None-Match", "ETag",
                     "The version that you have: 304 when it is still so."},
           Parameter{operation.takes_last_event_id, "Last-Event-ID", "the last event's id",
                     "The bytes that you know; `after` says the same."},
           Parameter{operation.takes_user_id_header, "x-user-id", "UUID",
                     "The caller's own id; another's is 403."},
       }) {
    append_parameter(rows, header);
  }
  if (rows.empty()) return;
  out += "<h4>Path and headers</h4><div class=\"table\"><table><tbody>" + rows +
         "</tbody></table></div>";
}

void append_request(std::string& out, const Operation& operation) {
  append_parameters(out, operation);
  if (operation.query) {
    out += "<h4>Query</h4>";
    append_fields_table(out, *operation.query, FieldsOf::request);
  }
  if (!operation.body) return;
  out += operation.is_body_optional ? "<h4>Body, which may be left out</h4>" : "<h4>Body</h4>";
  append_paragraph(out, "`application/json`, at most " +
                            std::to_string(operation.maximum_body_bytes) + " bytes.");
  append_fields_table(out, *operation.body, FieldsOf::request);
  if (operation.body_example.empty()) return;
  out += "<pre><code>";
  append_html(out, operation.body_example);
  out += "</code></pre>";
}

std::string_view answer_words(const Operation& operation) {
  switch (operation.answer.kind) {
    case AnswerKind::object:
      return "A JSON object.";
    case AnswerKind::list:
      return operation.query ? "A JSON array; `x-total-count` and `content-range` say where it is."
                             : "A JSON array.";
    case AnswerKind::event_stream:
      return operation.answer.schema
                 ? "`text/event-stream`, or with `Accept: application/json` one JSON object; ids "
                   "are "
                   "also in `x-session-id`, `x-project-id` and `x-stream-id`."
                 : "`text/event-stream`; ids are also in `x-session-id`, `x-project-id` and "
                   "`x-stream-id`.";
    case AnswerKind::html:
      return "`text/html`.";
    case AnswerKind::text:
      return "`text/plain`.";
    case AnswerKind::redirect:
      return "`Location` says where.";
  }
  return {};
}

void append_answer(std::string& out, const Operation& operation) {
  const auto& answer = operation.answer;
  out += "<h4>Answer</h4><p><code>" + std::to_string(answer.status) + "</code> ";
  append_html_with_code(out, answer.description);
  if (answer.may_create) out += " <code>201</code> when it was not there before.";
  out += "</p>";
  append_paragraph(out, answer_words(operation));
  if (answer.schema) append_fields_table(out, *answer.schema, FieldsOf::answer);
}

void append_refusals(std::string& out, const Operation& operation) {
  out += "<h4>Refusals</h4><p>";
  int last_status = 0;
  for (const auto code : refusals_of(operation)) {
    const auto& about = facts(code);
    if (about.status == last_status) {
      out += ", ";
    } else {
      if (last_status != 0) out += "; ";
      append_element(out, "strong", std::to_string(about.status));
      out += ' ';
    }
    append_html(out, about.name);
    last_status = about.status;
  }
  out += "</p>";
}

void append_operation(std::string& out, const Operation& operation) {
  append_start_tag(out, "<article id=\"", operation.id);
  out += "<h3>";
  append_method(out, operation);
  append_html(out, operation.pattern);
  out += "</h3>";
  append_paragraph(out, operation.summary);
  if (!operation.description.empty()) append_paragraph(out, operation.description);
  out += "<p class=\"access\">";
  append_html_with_code(out, access_words(operation.access));
  out += "</p>";
  append_request(out, operation);
  append_answer(out, operation);
  append_refusals(out, operation);
  out += "</article>";
}

void append_error_codes(std::string& out) {
  out += "<section id=\"errors\"><h2>Errors</h2>";
  append_paragraph(out,
                   "A refusal is `application/problem+json`: `type`, `title`, `status`, `detail`, "
                   "`instance` (the request's id), `code` and, where fields are at fault, `errors` "
                   "with `path` and `message`. Programs switch on `code`.");
  out +=
      "<div class=\"table\"><table><thead><tr><th>Code</th><th>Status</th><th>Meaning</th>"
      "<th>Worth another try</th></tr></thead><tbody>";
  for (int i = 0; i <= static_cast<int>(ErrorCode::time_limit); ++i) {
    const auto& about = facts(static_cast<ErrorCode>(i));
    out += "<tr><td>";
    append_element(out, "code", about.name);
    out += "</td>";
    append_element(out, "td", std::to_string(about.status));
    append_element(out, "td", about.title);
    append_element(out, "td", about.retryable ? "yes" : "no");
    out += "</tr>";
  }
  out += "</tbody></table></div></section>";
}

}  // namespace

std::string reference_page(std::span<const OperationGroup> groups, std::string_view server_url,
                           std::string_view document_url) {
  std::string out =
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
      "<title>Fabula: endpoints</title><style>";
  out.append(kPageStyle).append("</style></head><body>");
  append_navigation(out, groups);
  out += "<header><h1>Fabula <small>";
  append_html(out, kVersion);
  out += "</small></h1>";
  append_paragraph(out, kAbout);
  out += "<p>Paths are below ";
  append_element(out, "code", server_url);
  append_start_tag(out, ". For programs: <a href=\"", document_url);
  out += "the OpenAPI document</a>.</p></header><main>";
  for (const auto& group : groups) {
    append_start_tag(out, "<section id=\"group-", group.tag);
    append_element(out, "h2", group.tag);
    append_paragraph(out, group.description);
    for (const auto& operation : group.operations) append_operation(out, operation);
    out += "</section>";
  }
  append_error_codes(out);
  out += "</main></body></html>";
  return out;
}

}  // namespace fabula::api
