// Exported stories as independent readers of their formats see them.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { HtmlRenderer, Parser } from "commonmark";
import { Fountain } from "fountain-js";
import { BOOKS } from "./books.ts";
import { exported, exportedText, run } from "./exporting.ts";
import { attribute, blocks, elements, fragment, plainWords, readPage } from "./page_reading.ts";

const FORMATS = ["md", "txt", "html", "fountain", "epub", "json", "bible"];
const FOLDER = "build/tests/story_export/files";
// Debian's program of this name runs only where the kernel knows archives of Java. The option makes
// short runs faster.
const EPUBCHECK = ["-XX:TieredStopAtLevel=1", "-jar", "/usr/share/java/epubcheck.jar", "--failonwarnings"];
const NOT_IN_XML = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ufffe\uffff]/;

type ArchiveFile = [name: string, isStored: boolean, date: number[], text: string];

function mainOf(page: string) {
  const main = elements(readPage(page)).find((it) => it.tagName === "main");
  assert.ok(main);
  return main;
}

/** Without front matter, as CommonMark's own implementation shows it. */
function shownMarkdown(text: string): string {
  const [, head, body] = /^---\n([^]*?\n)---\n([^]*)$/.exec(text)!;
  for (const line of head!.trimEnd().split("\n")) {
    const [, name, value] = /^([a-z]+): (".*")$/.exec(line)!;
    assert.equal(typeof JSON.parse(value!), "string", name);
  }
  return new HtmlRenderer().render(new Parser().parse(body!));
}

const names = Object.keys(BOOKS);

test("epubcheck finds no fault and no reason for a warning", () => {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  names.forEach((name, index) => {
    const path = join(FOLDER, `${index}.epub`);
    const { bytes, mediaType } = exported(BOOKS[name]!, "epub");
    assert.equal(mediaType, "application/epub+zip");
    writeFileSync(path, bytes);
    const { status, stdout, stderr } = spawnSync("java", [...EPUBCHECK, path], { encoding: "utf8" });
    assert.equal(status, 0, `${name}: ${stdout}${stderr}`);
  });
});

test("Python reads the archives, and their XML is well-formed", () => {
  const paths = names.map((name, index) => {
    const path = join(FOLDER, `python-${index}.epub`);
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(path, exported(BOOKS[name]!, "epub").bytes);
    return path;
  });
  const { status, stdout, stderr } = spawnSync("python3", ["tests/story_export/read_archive.py", ...paths], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  assert.equal(status, 0, stderr);
  const archives = stdout.trimEnd().split("\n").map((line) => JSON.parse(line) as ArchiveFile[]);
  assert.equal(archives.length, names.length);
  archives.forEach((files, index) => {
    const name = names[index]!;
    assert.equal(files[0]![0], "mimetype");
    assert.equal(files[0]![3], "application/epub+zip");
    for (const [, isStored, date, text] of files) {
      assert.ok(isStored);
      assert.deepEqual(date, [1980, 1, 1, 0, 0, 0]);
      assert.doesNotMatch(text, NOT_IN_XML);
    }
    // The chapters have the same text as the page.
    const chapters = files.filter(([file]) => file.includes("chapter-")).map(([, , , text]) => text);
    const body = (text: string) => /<body>([^]*)<\/body>/.exec(text)![1]!;
    const inBook = chapters.flatMap((text) => blocks(fragment(body(text))));
    const onPage = blocks(mainOf(exportedText(BOOKS[name]!, "html")));
    assert.deepEqual(inBook.map(([, text]) => text), onPage.map(([, text]) => text), name);
    const languages = chapters.map((text) => /<html[^>]* lang="([^"]*)"/.exec(text)![1]);
    assert.deepEqual(languages, chapters.map(() => BOOKS[name]!.language), name);
  });
});

test("a book from right to left says so", () => {
  const book = BOOKS["Hebrew"]!;
  const packageText = exported(book, "epub").bytes.toString("utf8");
  assert.match(packageText, /<spine page-progression-direction="rtl">/);
  const html = elements(readPage(exportedText(book, "html"))).find((it) => it.tagName === "html")!;
  assert.deepEqual([attribute(html, "lang"), attribute(html, "dir")], ["he", "rtl"]);
});

for (const name of names) {
  const book = BOOKS[name]!;

  test(`${name}: the page has no errors, and nothing runs in it`, () => {
    const page = exportedText(book, "html");
    const all = elements(readPage(page));
    assert.deepEqual(all.filter((it) => ["script", "b", "img", "iframe", "link"].includes(it.tagName)), []);
    const links = all.filter((it) => it.tagName === "a").map((it) => attribute(it, "href")!);
    for (const link of links) assert.ok(all.some((it) => attribute(it, "id") === link.slice(1)), link);
    assert.doesNotMatch(page, NOT_IN_XML);
  });

  test(`${name}: CommonMark shows the same paragraphs as the page`, () => {
    const [title, ...shown] = blocks(fragment(shownMarkdown(exportedText(book, "md"))));
    const page = exportedText(book, "html");
    const pageTitle = blocks(readPage(page)).find(([tag]) => tag === "h1");
    assert.deepEqual(title, pageTitle);
    // A heading inside of an untitled chapter is one level higher on the page.
    const level = (tag: string) => (tag.startsWith("h") && tag !== "hr" ? "heading" : tag);
    const leveled = (all: [string, string][]) => all.map(([tag, text]) => [level(tag), text]);
    assert.deepEqual(leveled(shown), leveled(blocks(mainOf(page))));
  });

  test(`${name}: Fountain takes prose for action and nothing else`, () => {
    const { tokens } = new Fountain().parse(exportedText(book, "fountain"), true);
    const kinds = new Set(tokens.map((it) => it.type));
    const strange = [...kinds].filter(
      (kind) => !["title", "author", "draft_date", "section", "synopsis", "scene_heading", "action", "centered", "page_break"].includes(kind),
    );
    assert.deepEqual(strange, []);
    const written = book.chapters.flatMap((it) => it.scenes).filter((it) => it.text.trim() !== "");
    assert.equal(tokens.filter((it) => it.type === "scene_heading").length, written.length);
    const paragraphs = elements(mainOf(exportedText(book, "html"))).filter((it) => it.tagName === "p");
    assert.equal(tokens.filter((it) => it.type === "action").length, paragraphs.length);
  });

  test(`${name}: plain text has the words of the page`, () => {
    const text = exportedText(book, "txt");
    for (const paragraph of elements(mainOf(exportedText(book, "html"))).filter((it) => it.tagName === "p")) {
      assert.ok(text.includes(plainWords(paragraph)), plainWords(paragraph));
    }
    assert.doesNotMatch(text, NOT_IN_XML);
  });

  test(`${name}: JSON has everything`, () => {
    const { format, version, ...rest } = JSON.parse(exportedText(book, "json")) as Record<string, unknown>;
    assert.deepEqual([format, version], ["fabula-story", 1]);
    // Half a surrogate pair cannot be written in UTF-8.
    const whole = JSON.parse(JSON.stringify(book), (_, value: unknown) =>
      typeof value === "string" ? Buffer.from(value).toString() : value,
    ) as unknown;
    const once = JSON.parse(JSON.stringify(rest).replaceAll(/\ufffd+/g, "\ufffd")) as unknown;
    assert.deepEqual(once, whole);
  });

  test(`${name}: the bible's Markdown shows what the dossier says`, () => {
    const shown = blocks(fragment(shownMarkdown(exportedText(book, "bible")))).map(([, text]) => text);
    if (book.dossier === null) {
      assert.equal(shown.length, 1);
    } else {
      for (const line of ["Mara *the* <keeper>", "# Keeps - the light.", "1. enemy: the sea", "--- rule", "It rains. # It pours."]) {
        assert.ok(shown.includes(line), `${line} is not in ${JSON.stringify(shown)}`);
      }
    }
  });

  test(`${name}: the same bytes each time, and a name that a header can have`, () => {
    for (const format of FORMATS) {
      const first = exported(book, format);
      assert.ok(first.bytes.equals(exported(book, format).bytes));
      assert.match(first.contentDisposition, /^attachment; filename="[ \w.\-()',!&+]+"; filename\*=UTF-8''[\w.~%-]+$/);
      const name = decodeURIComponent(first.contentDisposition.split("''")[1]!);
      assert.doesNotMatch(name, /[/\\:*?"<>|\u0000-\u001f]/);
      assert.ok(Buffer.byteLength(name) < 200);
    }
  });
}

test("an unknown format is refused with the list of those that there are", () => {
  const { status, stderr } = run(BOOKS["a novel"], "docx");
  assert.equal(status, 1);
  assert.match(stderr.toString(), /md, txt, html, fountain, epub, json, bible/);
});
