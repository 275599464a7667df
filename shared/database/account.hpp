// The database's functions for callers and their accounts.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shared/auth/principal.hpp"
#include "shared/database/function.hpp"

namespace fabula::database {

// Moves a guest's belongings to the caller; both identities are verified.
struct MigrateGuest {
  const auth::Principal& guest;
  std::string_view body_json;  // checked by the endpoint
  const auth::Principal& principal;
};

void write_migrate_guest(std::string& out, const MigrateGuest& request);

inline constexpr Function<MigrateGuest, std::string> kMigrateGuest{
    {"migrate_guest", kNever}, &write_migrate_guest, &keep_envelope};

struct CreateGuest {
  const auth::Principal& principal;  // a new guest
  const auth::Principal* caller;     // refused unless it exists; nullptr: anonymous
  std::string_view admission;        // a JSON object (supabase/schemas/admission/admit.sql)
};

struct CreatedGuest {
  std::string user_id;
  std::string expires_at;
};

void write_create_guest(std::string& out, const CreateGuest& request);
std::optional<CreatedGuest> read_created_guest(std::string answer);

// A repeated call with the same token returns the guest that the first call made.
inline constexpr Function<CreateGuest, CreatedGuest> kCreateGuest{
    {"create_guest", kOnceMore}, &write_create_guest, &read_created_guest};

inline constexpr Declaration kSaveProfile{"save_profile", kNever};
inline constexpr Declaration kReadProfile{"read_profile", kOnceMore};
inline constexpr Declaration kDeleteAccount{"delete_account", kNever};

}  // namespace fabula::database
