// Why a socket is closed (RFC 6455, section 7.4.1, and the registry of IANA). The close reason is
// the code of the problem.
#pragma once

#include <cstdint>
#include <string_view>

#include "shared/result/result.hpp"

namespace fabula::engine::close_code {

inline constexpr std::uint32_t kNormal = 1000;
inline constexpr std::uint32_t kGoingAway = 1001;
inline constexpr std::uint32_t kUnsupportedData = 1003;
inline constexpr std::uint32_t kPolicyViolation = 1008;
inline constexpr std::uint32_t kMessageTooBig = 1009;
inline constexpr std::uint32_t kInternalError = 1011;
inline constexpr std::uint32_t kServiceRestart = 1012;
inline constexpr std::uint32_t kTryAgainLater = 1013;

// A caller's fault is a policy violation, a temporary problem means "try again later", and all
// other problems are server errors.
std::uint32_t of(const Problem& problem);

// Whether the caller's identity is no longer valid, so that nothing further can be received or
// sent.
bool ends_identity(const Problem& problem);

}  // namespace fabula::engine::close_code
