#include "shared/story/export/zip.hpp"

#include <array>
#include <utility>

namespace fabula::story {
namespace {

constexpr std::uint32_t kLocalHeader = 0x04034b50;
constexpr std::uint32_t kCentralHeader = 0x02014b50;
constexpr std::uint32_t kEndOfDirectory = 0x06054b50;
constexpr std::uint16_t kVersion = 20;              // 2.0, which stored files and folders need
constexpr std::uint16_t kFirstDay = 1U << 5U | 1U;  // 1980-01-01 in DOS's format

constexpr std::array<std::uint32_t, 256> checksum_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value & 1U) != 0 ? 0xEDB88320U ^ (value >> 1U) : value >> 1U;
    }
    table[i] = value;
  }
  return table;
}

constexpr auto kChecksumTable = checksum_table();

void append_16(std::string& out, std::uint32_t value) {
  out.push_back(static_cast<char>(value & 0xFFU));
  out.push_back(static_cast<char>(value >> 8U & 0xFFU));
}

void append_32(std::string& out, std::uint32_t value) {
  append_16(out, value & 0xFFFFU);
  append_16(out, value >> 16U);
}

}  // namespace

std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t value = 0xFFFFFFFFU;
  for (const char c : bytes) {
    value = kChecksumTable[(value ^ static_cast<unsigned char>(c)) & 0xFFU] ^ (value >> 8U);
  }
  return ~value;
}

void ZipWriter::add(std::string_view name, std::string_view content) {
  const Entry entry{std::string(name), crc32(content), static_cast<std::uint32_t>(content.size()),
                    static_cast<std::uint32_t>(out_.size())};
  append_32(out_, kLocalHeader);
  append_16(out_, kVersion);
  append_16(out_, 0);  // no flags
  append_16(out_, 0);  // stored
  append_16(out_, 0);  // midnight
  append_16(out_, kFirstDay);
  append_32(out_, entry.checksum);
  append_32(out_, entry.bytes);
  append_32(out_, entry.bytes);
  append_16(out_, static_cast<std::uint32_t>(name.size()));
  append_16(out_, 0);  // no further fields
  out_.append(name).append(content);
  entries_.push_back(entry);
}

std::string ZipWriter::finish() {
  const auto begin = static_cast<std::uint32_t>(out_.size());
  for (const auto& entry : entries_) {
    append_32(out_, kCentralHeader);
    append_16(out_, kVersion);
    append_16(out_, kVersion);
    append_16(out_, 0);  // no flags
    append_16(out_, 0);  // stored
    append_16(out_, 0);  // midnight
    append_16(out_, kFirstDay);
    append_32(out_, entry.checksum);
    append_32(out_, entry.bytes);
    append_32(out_, entry.bytes);
    append_16(out_, static_cast<std::uint32_t>(entry.name.size()));
    append_16(out_, 0);  // no further fields
    append_16(out_, 0);  // no comment
    append_16(out_, 0);  // the first disk
    append_16(out_, 0);  // no attributes
    append_32(out_, 0);
    append_32(out_, entry.offset);
    out_.append(entry.name);
  }
  const auto end = static_cast<std::uint32_t>(out_.size());
  append_32(out_, kEndOfDirectory);
  append_16(out_, 0);  // one disk
  append_16(out_, 0);
  append_16(out_, static_cast<std::uint32_t>(entries_.size()));
  append_16(out_, static_cast<std::uint32_t>(entries_.size()));
  append_32(out_, end - begin);
  append_32(out_, begin);
  append_16(out_, 0);  // no comment
  return std::move(out_);
}

}  // namespace fabula::story
