#include "shared/api/openapi.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "shared/api/json_schema.hpp"
#include "shared/api/openapi_components.hpp"
#include "shared/api/path_parameter.hpp"
#include "shared/api/refusals.hpp"
#include "shared/json/text.hpp"
#include "shared/text/ascii.hpp"
#include "shared/text/split.hpp"

namespace fabula::api {
namespace {

using json::Writer;

constexpr int kCreated = 201;
constexpr int kAccepted = 202;
constexpr int kNotModifiedStatus = 304;

constexpr std::string_view kEventsExample =
    "id: 4\ndata: {\"type\":\"text\",\"content\":\"Once\"}\n\n"
    "id: 11\ndata: {\"type\":\"text\",\"content\":\" upon a\"}\n\n";

constexpr std::string_view kProgressExample =
    "id: 3-2-0\nevent: progress\ndata: {\"progress\":40,\"message\":\"Writing scene 3 of 7.\"}\n\n"
    "id: 3-2-17\nevent: text\ndata: {\"text\":\"The door was open\",\"offset\":0}\n\n";

bool answers_not_modified(const Operation& operation) {
  return operation.answer.has_etag && operation.method == "GET";
}

// The parameter for a client's position in a task's events.
void write_place_parameter(Writer& writer) {
  writer.begin_object();
  writer.key("name").string("Last-Event-ID").key("in").string("header");
  writer.key("description")
      .string(
          "The last event's id: what comes after it is told; after an id that is none of this "
          "task's, all of it. `after` says the same.");
  writer.key("required").boolean(false);
  writer.key("schema").raw(R"({"type":"string"})");
  writer.end_object();
}

void write_path_parameters(Writer& writer, std::string_view pattern) {
  text::Splitter parts(pattern.substr(1), '/');
  while (const auto part = parts.next()) {
    if (part->empty() || part->front() != '{') continue;
    writer.begin_object();
    writer.key("name").string(part->substr(1, part->size() - 2)).key("in").string("path");
    writer.key("required").boolean(true);
    writer.key("schema");
    write_field_schema(writer, path_parameter(part->substr(1, part->size() - 2)),
                       SchemaUse::parameter);
    writer.end_object();
  }
}

void write_query_parameters(Writer& writer, const Schema& query) {
  for (const auto& field : query.fields) {
    writer.begin_object();
    writer.key("name").string(field.name).key("in").string("query");
    writer.key("description").string(field.description);
    writer.key("required").boolean(field.is_required);
    writer.key("schema");
    write_field_schema(writer, field, SchemaUse::parameter);
    writer.end_object();
  }
}

void write_guest_key_parameter(Writer& writer) {
  writer.begin_object();
  writer.key("name").string("Idempotency-Key").key("in").string("header");
  writer.key("description")
      .string(
          "A random UUID. A request without a token that is sent again with it gets the same "
          "guest.");
  writer.key("required").boolean(false);
  writer.key("schema").begin_object();
  writer.key("type").string("string").key("format").string("uuid");
  writer.key("pattern").string(
      "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-4[0-9a-fA-F]{3}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$");
  writer.end_object();
  writer.end_object();
}

void write_parameters(Writer& writer, const Operation& operation) {
  writer.key("parameters").begin_array();
  write_path_parameters(writer, operation.pattern);
  if (operation.query) write_query_parameters(writer, *operation.query);
  if (operation.takes_idempotency_key && !operation.makes_guest) {
    write_parameter_reference(writer, "Idempotency-Key");
  }
  if (operation.makes_guest) write_guest_key_parameter(writer);
  if (operation.takes_if_match) write_parameter_reference(writer, "If-Match");
  if (answers_not_modified(operation)) write_parameter_reference(writer, "If-None-Match");
  if (operation.takes_last_event_id) {
    if (operation.answer.kind == AnswerKind::work) {
      write_place_parameter(writer);
    } else {
      write_parameter_reference(writer, "Last-Event-ID");
    }
  }
  if (operation.takes_user_id_header) write_parameter_reference(writer, "x-user-id");
  writer.end_array();
}

void write_request_body(Writer& writer, const Operation& operation) {
  writer.key("requestBody").begin_object();
  writer.key("description")
      .string("At most " + std::to_string(operation.maximum_body_bytes) + " bytes.");
  writer.key("required").boolean(!operation.is_body_optional);
  writer.key("content").begin_object().key("application/json").begin_object();
  writer.key("schema");
  write_schema_reference(writer, *operation.body);
  if (!operation.body_example.empty()) writer.key("example").raw(operation.body_example);
  writer.end_object().end_object().end_object();
}

void write_security(Writer& writer, Access access) {
  writer.key("security").begin_array();
  if (access == Access::caller_or_new_guest) writer.begin_object().end_object();
  if (access == Access::operator_only) {
    writer.raw(R"({"bearer":[]})").raw(R"({"apikey":[]})");
  } else if (access != Access::anyone) {
    writer.raw(R"({"bearer":[]})").raw(R"({"bearer":[],"apikey":[]})");
  }
  writer.end_array();
}

std::vector<std::string_view> answer_headers(const Operation& operation) {
  std::vector<std::string_view> names{"x-request-id"};
  const auto& answer = operation.answer;
  if (answer.has_etag || operation.takes_if_match) names.push_back("etag");
  if (answer.kind == AnswerKind::list && operation.query) {
    names.insert(names.end(), {"x-total-count", "content-range"});
  }
  if (answer.kind == AnswerKind::event_stream) {
    names.insert(names.end(), {"x-session-id", "x-project-id", "x-stream-id"});
    if (operation.access == Access::caller_or_new_guest) names.push_back("x-guest-token");
  }
  if (answer.kind == AnswerKind::work) {
    names.insert(names.end(), {"x-task-id", "x-project-id"});
    if (operation.access == Access::caller_or_new_guest) names.push_back("x-guest-token");
  }
  if (answer.kind == AnswerKind::redirect || !answer.location.empty()) {
    names.push_back("location");
  }
  return names;
}

void write_json_schema_of(Writer& writer, const Answer& answer) {
  if (!answer.schema) {
    writer.raw(R"({"type":"object","additionalProperties":true})");
  } else if (answer.kind == AnswerKind::list) {
    writer.begin_object().key("type").string("array").key("items");
    write_schema_reference(writer, *answer.schema);
    writer.end_object();
  } else {
    write_schema_reference(writer, *answer.schema);
  }
}

// OpenAPI 3.1 has no syntax for a stream of events. The stream is a string, so that a generated
// client tells it from a whole answer; the annotation, which no validator checks, is the schema of
// each event.
void write_event_stream(Writer& writer, const Answer& answer, std::string_view example) {
  std::string description = "Server-sent events";
  if (answer.event) description.append(", each a ").append(answer.event->name);
  writer.key("text/event-stream").begin_object().key("schema").begin_object();
  writer.key("type").string("string").key("description").string(description + ".");
  if (answer.event) {
    writer.key("contentMediaType").string("text/event-stream").key("contentSchema");
    write_schema_reference(writer, *answer.event);
  }
  writer.end_object().key("example").string(example).end_object();
}

void write_content(Writer& writer, const Answer& answer) {
  if (answer.kind == AnswerKind::redirect || answer.kind == AnswerKind::socket) return;
  writer.key("content").begin_object();
  if (answer.kind == AnswerKind::event_stream) {
    write_event_stream(writer, answer, kEventsExample);
    if (answer.schema) {
      writer.key("application/json").begin_object().key("schema");
      write_json_schema_of(writer, answer);
      writer.end_object();
    }
  } else if (answer.kind == AnswerKind::work) {
    write_event_stream(writer, answer, kProgressExample);
    writer.key("application/json").begin_object().key("schema");
    write_json_schema_of(writer, answer);
    writer.end_object();
  } else if (answer.kind == AnswerKind::file) {
    for (const auto type : answer.media_types) writer.key(type).raw("{}");
  } else if (answer.kind == AnswerKind::html || answer.kind == AnswerKind::text) {
    writer.key(answer.kind == AnswerKind::html ? "text/html" : "text/plain");
    writer.raw(R"({"schema":{"type":"string"}})");
  } else {
    writer.key("application/json").begin_object().key("schema");
    write_json_schema_of(writer, answer);
    writer.end_object();
  }
  writer.end_object();
}

void write_answer(Writer& writer, const Operation& operation, int status,
                  std::string_view description) {
  writer.key(std::to_string(status)).begin_object();
  writer.key("description").string(description);
  writer.key("headers");
  write_header_references(writer, answer_headers(operation));
  if (status != kNotModifiedStatus) write_content(writer, operation.answer);
  writer.end_object();
}

void write_pending(Writer& writer, const Operation& operation) {
  writer.key(std::to_string(kAccepted)).begin_object();
  writer.key("description").string("It is not done yet: the task, which goes on.");
  writer.key("headers");
  write_header_references(writer, answer_headers(operation));
  writer.key("content").begin_object().key("application/json").begin_object().key("schema");
  write_schema_reference(writer, *operation.answer.pending);
  writer.end_object().end_object().end_object();
}

void write_responses(Writer& writer, const Operation& operation) {
  const auto& answer = operation.answer;
  writer.key("responses").begin_object();
  write_answer(writer, operation, answer.status, answer.description);
  if (answer.may_create) write_answer(writer, operation, kCreated, "It was not there before.");
  if (answer.pending) write_pending(writer, operation);
  if (answers_not_modified(operation)) {
    write_answer(writer, operation, kNotModifiedStatus, "It has not changed.");
  }
  int last_status = 0;
  for (const auto code : refusals_of(operation)) {
    const int status = facts(code).status;
    if (status == last_status) continue;
    writer.key(std::to_string(status));
    write_refusal_reference(writer, status);
    last_status = status;
  }
  writer.end_object();
}

void write_operation(Writer& writer, const Operation& operation, std::string_view tag) {
  writer.key(text::to_lower(operation.method)).begin_object();
  writer.key("operationId").string(operation.id);
  writer.key("tags").begin_array().string(tag).end_array();
  writer.key("summary").string(operation.summary);
  if (!operation.description.empty()) writer.key("description").string(operation.description);
  write_security(writer, operation.access);
  write_parameters(writer, operation);
  if (operation.body) write_request_body(writer, operation);
  write_responses(writer, operation);
  writer.end_object();
}

// Writes each pattern once, with all of its methods.
void write_paths(Writer& writer, const OperationGroup& group) {
  const auto all = group.operations;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto same = [&](const Operation& other) { return other.pattern == all[i].pattern; };
    if (std::any_of(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(i), same)) continue;
    writer.key(all[i].pattern).begin_object();
    for (const auto& operation : all.subspan(i)) {
      if (same(operation)) write_operation(writer, operation, group.tag);
    }
    writer.end_object();
  }
}

void write_components(Writer& writer, std::span<const OperationGroup> groups) {
  std::vector<NamedSchema> schemas;
  std::vector<ErrorCode> codes;
  for (const auto& group : groups) {
    for (const auto& operation : group.operations) {
      collect_schemas(schemas, operation);
      const auto refusals = refusals_of(operation);
      codes.insert(codes.end(), refusals.begin(), refusals.end());
    }
  }
  sort_codes(codes);
  writer.key("components").begin_object();
  writer.key("schemas").begin_object();
  for (const auto& named : schemas) {
    writer.key(named.schema->name);
    write_object_schema(writer, named);
  }
  write_problem_schemas(writer);
  writer.end_object();
  write_shared_components(writer, codes);
  writer.end_object();
}

}  // namespace

std::string openapi_document(std::span<const OperationGroup> groups, std::string_view server_url) {
  std::string out;
  Writer writer(out);
  writer.begin_object();
  writer.key("openapi").string("3.1.0");
  writer.key("info").begin_object();
  writer.key("title").string("Fabula").key("version").string(kVersion);
  writer.key("summary").string("Endpoints for telling stories with a language model.");
  writer.key("description").string(kAbout);
  writer.key("license").raw(R"({"name":"MIT","identifier":"MIT"})");
  writer.end_object();
  writer.key("servers").begin_array().begin_object();
  writer.key("url").string(server_url).key("description").string("This deployment.");
  writer.end_object().end_array();
  writer.key("tags").begin_array();
  for (const auto& group : groups) {
    writer.begin_object().key("name").string(group.tag);
    writer.key("description").string(group.description).end_object();
  }
  writer.end_array();
  writer.key("paths").begin_object();
  for (const auto& group : groups) write_paths(writer, group);
  writer.end_object();
  write_components(writer, groups);
  writer.end_object();
  return out;
}

}  // namespace fabula::api
