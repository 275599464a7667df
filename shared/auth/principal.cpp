#include "shared/auth/principal.hpp"

#include <string_view>

namespace fabula::auth {
namespace {

std::string_view name_of(Principal::Kind kind) {
  switch (kind) {
    case Principal::Kind::user:
      return "user";
    case Principal::Kind::external:
      return "external";
    case Principal::Kind::guest:
      return "guest";
    case Principal::Kind::new_guest:
      return "new_guest";
    case Principal::Kind::named:
      return "named";
  }
  return {};
}

}  // namespace

void write_principal(json::Writer& writer, const Principal& principal) {
  writer.begin_object().key("kind").string(name_of(principal.kind));
  if (principal.kind == Principal::Kind::user || principal.kind == Principal::Kind::external) {
    writer.key("issuer").string(principal.issuer).key("subject").string(principal.subject);
    if (principal.issued_at_s) writer.key("issued_at").integer(*principal.issued_at_s);
    if (!principal.plan.empty()) writer.key("plan").string(principal.plan);
  } else if (principal.kind == Principal::Kind::named) {
    writer.key("subject").string(principal.subject);
  } else {
    writer.key("token_hash").string(principal.token_hash);
  }
  writer.end_object();
}

}  // namespace fabula::auth
