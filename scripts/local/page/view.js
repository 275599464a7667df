// Shows a conversation.

export const find = (selector, within = document) => within.querySelector(selector);
const list = find("#messages");
const articles = new WeakMap();

/** @typedef {import("./conversation.js").Message} Message */

/**
 * @param {Message[]} messages
 * @param {{tryAgain: (reply: Message) => void, forget: () => void}} actions
 */
export function showMessages(messages, actions) {
  list.replaceChildren();
  appendMessages(messages, actions);
}

export function appendMessages(messages, actions) {
  list.append(...messages.map((message) => createArticle(message, actions)));
}

function createArticle(message, { tryAgain, forget }) {
  const article = find("#message").content.firstElementChild.cloneNode(true);
  articles.set(message, article);
  article.classList.add(message.role);
  find("h3", article).textContent = { user: "You", assistant: "Fabula" }[message.role];
  find(".again", article).addEventListener("click", () => tryAgain(message));
  find(".forget", article).addEventListener("click", () => forget());
  showMessage(message);
  return article;
}

export function showText(message) {
  find(".text", articles.get(message)).textContent = message.text;
}

/** @param {Message} message */
export function showMessage(message) {
  const article = articles.get(message);
  article.setAttribute("aria-busy", String(message.state === "writing"));
  showText(message);
  const note = find(".note", article);
  note.hidden = message.state !== "stopped";
  note.textContent = "Stopped here.";
  find(".again", article).textContent = message.text === "" ? "Try again" : "Go on with it";
  showProblem(article, message.problem);
  if (message.state !== "writing") showFacts(find(".facts", article), message.facts);
}

function showProblem(article, problem) {
  find(".problem", article).hidden = !problem;
  if (!problem) return;
  const { title, detail = "", faults = [], code, status, requestId } = problem;
  const lines = [detail, ...faults.map(({ path, message }) => `${path}: ${message}`)];
  find(".problem-title", article).textContent = title;
  find(".problem-detail", article).textContent = lines.filter(Boolean).join("\n");
  const codes = [status, code, requestId && `request ${requestId}`];
  find(".problem-code", article).textContent = codes.filter(Boolean).join(" · ");
  // This database does not know the guest (any more): only a new guest helps.
  find(".forget", article).hidden = status !== 401;
}

function showFacts(details, facts) {
  const known = Object.entries(facts ?? {}).filter(([, value]) => value != null && value !== "");
  details.hidden = known.length === 0;
  const { model, tokens_out, total_ms = 0 } = Object.fromEntries(known);
  const summary = [
    model,
    tokens_out && `${tokens_out} tokens`,
    `${(total_ms / 1000).toFixed(1)} s`,
  ];
  find("summary", details).textContent = summary.filter(Boolean).join(" · ");
  showList(find("dl", details), known);
}

function showList(dl, entries) {
  dl.replaceChildren();
  for (const [name, value] of entries) {
    const [term, fact] = ["dt", "dd"].map((tag) => document.createElement(tag));
    term.textContent = name;
    fact.textContent = value;
    dl.append(term, fact);
  }
}

/** @param {import("./conversation.js").Conversation} conversation */
export function showConversation({ title = "", sessionId, projectId }) {
  find("#title").textContent = title;
  document.title = title ? `${title} - Fabula` : "Fabula";
  find("#open-dossier").hidden = !projectId;
  find("#ids").hidden = !sessionId;
  showList(find("#ids dl"), [
    ["session_id", sessionId],
    ["project_id", projectId],
  ]);
}

export function showRunning(isRunning, isEmpty) {
  find("#welcome").hidden = !isEmpty;
  find("#send").hidden = isRunning;
  find("#stop").hidden = !isRunning;
  find("#stop").disabled = false;
  if (isRunning) find("#status").textContent = "Fabula is writing.";
}

/** Keeps the end visible for a user who is there, and the position of one who has scrolled back. */
export function stayAtEnd(change) {
  const isAtEnd = innerHeight + scrollY >= document.body.scrollHeight - 80;
  change();
  if (isAtEnd) scrollToEnd();
}

export function scrollToEnd() {
  scrollTo({ top: document.body.scrollHeight });
}
