/* Requests to the server that the page comes from. */

const $ = (id) => document.getElementById(id);

export const key = () => sessionStorage.getItem("key") || "";

/* The answer to a request; throws an Error with the server's reason, and its status. */
export async function ask(path, options = {}) {
  const headers = new Headers(options.headers);
  if (key()) headers.set("Authorization", `Bearer ${key()}`);
  const answer = await fetch(path, {...options, headers});
  if (answer.ok) return answer;
  if (answer.status === 401) $("key-row").hidden = false;
  let reason = `the server answered ${answer.status}`;
  try { reason = (await answer.json()).detail || reason; } catch { /* not a problem in JSON */ }
  const wait = answer.headers.get("Retry-After");
  throw Object.assign(new Error(wait ? `${reason} (in about ${wait} s)` : reason), {status: answer.status});
}

/* Saves a file of a video under its own name. */
export async function download(id, variant) {
  const answer = await ask(`v1/videos/${id}/content?variant=${variant}`);
  const link = document.createElement("a");
  const named = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition"));
  link.href = URL.createObjectURL(await answer.blob());
  link.download = named ? named[1] : variant;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
