// The page of another origin: signs up, says something, and reads the reply on after a reload.
import { createClient } from "@supabase/supabase-js";

declare const FABULA_URL: string;
declare const PUBLISHABLE_KEY: string;

const supabase = createClient(FABULA_URL, PUBLISHABLE_KEY);
const find = (id: string) => document.getElementById(id)!;
const tell = (state: string) => (find("state").textContent = state);

async function read(response: Response): Promise<void> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ""; ; ) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop()!;
    for (const line of lines.filter((each) => each.startsWith("data: "))) {
      const event = JSON.parse(line.slice(6));
      if (event.type === "text") find("reply").textContent += event.content;
      if (event.type === "done") await showRows();
    }
  }
}

async function showRows(): Promise<void> {
  const { data, error } = await supabase.from("messages").select("role, content").order("created_at");
  find("rows").textContent = JSON.stringify(data ?? error);
  sessionStorage.removeItem("stream");
  tell("whole");
}

find("sign-up").onclick = async () => {
  const email = `${crypto.randomUUID()}@example.com`;
  const { error } = await supabase.auth.signUp({ email, password: "a long password" });
  tell(error?.message ?? "signed in");
};
find("anonymously").onclick = async () => {
  const { error } = await supabase.auth.signInAnonymously();
  tell(error?.message ?? "signed in");
};
find("say").onclick = async () => {
  const { value: text } = find("text") as HTMLInputElement;
  const { data, error } = await supabase.functions.invoke("chat", { body: { text, detach: true } });
  if (error) return tell(error.message);
  sessionStorage.setItem("stream", (data as Response).headers.get("x-stream-id")!);
  await read(data as Response);
};

const stream = sessionStorage.getItem("stream");
if (stream) {
  const { data, error } = await supabase.functions.invoke(`chat/streams/${stream}`, { method: "GET" });
  if (error) tell(error.message);
  else await read(data as Response);
}
