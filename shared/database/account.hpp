// The database's functions for callers and their accounts.
#pragma once

#include <string>
#include <string_view>

#include "shared/auth/principal.hpp"
#include "shared/database/function.hpp"

namespace fabula::database {

// Gives what a guest owns to whoever is calling; both are proven.
struct MigrateGuest {
  const auth::Principal& guest;
  std::string_view body_json;  // as the endpoint has checked it
  const auth::Principal& principal;
};

void write_migrate_guest(std::string& out, const MigrateGuest& request);

inline constexpr Function<MigrateGuest, std::string> kMigrateGuest{
    {"migrate_guest", kNever}, &write_migrate_guest, &keep_envelope};

inline constexpr Declaration kSaveProfile{"save_profile", kNever};
inline constexpr Declaration kReadProfile{"read_profile", kOnceMore};
inline constexpr Declaration kDeleteAccount{"delete_account", kNever};

}  // namespace fabula::database
