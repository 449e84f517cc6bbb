/* The video of a live session by WebRTC: an offer to receive it, and where the playhead is. */

import {typeOf} from "./player.js";

const RATE = 48000; // clock of Opus, Hz
const CONNECTED_MS = 10000; // after so long without a connection, the MP4 stays

/* Names by which a browser reaches its own machine, also through a tunnel that carries no WebRTC. */
const OWN = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/* Whether to take the video by WebRTC. Beside the engine its pictures stall: there only where no MP4
   plays, or if the page's address has ?webrtc. */
export function wantsCall() {
  const asked = new URLSearchParams(location.search).has("webrtc");
  return Boolean(window.RTCPeerConnection) && (asked || !OWN.test(location.hostname) || !typeOf());
}

export class Call {
  /* send: sends the offer (SDP); lost: called if it breaks down, with whether it was connected */
  constructor(send, lost) {
    const peer = this.peer = new RTCPeerConnection();
    this.stream = new MediaStream();
    this.zero = this.last = null;
    for (const kind of ["audio", "video"]) {
      const {receiver} = peer.addTransceiver(kind, {direction: "recvonly"});
      this.stream.addTrack(receiver.track);
      if (kind === "audio") this.receiver = receiver;
    }
    this.wasConnected = false;
    peer.addEventListener("connectionstatechange", () => {
      const {connectionState: now} = peer;
      if (now === "connected") this.wasConnected = true;
      if (["disconnected", "failed"].includes(now)) lost(this.wasConnected);
    });
    this.timer = setTimeout(() => this.wasConnected || lost(false), CONNECTED_MS);
    this.offer(send).catch(() => lost(false));
  }

  async offer(send) {
    const {peer} = this;
    const gathered = new Promise((done) => {
      peer.addEventListener("icegatheringstatechange", () => {
        if (peer.iceGatheringState === "complete") done();
      });
    });
    await peer.setLocalDescription();
    await gathered;
    send(peer.localDescription.sdp);
  }

  answered(sdp) { return this.peer.setRemoteDescription({type: "answer", sdp}); }

  /* A new video begins after what has come so far. */
  begin() { this.zero = this.played(); }

  /* Time in the video of what is heard now, s. */
  get now() {
    const at = this.played();
    if (at === null) return 0;
    this.zero ??= at;
    return ((at - this.zero) >>> 0) / RATE;
  }

  played() {
    const [source] = this.receiver.getSynchronizationSources(); // none after ten seconds without sound
    if (source) this.last = source.rtpTimestamp;
    return this.last;
  }

  close() {
    clearTimeout(this.timer);
    this.peer.close();
  }
}
