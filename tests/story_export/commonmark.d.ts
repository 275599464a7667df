// The parts of npm's commonmark that the tests use; it has no types of its own.
declare module "commonmark" {
  export class Parser {
    parse(text: string): object;
  }
  export class HtmlRenderer {
    render(document: object): string;
  }
}
