// Shows a session: elements are reused, so that the user's reading position and selection stay.

const find = (selector, within = document) => within.querySelector(selector);
const time = (moment) => new Date(moment).toLocaleTimeString();

/** @type {Map<string, HTMLElement>} */
const articles = new Map();

/** The items of the conversation, from its events, the running replies, and the outbox. */
function itemsOf({ turns, outbox, sorted }) {
  const items = [];
  const replies = new Map();
  for (const event of sorted) {
    const question = event.metadata.user_message_id;
    if (event.type === "message" && event.role === "user") {
      items.push({ key: event.message_id, role: "user", text: event.content, messageId: event.message_id });
    } else if (question && event.type !== "tool_call" && event.type !== "tool_result") {
      // Shows the newest take of a reply, and a failure only until there is one.
      const { role, content, message_id, metadata, type } = event;
      if (type === "message" || !replies.has(question)) replies.set(question, { role, content, message_id, metadata });
    } else if (event.type === "system") {
      items.push({ key: `e${event.id}`, role: "system", text: event.content });
    }
  }
  const running = new Map([...turns.values()].map((turn) => [turn.userMessageId, turn]));
  // Accepted, but not received as an event yet.
  for (const { said, userMessageId } of turns.values()) {
    if (said !== undefined && !items.some(({ messageId }) => messageId === userMessageId)) {
      items.push({ key: userMessageId, role: "user", text: said, messageId: userMessageId });
    }
  }
  const all = items.flatMap((item) => {
    const reply = replyOf(running.get(item.messageId), replies.get(item.messageId));
    return item.role === "user" && reply ? [item, { key: `r${item.key}`, role: "assistant", ...reply }] : [item];
  });
  for (const { id, text, problem } of outbox) {
    const note = problem ? `${problem.message} (${problem.code})` : "Not sent yet.";
    all.push({ key: `o${id}`, role: "user", text, note, action: { label: "Take back", cancel: id } });
  }
  return all;
}

function replyOf(turn, stored) {
  if (turn && !turn.end) {
    return { text: turn.text, isWriting: true, needsConnection: true, action: { label: "Stop", cancel: turn.id } };
  }
  if (turn) return { text: turn.text, ...(turn.end.code && { note: `It broke off here (${turn.end.code}).` }) };
  if (!stored) return undefined;
  const { content, message_id, metadata } = stored;
  const text = message_id ? content : "";
  if (metadata.is_complete) return { text };
  if (metadata.finish_reason === "cancelled") return { text, note: "Stopped here." };
  const code = metadata.error_code ?? (message_id ? metadata.status : content);
  const note = text ? `It broke off here (${code}).` : `There is no reply (${code}).`;
  return { text, note, ...(text && { action: { label: "Go on", goOn: message_id } }) };
}

/** @param {import("./realtime_session.js").Session} session */
export function showConversation(session, isConnected, actions) {
  const items = itemsOf({ turns: session.turns, outbox: session.outbox, sorted: session.sorted() });
  find("#welcome").hidden = items.length > 0;
  const list = find("#messages");
  const keys = new Set(items.map(({ key }) => key));
  for (const [key, article] of articles) {
    if (keys.has(key)) continue;
    article.remove();
    articles.delete(key);
  }
  items.forEach((item, place) => {
    let article = articles.get(item.key);
    if (!article) {
      article = find("#message").content.firstElementChild.cloneNode(true);
      articles.set(item.key, article);
    }
    if (list.children[place] !== article) list.insertBefore(article, list.children[place] ?? null);
    showItem(article, item, isConnected, actions);
  });
}

function showItem(article, { role, text, note, isWriting = false, action, needsConnection }, isConnected, actions) {
  article.className = `message ${role}`;
  article.setAttribute("aria-busy", String(isWriting));
  find("h3", article).textContent = { user: "You", assistant: "Fabula", system: "Session" }[role];
  const shown = find(".text", article);
  if (shown.textContent !== text) shown.textContent = text;
  const noted = find(".note", article);
  noted.hidden = !note;
  noted.textContent = note ?? "";
  const button = find("button", article);
  button.hidden = !action || (needsConnection && !isConnected);
  button.textContent = action?.label ?? "";
  button.onclick = () => (action?.cancel ? actions.cancel(action.cancel) : actions.goOn(action.goOn));
}

/** The log, the newest first. */
export function showEvents(events) {
  find("#count").textContent = events.length ? String(events.length) : "";
  const list = find("#log");
  const shown = events.map(({ id, role, type, content, timestamp }) => {
    const text = `${id} ${type}${type === "message" ? ` ${role}` : ""} ${time(timestamp)}`;
    return { key: `${id} ${content.length}`, text, content, type };
  });
  const known = new Map([...list.children].map((item) => [item.dataset.key, item]));
  list.replaceChildren(
    ...shown.reverse().map(({ key, text, content, type }) => {
      const item = known.get(key) ?? find("#event").content.firstElementChild.cloneNode(true);
      item.dataset.key = key;
      item.className = type;
      find(".event-head", item).textContent = text;
      find(".event-text", item).textContent = content;
      return item;
    }),
  );
}

/** @param {{start_time: string, end_time: string | null, summary: string | null} | undefined} facts */
export function showTimes(facts, state) {
  const summary = find("#summary");
  summary.classList.toggle("empty", !facts?.summary);
  const isHere = !facts || !["left", "refused"].includes(state);
  summary.textContent =
    facts?.summary ??
    (isHere
      ? "It is written when everybody has left for a minute."
      : facts.end_time
        ? "It is being written."
        : "It is written soon, unless somebody comes back.");
  const times = facts ? [["started", facts.start_time], ["ended", facts.end_time]] : [];
  find("#times").replaceChildren(
    ...times.flatMap(([name, moment]) => {
      const [term, fact] = ["dt", "dd"].map((tag) => document.createElement(tag));
      term.textContent = name;
      fact.textContent = moment ? time(moment) : "not yet";
      return [term, fact];
    }),
  );
}
