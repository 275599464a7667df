// Waiting for the first of several things.
#pragma once

#include <array>
#include <coroutine>
#include <cstddef>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "wasm/runtime/spawn.hpp"
#include "wasm/runtime/task.hpp"
#include "wasm/runtime/waitable.hpp"

namespace fabula::runtime {

namespace detail {

template <std::size_t Count>
class FirstOf {
 public:
  explicit FirstOf(std::array<Waitable*, Count> waitables) : waitables_(waitables) {}
  ~FirstOf() { forget(); }
  FirstOf(const FirstOf&) = delete;
  FirstOf& operator=(const FirstOf&) = delete;

  bool await_ready() const noexcept { return ready_index() < Count; }
  void await_suspend(std::coroutine_handle<> waiter) noexcept {
    is_waiting_ = true;
    for (auto* waitable : waitables_) {
      if (waitable) waitable->set_waiter(waiter);
    }
  }
  std::size_t await_resume() noexcept {
    forget();
    return ready_index();
  }

 private:
  std::size_t ready_index() const noexcept {
    std::size_t index = 0;
    while (index < Count && !(waitables_[index] && waitables_[index]->is_ready())) ++index;
    return index;
  }
  void forget() noexcept {
    if (!is_waiting_) return;
    is_waiting_ = false;
    for (auto* waitable : waitables_) {
      if (waitable) waitable->set_waiter(nullptr);
    }
  }

  std::array<Waitable*, Count> waitables_;
  bool is_waiting_ = false;
};

}  // namespace detail

// `co_await first_of(read, timer)`: the index of the first argument that is ready. The others stay
// unchanged and can be waited for again: one timer serves many rounds.
template <class... Waitables>
auto first_of(Waitables&... waitables) {
  return detail::FirstOf<sizeof...(Waitables)>({&waitables...});
}

// For a set that changes from round to round: null pointers are skipped, at least one must not be
// null.
template <std::size_t Count>
auto first_of(const std::array<Waitable*, Count>& waitables) {
  return detail::FirstOf<Count>(waitables);
}

namespace detail {

template <class T>
using VariantItem = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <std::size_t Index, class Variant, class Running>
void take_if(std::size_t winner, std::optional<Variant>& out, Running& running) {
  if (winner != Index) return;
  auto& task = std::get<Index>(running);
  if constexpr (std::is_void_v<decltype(task.take())>) {
    out.emplace(std::in_place_index<Index>);
  } else {
    out.emplace(std::in_place_index<Index>, task.take());
  }
}

template <class Variant, class Running, std::size_t... Indexes>
Task<Variant> run_any(Running running, std::index_sequence<Indexes...>) {
  const std::size_t winner = co_await first_of(*std::get<Indexes>(running)...);
  std::optional<Variant> out;
  auto references = std::tie(*std::get<Indexes>(running)...);
  (take_if<Indexes>(winner, out, references), ...);
  co_return std::move(*out);
}

}  // namespace detail

// Runs all tasks until the first ends, cancels the others, and returns a variant with the first
// one's result (std::monostate for void) at its index. If several are ready at once, the earlier
// argument wins.
template <class... Ts>
Task<std::variant<detail::VariantItem<Ts>...>> when_any(Task<Ts>... tasks) {
  std::tuple<std::unique_ptr<Spawned<Ts>>...> running{
      std::make_unique<Spawned<Ts>>(std::move(tasks))...};
  co_return co_await detail::run_any<std::variant<detail::VariantItem<Ts>...>>(
      std::move(running), std::index_sequence_for<Ts...>());
}

}  // namespace fabula::runtime
