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

// A page of everything that is the principal's.
struct ReadExportPage {
  const auth::Principal& principal;
  std::string_view after;  // the cursor of the last line that the caller has; empty: none
};

struct ExportPage {
  std::string lines;   // JSON objects, each with a line feed
  std::string cursor;  // the place after them; empty when they are the last ones
};

void write_read_export_page(std::string& out, const ReadExportPage& request);
std::optional<ExportPage> read_export_page(std::string answer);

inline constexpr Function<ReadExportPage, ExportPage> kExportPage{
    {"export_page", kOnceMore}, &write_read_export_page, &read_export_page};

inline constexpr Declaration kSaveProfile{"save_profile", kNever};
inline constexpr Declaration kReadProfile{"read_profile", kOnceMore};
inline constexpr Declaration kDeleteAccount{"delete_account", kNever};
inline constexpr Declaration kReadDeletion{"read_deletion", kOnceMore};

}  // namespace fabula::database
