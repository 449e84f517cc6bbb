/* A stream of fragmented MP4 in a <video>, played while it comes. */

const TYPE = (level) => `video/mp4; codecs="avc1.4d40${level}, mp4a.40.2"`;
const LEVELS = ["29", "2a", "28", "1f", "1e"]; // browsers accept a level that is too high, not one too low
const IN_HAND_S = 0.6; // seconds buffered before playback starts
const FAST = 1.3; // seconds of video per second of response: start playing at once
const BEHIND_S = 30; // seconds kept behind the playhead
const AHEAD_S = 120; // seconds buffered ahead

/* The kind of source and the type that this browser plays; null for none. */
export function typeOf() {
  const Source = window.ManagedMediaSource || window.MediaSource;
  const type = Source && LEVELS.map(TYPE).find((one) => Source.isTypeSupported(one));
  return type ? {Source, type} : null;
}

/* Plays the bytes of an answer as they come; gives whether that worked, else they are only read to
   the end. `start` is called when there is enough to play. */
export async function playStream(video, answer, signal, start) {
  const found = typeOf();
  const reader = answer.body.getReader();
  if (!found) {
    while (!(await reader.read()).done);
    return false;
  }
  const {Source, type} = found;
  const began = performance.now() / 1000; // data queued while the source opens says nothing about speed
  const source = new Source();
  video.disableRemotePlayback = true;
  const opened = once(source, "sourceopen", signal);
  video.src = URL.createObjectURL(source);
  await opened;
  const buffer = source.addSourceBuffer(type);
  let playing = false;
  try {
    for (;;) {
      const {done, value} = await reader.read();
      if (done) break;
      signal.throwIfAborted();
      await makeRoom(video, buffer, signal, BEHIND_S, AHEAD_S);
      await append(video, buffer, value, signal);
      const ready = range(buffer)[1];
      if (playing || !ready) continue;
      const enough = ready >= IN_HAND_S || ready > FAST * (performance.now() / 1000 - began);
      if (enough) {
        playing = true;
        start();
      }
    }
  } finally {
    if (source.readyState === "open" && !buffer.updating) source.endOfStream();
  }
  if (!playing) start();
  return true;
}

/* Whether a time can be shown without another file. */
export function holds(video, time) {
  for (let k = 0; k < video.buffered.length; k += 1) {
    if (video.buffered.start(k) <= time + 0.1 && time <= video.buffered.end(k)) return true;
  }
  return false;
}

async function append(video, buffer, bytes, signal) {
  for (let ahead = AHEAD_S / 2; ; ahead /= 2) {
    try {
      const updated = once(buffer, "updateend", signal);
      buffer.appendBuffer(bytes);
      await updated;
      return;
    } catch (error) {
      if (error.name !== "QuotaExceededError" || ahead < 1) throw error;
      await makeRoom(video, buffer, signal, 1, ahead);
    }
  }
}

/* Drops what was played, and waits until so little is ahead. */
async function makeRoom(video, buffer, signal, behind, ahead) {
  for (;;) {
    const [start, end] = range(buffer);
    const now = video.currentTime;
    if (now - start > 2 * behind) {
      const updated = once(buffer, "updateend", signal);
      buffer.remove(0, now - behind);
      await updated;
    }
    if (end - now <= ahead) return;
    await once(video, "timeupdate", signal);
  }
}

/* Start and end of what is buffered. */
export function range({buffered}) {
  return buffered.length ? [buffered.start(0), buffered.end(buffered.length - 1)] : [0, 0];
}

/* The next event of a name; fails when `signal` aborts. */
export function once(target, name, signal) {
  return new Promise((done, fail) => {
    const aborted = () => fail(signal.reason);
    const happened = (event) => {
      signal.removeEventListener("abort", aborted);
      done(event);
    };
    target.addEventListener(name, happened, {once: true, signal});
    signal.addEventListener("abort", aborted, {once: true});
  });
}
