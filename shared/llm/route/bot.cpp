#include "shared/llm/route/bot.hpp"

#include <algorithm>
#include <optional>

#include "shared/http/url.hpp"
#include "shared/llm/route/base_url.hpp"
#include "shared/llm/route/listed_models.hpp"
#include "shared/llm/route/upstream_hosts.hpp"
#include "shared/settings/table.hpp"
#include "shared/text/ascii.hpp"
#include "shared/text/integer.hpp"
#include "shared/text/split.hpp"

namespace fabula::llm {
namespace {

constexpr std::string_view kUpstreamHosts = settings::named("FABULA_UPSTREAM_HOSTS").name;
constexpr std::string_view kBotModels = settings::named("FABULA_BOT_MODELS").name;
// The provider for an address about which nothing else is known.
constexpr std::string_view kAnyServer = "custom";

bool spends_own(const Bot& bot) { return !bot.access_key.empty() || !bot.access_path.empty(); }

// The bot's address and key in place of the deployment's. A bot with a key or an address of its own
// uses neither the deployment's key nor its address, which would get the bot's key.
class BotSettings final : public Settings {
 public:
  BotSettings(const Bot& bot, const Provider& provider, const Settings& others)
      : bot_(bot), provider_(provider), others_(others) {}

  std::optional<std::string> find(std::string_view name) const override {
    const bool is_address = name == provider_.base_url_setting;
    if (!spends_own(bot_) || (!is_address && name != provider_.key_setting)) {
      return others_.find(name);
    }
    const auto& own = is_address ? bot_.access_path : bot_.access_key;
    if (is_address && own.empty()) return std::nullopt;
    return own;
  }

 private:
  const Bot& bot_;
  const Provider& provider_;
  const Settings& others_;
};

const Provider* provider_at(std::string_view address) {
  const auto url = http::parse_url(address);
  if (!url) return nullptr;
  for (const auto& provider : kProviders) {
    const auto known = http::parse_url(provider.default_base_url);
    if (known && known->host == url->host && known->port == url->port) return &provider;
  }
  return nullptr;
}

const Provider* provider_of(const Bot& bot, const Route& route) {
  if (!bot.provider.empty()) return find_provider(bot.provider);
  if (!bot.access_path.empty()) {
    const auto* known = provider_at(bot.access_path);
    const auto* speaking = provider_by_path(bot.access_path);
    // A known provider's own settings are kept if it speaks the path's protocol.
    if (speaking && !(known && known->format == speaking->format)) return speaking;
    return known ? known : find_provider(kAnyServer);
  }
  const auto entry = std::find_if(route.begin(), route.end(), [&bot](const RouteEntry& same) {
    return same.model == bot.model;
  });
  return entry != route.end() ? entry->provider : route.front().provider;
}

Result<void> check_spending(const RouteEntry& wanted, const Route& route,
                            const Settings& settings) {
  const bool is_in_route = std::any_of(route.begin(), route.end(), [&](const RouteEntry& entry) {
    return entry.provider == wanted.provider && entry.model == wanted.model;
  });
  if (is_in_route || is_listed(settings.find(kBotModels).value_or(""), wanted)) return {};
  return problem(ErrorCode::no_provider,
                 "This bot has no key of its own, and its model is none that this server pays for. "
                 "Give the bot an access_key, or choose another model.");
}

}  // namespace

std::string owner_of_key(std::int64_t bot_id) {
  return "bots.access_key " + text::integer_text(bot_id);
}

Result<void> check_bot(const Bot& bot, const Settings& settings, bool is_development) {
  if (!bot.provider.empty() && !find_provider(bot.provider)) {
    return problem(ErrorCode::invalid_request,
                   "provider is not known here. Use `custom` with an access_path for any server "
                   "that speaks OpenAI's protocol.");
  }
  if (!bot.access_path.empty()) {
    auto checked =
        check_upstream(bot.access_path, settings.find(kUpstreamHosts).value_or(""), is_development);
    if (!checked) return checked;
  }
  return {};
}

Result<Endpoint> resolve_bot(const Bot& bot, const Route& route, const Settings& settings,
                             bool is_development) {
  if (auto checked = check_bot(bot, settings, is_development); !checked) {
    // The bot was valid when it was made.
    return problem(ErrorCode::no_provider, "The bot cannot be asked. " + checked.error().detail);
  }
  const auto* provider = provider_of(bot, route);
  const RouteEntry entry{provider, bot.model};
  if (!bot.access_path.empty() && bot.access_key.empty() && provider->needs_key) {
    return problem(ErrorCode::no_provider,
                   "This bot has an address of its own and no key for it. Give it an access_key.");
  }
  if (bot.access_path.empty() && !bot.access_key.empty() && provider->default_base_url.empty()) {
    return problem(ErrorCode::no_provider,
                   "This bot has a key of its own, and its provider no usual address. Give the bot "
                   "an access_path.");
  }
  if (!spends_own(bot) && !is_development) {
    if (auto allowed = check_spending(entry, route, settings); !allowed) {
      return tl::unexpected(std::move(allowed.error()));
    }
  }
  return resolve(entry, BotSettings(bot, *provider, settings), is_development);
}

}  // namespace fabula::llm
