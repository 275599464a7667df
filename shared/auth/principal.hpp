// The verified caller, in the form that the database's functions take (private.resolve_principal).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "shared/json/text.hpp"

namespace fabula::auth {

struct Principal {
  enum class Kind : std::uint8_t {
    user,       // by a token of this deployment's Supabase
    external,   // by a token of another configured issuer
    guest,      // by a token of ours; only the database knows whether it is valid
    new_guest,  // the database is to create this guest
    named,      // by a server that has the secret key: the user with this id, or a new one
  };
  Kind kind = Kind::new_guest;
  std::string issuer;  // for a user or an external
  // For a user or named: a UUID in lower case; for an external: as its issuer writes it.
  std::string subject;
  std::string token_hash;  // for a guest or a new guest: SHA-256 in hexadecimal
  // From an external's token, if it has the claim: an account deleted before this may begin anew.
  std::optional<std::int64_t> issued_at_s = {};
  // The plan that a user's or an external's token names (FABULA_PLAN_CLAIM); empty if it names
  // none.
  std::string plan = {};
};

// Writes {"kind", "issuer", "subject", "issued_at"?, "plan"?}, {"kind", "subject"} or {"kind",
// "token_hash"}.
void write_principal(json::Writer& writer, const Principal& principal);

}  // namespace fabula::auth
