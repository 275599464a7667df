#include "shared/auth/principal.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace fabula;
using auth::Principal;

namespace {

// A principal with everything filled in, of which only its kind's own may be written.
std::string written(Principal::Kind kind) {
  std::string out;
  json::Writer writer(out);
  auth::write_principal(writer, {kind, "https://issuer", "the \"subject\"", "ab12"});
  return out;
}

}  // namespace

TEST_CASE("a plan is written of those whose token may name it") {
  std::string out;
  json::Writer writer(out);
  Principal principal{Principal::Kind::user, "supabase", "a", "b"};
  principal.plan = "pro";
  auth::write_principal(writer, principal);
  CHECK(out == R"({"kind":"user","issuer":"supabase","subject":"a","plan":"pro"})");
  out.clear();
  json::Writer of_guest(out);
  principal.kind = Principal::Kind::guest;
  auth::write_principal(of_guest, principal);
  CHECK(out == R"({"kind":"guest","token_hash":"b"})");
}

TEST_CASE("a principal is written with what proves its kind and nothing else") {
  CHECK(written(Principal::Kind::user) ==
        R"({"kind":"user","issuer":"https://issuer","subject":"the \"subject\""})");
  CHECK(written(Principal::Kind::external) ==
        R"({"kind":"external","issuer":"https://issuer","subject":"the \"subject\""})");
  CHECK(written(Principal::Kind::named) == R"({"kind":"named","subject":"the \"subject\""})");
  CHECK(written(Principal::Kind::guest) == R"({"kind":"guest","token_hash":"ab12"})");
  CHECK(written(Principal::Kind::new_guest) == R"({"kind":"new_guest","token_hash":"ab12"})");
}

TEST_CASE("a principal stands among an object's other members") {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("principal");
  auth::write_principal(writer, {Principal::Kind::guest, "", "", "ab12"});
  writer.key("limit").integer(1).end_object();
  CHECK(out == R"({"principal":{"kind":"guest","token_hash":"ab12"},"limit":1})");
}
