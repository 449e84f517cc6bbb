import {holds, playStream} from "./player.js";

const $ = (id) => document.getElementById(id);
const DOWNLOADS = {video: "MP4", audio: "WAV", srt: "SRT", vtt: "VTT", timings: "Timings"};
const EXAMPLE = "Hello. I am a portrait, and I read whatever you write.";

const MOST_CAPTION = 80; // characters
const PAUSE_S = 0.6; // a longer pause ends a caption

const state = {portrait: null, face: 1, making: null, video: null, whole: false, words: [], cue: null};

// ---- the server

async function ask(path, options = {}) {
  const headers = new Headers(options.headers);
  const key = sessionStorage.getItem("key");
  if (key) headers.set("Authorization", `Bearer ${key}`);
  const answer = await fetch(path, {...options, headers});
  if (answer.ok) return answer;
  if (answer.status === 401) $("key-row").hidden = false;
  let reason = `the server answered ${answer.status}`;
  try { reason = (await answer.json()).detail || reason; } catch { /* not a problem in JSON */ }
  const wait = answer.headers.get("Retry-After");
  throw new Error(wait ? `${reason} (in about ${wait} s)` : reason);
}

function say(text, wrong = false) {
  $("status").textContent = text;
  $("status").classList.toggle("wrong", wrong);
}

// ---- the portrait

async function usePicture(blob) {
  if (!blob) return;
  const status = $("portrait-status");
  state.portrait = null;
  status.classList.remove("wrong");
  status.textContent = "Looking for faces …";
  $("faces").replaceChildren();
  const form = new FormData();
  form.append("picture", blob, "picture");
  try {
    const read = await (await ask("v1/portraits", {method: "POST", body: form})).json();
    URL.revokeObjectURL($("preview").src);
    $("preview").src = URL.createObjectURL(blob);
    $("picture").hidden = false;
    state.portrait = read;
    showFaces();
  } catch (error) {
    $("picture").hidden = true;
    status.classList.add("wrong");
    status.textContent = `Unusable picture: ${error.message}`;
  }
}

function showFaces() {
  const faces = state.portrait.faces;
  $("faces").replaceChildren(...faces.map(({face, box, place, unusable}) => {
    const button = document.createElement("button");
    const [left, top, width, height] = box.map((share) => `${100 * share}%`);
    Object.assign(button.style, {left, top, width, height});
    button.type = "button";
    button.textContent = faces.length > 1 ? face : "";
    button.setAttribute("role", "radio");
    button.setAttribute("aria-label", `Face ${face}, ${unusable || place}`);
    button.disabled = Boolean(unusable);
    button.addEventListener("click", () => chooseFace(face));
    return button;
  }));
  $("faces").onkeydown = (event) => {
    const step = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1}[event.key];
    if (!step) return;
    event.preventDefault();
    const usable = faces.filter((one) => !one.unusable).map((one) => one.face);
    const next = usable.indexOf(state.face) + step + usable.length;
    chooseFace(usable[next % usable.length], true);
  };
  chooseFace(faces.find((one) => !one.unusable).face);
}

function chooseFace(face, focus = false) {
  state.face = face;
  [...$("faces").children].forEach((button, k) => {
    const chosen = state.portrait.faces[k].face === face;
    button.setAttribute("aria-checked", chosen);
    button.tabIndex = chosen ? 0 : -1;
    if (chosen && focus) button.focus();
  });
  const {faces} = state.portrait;
  const {place, doubts} = faces.find((one) => one.face === face);
  const which = faces.length > 1 ? `Face ${face} of ${faces.length}, ${place}, speaks.` : "One face was found.";
  const flaws = doubts.map((doubt) => doubt.sentence).join("; ");
  $("portrait-status").textContent = flaws ? `${which} Note: ${flaws}.` : which;
}

// ---- the video

function fields() {
  const framing = $("framing").value;
  const chosen = {
    prompt: $("text").value,
    portrait_id: state.portrait.id,
    face: state.face,
    rate: Number($("rate").value),
    motion: Number($("motion").value),
    seed: Number($("seed").value),
    framing,
    captions: $("captions").value === "burnt" ? "burnt" : "none",
    label: $("label").checked,
  };
  if ($("voice").value) chosen.voice = $("voice").value;
  return chosen;
}

async function speak(event) {
  event.preventDefault();
  const missing = [
    [!state.portrait, "Choose a portrait first.", "file"],
    [!$("text").value.trim(), "Enter a text.", "text"],
    [!$("consent").checked, "Confirm that the person shown has agreed.", "consent"],
  ].find(([wrong]) => wrong);
  if (missing) {
    say(missing[1], true);
    $(missing[2]).focus();
    return;
  }
  if ($("key").value) sessionStorage.setItem("key", $("key").value);
  if (state.making) state.making.abort(); // the previous video may still be playing
  const making = state.making = new AbortController();
  setMaking(true);
  clearStage();
  say("Waiting for the server …");
  $("status").scrollIntoView({block: "nearest"});
  try {
    const body = JSON.stringify(fields());
    const headers = {"Content-Type": "application/json"};
    const {signal} = making;
    const answer = await ask("v1/videos/stream", {method: "POST", headers, body, signal});
    state.video = answer.headers.get("X-Video-Id");
    const playing = playStream($("video"), answer, signal, start);
    $("stage").hidden = false;
    const broken = new Promise((_, fail) => { playing.catch(fail); });
    await Promise.race([followEvents(state.video, signal), broken]);
    await finish(signal);
    setMaking(false);
    if (!(await playing)) await playFile(0);
  } catch (error) {
    if (making !== state.making) return;
    const stopped = making.signal.aborted;
    making.abort();
    $("video").pause();
    say(stopped ? "Stopped." : `Failed: ${error.message}`, !stopped);
    setMaking(false);
  }
}

function setMaking(making) {
  $("speak").disabled = making;
  $("stop").disabled = !making;
  $("progress").hidden = !making;
  $("progress").value = 0;
}

function clearStage() {
  const video = $("video");
  video.pause();
  URL.revokeObjectURL(video.src);
  video.removeAttribute("src");
  newTrack();
  video.load();
  state.words = [];
  state.whole = false;
  $("words").replaceChildren();
  $("downloads").replaceChildren();
  $("downloads").hidden = true;
}

function start() {
  $("video").play().catch(() => say("Press play to start."));
}

/* The finished file in the place of the stream, from some time on. */
async function playFile(time) {
  const video = $("video");
  const address = URL.createObjectURL(await content("video"));
  URL.revokeObjectURL(video.src);
  video.src = address;
  video.currentTime = time;
  start();
}

/* Of a long stream the beginning is not kept: the finished file has it. */
function onSeeking() {
  const {currentTime, buffered} = $("video");
  if (holds($("video"), currentTime)) return;
  if (state.whole) {
    state.whole = false;
    playFile(currentTime).catch((error) => say(error.message, true));
  } else if (buffered.length && currentTime < buffered.start(0)) {
    $("video").currentTime = buffered.start(0);
  }
}

async function followEvents(id, signal) {
  const answer = await ask(`v1/videos/${id}/events`, {signal});
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const {done, value} = await reader.read();
    if (done) return;
    text += value;
    const blocks = text.split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const [name, data] = block.split("\ndata: ");
      if (name === "event: words") addWords(JSON.parse(data));
      if (name === "event: video") showState(JSON.parse(data));
    }
  }
}

function showState({status, progress, error, ttsf}) {
  $("progress").value = progress;
  if (status === "queued") say(ttsf.place ? `Waiting: number ${ttsf.place} in the queue.` : "Waiting …");
  if (status === "in_progress") say("Generating; playback starts as soon as possible.");
  if (status === "failed") throw new Error(error.message);
}

async function content(name, options = {}) {
  return (await ask(`v1/videos/${state.video}/content?variant=${name}`, options)).blob();
}

async function finish(signal) {
  $("track").src = URL.createObjectURL(await content("vtt", {signal}));
  for (const [name, label] of Object.entries(DOWNLOADS)) {
    const link = document.createElement("button");
    link.type = "button";
    link.textContent = `Download ${label}`;
    link.addEventListener("click", () => download(name));
    $("downloads").append(link);
  }
  $("downloads").hidden = false;
  state.whole = true;
  say("The video is ready.");
}

async function download(name) {
  const answer = await ask(`v1/videos/${state.video}/content?variant=${name}`);
  const link = document.createElement("a");
  const named = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition"));
  link.href = URL.createObjectURL(await answer.blob());
  link.download = named ? named[1] : name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

// ---- the words

/* Gets its captions as they are said, and from the file when that is there. */
function newTrack() {
  const track = document.createElement("track");
  Object.assign(track, {id: "track", kind: "captions", label: "English", srclang: "en"});
  $("video").replaceChildren(track);
  track.track.mode = "hidden"; // accepts cues before there is a file; the viewer enables it
  state.cue = null;
}

function caption(text, start, end) {
  const {cue} = state;
  const follows = cue && start - cue.endTime < PAUSE_S && !/[.!?…]["”’)]*$/.test(cue.text);
  if (follows && cue.text.length + text.length < MOST_CAPTION) {
    cue.text += ` ${text}`;
    cue.endTime = end;
  } else {
    state.cue = new VTTCue(start, end, text);
    $("track").track.addCue(state.cue);
  }
}

function addWords(words) {
  const characters = [...$("text").value];
  for (const {text, start, end, start_char: from, end_char: to} of words) {
    const last = state.words.at(-1);
    if (last && last.from === from) { // one written form spoken as several words
      last.end = end;
      continue;
    }
    const span = document.createElement("span");
    span.textContent = characters.slice(from, to).join("") || text;
    caption(span.textContent, start, end);
    $("words").append(span, " ");
    state.words.push({span, start, end, from});
  }
}

function highlight() {
  const now = $("video").currentTime;
  for (const {span, start, end} of state.words) span.classList.toggle("now", start <= now && now < end);
  if (!$("video").paused) requestAnimationFrame(highlight);
}

// ---- the form

async function begin() {
  for (const name of ["rate", "motion"]) {
    $(name).addEventListener("input", () => { $(`${name}-value`).textContent = $(name).value; });
  }
  $("text").addEventListener("input", () => {
    const length = [...$("text").value].length;
    $("count").textContent = `${length} characters, about ${Math.round(length / 15)} s`;
  });
  for (const name of ["file", "camera"]) {
    $(name).addEventListener("change", () => usePicture($(name).files[0]));
  }
  $("example").addEventListener("click", async () => {
    if (!$("text").value) $("text").value = EXAMPLE;
    $("text").dispatchEvent(new Event("input"));
    usePicture(await (await ask("astronaut.jpg")).blob());
  });
  const drop = $("drop");
  drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    usePicture(event.dataTransfer.files[0]);
  });
  document.addEventListener("paste", (event) => {
    const picture = [...event.clipboardData.files].find((file) => file.type.startsWith("image/"));
    if (picture) usePicture(picture);
  });
  $("form").addEventListener("submit", speak);
  $("stop").addEventListener("click", () => state.making.abort());
  $("video").addEventListener("seeking", onSeeking);
  for (const name of ["play", "seeked", "pause"]) $("video").addEventListener(name, highlight);
  $("key").addEventListener("change", () => {
    sessionStorage.setItem("key", $("key").value);
    loadVoices();
  });
  loadVoices();
}

async function loadVoices() {
  try {
    const {data} = await (await ask("v1/voices")).json();
    const options = data.map(({id, register}) => new Option(`${id} (${register})`, id));
    $("voice").replaceChildren(new Option("the face chooses", ""), ...options);
  } catch (error) {
    say(error.message, true);
  }
}

begin();
