// The page's style: system fonts and colours for light and dark, one column on a phone.
#pragma once

#include <string_view>

namespace fabula::api {

inline constexpr std::string_view kPageStyle =
    ":root{color-scheme:light dark;--ink:#1c1b22;--soft:#5b5966;--paper:#fdfcfa;--line:#e0dcd3;"
    "--code:#f1eee7;--link:#5a3fb0}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e9e6f0;--soft:#a9a5b5;--paper:#17161c;"
    "--line:#35323f;--code:#242230;--link:#b9a5ff}}"
    "*{box-sizing:border-box}"
    "html{scroll-padding-top:1rem}"
    "body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,sans-serif}"
    "a{color:var(--link)}"
    "header,nav,main{padding:1rem 1.25rem;max-width:60rem}"
    "h1,h2,h3,h4{line-height:1.25;margin:0 0 .5rem}"
    "h2{margin-top:2.5rem;padding-bottom:.3rem;border-bottom:1px solid var(--line)}"
    "h3{font-size:1.05rem;overflow-wrap:anywhere}"
    "h4{font-size:.85rem;margin-top:1rem;color:var(--soft)}"
    "p{margin:.35rem 0}"
    "code{background:var(--code);border-radius:3px;padding:.1em .3em;"
    "font:.875em ui-monospace,monospace;overflow-wrap:anywhere}"
    "pre{background:var(--code);border-radius:5px;padding:.75rem;overflow-x:auto}"
    "pre code{padding:0}"
    "article{margin:1.5rem 0;padding:1rem;border:1px solid var(--line);border-radius:8px}"
    "article:target{border-color:var(--link)}"
    "small,em,.access{color:var(--soft);font-style:normal;font-size:.85rem}"
    ".method{display:inline-block;min-width:4.2em;padding:.1em .5em;border-radius:4px;"
    "background:var(--ink);color:var(--paper);font:700 .75rem/1.6 ui-monospace,monospace;"
    "text-align:center}"
    ".table{overflow-x:auto}"
    "table{border-collapse:collapse;width:100%;font-size:.9rem}"
    "th,td{text-align:left;vertical-align:top;padding:.35rem .6rem .35rem 0;"
    "border-bottom:1px solid var(--line)}"
    "td:first-child code{white-space:nowrap}"
    "th{color:var(--soft);font-weight:600}"
    "nav ul{list-style:none;margin:0;padding:0}"
    "nav ul ul{padding-left:.75rem;font-size:.85rem}"
    "nav a{text-decoration:none;overflow-wrap:anywhere}"
    "nav summary{cursor:pointer;font-weight:600}"
    "@media(min-width:64rem){body{display:grid;grid-template:auto 1fr/19rem minmax(0,60rem);"
    "justify-content:center}header{grid-column:2}"
    "nav{grid-row:1/3;position:sticky;top:0;height:100vh;overflow-y:auto;"
    "border-right:1px solid var(--line)}main{grid-column:2}}";

}  // namespace fabula::api
