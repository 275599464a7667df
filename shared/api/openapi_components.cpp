#include "shared/api/openapi_components.hpp"

#include <array>
#include <cstddef>
#include <string>

namespace fabula::api {
namespace {

using json::Writer;

struct Header {
  std::string_view name;
  std::string_view description;
  std::string_view schema;  // JSON text
};

constexpr std::string_view kText = R"({"type":"string"})";
constexpr std::string_view kUuidSchema = R"({"type":"string","format":"uuid"})";
constexpr std::string_view kNumber = R"({"type":"integer","minimum":0})";

constexpr std::array kResponseHeaders{
    Header{"x-request-id", "Names this request in our logs.", kText},
    Header{"etag", "The version, for If-Match and If-None-Match.", kText},
    Header{"x-total-count", "How many items there are on all pages.", kNumber},
    Header{"content-range", "Which items this page holds, such as 0-19/57; */57 for none.", kText},
    Header{"x-session-id", "The session that was said something in.", kUuidSchema},
    Header{"x-project-id", "The project.", kUuidSchema},
    Header{"x-task-id", "The task that does it.", kUuidSchema},
    Header{"x-stream-id", "The stream, by which it can be found again.", kText},
    Header{"x-guest-token", "A new guest's token, shown this once: the bearer from now on.", kText},
    Header{"location", "Where it is.", kText},
    Header{"retry-after", "After how many seconds it is worth another try.", kNumber},
    Header{"www-authenticate", "The kind of credentials that are required.", kText},
};

// The characters that a header can contain and that proxies do not change.
constexpr std::string_view kKey =
    R"({"type":"string","minLength":1,"maxLength":255,"pattern":"^[!-~]+$"})";

// Matches what api::single_etag accepts.
constexpr std::string_view kOneTag =
    R"({"type":"string","pattern":"^(\\*|(W/)?\"[!#-~]+\")$","examples":["*"]})";

// Matches what engine::known_bytes accepts.
constexpr std::string_view kBytes = R"({"type":"string","pattern":"^[0-9]{0,9}$"})";

constexpr std::array kRequestHeaders{
    Header{"Idempotency-Key",
           "A text of your own for this request, such as a new UUID. A request that is sent again "
           "with it is not done again: it gets what the first one has begun or made.",
           kKey},
    Header{"If-Match", "The ETag of the version that is to be changed, or *.", kOneTag},
    Header{"If-None-Match", "The ETag of the version that you have: 304 when it is still so.",
           kText},
    Header{"Last-Event-ID", "The last event's id: the bytes that you know. `after` says the same.",
           kBytes},
    Header{"x-user-id", "The caller's own id; it proves nothing, and another's is refused.",
           kUuidSchema},
};

std::string refusal_name(int status) { return "Refusal" + std::to_string(status); }

void write_header(Writer& writer, const Header& header) {
  writer.key(header.name).begin_object();
  writer.key("description").string(header.description);
  writer.key("schema").raw(header.schema);
  writer.end_object();
}

void write_parameter(Writer& writer, const Header& header) {
  writer.key(header.name).begin_object();
  writer.key("name").string(header.name).key("in").string("header");
  writer.key("description").string(header.description);
  writer.key("required").boolean(false);
  writer.key("schema").raw(header.schema);
  writer.end_object();
}

void write_example(Writer& writer, const ErrorCodeFacts& about) {
  writer.begin_object();
  writer.key("type").string("urn:fabula:problem:" + std::string(about.name));
  writer.key("title").string(about.title);
  writer.key("status").integer(about.status);
  writer.key("detail").string("What happened, and what to do about it.");
  writer.key("instance").string("0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9");
  writer.key("code").string(about.name);
  if (about.code == ErrorCode::invalid_request) {
    writer.key("errors").begin_array().begin_object();
    writer.key("path").string("text");
    writer.key("message").string("This field is required. Send a string that is not blank.");
    writer.end_object().end_array();
  }
  writer.end_object();
}

// Writes all codes of one status as one response.
void write_refusal(Writer& writer, std::span<const ErrorCode> codes) {
  const int status = facts(codes[0]).status;
  std::string description;
  for (const auto code : codes) {
    if (!description.empty()) description += "; ";
    description.append(facts(code).title).append(" (`").append(facts(code).name).append("`)");
  }
  writer.key(refusal_name(status)).begin_object();
  writer.key("description").string(description + ".");
  constexpr std::array<std::string_view, 1> kAlways{"x-request-id"};
  constexpr std::array<std::string_view, 2> kUnauthorized{"x-request-id", "www-authenticate"};
  constexpr std::array<std::string_view, 2> kRetry{"x-request-id", "retry-after"};
  writer.key("headers");
  if (status == 401) {
    write_header_references(writer, kUnauthorized);
  } else if (status == 409 || status == 429 || status == 503) {
    write_header_references(writer, kRetry);
  } else {
    write_header_references(writer, kAlways);
  }
  writer.key("content").begin_object().key("application/problem+json").begin_object();
  writer.key("schema").begin_object();
  writer.key("$ref").string("#/components/schemas/Problem").end_object();
  writer.key("examples").begin_object();
  for (const auto code : codes) {
    writer.key(facts(code).name).begin_object().key("value");
    write_example(writer, facts(code));
    writer.end_object();
  }
  writer.end_object().end_object().end_object().end_object();
}

void write_reference(Writer& writer, std::string_view kind, std::string_view name) {
  std::string reference = "#/components/";
  reference.append(kind).append("/").append(name);
  writer.begin_object().key("$ref").string(reference).end_object();
}

}  // namespace

void write_header_references(Writer& writer, std::span<const std::string_view> names) {
  writer.begin_object();
  for (const auto name : names) {
    writer.key(name);
    write_reference(writer, "headers", name);
  }
  writer.end_object();
}

void write_parameter_reference(Writer& writer, std::string_view name) {
  write_reference(writer, "parameters", name);
}

void write_refusal_reference(Writer& writer, int status) {
  write_reference(writer, "responses", refusal_name(status));
}

void write_shared_components(Writer& writer, std::span<const ErrorCode> codes) {
  writer.key("headers").begin_object();
  for (const auto& header : kResponseHeaders) write_header(writer, header);
  writer.end_object();
  writer.key("parameters").begin_object();
  for (const auto& header : kRequestHeaders) write_parameter(writer, header);
  writer.end_object();
  writer.key("responses").begin_object();
  while (!codes.empty()) {
    std::size_t count = 1;
    while (count < codes.size() && facts(codes[count]).status == facts(codes[0]).status) ++count;
    write_refusal(writer, codes.first(count));
    codes = codes.subspan(count);
  }
  writer.end_object();
  writer.key("securitySchemes")
      .raw(R"({"bearer":{"type":"http","scheme":"bearer","description":)"
           R"("A Supabase access token, or a guest's token (fg_...)."},)"
           R"("apikey":{"type":"apiKey","in":"header","name":"apikey",)"
           R"("description":"The project's publishable key. The functions )"
           R"(do not need it; Supabase's own clients send it."}})");
}

void write_problem_schemas(Writer& writer) {
  writer.key("Problem").begin_object();
  writer.key("type").string("object");
  writer.key("description")
      .string(
          "Why something was not done (RFC 9457). `plan_exceeded` also has `plan`, `usage`, "
          "`reserved`, `limit`, `resets_at` and `stored`, as in PlanUsage. `turn_in_progress` also "
          "has "
          "`running`, by which the running reply is resumed. A whole answer that broke off also "
          "has what is kept of it.");
  writer.key("properties").begin_object();
  writer.key("type").raw(R"({"type":"string","description":"urn:fabula:problem: and the code."})");
  writer.key("title").raw(R"({"type":"string","description":"The code in words."})");
  writer.key("status").raw(R"({"type":"integer","description":"The HTTP status."})");
  writer.key("detail").raw(R"({"type":"string","description":"What the caller can do."})");
  writer.key("instance").raw(R"({"type":"string","description":"The request's id."})");
  writer.key("code").begin_object().key("type").string("string");
  writer.key("description").string("The stable code for programs.");
  writer.key("enum").begin_array();
  for (int i = 0; i <= static_cast<int>(ErrorCode::time_limit); ++i) {
    writer.string(facts(static_cast<ErrorCode>(i)).name);
  }
  writer.end_array().end_object();
  writer.key("running").raw(
      R"({"description":"With turn_in_progress: the reply that is being written.",)"
      R"("$ref":"#/components/schemas/RunningReply"})");
  // The fields of plan_exceeded.
  writer.key("plan").raw(R"({"type":"string","description":"The name of the caller's plan."})");
  // A companion's reply tells its tokens under the same name.
  writer.key("usage").raw(
      R"({"description":"What was used in this month; of a companion's reply: its tokens.",)"
      R"("anyOf":[{"$ref":"#/components/schemas/PlanAmount"},)"
      R"({"$ref":"#/components/schemas/CompanionUsage"},{"type":"null"}]})");
  writer.key("reserved")
      .raw(R"({"description":"What running work may still use.",)"
           R"("$ref":"#/components/schemas/PlanAmount"})");
  writer.key("limit").raw(R"({"description":"What the plan allows in a month.",)"
                          R"("$ref":"#/components/schemas/PlanLimit"})");
  writer.key("resets_at")
      .raw(R"({"type":"string","format":"date-time","description":"When the next month begins."})");
  writer.key("stored").raw(R"({"description":"The text that is stored, or would be stored.",)"
                           R"("$ref":"#/components/schemas/PlanStored"})");
  // The fields of a non-streamed answer that broke off.
  writer.key("text").raw(
      R"({"type":"string","description":"The text that is kept, in answers of chat."})");
  writer.key("content").raw(
      R"({"type":"string","description":"The text that is kept, in answers of companions."})");
  writer.key("metadata")
      .raw(R"({"description":"The ids of the stored messages, in answers of chat.",)"
           R"("$ref":"#/components/schemas/ReplyMetadata"})");
  writer.key("stored_bytes")
      .raw(
          R"({"type":"integer","minimum":0,"description":"The bytes of its text that are kept."})");
  writer.key("user_message_id")
      .raw(R"({"type":"string","format":"uuid","description":"The message without an answer."})");
  writer.key("conversation_id")
      .raw(
          R"({"type":"string","format":"uuid","description":"The conversation, in answers of companions."})");
  writer.key("errors").raw(
      R"({"type":"array","description":"Each fault of a body, a query or a path; at most 20.",)"
      R"("items":{"$ref":"#/components/schemas/FieldError"}})");
  writer.end_object();
  writer.key("required").raw(R"(["type","title","status","code"])");
  writer.end_object();
  writer.key("FieldError")
      .raw(R"({"type":"object","description":"One fault of a request.","properties":{)"
           R"("path":{"type":"string","description":"The field, such as attachments[0].url; )"
           R"(empty for the whole body."},)"
           R"("message":{"type":"string","description":"What to send."}},)"
           R"("required":["path","message"]})");
}

}  // namespace fabula::api
