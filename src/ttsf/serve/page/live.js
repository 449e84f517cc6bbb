/* A living portrait: a WebSocket whose video is played as it comes, close to its end; by WebRTC
   where the server offers it, it connects, and the engine is on another machine. */

import {Call, wantsCall} from "./call.js";
import {once, range, typeOf} from "./player.js";
import {key} from "./server.js";

const IN_HAND_S = 0.3; // buffered before the picture starts
const FAR_S = 0.8; // further behind the end than this, it plays faster
const KEPT_S = 10; // kept behind the playhead
const TOLD_EVERY_S = 1; // of the video: how often the server hears how far it is here
const AGAIN_MS = [500, 2000, 5000]; // before the next attempts to reach the server

export class Living {
  /* heard: called with each event of docs/live.md */
  constructor(video, heard) {
    Object.assign(this, {video, heard, fields: null, session: null, socket: null, attempts: 0, bytes: [], questions: []});
    Object.assign(this, {call: null, called: false, mayCall: true});
    video.addEventListener("timeupdate", () => this.report());
    video.addEventListener("playing", () => {
      if (this.called) video.hidden = false;
      video.removeAttribute("poster");
    });
  }

  get isOpen() { return this.socket?.readyState === WebSocket.OPEN && this.ready; }

  /* Time in the current video, s. */
  get now() { return this.called ? this.call.now : this.video.currentTime; }

  /* Shows a portrait; fields as for a video. */
  begin(fields) {
    this.end();
    this.fields = fields;
    this.attempts = 0;
    this.connect();
  }

  /* The portrait to show from the next `resume` on. */
  next(fields) {
    this.end();
    this.fields = fields;
  }

  /* Leaves the session for a while. */
  pause() {
    this.closed = true;
    clearTimeout(this.timer);
    this.socket?.close();
    this.socket = null;
    this.hangUp();
    this.stopVideo();
  }

  resume() {
    if (this.fields && !this.socket) {
      this.attempts = 0;
      this.connect();
    }
  }

  end() {
    if (this.isOpen) this.send("end");
    this.pause();
    this.fields = this.session = null;
    this.questions = [];
  }

  send(type, fields = {}) {
    if (this.isOpen) this.socket.send(JSON.stringify({type, ...fields}));
  }

  /* Sends a question, a message or a recording, as soon as the session is there. */
  ask(question) {
    this.questions.push(question);
    this.askAll();
  }

  askAll() {
    while (this.isOpen && this.questions.length) this.socket.send(this.questions.shift());
  }

  /* Silent at once, until the server says where what was interrupted ends. */
  interrupt() {
    if (!this.isOpen) return;
    this.silenced = this.video.muted = true;
    this.send("interrupt");
  }

  /* Is heard from now on, but for what was interrupted; needs a gesture of the user. */
  turnSoundOn() {
    this.heardAloud = true;
    this.video.muted = Boolean(this.silenced);
    this.video.play().catch(() => {});
  }

  connect() {
    this.closed = this.ready = false;
    const address = new URL("v1/live", document.baseURI);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = this.socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      const start = this.session ? {session: this.session} : this.fields;
      socket.send(JSON.stringify({type: "start", key: key(), ...start}));
    };
    socket.onmessage = ({data}) => {
      if (this.socket !== socket) return;
      if (typeof data === "string") this.onEvent(JSON.parse(data));
      else this.append(data);
    };
    socket.onclose = () => {
      if (this.socket !== socket) return;
      this.socket = null;
      this.hangUp();
      this.stopVideo();
      if (!this.closed && this.attempts < AGAIN_MS.length) {
        this.timer = setTimeout(() => this.connect(), AGAIN_MS[this.attempts++]);
      }
    };
  }

  onEvent(event) {
    if (event.type === "ready") {
      this.ready = true;
      this.session = event.session;
      this.attempts = 0;
      this.askAll();
      if (event.webrtc && this.mayCall && wantsCall()) this.startCall();
    }
    if (event.type === "answer") this.call?.answered(event.sdp).catch(() => this.onLostCall(false));
    if (event.type === "error" && event.code === "bad_offer") this.onLostCall(false);
    if (event.type === "video") this.openVideo(Boolean(event.webrtc && this.call));
    if (event.type === "error" && !this.ready) {
      if (event.code === "not_found" && this.session) this.session = null;
      else this.closed = event.code !== "busy" && event.code !== "loading";
    }
    if (event.type === "speech" && event.what === "interrupted") this.skipTo(event.at);
    if (event.type === "speech" && event.what !== "begun") this.endSilence(event.at);
    this.heard(event);
  }

  startCall() {
    const call = this.call = new Call(
      (sdp) => { if (this.call === call) this.send("offer", {sdp}); },
      (wasConnected) => { if (this.call === call) this.onLostCall(wasConnected); },
    );
  }

  /* From now on by MP4; the same session is met again by another WebSocket. */
  onLostCall(wasConnected) {
    this.mayCall = false;
    if (!wasConnected) {
      this.hangUp();
      return;
    }
    this.pause();
    this.connect();
  }

  hangUp() {
    this.call?.close();
    this.call = null;
    this.called = false;
  }

  openVideo(called) {
    const last = called && pictureOf(this.video);
    this.stopVideo();
    this.endSilence();
    this.called = called;
    if (called) {
      this.call.begin();
      if (last) {
        this.video.poster = last; // until the first picture comes
        this.video.hidden = false;
      }
      this.video.srcObject = this.call.stream;
      this.video.play().catch(() => {});
      return;
    }
    const found = typeOf();
    if (!found) return;
    const {Source, type} = found;
    const source = this.source = new Source();
    const stop = this.stop = new AbortController();
    this.video.disableRemotePlayback = true;
    this.video.src = URL.createObjectURL(source);
    once(source, "sourceopen", stop.signal).then(() => {
      this.buffer = source.addSourceBuffer(type);
      this.buffer.addEventListener("updateend", () => this.pump(source));
      this.pump(source);
    }).catch(() => {});
  }

  stopVideo() {
    this.stop?.abort();
    if (this.source) URL.revokeObjectURL(this.video.src);
    this.source = this.buffer = null;
    this.bytes = [];
    this.reported = -TOLD_EVERY_S;
    this.video.srcObject = null;
    this.video.removeAttribute("src");
    this.video.load();
    this.video.hidden = true;
  }

  append(bytes) {
    this.bytes.push(bytes);
    if (this.source) this.pump(this.source);
  }

  /* Passes on what came, drops what was seen, and stays close to the end without leaving out any
     sound: the server waits for a video that is far behind, slow or paused. */
  pump(source) {
    const {buffer, video} = this;
    if (source !== this.source || !buffer || buffer.updating || source.readyState !== "open") return;
    const [start, end] = range(buffer);
    if (video.currentTime - start > 2 * KEPT_S) {
      buffer.remove(0, video.currentTime - KEPT_S);
    } else if (this.bytes.length) {
      buffer.appendBuffer(joined(this.bytes.splice(0)));
    }
    if (video.hidden && end - start >= IN_HAND_S) {
      video.hidden = false;
      video.currentTime = start;
      video.play().catch(() => {});
    } else if (!video.hidden) {
      video.playbackRate = end - video.currentTime > FAR_S ? 1.1 : 1;
    }
    this.report();
  }

  /* Tells the server how far the video is here, so that it leaves out pictures or waits. */
  report() {
    if (!this.buffer && !this.called) return;
    const at = this.called ? this.now : Math.min(range(this.buffer)[1], this.video.currentTime + FAR_S);
    if (at < this.reported + TOLD_EVERY_S) return;
    this.reported = at;
    this.send("reached", {at});
  }

  skipTo(at) {
    const [, end] = this.buffer ? range(this.buffer) : [0, 0];
    if (this.video.currentTime < at && at <= end) this.video.currentTime = at;
  }

  /* Heard again; by WebRTC from a time on, since what is on the way cannot be left out. */
  endSilence(at = 0) {
    if (this.called && this.silenced && this.now < at) {
      setTimeout(() => this.endSilence(at), 40);
      return;
    }
    this.silenced = false;
    this.video.muted = !this.heardAloud;
  }
}

/* The picture that a video shows, as the address of a JPEG; empty for none. */
function pictureOf(video) {
  if (video.hidden || !video.videoWidth) return "";
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d").drawImage(video, 0, 0);
  return canvas.toDataURL("image/jpeg", 0.9);
}

function joined(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(new Uint8Array(part), at);
    at += part.byteLength;
  }
  return whole;
}
