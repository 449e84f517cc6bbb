/* The Talk tab: a conversation with the portrait, typed or spoken. */

const $ = (id) => document.getElementById(id);

export class Talk {
  /* living: the Living portrait; allowed: whether a message may be sent now, else tells why not */
  constructor(living, allowed, say) {
    Object.assign(this, {living, allowed, say, reply: null, words: [], recorder: null});
    $("ask").addEventListener("click", () => this.ask());
    $("question").addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.ask();
    });
    $("question").addEventListener("input", () => living.send("listen"));
    $("mic").addEventListener("click", () => this.listen());
    const follow = () => {
      this.highlight();
      requestAnimationFrame(follow);
    };
    follow();
  }

  ask() {
    const text = $("question").value.trim();
    if (!text || !this.allowed()) return;
    $("question").value = "";
    this.silence();
    this.show(text, true);
    this.living.turnSoundOn();
    this.living.send("listen", {on: false});
    this.living.ask(JSON.stringify({type: "chat", text}));
  }

  /* Stops what is being said: whoever types or speaks is heard. */
  silence() {
    if (this.speaking) this.living.interrupt();
    this.reply = null;
  }

  async listen() {
    if (this.recorder) {
      this.recorder.stop();
      return;
    }
    if (!this.allowed()) return;
    this.silence();
    try {
      const stream = await navigator.mediaDevices.getUserMedia({audio: true});
      const recorder = this.recorder = new MediaRecorder(stream);
      const parts = [];
      recorder.ondataavailable = ({data}) => parts.push(data);
      recorder.onstop = () => {
        stream.getTracks().forEach((track) => track.stop());
        this.recorder = null;
        this.press(false);
        this.living.turnSoundOn();
        this.living.send("listen", {on: false});
        this.living.ask(new Blob(parts, {type: recorder.mimeType}));
      };
      recorder.start();
      this.living.send("listen");
      this.press(true);
    } catch (error) {
      this.say(`No microphone: ${error.message}`, true);
    }
  }

  press(on) {
    $("mic").setAttribute("aria-pressed", on);
    $("mic").textContent = on ? "Send what I said" : "Speak to it";
  }

  /* An event of the live session; open: whether this tab is. */
  hear(event, open) {
    if (event.type === "ready") {
      $("tab-talk").hidden = !event.chat;
      $("mic").hidden = !event.transcribe || !navigator.mediaDevices || !window.MediaRecorder;
    } else if (event.type === "heard") {
      this.show(event.text || "(nothing was heard)", true);
    } else if (event.type === "reply" && event.text) {
      this.reply ??= this.show("", false);
      this.reply.append(event.text);
    } else if (event.type === "reply" && event.done) {
      this.spans(this.reply);
    } else if (event.type === "speech") {
      if (event.what === "begun") this.speaking = true;
      else this.speaking = false;
      if (event.what === "failed") this.say(`It could not be said: ${event.reason}`, true);
      if (event.what === "begun") this.words = [];
    } else if (event.type === "words") {
      this.words.push(...event.words);
    } else if (event.type === "video") {
      this.words = [];
    } else if (event.type === "error" && open) {
      this.say(event.message, true);
    }
    $("log").scrollTop = $("log").scrollHeight;
  }

  show(text, mine) {
    const p = document.createElement("p");
    p.className = mine ? "mine" : "";
    p.textContent = text;
    if (!mine) this.last = p;
    $("log").append(p);
    return p;
  }

  spans(p) {
    if (p) this.last = p;
    this.reply = null;
  }

  /* Marks the word that is being said, by its characters in the reply. */
  highlight() {
    const {now} = this.living;
    const word = this.words.find(({start, end}) => start <= now && now < end);
    if (word === this.shown || !this.last) return;
    this.shown = word;
    const text = this.last.textContent;
    const [from, to] = word ? [word.start_char, word.end_char] : [0, 0];
    const characters = [...text];
    const span = document.createElement("span");
    span.className = "now";
    span.textContent = characters.slice(from, to).join("");
    const after = document.createTextNode(characters.slice(to).join(""));
    this.last.replaceChildren(characters.slice(0, from).join(""), ...(word ? [span] : []), after);
  }
}
