/* The Sound tab: a recording in place of a text. */

const $ = (id) => document.getElementById(id);
const MOST_S = 300;

export class Sound {
  constructor() {
    this.blob = null;
    $("record").addEventListener("click", () => this.toggle());
    $("record").hidden = !navigator.mediaDevices || !window.MediaRecorder;
    $("sound-file").addEventListener("change", () => this.use($("sound-file").files[0]));
  }

  use(blob) {
    if (!blob) return;
    this.blob = blob;
    URL.revokeObjectURL($("sound").src);
    $("sound").src = URL.createObjectURL(blob);
    $("sound").hidden = false;
    this.tell(`${blob.name || "Your recording"} is ready.`);
  }

  async toggle() {
    if (this.recorder) {
      this.recorder.stop();
      return;
    }
    try {
      const stream = await navigator.mediaDevices.getUserMedia({audio: true});
      const recorder = this.recorder = new MediaRecorder(stream);
      const parts = [];
      const limit = setTimeout(() => recorder.stop(), 1000 * MOST_S);
      recorder.ondataavailable = ({data}) => parts.push(data);
      recorder.onstop = () => {
        clearTimeout(limit);
        stream.getTracks().forEach((track) => track.stop());
        this.recorder = null;
        this.press(false);
        this.use(new Blob(parts, {type: recorder.mimeType}));
      };
      recorder.start();
      this.press(true);
      this.tell("Recording …");
    } catch (error) {
      this.tell(`No microphone: ${error.message}`);
    }
  }

  press(on) {
    $("record").setAttribute("aria-pressed", on);
    $("record").textContent = on ? "Stop recording" : "Record";
  }

  tell(text) { $("sound-status").textContent = text; }
}
