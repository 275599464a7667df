// The endpoints of the API's documentation.
#pragma once

#include <array>

#include "shared/api/endpoints/answers.hpp"
#include "shared/api/operation.hpp"

namespace fabula::api::docs {

inline constexpr Operation kReadPage{
    .id = "read_docs",
    .method = "GET",
    .pattern = "/docs",
    .summary = "This documentation as a page",
    .access = Access::anyone,
    .answer = {.kind = AnswerKind::html, .description = "The page.", .has_etag = true}};

inline constexpr Operation kReadDocument{
    .id = "read_openapi",
    .method = "GET",
    .pattern = "/docs/openapi.json",
    .summary = "This documentation as an OpenAPI document",
    .access = Access::anyone,
    .answer = {.description = "The document.", .has_etag = true}};

inline constexpr Operation kHealth{.id = "docs_health",
                                   .method = "GET",
                                   .pattern = "/docs/health",
                                   .summary = "Whether the function runs",
                                   .access = Access::anyone,
                                   .answer = {.schema = &api::kHealth, .description = "It runs."}};

// The function `redoc`, for callers that look for the page under that name.
inline constexpr Operation kRedirect{
    .id = "redirect_to_docs",
    .method = "GET",
    .pattern = "/redoc",
    .summary = "A redirect to the page",
    .access = Access::anyone,
    .answer = {.kind = AnswerKind::redirect, .status = 308, .description = "Go to /docs."}};

inline constexpr Operation kRedocHealth{
    .id = "redoc_health",
    .method = "GET",
    .pattern = "/redoc/health",
    .summary = "Whether the function runs",
    .access = Access::anyone,
    .answer = {.schema = &api::kHealth, .description = "It runs."}};

inline constexpr std::array kOperations{kReadPage, kReadDocument, kHealth, kRedirect, kRedocHealth};

}  // namespace fabula::api::docs
