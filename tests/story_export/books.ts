// Books that are hard to write, in the form of `read_story_export`.

export interface Scene {
  part_id: string;
  number: number;
  title: string;
  text: string;
  plan: unknown;
}

export interface Book {
  project_id: string;
  title: string;
  author: string;
  language: string;
  premise: string;
  created_at: string;
  updated_at: string;
  settings: unknown;
  chapters: { number: number; title: string; scenes: Scene[] }[];
  dossier: unknown;
}

let lastNumber = 0;
const scene = (title: string, text: string, description = "Rain falls."): Scene => ({
  part_id: "6f1c2c3e-0000-4000-8000-000000000001",
  number: (lastNumber += 1),
  title,
  text,
  plan: { description, characters: ["Mara"], key_events: [] },
});

function book(changes: Partial<Book>): Book {
  return {
    project_id: "0b8f3d3e-1b9b-4c3e-9c5a-2f6d1b7a9e10",
    title: "The Door in the Sea",
    author: "A. Nobody",
    language: "en",
    premise: "A keeper finds a door.\nIt stands in the sea.",
    created_at: "2026-11-01T08:00:00.5+00:00",
    updated_at: "2026-11-02T09:30:15.123456+00:00",
    settings: { story_tone: "Dark", target_words: 1000 },
    chapters: [],
    dossier: null,
    ...changes,
  };
}

const oneScene = (text: string, title = "The Lamp") => [{ number: 1, title: "", scenes: [scene(title, text)] }];

/** All characters that a program could trip over. */
const CONTROLS = Array.from({ length: 0xa0 }, (_, code) => String.fromCharCode(code)).join("");
const NONCHARACTERS = "\ufdd0\ufffe\uffff\u{1ffff}\u{10ffff}\ufeff";

// Without lines that end with "TO:": fountain-js takes them for transitions even after an exclamation
// mark, which the format forbids; tests/unit/story_export.cpp has one.
const HOSTILE_LINES = [
  "<script>alert(1)</script> & &amp; &#60; <!-- x --> ]]> <![CDATA[ \"quoted\" 'single' `code`",
  "[link](javascript:alert(1)) ![image](x) <http://x.y> [[note]] [[[three]]] /* boneyard */ {{x}}",
  "| a | b |",
  "|---|---|",
  "1. A list?",
  "2) Another.",
  "- Yes, said Mara.",
  "+ Plus",
  ": colon",
  "=== not a page",
  "= No synopsis",
  "~ no lyrics ~",
  ".no heading",
  "@NOBODY",
  "!already forced",
  "> a quote > of something",
  "INT. HOUSE - NIGHT",
  "Interior light fell in.",
  "FADE OUT.",
  "MARA",
  "(softly)",
  "#hashtag and #12#",
  "$x^2$ ~~gone~~ a\\b \\",
  "    an indented line",
  "\\*stars\\* * and _ alone, f*ck, snake_case_words, ****",
  "Title: none",
  "***bold and slanted*** **bold *both*** *open",
  "**“No.”**he said. He was*so*tired.",
  "*a _b* c_ **x*y**z*",
  "🦊 \u202eright\u202c \u{20000} e\u0301",
];

const DOSSIER = {
  characters: [
    {
      id: "1",
      name: "Mara *the* <keeper>",
      aliases: ["Miss Dashwood", "_she_"],
      description: "# Keeps\n- the light.",
      age: "30",
      character_arc: null,
      relationships: ["sister: Nora", "1. enemy: the sea"],
      locked: ["*"],
    },
    { id: "2", name: "", aliases: null, relationships: 7 },
    "no record",
  ],
  themes: ["Loss", "--- rule", 7],
  locations: [{ id: "3", name: "The Shore", aliases: [], description: null, climate: ["wet", "cold"] }],
  objects: [{ id: "4", name: "The Key" }],
  plot_points: ["It rains.\n# It pours."],
  open_questions: [
    { id: "q", kind: "value", text: "How old is Mara?", values: [{ entry: "e", value: "30", quote: "She is 30" }, 3] },
  ],
  logline: "A door, a lamp & rain.",
};

const novel = Array.from({ length: 12 }, (_, index) => ({
  number: index + 1,
  title: index % 3 === 2 ? "" : `Chapter ${index + 1}: **Rain** & wind`,
  scenes: [
    scene("The Lamp", `## Chapter ${index + 1}: Rain & wind\n\n**The Lamp**\n\nIt *rained*.\n\n***\n\nIt stopped.`),
    scene("Unwritten", ""),
    scene("", "---\nMara did not knock. She had one rule: never look back.\n\n> Dear Mara,\n> come.\n\n> Or not.\n\n---"),
  ],
}));

export const BOOKS: Record<string, Book> = {
  "a short story": book({ chapters: oneScene("It rained.\n\n“Well,” said *Mara*.\n\n***\n\nShe went."), dossier: DOSSIER }),
  "a novel": book({ chapters: novel, dossier: DOSSIER }),
  "nothing written": book({ chapters: [{ number: 1, title: "Planned", scenes: [scene("X", "")] }] }),
  "no chapters, no title": book({ title: "", author: "", language: "", premise: "", settings: null }),
  "hostile lines, each a paragraph": book({ chapters: oneScene(HOSTILE_LINES.join("\n\n")) }),
  "hostile lines, one behind another": book({ chapters: oneScene(HOSTILE_LINES.join("\n")) }),
  "hostile lines in verses": book({
    chapters: oneScene(
      HOSTILE_LINES.map((line, index) => `${line.slice(0, 50)}${index % 3 === 2 ? "\n\n" : "\n"}`).join(""),
    ),
  }),
  "hostile titles": book({
    title: "../A/B \\ <script>\"'&]]> \u0000\u202e**bold** # 1. \ud800",
    author: "Title: [x](y) *z*",
    premise: "---\n\"quoted\" <b> & \\n: {a: b} # no comment\u0007",
    chapters: HOSTILE_LINES.map((line, index) => ({
      number: index + 1,
      title: line,
      scenes: [scene(line, "It rained.", line)],
    })),
    dossier: DOSSIER,
  }),
  "control characters": book({
    title: `A${CONTROLS}B`,
    chapters: oneScene(`A${CONTROLS}B${NONCHARACTERS}C \ud800 D \udc00 E`, `T${CONTROLS}`),
  }),
  "very long titles": book({
    title: "Very long ".repeat(400),
    chapters: [{ number: 1, title: "x".repeat(5_000), scenes: [scene("y".repeat(5_000), "It rained.")] }],
  }),
  Hebrew: book({
    language: "he",
    title: "הדלת בים",
    author: "פלונית",
    premise: "דלת בים.",
    chapters: [
      { number: 1, title: "גשם", scenes: [scene("המנורה", "ירד *גשם*.\n\n״טוב״, אמרה מרה.")] },
      { number: 2, title: "", scenes: [scene("", "היא הלכה.")] },
    ],
  }),
  Japanese: book({
    language: "ja",
    title: "海の扉",
    author: "名無し",
    premise: "海に扉がある。",
    chapters: oneScene("　雨が*降って*いた。\n「**いいえ。**」と彼女は言った。**「はい」**と彼は答えた。\n※\n彼女は去った。", "灯"),
  }),
  Chinese: book({ language: "zh-Hant", title: "海之門", chapters: oneScene("他*很*好。**“不。”**他說。\n\n她走了。") }),
};
