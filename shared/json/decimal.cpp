#include "shared/json/decimal.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

namespace fabula::json {
namespace {

// No double lies between two others that agree in so many digits; what follows only says whether
// there is more.
constexpr std::size_t kMaximumDigits = 768;
// Beyond these every number is infinite or nothing; also keeps sums of exponents small.
constexpr int kLargestMagnitude = 310;
constexpr int kSmallestMagnitude = -330;
constexpr int kMaximumExponent = 1'000'000;

struct Decimal {
  bool is_negative = false;
  std::string digits;  // values 0 to 9, without zeros at the front
  int exponent = 0;    // of ten, by which the digits as a whole number are multiplied
};

Decimal read(std::string_view literal) {
  Decimal decimal;
  std::size_t at = 0;
  bool is_fraction = false;
  bool has_more = false;
  if (literal[at] == '-') {
    decimal.is_negative = true;
    ++at;
  }
  for (; at < literal.size() && (literal[at] | 0x20) != 'e'; ++at) {
    if (literal[at] == '.') {
      is_fraction = true;
      continue;
    }
    const auto digit = static_cast<char>(literal[at] - '0');
    if (decimal.digits.size() < kMaximumDigits) {
      if (digit != 0 || !decimal.digits.empty()) decimal.digits.push_back(digit);
      if (is_fraction) --decimal.exponent;
    } else {
      has_more = has_more || digit != 0;
      if (!is_fraction) ++decimal.exponent;
    }
  }
  if (has_more) {
    decimal.digits.push_back(1);
    --decimal.exponent;
  }
  if (at == literal.size()) return decimal;
  int written = 0;
  const bool is_below = literal[++at] == '-';
  if (is_below || literal[at] == '+') ++at;
  for (; at < literal.size(); ++at) {
    written = std::min(written * 10 + (literal[at] - '0'), kMaximumExponent);
  }
  decimal.exponent += is_below ? -written : written;
  return decimal;
}

// The double of this representation. (Emscripten's library has no std::bit_cast.)
double double_of(std::uint64_t bits) {
  static_assert(sizeof(double) == sizeof bits);
  double value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// A natural number below 2^4096, which is more than 10^(kMaximumDigits - kSmallestMagnitude): 32
// bits a word, the least significant first, none at the end that is zero.
struct Natural {
  std::array<std::uint32_t, 128> words;
  std::size_t size;

  explicit Natural(std::uint32_t value) : words{value}, size(value != 0 ? 1 : 0) {}

  void multiply_and_add(std::uint32_t factor, std::uint32_t addend) {
    std::uint64_t carry = addend;
    for (std::size_t i = 0; i < size || carry != 0; ++i) {
      carry += std::uint64_t{words[i]} * factor;
      words[i] = static_cast<std::uint32_t>(carry);
      carry >>= 32;
      if (i == size) ++size;
    }
  }

  void shift_left(int bits) {
    for (; bits > 31; bits -= 31) multiply_and_add(std::uint32_t{1} << 31, 0);
    multiply_and_add(std::uint32_t{1} << bits, 0);
  }

  int bit_length() const { return static_cast<int>(size * 32) - std::countl_zero(words[size - 1]); }

  // Takes `other` away when it is not larger, and says whether it has.
  bool subtract_if_it_fits(const Natural& other) {
    std::array<std::uint32_t, 128> rest;
    std::uint64_t borrow = 0;
    for (std::size_t i = 0; i < std::max(size, other.size); ++i) {
      const std::uint64_t taken = other.words[i] + borrow;
      rest[i] = static_cast<std::uint32_t>(words[i] - taken);
      borrow = words[i] < taken ? 1 : 0;
    }
    if (borrow != 0) return false;
    std::copy_n(rest.begin(), size, words.begin());
    while (size > 0 && words[size - 1] == 0) --size;
    return true;
  }
};

// `quotient` is the number's first 64 bits, the first of them set, and worth 2^exponent.
double round_to_double(std::uint64_t quotient, bool has_more, int exponent) {
  constexpr int kSmallestExponent = -1022;
  constexpr int kLargestExponent = 1023;
  int dropped = 11;
  if (exponent < kSmallestExponent) dropped += kSmallestExponent - exponent;
  if (dropped > 64) return 0;
  const std::uint64_t half = std::uint64_t{1} << (dropped - 1);
  const std::uint64_t kept = dropped == 64 ? 0 : quotient >> dropped;
  const std::uint64_t rest = quotient & (half + (half - 1));
  const bool rounds_up = rest > half || (rest == half && (has_more || (kept & 1) != 0));
  // A carry out of the digits moves into the exponent, where it belongs.
  const int biased = std::max(exponent - kSmallestExponent, 0);
  std::uint64_t bits = (static_cast<std::uint64_t>(biased) << 52) + kept + (rounds_up ? 1 : 0);
  constexpr std::uint64_t kInfinity = std::uint64_t{0x7ff} << 52;
  if (exponent > kLargestExponent) bits = kInfinity;
  return double_of(std::min(bits, kInfinity));
}

double divide(Natural& number, Natural& divisor) {
  const int shift = divisor.bit_length() - number.bit_length();
  (shift > 0 ? number : divisor).shift_left(std::abs(shift));
  int exponent = -shift;
  std::uint64_t quotient = 0;
  for (int bits = 0; bits < 64;) {
    const bool fits = number.subtract_if_it_fits(divisor);
    quotient = quotient << 1 | (fits ? 1 : 0);
    // The first bit may be that of the next lower power.
    if (quotient != 0) {
      ++bits;
    } else {
      --exponent;
    }
    number.multiply_and_add(2, 0);
  }
  return round_to_double(quotient, number.size > 0, exponent);
}

double magnitude(const Decimal& decimal) {
  const int size = static_cast<int>(decimal.digits.size());
  if (size == 0 || size + decimal.exponent < kSmallestMagnitude) return 0;
  constexpr int kExactDigits = 15;
  constexpr std::array kExactPowers = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                       1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                       1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  auto power = static_cast<std::size_t>(std::abs(decimal.exponent));
  // Both sides are exact, so one operation rounds rightly (Clinger's fast path).
  if (size <= kExactDigits && power < kExactPowers.size()) {
    double whole = 0;
    for (const char digit : decimal.digits) whole = whole * 10 + digit;
    return decimal.exponent < 0 ? whole / kExactPowers[power] : whole * kExactPowers[power];
  }
  if (size + decimal.exponent > kLargestMagnitude) {
    return double_of(std::uint64_t{0x7ff} << 52);
  }
  Natural number(0);
  for (const char digit : decimal.digits) {
    number.multiply_and_add(10, static_cast<std::uint32_t>(digit));
  }
  Natural divisor(1);
  Natural& scaled = decimal.exponent < 0 ? divisor : number;
  constexpr std::size_t kDigitsOfAWord = 9;
  for (; power >= kDigitsOfAWord; power -= kDigitsOfAWord) {
    scaled.multiply_and_add(1'000'000'000, 0);
  }
  for (; power > 0; --power) scaled.multiply_and_add(10, 0);
  return divide(number, divisor);
}

}  // namespace

double parse_decimal(std::string_view literal) {
  const Decimal decimal = read(literal);
  const double value = magnitude(decimal);
  return decimal.is_negative ? -value : value;
}

}  // namespace fabula::json
