#include "shared/database/bot.hpp"

#include <utility>

#include "shared/json/document.hpp"
#include "shared/json/raw_object.hpp"
#include "shared/json/text.hpp"

namespace fabula::database {
namespace {

std::optional<OutdatedBotKey> read_key(const json::Document& row) {
  const auto bot_id = json::integer_at(row, "bot_id");
  const auto version = json::string_at(row, "version");
  const auto* stored = json::find(row, "access_key");
  if (!bot_id || !version || !stored) return std::nullopt;
  OutdatedBotKey key{.bot_id = *bot_id,
                     .version = std::string(*version),
                     .plain = std::string(json::string_at(row, "access_key").value_or("")),
                     .encrypted = encryption::read_encrypted_text(*stored)};
  if (key.plain.empty() && !key.encrypted) return std::nullopt;
  return key;
}

std::optional<std::int64_t> read_number(std::string_view answer, std::string_view name) {
  const auto object = json::RawObject::read(answer, {name});
  return object ? object->integer(name) : std::nullopt;
}

}  // namespace

void write_reserve_bot_id(std::string& out, const auth::Principal& principal) {
  json::Writer writer(out);
  writer.begin_object().key("principal");
  auth::write_principal(writer, principal);
  writer.end_object();
}

std::optional<std::int64_t> read_reserved_bot_id(std::string answer) {
  return read_number(answer, "bot_id");
}

void write_outdated_bot_keys_query(std::string& out, const OutdatedBotKeysQuery& query) {
  json::Writer writer(out);
  writer.begin_object().key("key_id").string(query.key_id);
  writer.key("after_bot_id").integer(query.after_bot_id);
  writer.key("max_keys").integer(static_cast<std::int64_t>(query.max_keys)).end_object();
}

std::optional<OutdatedBotKeys> read_outdated_bot_keys(std::string answer) {
  const auto document = json::parse(answer);
  if (!document) return std::nullopt;
  const auto left = json::integer_at(*document, "left");
  const auto* rows = json::find(*document, "keys");
  if (!left || !rows || !rows->is_array()) return std::nullopt;
  OutdatedBotKeys outdated;
  outdated.left = *left;
  for (const auto& row : *rows) {
    auto key = read_key(row);
    if (!key) return std::nullopt;
    outdated.keys.push_back(*std::move(key));
  }
  return outdated;
}

void write_new_bot_keys(std::string& out, const std::vector<NewBotKey>& keys) {
  json::Writer writer(out);
  writer.begin_object().key("keys").begin_array();
  for (const auto& key : keys) {
    writer.begin_object().key("bot_id").integer(key.bot_id).key("version").string(key.version);
    writer.key("encrypted_key");
    encryption::write_encrypted_text(writer, key.encrypted);
    writer.end_object();
  }
  writer.end_array().end_object();
}

std::optional<std::int64_t> read_replaced_bot_keys(std::string answer) {
  return read_number(answer, "replaced");
}

}  // namespace fabula::database
