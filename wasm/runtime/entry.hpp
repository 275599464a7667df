// The exports of a function's module: one line in its main.cpp, FABULA_FUNCTION(handler).
#pragma once

#include <cstdint>

#include "wasm/runtime/context.hpp"

#define FABULA_EXPORT(name) __attribute__((export_name(#name), used)) name

#define FABULA_FUNCTION(handler)                                                                   \
  extern "C" std::uint32_t FABULA_EXPORT(fabula_abi_version)() { return ::fabula::abi::kVersion; } \
  extern "C" ::fabula::runtime::CompletionBuffer* FABULA_EXPORT(fabula_start)(                     \
      std::uint32_t request) {                                                                     \
    return ::fabula::runtime::Context::start(request, &(handler));                                 \
  }                                                                                                \
  extern "C" void FABULA_EXPORT(fabula_resume)(::fabula::runtime::CompletionBuffer * handle,       \
                                               std::uint32_t count) {                              \
    ::fabula::runtime::Context::resume(handle, count);                                             \
  }
