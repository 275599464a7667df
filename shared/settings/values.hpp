// The settings of one request: each is read from the environment once, when first needed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "shared/settings/setting.hpp"

namespace fabula::settings {

// A reference to any callable that takes the name of an environment variable as `std::string_view`
// and gives its value as `std::optional<std::string>`. It must outlive the reference.
class Environment {
 public:
  template <class Callable>
    requires(!std::is_same_v<Callable, Environment>)
  Environment(const Callable& callable)  // NOLINT(google-explicit-constructor)
      : callable_(std::addressof(callable)), call_([](const void* target, std::string_view name) {
          return (*static_cast<const Callable*>(target))(name);
        }) {}

  std::optional<std::string> operator()(std::string_view name) const {
    return call_(callable_, name);
  }

 private:
  const void* callable_;
  std::optional<std::string> (*call_)(const void*, std::string_view);
};

class Values {
 public:
  explicit Values(Environment environment) : environment_(environment) {}
  Values(const Values&) = delete;
  Values& operator=(const Values&) = delete;

  // The value for this name, a setting's own or an older one; nothing when the table has no such
  // name, or when the value is unset or empty. Views live as long as this object.
  std::optional<std::string_view> find(std::string_view name);

  // The value for the setting's name, or for the first older name that is set. A text that is too
  // long counts as unset, and is listed in unusable().
  std::optional<std::string_view> find(const Setting& setting);

  // The setting's value, or its default; "" when there is none.
  std::string_view text(const Setting& setting);

  // The value of an integer setting. An invalid or out-of-range value counts as unset, and is
  // listed in unusable().
  std::int64_t number(const Setting& setting);

  // Names of the settings read so far whose values were invalid, each once.
  const std::vector<std::string_view>& unusable() const { return unusable_; }

 private:
  void note_unusable(const Setting& setting);

  Environment environment_;
  std::map<std::string_view, std::optional<std::string>> known_;
  std::vector<std::string_view> unusable_;
};

}  // namespace fabula::settings
