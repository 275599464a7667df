#include "shared/database/account.hpp"

#include <array>
#include <utility>

#include "shared/json/raw_object.hpp"
#include "shared/json/scanner.hpp"
#include "shared/json/text.hpp"

namespace fabula::database {

void write_migrate_guest(std::string& out, const MigrateGuest& request) {
  json::Writer writer(out);
  writer.begin_object().key("guest");
  auth::write_principal(writer, request.guest);
  writer.key("body").raw(request.body_json).key("principal");
  auth::write_principal(writer, request.principal);
  writer.end_object();
}

void write_create_guest(std::string& out, const CreateGuest& request) {
  json::Writer writer(out);
  writer.begin_object().key("principal");
  auth::write_principal(writer, request.principal);
  if (request.caller) {
    writer.key("caller");
    auth::write_principal(writer, *request.caller);
  }
  if (!request.admission.empty()) writer.key("admission").raw(request.admission);
  writer.end_object();
}

std::optional<CreatedGuest> read_created_guest(std::string answer) {
  const auto guest = json::RawObject::read(answer, {"user_id", "expires_at"});
  if (!guest) return std::nullopt;
  auto user_id = guest->string("user_id");
  auto expires_at = guest->string("expires_at");
  if (!user_id || !expires_at) return std::nullopt;
  return CreatedGuest{*std::move(user_id), *std::move(expires_at)};
}

void write_read_export_page(std::string& out, const ReadExportPage& request) {
  json::Writer writer(out);
  writer.begin_object().key("principal");
  auth::write_principal(writer, request.principal);
  if (!request.after.empty()) writer.key("after").string(request.after);
  writer.end_object();
}

std::optional<ExportPage> read_export_page(std::string answer) {
  std::array members = {json::RawMember{.key = "lines"}, json::RawMember{.key = "after"},
                        json::RawMember{.key = "is_complete"}};
  if (!json::find_raw_members(answer, members)) return std::nullopt;
  const auto& [lines, after, is_complete] = members;
  ExportPage page;
  if (is_complete.value != "true") {
    auto cursor = json::string_value(after.value);
    if (!cursor || cursor->empty()) return std::nullopt;
    page.cursor = *std::move(cursor);
  }
  page.lines.reserve(lines.value.size());
  json::Scanner scanner(lines.value);
  if (!scanner.enter_array()) return std::nullopt;
  while (scanner.next_element()) page.lines.append(scanner.skip_value()).append("\n");
  if (!scanner.finish()) return std::nullopt;
  return page;
}

}  // namespace fabula::database
