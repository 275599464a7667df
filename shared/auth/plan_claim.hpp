// The claim of a token that names its user's plan (FABULA_PLAN_CLAIM).
#pragma once

#include <string>
#include <string_view>

namespace fabula::auth {

// The fault of a path such as `app_metadata.plan`, whose names are separated by dots; empty if
// there is none. A path that Supabase or Clerk lets users write themselves is one, and so is a path
// that no token is read at: of Supabase's tokens only `app_metadata` counts.
std::string_view plan_claim_fault(std::string_view path, bool has_issuers);

// The text that a token's payload has at this path; a name may itself have dots, as Auth0's have.
// Empty if there is none, or if it cannot be a plan's name: longer than 64 bytes, or with
// characters other than printable ASCII. It counts only after the token's signature has been
// verified. Of Supabase's own tokens only a path below `app_metadata` is read. The payload is a
// JSON object, as parse_claims has found.
std::string claimed_plan(std::string_view payload, std::string_view path, bool is_supabase);

}  // namespace fabula::auth
