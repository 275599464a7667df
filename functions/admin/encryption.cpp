#include "functions/admin/encryption.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/api/check.hpp"
#include "shared/database/bot.hpp"
#include "shared/http/media_type.hpp"
#include "shared/llm/route/bot.hpp"
#include "wasm/engine/database.hpp"
#include "wasm/engine/encryption.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/engine/operator_access.hpp"

namespace fabula::admin_function {
namespace {

using engine::Call;
using engine::Encryption;
using engine::Match;
using runtime::Task;

// Two requests to the database each; a platform may allow 50 to a call.
constexpr int kBatches = 20;
constexpr std::size_t kKeysOfBatch = 200;

struct Progress {
  std::int64_t rewritten = 0;
  std::int64_t unreadable = 0;
  std::int64_t left = 0;
  std::int64_t after_bot_id = 0;
  bool is_at_end = false;
};

// The key encrypted with the newest encryption key; nothing if it cannot be decrypted.
Task<Result<std::optional<encryption::EncryptedText>>> encrypt_anew(
    const Encryption& encryption, const database::OutdatedBotKey& key) {
  const std::string owner = llm::owner_of_key(key.bot_id);
  std::string plain = key.plain;
  if (key.encrypted) {
    auto decrypted = co_await runtime::attempt(encryption.decrypt(owner, *key.encrypted));
    if (!decrypted) co_return std::nullopt;
    plain = *std::move(decrypted);
  }
  co_return co_await encryption.encrypt(owner, plain);
}

Task<Result<void>> rotate_batch(Call& call, const Encryption& encryption,
                                const std::vector<database::OutdatedBotKey>& keys,
                                Progress& progress) {
  std::vector<database::NewBotKey> changed;
  for (const auto& key : keys) {
    auto encrypted = co_await encrypt_anew(encryption, key);
    if (encrypted) {
      changed.push_back({key.bot_id, key.version, *std::move(encrypted)});
    } else {
      ++progress.unreadable;
    }
    progress.after_bot_id = key.bot_id;
  }
  if (changed.empty()) co_return {};
  progress.rewritten += co_await engine::call_function(call.context(), call.database(),
                                                       database::kReplaceBotKeys, changed);
  co_return {};
}

Task<Result<Progress>> rotate(Call& call, const Encryption& encryption, std::int64_t after_bot_id) {
  Progress progress;
  progress.after_bot_id = after_bot_id;
  for (int batch = 0;; ++batch) {
    const database::OutdatedBotKeys outdated = co_await engine::call_function(
        call.context(), call.database(), database::kReadOutdatedBotKeys,
        {encryption.newest_key_id(), progress.after_bot_id, kKeysOfBatch});
    progress.left = outdated.left;
    progress.is_at_end = outdated.keys.empty();
    if (progress.is_at_end || batch == kBatches) co_return progress;
    co_await rotate_batch(call, encryption, outdated.keys, progress);
  }
}

}  // namespace

Task<Result<void>> rotate_encryption(Call& call, const Match& match) {
  co_await http::require_acceptable(call.head().headers.find("accept"), "application/json");
  co_await engine::require_operator(call);
  const json::Document body = co_await engine::read_json(call, *match.route.operation);
  co_await api::check_body(body, *match.route.operation->body);
  const Encryption encryption = co_await Encryption::read(call);
  const Progress progress =
      co_await rotate(call, encryption, json::integer_at(body, "after_bot_id").value_or(0));
  http::Response response;
  response.head.headers.add("content-type", "application/json");
  json::Writer writer(response.body);
  writer.begin_object().key("rewritten").integer(progress.rewritten);
  writer.key("unreadable").integer(progress.unreadable).key("left").integer(progress.left);
  writer.key("after_bot_id");
  if (progress.is_at_end) {
    writer.null();
  } else {
    writer.integer(progress.after_bot_id);
  }
  writer.end_object();
  co_await call.send(std::move(response));
  co_return {};
}

}  // namespace fabula::admin_function
