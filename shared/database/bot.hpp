// The database's functions for bots, whose answers the endpoints pass on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/auth/principal.hpp"
#include "shared/database/function.hpp"
#include "shared/encryption/encrypted_text.hpp"

namespace fabula::database {

inline constexpr Declaration kListBots{"list_bots", kOnceMore};
inline constexpr Declaration kSaveBot{"save_bot", kNever};
inline constexpr Declaration kReadBot{"read_bot", kOnceMore};
inline constexpr Declaration kUpdateBot{"update_bot", kNever};
inline constexpr Declaration kDeleteBot{"delete_bot", kNever};

// A number for a bot that is not made yet.
void write_reserve_bot_id(std::string& out, const auth::Principal& principal);
std::optional<std::int64_t> read_reserved_bot_id(std::string answer);
inline constexpr Function<auth::Principal, std::int64_t> kReserveBotId{
    {"reserve_bot_id", kOnceMore}, &write_reserve_bot_id, &read_reserved_bot_id};

// Keys of bots that are not encrypted with a given key of the deployment, in the order of bots.
struct OutdatedBotKeysQuery {
  std::string key_id;
  std::int64_t after_bot_id = 0;
  std::size_t max_keys = 0;
};
struct OutdatedBotKey {
  std::int64_t bot_id = 0;
  std::string version;  // changes with the key
  std::string plain;    // of an earlier version of Fabula, without encryption
  std::optional<encryption::EncryptedText> encrypted;
};
struct OutdatedBotKeys {
  std::vector<OutdatedBotKey> keys;
  std::int64_t left = 0;  // how many there are of all bots
};
void write_outdated_bot_keys_query(std::string& out, const OutdatedBotKeysQuery& query);
std::optional<OutdatedBotKeys> read_outdated_bot_keys(std::string answer);
inline constexpr Function<OutdatedBotKeysQuery, OutdatedBotKeys> kReadOutdatedBotKeys{
    {"read_outdated_bot_keys", kOnceMore}, &write_outdated_bot_keys_query, &read_outdated_bot_keys};

// Keys to store in place of those of the same version; returns how many were replaced.
struct NewBotKey {
  std::int64_t bot_id = 0;
  std::string version;
  encryption::EncryptedText encrypted;
};
void write_new_bot_keys(std::string& out, const std::vector<NewBotKey>& keys);
std::optional<std::int64_t> read_replaced_bot_keys(std::string answer);
inline constexpr Function<std::vector<NewBotKey>, std::int64_t> kReplaceBotKeys{
    {"replace_bot_keys", kNever}, &write_new_bot_keys, &read_replaced_bot_keys};

}  // namespace fabula::database
