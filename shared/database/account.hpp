// The database's functions for callers and their accounts.
#pragma once

#include <string>
#include <string_view>

#include "shared/auth/principal.hpp"
#include "shared/database/function.hpp"

namespace fabula::database {

// Moves a guest's belongings to the caller; both identities are proven.
struct MigrateGuest {
  const auth::Principal& guest;
  std::string_view body_json;  // checked by the endpoint
  const auth::Principal& principal;
};

void write_migrate_guest(std::string& out, const MigrateGuest& request);

inline constexpr Function<MigrateGuest, std::string> kMigrateGuest{
    {"migrate_guest", kNever}, &write_migrate_guest, &keep_envelope};

inline constexpr Declaration kSaveProfile{"save_profile", kNever};
inline constexpr Declaration kReadProfile{"read_profile", kOnceMore};
inline constexpr Declaration kDeleteAccount{"delete_account", kNever};

}  // namespace fabula::database
