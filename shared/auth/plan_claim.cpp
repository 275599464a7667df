#include "shared/auth/plan_claim.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "shared/json/document.hpp"

namespace fabula::auth {
namespace {

constexpr std::string_view kTrustedBySupabase = "app_metadata.";
constexpr std::array<std::string_view, 2> kWrittenByUsers = {"user_metadata", "unsafe_metadata"};
constexpr std::size_t kMaximumNameBytes = 64;
constexpr std::size_t kMaximumPathBytes = 256;

const json::Document* value_at(const json::Document& object, std::string_view path) {
  if (const auto* value = json::find(object, path)) return value;
  for (auto dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.', dot + 1)) {
    const auto* inner = json::find(object, path.substr(0, dot));
    const auto* value = inner ? value_at(*inner, path.substr(dot + 1)) : nullptr;
    if (value) return value;
  }
  return nullptr;
}

}  // namespace

std::string_view plan_claim_fault(std::string_view path, bool has_issuers) {
  if (path.empty()) return {};
  if (path.size() > kMaximumPathBytes || path.front() == '.' || path.back() == '.') {
    return "must be a path such as app_metadata.plan";
  }
  for (const auto written : kWrittenByUsers) {
    if (path.starts_with(written)) {
      return "names a claim that users write themselves, so that they could choose their plan: "
             "use app_metadata.plan";
    }
  }
  if (!path.starts_with(kTrustedBySupabase) && !has_issuers) {
    return "must begin with app_metadata. for Supabase's tokens; other claims count only for "
           "FABULA_ISSUERS";
  }
  return {};
}

std::string claimed_plan(std::string_view payload, std::string_view path, bool is_supabase) {
  if (path.empty() || (is_supabase && !path.starts_with(kTrustedBySupabase))) return {};
  const auto claims = json::parse(payload);
  const auto* value = claims ? value_at(*claims, path) : nullptr;
  const auto* name = value ? value->get_ptr<const std::string*>() : nullptr;
  const auto is_printable = [](char c) { return c > ' ' && c < '\x7F'; };
  if (!name || name->size() > kMaximumNameBytes ||
      !std::all_of(name->begin(), name->end(), is_printable)) {
    return {};
  }
  return *name;
}

}  // namespace fabula::auth
