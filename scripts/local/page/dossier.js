// The dossier of the conversation's story: the facts that were found so far.
import { authorization, problemOf, problemOfResponse } from "./chat.js";
import { find } from "./view.js";

const dialog = find("#dossier");
const SECTIONS = [
  ["characters", "Characters"],
  ["locations", "Places"],
  ["objects", "Objects"],
  ["plot_points", "Plot"],
  ["themes", "Themes"],
  ["open_questions", "Open questions"],
];
// Shown as the heading, or only meant for programs.
const UNSHOWN = new Set(["name", "text", "id", "locked", "kind", "target", "field"]);

find("#close-dossier").addEventListener("click", () => dialog.close());

/** @param {import("./conversation.js").Conversation} conversation */
export async function openDossier({ projectId, guestToken }) {
  const body = find("#dossier-body");
  body.replaceChildren(element("p", "Reading the dossier."));
  dialog.showModal();
  try {
    const headers = authorization(guestToken);
    const response = await fetch(`/functions/v1/dossier/${projectId}`, { headers });
    if (!response.ok) throw await problemOfResponse(response);
    body.replaceChildren(...contents(await response.json()));
  } catch (error) {
    const { title, detail = "" } = problemOf(error);
    body.replaceChildren(element("p", `${title}. ${detail}`));
  }
}

function contents({ version, snapshot_json: snapshot }) {
  const sections = SECTIONS.filter(([name]) => snapshot[name]?.length > 0).map(([name, heading]) => {
    const section = element("section");
    const items = element("ul");
    items.append(...snapshot[name].map(describe));
    section.append(element("h3", heading), items);
    return section;
  });
  if (sections.length > 0) return [element("p", `Version ${version}`), ...sections];
  return [
    element("p", "Nothing is known of this story yet: it is read after each reply, by the models of MODEL_DOSSIER."),
    element("p", "The local model is too small to find facts. With OPENAI_API_KEY, or another provider's key, a dossier grows."),
  ];
}

function describe(item) {
  const li = element("li");
  if (typeof item === "string") {
    li.textContent = item;
    return li;
  }
  li.append(element("strong", item.name ?? item.text));
  for (const [key, value] of Object.entries(item)) {
    if (UNSHOWN.has(key) || value === null || value.length === 0) continue;
    const told = Array.isArray(value) ? value.map(inWords).join("; ") : String(value);
    li.append(element("p", key === "description" ? told : `${key.replaceAll("_", " ")}: ${told}`));
  }
  return li;
}

/** A text, or a value to choose from, with its quote. */
function inWords(value) {
  if (typeof value === "string") return value;
  return value.quote ? `${value.value} (“${value.quote}”)` : value.value;
}

function element(tag, text = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}
