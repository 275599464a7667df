// Who is calling, proven before, as the database's functions take it (private.resolve_principal).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "shared/json/text.hpp"

namespace fabula::auth {

struct Principal {
  enum class Kind : std::uint8_t {
    user,       // of this deployment's Supabase, by its token
    external,   // of another configured issuer, by its token
    guest,      // by a token of ours; only the database knows whether it is right
    new_guest,  // whom the database is to create
    named,      // by a server that has the secret key: whoever has this id, or a new user
  };
  Kind kind = Kind::new_guest;
  std::string issuer;  // of a user or an external
  std::string
      subject;  // of a user or named a UUID in lower case, of an external as its issuer writes it
  std::string token_hash;  // of a guest or a new guest: SHA-256 in hexadecimal
  // Of an external's token, if it says so: an account that was deleted before it may begin anew.
  std::optional<std::int64_t> issued_at_s = {};
};

// Writes {"kind", "issuer", "subject", "issued_at"?}, {"kind", "subject"} or {"kind",
// "token_hash"}.
void write_principal(json::Writer& writer, const Principal& principal);

}  // namespace fabula::auth
