import {remember, showGallery} from "./gallery.js";
import {Living} from "./live.js";
import {holds, playStream} from "./player.js";
import {ask, download} from "./server.js";
import {Sound} from "./sound.js";
import {Talk} from "./talk.js";

const $ = (id) => document.getElementById(id);
const DOWNLOADS = {video: "MP4", audio: "WAV", srt: "SRT", vtt: "VTT", timings: "Timings"};
const EXAMPLE = "Hello. I am a portrait, and I read whatever you write.";

const MOST_CAPTION = 80; // characters
const PAUSE_S = 0.6; // a longer pause ends a caption

const SAMPLE = "Hello. This is how I sound.";
const TABS = ["text", "sound", "talk"];

const state = {portrait: null, face: 1, making: null, video: null, whole: false, words: [], cue: null, tab: "text", busy: false};
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const sound = new Sound();
const living = new Living($("living"), (event) => talk.hear(event, state.tab === "talk"));
const talk = new Talk(living, mayTalk, say);

function say(text, wrong = false) {
  $("status").textContent = text;
  $("status").classList.toggle("wrong", wrong);
}

/* What was missing is there now. */
function unsayWrong() {
  if ($("status").classList.contains("wrong")) say("");
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
    showPicture();
    state.portrait = read;
    unsayWrong();
    showFaces();
  } catch (error) {
    $("picture").hidden = true;
    $("invitation").hidden = false;
    living.end();
    status.classList.add("wrong");
    status.textContent = `Unusable picture: ${error.message}`;
  }
}

/* The picture, or once it lives the video of it, in the place of a result. */
function showPicture() {
  $("video").pause();
  $("video").hidden = $("mark").hidden = $("words").hidden = true;
  $("picture").hidden = false;
  $("invitation").hidden = true;
}

function showFaces() {
  const faces = state.portrait.faces;
  $("faces").classList.toggle("one", faces.length === 1);
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
  live();
}

/* Lets the portrait live: again after each choice that it depends on. */
function live() {
  if (calm.matches || !state.portrait) return;
  const {prompt, captions, ...chosen} = fields();
  if (!chosen.framing.includes("x")) chosen.size = 512;
  if (state.busy || !$("video").hidden) living.next(chosen);
  else living.begin(chosen);
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
    smile: Number($("smile").value),
    gaze: $("gaze").value,
    seed: Number($("seed").value),
    framing,
    captions: $("captions").value === "burnt" ? "burnt" : "none",
    label: $("label").checked,
  };
  if ($("voice").value) chosen.voice = $("voice").value;
  return chosen;
}

/* Whether nothing is missing; else that is said and focused. */
function allowed(further) {
  const missing = [
    [!state.portrait, "Choose a portrait first.", "file"],
    ...further,
    [!$("consent").checked, "Confirm that the person shown has agreed.", "consent"],
  ].find(([wrong]) => wrong);
  if (!missing) {
    unsayWrong();
    return true;
  }
  say(missing[1], true);
  $(missing[2]).focus();
  return false;
}

function request() {
  const chosen = fields();
  if (state.tab !== "sound") {
    return {body: JSON.stringify(chosen), headers: {"Content-Type": "application/json"}};
  }
  const body = new FormData();
  delete chosen.prompt;
  for (const [name, value] of Object.entries(chosen)) body.append(name, value);
  body.append("audio", sound.blob, "recording");
  return {body};
}

async function speak(event) {
  event.preventDefault();
  if (state.tab === "talk") {
    talk.ask();
    return;
  }
  const further = state.tab === "sound"
    ? [!sound.blob, "Record something, or choose a sound file.", "record"]
    : [!$("text").value.trim(), "Enter a text.", "text"];
  if (!allowed([further])) return;
  if ($("key").value) sessionStorage.setItem("key", $("key").value);
  if (state.making) state.making.abort(); // the previous video may still be playing
  const making = state.making = new AbortController();
  setMaking(true);
  living.pause();
  clearStage();
  say("Waiting for the server …");
  try {
    const {signal} = making;
    const text = state.tab === "sound" ? "" : $("text").value;
    const answer = await ask("v1/videos/stream", {method: "POST", ...request(), signal});
    state.video = answer.headers.get("X-Video-Id");
    const playing = playStream($("video"), answer, signal, start);
    const broken = new Promise((_, fail) => { playing.catch(fail); });
    await Promise.race([followEvents(state.video, signal), broken]);
    await finish(signal);
    setMaking(false);
    remember(state.video, text || "Your recording", replay);
    if (!(await playing)) await playFile(0);
  } catch (error) {
    if (making !== state.making) return;
    const stopped = making.signal.aborted;
    making.abort();
    $("video").pause();
    say(stopped ? "Stopped." : `Failed: ${error.message}`, !stopped);
    setMaking(false);
    backToLife();
  }
}

function setMaking(making) {
  state.busy = making;
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

function showVideo() {
  $("picture").hidden = $("invitation").hidden = true;
  $("video").hidden = $("mark").hidden = $("words").hidden = false;
}

/* After a result the portrait rests again. */
function backToLife() {
  if (!state.portrait || state.busy) return;
  showPicture();
  if (!calm.matches) living.resume();
}

/* Whether a question may be asked; its session is met again if it was left. */
function mayTalk() {
  const making = [state.busy, "A video is being made: ask when it is ready.", "question"];
  if (!allowed([making])) return false;
  backToLife();
  return true;
}

/* A finished video of the gallery. */
async function replay(id, text) {
  if (state.busy) return;
  living.pause();
  clearStage();
  state.video = id;
  try {
    await finish(undefined);
    say(text);
    await playFile(0);
    showVideo();
    $("stage").scrollIntoView({block: "nearest"});
  } catch (error) {
    say(`It cannot be played: ${error.message}`, true);
    backToLife();
  }
}

function start() {
  showVideo();
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
  const id = state.video;
  $("track").src = URL.createObjectURL(await content("vtt", {signal}));
  for (const [name, label] of Object.entries(DOWNLOADS)) {
    const link = document.createElement("button");
    link.type = "button";
    link.textContent = `Download ${label}`;
    link.addEventListener("click", () => download(id, name));
    $("downloads").append(link);
  }
  $("downloads").hidden = false;
  state.whole = true;
  say("The video is ready.");
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

function chooseTab(name, focus = false) {
  state.tab = name;
  for (const one of TABS) {
    const chosen = one === name;
    $(`tab-${one}`).setAttribute("aria-selected", chosen);
    $(`tab-${one}`).tabIndex = chosen ? 0 : -1;
    $(`panel-${one}`).hidden = !chosen;
    if (chosen && focus) $(`tab-${one}`).focus();
  }
  $("form").dataset.tab = name;
  if (name === "talk") backToLife();
}

/* A dropped or pasted file is a portrait or a sound, wherever on the page. */
function useFile(file) {
  if (file?.type.startsWith("audio/") && !$("tab-sound").hidden) {
    sound.use(file);
    chooseTab("sound");
  } else {
    usePicture(file);
  }
}

async function hearVoice() {
  const voice = $("voice").value || state.portrait?.id;
  if (!voice) {
    say("Choose a portrait first, or a voice.", true);
    return;
  }
  $("sample").disabled = true;
  try {
    const body = JSON.stringify({input: SAMPLE, voice, response_format: "mp3", speed: Number($("rate").value)});
    const headers = {"Content-Type": "application/json"};
    const answer = await ask("v1/audio/speech", {method: "POST", headers, body});
    const heard = new Audio(URL.createObjectURL(await answer.blob()));
    heard.onended = () => URL.revokeObjectURL(heard.src);
    await heard.play();
  } catch (error) {
    say(error.message, true);
  }
  $("sample").disabled = false;
}

function begin() {
  for (const name of ["rate", "motion"]) {
    $(name).addEventListener("input", () => { $(`${name}-value`).textContent = $(name).value; });
  }
  for (const name of ["rate", "motion", "smile", "gaze", "seed", "framing", "voice", "label"]) $(name).addEventListener("change", live);
  $("text").addEventListener("input", () => {
    const length = [...$("text").value].length;
    $("count").textContent = `${length} characters, about ${Math.round(length / 15)} s`;
  });
  for (const name of ["file", "camera"]) {
    $(name).addEventListener("change", () => usePicture($(name).files[0]));
  }
  for (const example of document.querySelectorAll(".example")) {
    example.addEventListener("click", async () => {
      if (!$("text").value) $("text").value = EXAMPLE;
      $("text").dispatchEvent(new Event("input"));
      usePicture(await (await ask(example.querySelector("img").getAttribute("src"))).blob());
    });
  }
  const over = (on) => (event) => {
    event.preventDefault();
    document.body.classList.toggle("over", on);
  };
  document.addEventListener("dragover", over(true));
  document.addEventListener("dragleave", over(false));
  document.addEventListener("drop", (event) => {
    over(false)(event);
    useFile(event.dataTransfer.files[0]);
  });
  document.addEventListener("paste", (event) => {
    const file = [...event.clipboardData.files].find(({type}) => /^(image|audio)\//.test(type));
    if (file) useFile(file);
  });
  for (const name of TABS) $(`tab-${name}`).addEventListener("click", () => chooseTab(name));
  $("tabs").addEventListener("keydown", (event) => {
    const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
    const open = TABS.filter((name) => !$(`tab-${name}`).hidden);
    if (step) chooseTab(open.at((open.indexOf(state.tab) + step) % open.length), true);
  });
  $("form").addEventListener("submit", speak);
  $("text").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("form").requestSubmit();
  });
  $("consent").addEventListener("change", unsayWrong);
  $("stop").addEventListener("click", () => state.making?.abort());
  $("sample").addEventListener("click", hearVoice);
  $("video").addEventListener("seeking", onSeeking);
  for (const name of ["play", "seeked", "pause"]) $("video").addEventListener(name, highlight);
  $("key").addEventListener("change", () => {
    sessionStorage.setItem("key", $("key").value);
    loadVoices();
    showGallery(replay);
    live();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) living.pause();
    else if ($("video").hidden) backToLife();
  });
  calm.addEventListener("change", () => (calm.matches ? living.end() : live()));
  loadVoices();
  offerSound();
  showGallery(replay);
}

/* The Sound tab is there where the server takes sound. */
async function offerSound() {
  const {paths} = await (await fetch("openapi.json")).json();
  $("tab-sound").hidden = !JSON.stringify(paths["/v1/videos/stream"]).includes('"audio"');
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
