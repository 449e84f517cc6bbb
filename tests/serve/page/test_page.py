"""The page in real browsers: from a dropped portrait to a downloaded video."""

import statistics
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.browsers import Browser, wait_for
from tests.support.chat_server import ChatServer
from tests.support.fake_engine import SLOW
from tests.support.server import Server
from ttsf.serve.talks import Talk

pytestmark = pytest.mark.browser

DROP = """
const blob = await (await fetch("astronaut.jpg")).blob();
const moved = new DataTransfer();
moved.items.add(new File([blob], "me.jpg", {type: "image/jpeg"}));
$`drop`.dispatchEvent(
  new DragEvent("drop", {dataTransfer: moved, bubbles: true, cancelable: true}));
"""
RECORD = """
const video = $`video`;
const context = new AudioContext();
context.resume();
const heard = context.createAnalyser();
heard.fftSize = 32768;
context.createMediaElementSource(video).connect(heard).connect(context.destination);
const canvas = document.createElement("canvas");
canvas.width = canvas.height = 4;
const pixels = canvas.getContext("2d", {willReadFrequently: true});
window.flashes = [];
window.clicks = [];
let dark = true;
const see = (_now, {expectedDisplayTime, mediaTime}) => {
  pixels.drawImage(video, 0, 0, 4, 4);
  const bright = pixels.getImageData(0, 0, 1, 1).data[0] > 128;
  if (bright && dark) window.flashes.push([expectedDisplayTime, 1000 * mediaTime]);
  dark = !bright;
  video.requestVideoFrameCallback(see);
};
video.requestVideoFrameCallback(see);
const samples = new Float32Array(heard.fftSize);
const hear = () => {
  heard.getFloatTimeDomainData(samples);
  const first = samples.findIndex((one) => Math.abs(one) > 0.1);
  if (first > 0) {
    const since = (samples.length - first) / context.sampleRate;
    const {contextTime, performanceTime} = context.getOutputTimestamp();
    const at = context.currentTime - since - context.outputLatency; // that of this listening
    const shown = performanceTime + 1000 * (at - contextTime);
    const last = window.clicks.at(-1);
    if (last === undefined || shown - last > 500) window.clicks.push(shown);
  }
  window.hearing = setTimeout(hear, 50);
};
hear();
window.deaf = () => context.state !== "running";
"""
DECODE = """
const {data} = await (await fetch("v1/videos?limit=1")).json();
const stream = await fetch(`v1/videos/${data[0].id}/content?variant=stream`);
const context = new OfflineAudioContext(1, 1, 48000);
const sound = await context.decodeAudioData(await stream.arrayBuffer());
const samples = sound.getChannelData(0);
const clicks = [];
for (let second = 0; second < sound.duration; second += 1) {
  const from = Math.max(0, Math.round((second - 0.5) * sound.sampleRate));
  const near = samples.subarray(from, from + sound.sampleRate);
  const first = near.findIndex((one) => Math.abs(one) > 0.1);
  if (first >= 0) clicks.push(1000 * (from + first) / sound.sampleRate);
}
return clicks;
"""


NO_MP4 = "window.MediaSource = window.ManagedMediaSource = undefined;"
CALLS = "?webrtc"
"""After the page's address: beside the engine it takes the video by MP4 otherwise."""
PEERS = """
const Peer = window.RTCPeerConnection;
window.peers = [];
window.RTCPeerConnection = class extends Peer {
  constructor(...settings) { super(...settings); window.peers.push(this); }
};
"""
BROKEN = """
const [peer] = window.peers;
Object.defineProperty(peer, "connectionState", {value: "failed"});
peer.dispatchEvent(new Event("connectionstatechange"));
"""
RECEIVED = """
const stats = [...(await window.peers.at(-1).getStats()).values()];
const of = (wanted) => stats.find(({type, kind}) => type === "inbound-rtp" && kind === wanted);
return {frames: of("video").framesDecoded, energy: of("audio").totalAudioEnergy};
"""


@pytest.fixture
def page(browser: Browser, faked: Server) -> Browser:
    browser.resize(1280, 900)
    browser.goto(f"{faked.url}/")
    return browser


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The times that clients of live sessions say they have reached, s."""
    told, take = list[float](), Talk.reached

    def noted(talk: Talk, at_s: float) -> None:
        told.append(at_s)
        take(talk, at_s)

    monkeypatch.setattr(Talk, "reached", noted)
    return told


def fill(page: Browser, text: str) -> None:
    page.run(DROP)
    wait_for(page, 'document.getElementById("portrait-status").textContent.includes("face")')
    wait_for(page, 'document.querySelector("#faces button[aria-checked=true]") !== null')
    page.run(f"$`text`.value = {text!r}; $`consent`.checked = true;")


def speak(page: Browser, text: str) -> None:
    fill(page, text)
    page.run("$`speak`.click();")


def test_a_dropped_portrait_speaks_while_the_video_is_made(page: Browser, faked: Server) -> None:
    speak(page, f"One two three {SLOW} four five six.")
    wait_for(page, "$`video`.currentTime > 0.2 && !$`video`.paused")
    assert page.run("return $`stop`.disabled") is False, "it plays before it is whole"
    wait_for(page, "$`words`.children.length >= 3")
    cues = "[...$`track`.track.cues].map((cue) => cue.text).join(' ')"
    assert page.run(f"return {cues}").startswith("One two")
    wait_for(page, "!$`downloads`.hidden")
    assert wait_for(page, "document.querySelector('.now')?.textContent")
    wait_for(page, "$`video`.ended")
    assert abs(page.run("return $`video`.duration") - 7) < 0.1
    assert "One two three" in wait_for(page, cues)
    kinds = page.run("return [...$`video`.textTracks].map(({kind, language}) => [kind, language])")
    assert kinds == [["captions", "en"]]


def test_sound_is_in_step_with_the_picture(page: Browser) -> None:
    """By the clock; where no sound can be heard (Firefox without a device), by the video's time."""
    fill(page, "word " * 15)
    page.run(RECORD)
    page.run("$`speak`.click();")
    wait_for(page, "$`video`.ended", 90)
    page.run("clearTimeout(window.hearing);")
    flashes, clicks, deaf = page.run("return [window.flashes, window.clicks, window.deaf()]")
    if deaf:
        clicks = page.run(DECODE)
    offsets = []
    for flash in (pair[deaf] for pair in flashes):
        click = min(clicks, key=lambda at: abs(at - flash))
        if abs(click - flash) < 500:
            offsets.append(click - flash)
    print("offsets in ms:", [round(one) for one in offsets])
    assert len(offsets) >= 8, (flashes, clicks)
    assert abs(statistics.median(offsets)) <= 40, offsets


def test_stopping_gives_the_place_back(page: Browser, faked: Server) -> None:
    speak(page, f"{SLOW} " * 60)
    wait_for(page, "$`video`.currentTime > 0.1")
    page.run("$`stop`.click();")
    wait_for(page, '$`status`.textContent === "Stopped."')
    shown = page.run("return [$`stop`.disabled, $`speak`.disabled, $`video`.paused]")
    assert shown == [True, False, True]
    newest = faked.client.get("/v1/videos", params={"limit": 1}).json()["data"][0]
    shown = faked.wait(newest["id"])
    assert shown["status"] == "failed" and shown["error"]["code"] == "cancelled"
    speak(page, "Again.")
    wait_for(page, "!$`downloads`.hidden")


def lives(page: Browser) -> None:
    fill(page, "")
    wait_for(page, "!$`living`.hidden && $`living`.currentTime > 0.3 && !$`living`.paused")


def test_a_chosen_portrait_lives_at_once(page: Browser, reached: list[float]) -> None:
    page.run(PEERS)
    lives(page)
    assert page.run("return [Boolean($`living`.srcObject), window.peers.length]") == [False, 0]
    before = page.run("return $`living`.currentTime")
    wait_for(page, f"$`living`.currentTime > {before} + 2")
    assert page.run("return $`living`.muted")
    behind = "$`living`.buffered.end($`living`.buffered.length - 1) - $`living`.currentTime"
    assert page.run(f"return {behind}") < 4
    assert len(reached) >= 2 and all(b >= a + 1 for a, b in pairwise(reached))
    speak(page, f"One two {SLOW}.")
    wait_for(page, "$`living`.hidden && !$`video`.hidden")


def lives_by_webrtc(page: Browser) -> None:
    pytest.importorskip("aiortc")
    page.run(PEERS)
    fill(page, "")
    wait_for(page, "$`living`.srcObject && !$`living`.hidden && $`living`.currentTime > 0.3")


def test_a_portrait_lives_by_webrtc(page: Browser, faked: Server, reached: list[float]) -> None:
    page.goto(f"{faked.url}/{CALLS}")
    lives_by_webrtc(page)
    reached.clear()
    assert page.run("return [$`living`.videoWidth, $`living`.muted]") == [128, True]
    before = page.run(RECEIVED)["frames"]
    page.run("await new Promise((done) => setTimeout(done, 5_000));")
    assert page.run(RECEIVED)["frames"] > before + 50
    assert len(reached) >= 3 and all(2 > b - a >= 1 for a, b in pairwise(reached))
    speak(page, f"One two {SLOW}.")
    wait_for(page, "$`living`.hidden && !$`video`.hidden")
    wait_for(page, "window.peers.every((one) => one.connectionState === 'closed')")


def test_where_no_mp4_plays_a_portrait_lives_by_webrtc(page: Browser) -> None:
    page.run(NO_MP4)
    lives_by_webrtc(page)


def test_a_connection_that_breaks_down_is_replaced_by_mp4(page: Browser, faked: Server) -> None:
    page.goto(f"{faked.url}/{CALLS}")
    lives_by_webrtc(page)
    page.run(BROKEN)
    wait_for(page, "!$`living`.srcObject && !$`living`.hidden && $`living`.currentTime > 0.3")
    assert page.run("return window.peers.length") == 1


def test_a_connection_that_does_not_come_about_changes_nothing(
    page: Browser, faked: Server
) -> None:
    page.goto(f"{faked.url}/{CALLS}")
    page.run("RTCPeerConnection.prototype.setRemoteDescription = () => new Promise(() => {});")
    page.run(PEERS)
    lives(page)
    wait_for(page, "window.peers[0]?.connectionState === 'closed'", 20)
    assert page.run("return Boolean($`living`.srcObject)") is False
    before = page.run("return $`living`.currentTime")
    wait_for(page, f"$`living`.currentTime > {before} + 1")


def test_a_paused_portrait_waits(page: Browser) -> None:
    """Nothing is left out: the server waits, and the video goes on where it was."""
    lives(page)
    page.run(
        "window.seeks = 0; $`living`.addEventListener('seeking', () => window.seeks++);"
        "$`living`.pause(); await new Promise((done) => setTimeout(done, 5_000));"
    )
    at, end = page.run("return [$`living`.currentTime, $`living`.buffered.end(0)]")
    assert end - at < 4
    page.run("$`living`.play();")
    wait_for(page, f"$`living`.currentTime > {end} + 1")
    assert page.run("return window.seeks") == 0


@pytest.mark.parametrize("called", [False, True])
def test_talking_and_interrupting(
    page: Browser, faked: Server, chat: ChatServer, called: bool
) -> None:
    if called:
        page.goto(f"{faked.url}/{CALLS}")
        lives_by_webrtc(page)
    else:
        lives(page)
    wait_for(page, "!$`tab-talk`.hidden")
    page.run("$`tab-talk`.click(); $`question`.value = 'Can you speak?'; $`ask`.click();")
    assert wait_for(page, "$`log`.querySelector('.now')?.textContent")
    assert page.run("return $`living`.muted") is False
    assert chat.asked[-1]["messages"][-1]["content"] == "Can you speak?"
    asked = len(chat.asked)
    page.run("$`question`.value = 'Wait!'; $`ask`.click();")
    wait_for(page, "$`log`.children.length >= 4 && !$`living`.muted")
    wait_for(page, "$`log`.lastChild.textContent.endsWith('your turn.')")
    assert len(chat.asked) == asked + 1
    said = page.run("return [...$`log`.children].map((p) => [p.className, p.textContent])")
    assert said[0] == ["mine", "Can you speak?"] and said[2] == ["mine", "Wait!"]
    if called:
        assert page.run(RECEIVED)["energy"] > 0


def test_a_question_waits_for_its_session(page: Browser) -> None:
    """None is held while a video is shown; while one is made, none is begun."""
    lives(page)
    wait_for(page, "!$`tab-talk`.hidden")
    speak(page, f"One two {SLOW}.")
    ask = "$`tab-talk`.click(); $`question`.value = 'Are you there?'; $`ask`.click();"
    page.run(ask)
    assert page.run("return [$`log`.children.length, document.activeElement.id]") == [0, "question"]
    wait_for(page, "!$`downloads`.hidden")
    page.run(ask)
    wait_for(page, "$`log`.lastChild?.textContent.endsWith('your turn.')")


def test_a_spoken_question(page: Browser, chat: ChatServer) -> None:
    lives(page)
    page.run("$`tab-talk`.click(); $`mic`.click();")
    wait_for(page, "$`mic`.getAttribute('aria-pressed') === 'true'")
    page.run("await new Promise((done) => setTimeout(done, 1_500)); $`mic`.click();")
    wait_for(page, "$`log`.firstChild?.textContent === 'What did I just say?'")
    assert len(chat.sounds[-1]) > 1_000
    assert wait_for(page, "$`log`.querySelector('.now')?.textContent")


def test_the_gallery(page: Browser, faked: Server) -> None:
    page.run("localStorage.clear();")
    page.goto(f"{faked.url}/")
    speak(page, "One two three.")
    wait_for(page, "$`videos`.children.length === 1 && $`videos`.querySelector('img').naturalWidth")
    page.goto(f"{faked.url}/")
    wait_for(page, "$`videos`.children.length === 1")
    page.run("$`videos`.querySelector('.play').click();")
    wait_for(page, "$`video`.currentTime > 0.3 && !$`video`.hidden && !$`downloads`.hidden")
    video = page.run("return $`videos`.firstChild.dataset.id")
    page.run("[...$`videos`.querySelectorAll('button')].at(-1).click();")
    wait_for(page, "$`gallery`.hidden")
    assert faked.client.get(f"/v1/videos/{video}").status_code == 404
    assert page.run("return localStorage.getItem('videos')") == "[]"


def test_a_voice_is_heard(page: Browser) -> None:
    page.run(
        "window.Audio = class { constructor(src) { window.heard = src; } async play() {} };"
        "$`voice`.value = 'anna'; $`sample`.click();"
    )
    wait_for(page, "!$`sample`.disabled && window.heard || $`status`.textContent")


NAMELESS = """
const named = (one) => one.labels?.length || one.getAttribute("aria-label")
  || one.textContent.trim() || one.getAttribute("aria-labelledby");
return [...document.querySelectorAll("input, select, textarea, button, summary")]
  .filter((one) => one.offsetParent && !named(one)).map((one) => one.outerHTML.slice(0, 80));
"""
PALE = """
const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
const light = (colour) => {
  const [r, g, b] = numbers(colour).map((c) => c / 255)
    .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = (one) => {
  for (let at = one; at; at = at.parentElement) {
    const colour = getComputedStyle(at).backgroundColor;
    if ((numbers(colour)[3] ?? 1) === 1) return colour;
  }
  return "rgb(255, 255, 255)";
};
const text = (one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
return [...document.querySelectorAll("body *")]
  .filter((one) => one.offsetParent && text(one) && !one.disabled && !one.closest("#screen"))
  .filter((one) => {
    const [a, b] = [light(getComputedStyle(one).color), light(ground(one))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05) < 4.5;
  }).map((one) => one.outerHTML.slice(0, 80));
"""


def test_everything_has_a_name_and_enough_contrast(page: Browser) -> None:
    lives(page)
    page.run("$`choices`.open = true;")
    for tab in ("text", "talk"):
        page.run(f"$`tab-{tab}`.click();")
        assert page.run(NAMELESS) == [] and page.run(PALE) == []


@pytest.mark.parametrize("label", ["MP4", "VTT"])
def test_downloads(page: Browser, label: str) -> None:
    speak(page, "One two.")
    wait_for(page, "!$`downloads`.hidden")
    button = f"[...$`downloads`.children].find((one) => one.textContent === 'Download {label}')"
    file = page.save(f"{button}.click();")
    assert file.suffix == f".{label.lower()}"
    content = file.read_bytes()
    assert content[4:8] == b"ftyp" if label == "MP4" else content.startswith(b"WEBVTT")


def tab_to(page: Browser, name: str) -> None:
    for _ in range(40):
        if page.run("return document.activeElement.id") == name:
            return
        page.press("Tab")
    raise AssertionError(f"Tab does not reach {name}")


def test_every_example_has_a_face(page: Browser) -> None:
    for number in range(2):
        page.run(f"document.querySelectorAll('.example')[{number}].click();")
        shown = f"document.querySelectorAll('.example img')[{number}].naturalHeight"
        wait_for(page, f"$`preview`.naturalHeight === {shown} && $`faces`.children.length")
        assert page.run("return $`text`.value") and not page.run("return $`picture`.hidden")


def test_by_keyboard_alone(page: Browser) -> None:
    tab_to(page, "example")
    page.press("Enter")
    wait_for(page, 'document.querySelector("#faces button[aria-checked=true]") !== null')
    tab_to(page, "text")
    page.press(" Hello there.")
    tab_to(page, "consent")
    page.press("Space")
    tab_to(page, "speak")
    page.press("Enter")
    wait_for(page, "!$`downloads`.hidden")
    assert page.run("return [...$`words`.children].at(-1).textContent") == "there."


def test_what_is_missing_is_said_and_focused(page: Browser) -> None:
    page.run("$`speak`.click();")
    assert page.run("return document.activeElement.id") == "file"
    assert "portrait" in page.run("return $`status`.textContent")
    page.run(DROP)
    wait_for(page, "$`status`.textContent === ''")
    page.run("$`text`.value = 'Hi.';")
    page.run(DROP.replace('fetch("astronaut.jpg")', 'fetch("style.css")'))
    wait_for(page, 'document.getElementById("portrait-status").classList.contains("wrong")')


def test_a_long_video_does_not_fill_the_memory(page: Browser) -> None:
    page.run("$`video`.muted = true; $`video`.defaultPlaybackRate = 8;")
    speak(page, "word " * 400)
    wait_for(page, "$`video`.buffered.length && $`video`.buffered.start(0) > 5", 90)
    wait_for(page, "!$`downloads`.hidden", 240)
    page.run("$`video`.currentTime = 1;")
    wait_for(page, "$`video`.readyState > 2 && $`video`.currentTime < 10")
    assert page.run("return $`video`.duration") > 399


def test_a_phone_has_room_to_write(page: Browser) -> None:
    page.resize(390, 844)
    lives(page)
    wait_for(page, "!$`tab-talk`.hidden")
    page.run("$`tab-talk`.click();")
    assert page.run("return $`question`.offsetWidth") > 300
    tops = "[...document.querySelectorAll('.middle > *')].map((one) => one.offsetTop)"
    assert len(set(page.run(f"return {tops}"))) == 1


@pytest.mark.parametrize(("name", "width"), [("wide", 1280), ("phone", 390)])
def test_nothing_is_cut_off(page: Browser, downloads: Path, name: str, width: int) -> None:
    page.resize(width, 844)
    speak(page, "Good morning. It is nice to see you!")
    wait_for(page, "!$`downloads`.hidden")
    wide = page.run("return [document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1]
    small = page.run(
        "return [...document.querySelectorAll('button, select, textarea, .button, summary')]"
        ".filter((one) => one.offsetParent && !one.closest('#faces'))"
        ".filter((one) => one.getBoundingClientRect().height < 44).map((one) => one.textContent)"
    )
    assert small == []
    page.screenshot(downloads / f"{type(page).__name__.lower()}-{name}.png")
    print("screenshot:", downloads / f"{type(page).__name__.lower()}-{name}.png")
