// The contents of a page of HTML, by parse5.
import assert from "node:assert/strict";
import { parse, parseFragment, type DefaultTreeAdapterTypes, type ParserError } from "parse5";

type Node = DefaultTreeAdapterTypes.Node;
type Element = DefaultTreeAdapterTypes.Element;

const isElement = (node: Node): node is Element => "tagName" in node;
const childrenOf = (node: Node): Node[] => ("childNodes" in node ? node.childNodes : []);

export function elements(node: Node): Element[] {
  return childrenOf(node).flatMap((child) => [...(isElement(child) ? [child] : []), ...elements(child)]);
}

/** The page, which must have no error at all: also none that browsers repair. */
export function readPage(page: string): Node {
  const errors: ParserError[] = [];
  const document = parse(page, { onParseError: (error) => errors.push(error) });
  assert.deepEqual(errors, []);
  return document;
}

export function attribute(element: Element, name: string): string | undefined {
  return element.attrs.find((it) => it.name === name)?.value;
}

export function plainWords(node: Node): string {
  if (node.nodeName === "#text") return (node as DefaultTreeAdapterTypes.TextNode).value;
  if (node.nodeName === "br") return "\n";
  return childrenOf(node).map(plainWords).join("");
}

/** Text with marks for emphasis, character by character, whatever elements mark it. */
function marked(node: Node, marks = ""): string[] {
  if (node.nodeName === "#text") {
    return [...(node as DefaultTreeAdapterTypes.TextNode).value.replaceAll("\n", "")].map((it) =>
      it.trim() === "" ? it : it + marks,
    );
  }
  if (node.nodeName === "br") return ["\n"];
  const more = node.nodeName === "em" ? "´" : node.nodeName === "strong" ? "˝" : "";
  const all = [...new Set([...marks, ...more])].sort().join("");
  return childrenOf(node).flatMap((child) => marked(child, all));
}

const BLOCKS = new Set(["h1", "h2", "h3", "p", "hr", "li", "pre", "table", "ol", "ul"]);

/** [name, text with marks] of the paragraphs, headings and rules below the node, in order. */
export function blocks(node: Node): [string, string][] {
  return elements(node)
    .filter((it) => BLOCKS.has(it.tagName))
    .map((it) => [it.tagName, marked(it).join("").trim()]);
}

export const fragment = (html: string): Node => parseFragment(html);
