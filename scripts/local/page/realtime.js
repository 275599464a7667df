// A live conversation over WS /functions/v1/realtime/ws/session/{session_id}: shows messages as they
// arrive, stores the guest's token and unsent messages in this browser, and shows the session's log and its
// summary next to the conversation.
import { LiveSocket } from "./realtime_socket.js";
import { Session } from "./realtime_session.js";
import { showConversation, showEvents, showTimes } from "./realtime_view.js";

const FUNCTIONS = "/functions/v1";
const STORAGE_KEY = "fabula.realtime";
const LOOK_EVERY_MS = 2_000;
const PAGE_EVENTS = 100;

const find = (selector) => document.querySelector(selector);

/** @type {{guestToken?: string, name: string, outboxes: Record<string, {id: string, text: string}[]>}} */
const stored = load();
let session = new Session();
/** @type {LiveSocket | undefined} */
let socket;
let state = "left";
let countdown;
/** The answer of GET /realtime/sessions/{id}. */
let facts;

function load() {
  try {
    return { name: "demo123", outboxes: {}, ...JSON.parse(localStorage.getItem(STORAGE_KEY)) };
  } catch {
    return { name: "demo123", outboxes: {} };
  }
}

function save() {
  stored.outboxes[stored.name] = session.outbox;
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(stored));
  } catch {
    // Storage is full or forbidden: a reload will not know this user.
  }
}

function open(name) {
  socket?.leave();
  stored.name = name;
  session = new Session();
  session.outbox = stored.outboxes[name] ?? [];
  facts = undefined;
  history.replaceState(null, "", `#${encodeURIComponent(name)}`);
  find("#name").value = name;
  document.title = `${name} - Fabula, live`;
  const url = new URL(`${FUNCTIONS}/realtime/ws/session/${encodeURIComponent(name)}`, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  const opened = session;
  socket = new LiveSocket(url.href, {
    token: () => stored.guestToken,
    hello: () => (opened.lastEventId === undefined ? {} : { last_event_id: opened.lastEventId }),
    receive: (message) => opened === session && receive(message),
    show: (next, detail) => opened === session && showState(next, detail),
  });
  save();
  show();
  socket.open();
}

function receive(message) {
  if (message.type === "ready") {
    stored.guestToken = message.guest_token ?? stored.guestToken;
    find("#problem").hidden = true;
  }
  const isFirst = session.lastEventId === undefined;
  session.receive(message);
  if (message.type === "ready") {
    saidHere.clear();
    if (isFirst && message.events.length >= PAGE_EVENTS) void readEarlier(message.events[0].id);
    void look();
  }
  if (message.type === "error" && !message.id) showProblem(message.message, message.code);
  for (const { id, text } of session.outbox) say(id, text);
  if (message.type !== "token") save();
  show();
}

/** Messages that this connection has sent: a new connection sends all unaccepted ones again. */
const saidHere = new Set();

function say(id, text) {
  if (state === "open" && !saidHere.has(id) && socket.send({ type: "message", id, text })) saidHere.add(id);
}

async function get(path) {
  const response = await fetch(`${FUNCTIONS}/realtime/sessions/${encodeURIComponent(stored.name)}${path}`, {
    headers: { Authorization: `Bearer ${stored.guestToken}` },
  });
  if (!response.ok) throw new Error(`${response.status}`);
  return response.json();
}

/** Fetches the events before this one: the server sends only the newest ones. */
async function readEarlier(first_id) {
  const asked = session;
  for (let after = 0; asked === session && after < first_id - 1; ) {
    const events = await get(`/events?after=${after}&limit=${PAGE_EVENTS}`).catch(() => []);
    if (asked !== session || events.length === 0) return;
    session.add(events.filter(({ id }) => id < first_id));
    after = events.at(-1).id;
    show();
  }
}

/** Reads when the session ended, and its summary. */
async function look() {
  if (!stored.guestToken) return;
  const asked = session;
  const read = await get("").catch(() => undefined);
  if (asked !== session || !read) return;
  facts = read;
  showTimes(facts, state);
}

function showState(next, detail = {}) {
  state = next;
  clearInterval(countdown);
  const pill = find("#connection");
  pill.dataset.state = next;
  const tell = () => {
    const left_s = Math.max(0, Math.ceil((detail.until_ms - performance.now()) / 1000));
    pill.textContent = {
      connecting: "Connecting",
      open: "Connected",
      waiting: `Connection lost, trying again in ${left_s} s`,
      left: "You have left",
      refused: "Refused",
    }[next];
  };
  tell();
  if (next === "waiting") countdown = setInterval(tell, 250);
  find("#again").hidden = next !== "waiting";
  find("#leave").textContent = next === "left" || next === "refused" ? "Come back" : "Leave";
  if (next === "refused") {
    // The reason is a code; an invalid bearer is the only one that the user can do something about.
    showProblem("The server has refused this connection.", detail.reason);
  }
  show();
}

function showProblem(title, code) {
  find("#problem").hidden = false;
  find("#problem .problem-title").textContent = title;
  find("#problem .problem-code").textContent = code;
  find("#forget").hidden = !/token|guest/.test(code);
}

/** The rest of a reply that broke off comes over the socket. */
async function goOn(messageId) {
  const response = await fetch(`${FUNCTIONS}/chat/messages/${messageId}/continue`, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${stored.guestToken}`,
      "Content-Type": "application/json",
      Accept: "application/json",
    },
    body: "{}",
  }).catch(() => undefined);
  if (response?.ok) return;
  const problem = (await response?.json().catch(() => undefined)) ?? {};
  showProblem(problem.detail ?? "The reply could not be continued.", problem.code ?? "");
}

function show() {
  const isAtEnd = innerHeight + scrollY >= document.body.scrollHeight - 80;
  showConversation(session, state === "open", {
    cancel: (id) => {
      // It has not been sent yet.
      if (!socket.send({ type: "cancel", id })) session.takeBack(id);
      save();
      show();
    },
    goOn: (messageId) => void goOn(messageId),
  });
  showEvents(session.sorted());
  showTimes(facts, state);
  if (isAtEnd) scrollTo({ top: document.body.scrollHeight });
}

find("#form").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = find("#text").value.trim();
  if (!text) return;
  find("#text").value = "";
  const { id } = session.say(text);
  save();
  say(id, text);
  if (state === "left") socket.open();
  show();
  scrollTo({ top: document.body.scrollHeight });
});
find("#text").addEventListener("keydown", (event) => {
  // `isComposing`: Enter then only accepts an input method's proposal.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  find("#form").requestSubmit();
});
find("#choose").addEventListener("submit", (event) => {
  event.preventDefault();
  open(find("#name").value.trim());
});
find("#leave").addEventListener("click", () => {
  if (state === "left" || state === "refused") socket.open();
  else socket.leave();
});
find("#again").addEventListener("click", () => socket.hurry());
find("#forget").addEventListener("click", () => {
  delete stored.guestToken;
  open(stored.name);
});
find("#show-log").addEventListener("click", ({ currentTarget }) => {
  const isShown = document.body.classList.toggle("shows-log");
  currentTarget.setAttribute("aria-expanded", String(isShown));
});
addEventListener("online", () => socket.hurry());
// The end and the summary arrive after the session was left, when there is no socket to report them. While
// a lost connection is tried again there is nobody to ask.
setInterval(() => {
  if (facts?.summary === null && state === "left") void look();
}, LOOK_EVERY_MS);

const named = decodeURIComponent(location.hash.slice(1));
open(/^[!-~]{1,128}$/.test(named) ? named : stored.name);
find("#text").focus();
