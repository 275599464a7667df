#include "shared/database/account.hpp"

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

}  // namespace fabula::database
