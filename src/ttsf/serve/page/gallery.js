/* The videos that this browser has asked for, newest first. */

import {ask, download} from "./server.js";

const $ = (id) => document.getElementById(id);
const MOST = 24;
const STORE = "videos";

const known = () => JSON.parse(localStorage.getItem(STORE) || "[]");
const keep = (videos) => localStorage.setItem(STORE, JSON.stringify(videos.slice(0, MOST)));

/* Adds a finished video. */
export function remember(id, text, play) {
  keep([{id, text: text.slice(0, 120)}, ...known().filter((one) => one.id !== id)]);
  showGallery(play);
}

/* Shows all; those that the server no longer has are forgotten. */
export async function showGallery(play) {
  const shown = new Map([...$("videos").children].map((item) => [item.dataset.id, item]));
  const items = known().map((video) => shown.get(video.id) || item(video, play));
  $("videos").replaceChildren(...items);
  $("gallery").hidden = !items.length;
}

function item({id, text}, play) {
  const li = document.createElement("li");
  li.dataset.id = id;
  const image = Object.assign(document.createElement("img"), {alt: ""});
  const start = button("", () => play(id, text));
  start.className = "play";
  start.setAttribute("aria-label", `Play: ${text}`);
  start.append(image);
  const words = Object.assign(document.createElement("p"), {textContent: text});
  const row = Object.assign(document.createElement("div"), {className: "row"});
  row.append(
    button("Play", () => play(id, text)),
    button("Save", () => download(id, "video")),
    button("Remove", () => forget(li)),
  );
  li.append(start, words, row);
  ask(`v1/videos/${id}/content?variant=thumbnail`)
    .then(async (answer) => { image.src = URL.createObjectURL(await answer.blob()); })
    .catch((error) => { if (error.status === 404) drop(li); });
  return li;
}

function button(name, act) {
  const one = Object.assign(document.createElement("button"), {type: "button", textContent: name});
  one.addEventListener("click", act);
  return one;
}

async function forget(li) {
  await ask(`v1/videos/${li.dataset.id}`, {method: "DELETE"}).catch(() => {});
  drop(li);
}

function drop(li) {
  keep(known().filter((one) => one.id !== li.dataset.id));
  URL.revokeObjectURL(li.querySelector("img").src);
  li.remove();
  $("gallery").hidden = !$("videos").children.length;
}
