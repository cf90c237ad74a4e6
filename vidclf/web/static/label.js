// Shows one clip at a time and passes on what the user chooses. What follows from a choice, the server decides:
// it answers each call with all that the page shows beside the video (`View` in label/session.py).

const element = (id) => document.getElementById(id);
const video = element("video");

const POLL_MILLISECONDS = 1000;
const KEYS = {
  " ": "mark", "ArrowLeft": "previous", "ArrowRight": "next", "Backspace": "clear", "s": "skip", "b": "bad",
  "u": "undo", "p": "pause", ",": "back", ".": "forth", "Enter": "accept",
};

let view = null; // what the server said last
let media = null; // of the clip that is shown; null while it is prepared
let isCopy = false; // whether the server was asked for a copy, because the browser could not play the file
let shownSeconds = 0; // time of the frame on the screen, by the player's clock
let calls = 0;
let isBusy = false;

async function call(method, address, body) {
  const response = await fetch(`/label${address}`, {
    method,
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body && JSON.stringify(body),
  }).catch(() => {
    throw new Error("The server does not answer, so this was not saved. Is the command still running?");
  });
  if (!response.ok) {
    const said = await response.json().catch(() => ({}));
    throw new Error(said.error ?? `The server refused this (${response.status}). Start the page again.`);
  }
  return response.json();
}

// One change at a time: a key that comes before the answer was meant for a clip that is gone.
async function act(method, address, body, said) {
  if (isBusy) return;
  isBusy = true;
  calls += 1;
  try {
    show(await call(method, address, body));
    element("trouble").hidden = true;
    if (said) element("said").textContent = said;
  } catch (error) {
    tellTrouble(error.message);
  } finally {
    isBusy = false;
  }
}

function tellTrouble(text) {
  element("trouble").textContent = text;
  element("trouble").hidden = false;
}

const clip = (rest) => `/clips/${view.number}${rest}`;
const open = (number) => number !== null && act("GET", `/view?clip=${number}`);
const choose = (label) => act("POST", clip("/label"), { label }, `Saved as ${label}`);
const setAside = (reason) => act("POST", clip("/set-aside"), { reason }, `Set aside as ${reason}`);

const actions = {
  previous: () => open(view.previous),
  next: () => open(view.next),
  mark: () => media?.video && act("POST", clip(`/mark?copy=${isCopy}`), { seconds: shownSeconds }),
  clear: () => act("DELETE", clip("/marks"), undefined, "The whole clip counts"),
  skip: () => setAside("skipped"),
  bad: () => setAside("bad"),
  undo: () => view.can_undo && act("POST", "/undo", undefined, "Undone"),
  accept: () => view.proposal && choose(view.proposal.label),
  pause: () => (video.paused ? play() : video.pause()),
  back: () => step(-1),
  forth: () => step(1),
};

function step(direction) {
  video.pause();
  video.currentTime = Math.max(0, shownSeconds + direction * (media?.interval_seconds ?? 0));
}

function play() {
  video.play().catch(() => {}); // a browser that saves power may say no; the pause key plays
}

// ---- the clip

function show(next) {
  const isOther = view?.number !== next.number;
  view = next;
  if (isOther) load(false);
  render();
}

// Not waited for: a clip that takes long to prepare can be labelled, or passed over, meanwhile.
function load(copy) {
  prepare(copy).catch((error) => tellTrouble(error.message));
}

async function prepare(copy) {
  const number = view.number;
  [media, isCopy, shownSeconds] = [null, copy, 0];
  video.removeAttribute("src");
  video.load();
  tellOnScreen("Preparing the clip …");
  const answer = await call("GET", `/clips/${number}/media?copy=${copy}`);
  if (number !== view.number) return;
  media = answer;
  tellOnScreen(media.problem && `This clip cannot be shown. ${media.problem} B sets it aside as bad.`);
  if (media.video) {
    video.src = media.video;
    play();
  }
  render();
  // So that the next one is ready when it is wanted.
  if (view.next !== null) call("GET", `/clips/${view.next}/media`).catch(() => {});
}

function tellOnScreen(text) {
  element("screen-text").textContent = text;
  element("screen-text").hidden = !text;
}

video.addEventListener("error", () => {
  if (!video.getAttribute("src")) return;
  if (!isCopy) load(true);
  else tellOnScreen("This browser cannot play the clip, nor a copy of it in H.264.");
});

// The part that is played: between the marks where there are two, else everything.
function partPlayed() {
  const [start, end] = [view.start_seconds, view.end_seconds];
  return start !== null && end !== null ? [start - media.first_seconds, end - media.first_seconds] : null;
}

function frameShown(_, frame) {
  shownSeconds = frame.mediaTime;
  const part = media && partPlayed();
  if (part && !video.paused && (shownSeconds >= part[1] || shownSeconds < part[0])) video.currentTime = part[0];
  renderTime();
  video.requestVideoFrameCallback(frameShown);
}

if ("requestVideoFrameCallback" in video) {
  video.requestVideoFrameCallback(frameShown);
} else {
  video.addEventListener("timeupdate", () => frameShown(0, { mediaTime: video.currentTime }));
  video.requestVideoFrameCallback = () => {};
}
video.addEventListener("loadedmetadata", renderTime);
video.addEventListener("play", renderTime);
video.addEventListener("pause", renderTime);

// ---- what stands around it

function render() {
  const done = `${view.num_done} of ${view.num_clips} decided`;
  element("progress").max = view.num_clips;
  element("progress").value = view.num_done;
  element("progress-text").textContent = view.num_done === view.num_clips ? `All ${view.num_clips} decided` : done;
  element("name").textContent = view.name;
  const decision = element("decision");
  decision.textContent = view.label || view.set_aside || "not labelled";
  decision.className = `decision ${view.label ? "" : view.set_aside ? "aside" : "open"}`;
  renderLabels();
  renderProposal();
  renderTime();
  element("previous").disabled = view.previous === null;
  element("next").disabled = view.next === null;
  element("undo").disabled = !view.can_undo;
  for (const id of ["mark", "pause", "back", "forth"]) element(id).disabled = !media?.video;
  element("clear").disabled = view.start_seconds === null && view.end_seconds === null;
}

let labelsDrawn = "";

function renderLabels() {
  const drawn = JSON.stringify([view.choices, view.label]);
  if (drawn === labelsDrawn) return; // a button that is made anew while it is pressed loses the click
  labelsDrawn = drawn;
  const focused = document.activeElement?.dataset?.label;
  const rows = view.choices.map((choice) => {
    const button = document.createElement("button");
    button.dataset.label = choice.label;
    button.setAttribute("aria-pressed", String(choice.label === view.label));
    if (choice.key) button.setAttribute("aria-keyshortcuts", choice.key);
    button.append(made("kbd", choice.key || "·"), made("b", choice.label), made("span", choice.count, "count"));
    const row = document.createElement("li");
    row.append(button);
    return row;
  });
  element("labels").replaceChildren(...rows);
  if (focused) rows.find((row) => row.firstChild.dataset.label === focused)?.firstChild.focus();
  element("no-labels").hidden = view.choices.length > 0;
}

function made(tag, text, name = "") {
  const child = document.createElement(tag);
  child.textContent = text;
  child.className = name;
  return child;
}

function renderProposal() {
  element("accept").hidden = !view.proposal;
  if (view.proposal) {
    element("accept").querySelector("b").textContent = view.proposal.label;
    element("accept").querySelector(".probability").textContent = `${Math.round(100 * view.proposal.probability)} %`;
  }
  element("scoring").textContent = view.trouble || `The model has looked at ${view.num_scored} of ${view.num_to_score} clips.`;
  element("scoring").hidden = !view.trouble && view.num_scored >= view.num_to_score;
}

function renderTime() {
  if (!view) return;
  const [start, end] = [view.start_seconds, view.end_seconds];
  const seconds = (value) => `${value.toFixed(2)} s`;
  element("marks").textContent =
    start === null && end === null ? "The whole clip counts." :
    end === null ? `From ${seconds(start)} to the end.` :
    start === null ? `From the start to ${seconds(end)}.` : `From ${seconds(start)} to ${seconds(end)}.`;
  element("mark").querySelector("span").textContent = start !== null && end === null ? "Mark end" : "Mark start";
  element("pause").querySelector("span").textContent = video.paused ? "Play" : "Pause";
  const length = video.duration || 0;
  const share = (value) => `${length ? Math.min(100, Math.max(0, (100 * value) / length)) : 0}%`;
  const first = media?.first_seconds ?? 0;
  element("head").style.left = share(shownSeconds);
  element("part").style.left = share((start ?? first) - first);
  element("part").style.right = end === null ? "0" : `calc(100% - ${share(end - first)})`;
  element("part").hidden = start === null && end === null;
}

// ---- keys, buttons, the form

document.addEventListener("keydown", (event) => {
  if (!view || event.repeat || event.altKey || event.metaKey || event.target.matches("input")) return;
  const isNative = event.target.matches("button") && [" ", "Enter"].includes(event.key);
  if (isNative) return; // whoever walks by the tab key presses buttons with these
  const isUndo = event.ctrlKey && event.key === "z";
  if (event.ctrlKey && !isUndo) return;
  const name = isUndo ? "undo" : KEYS[event.key] ?? KEYS[event.key.toLowerCase()];
  // By the place of the key: on some keyboards a digit by itself needs the shift key.
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
  const choice = view.choices.find((one) => one.key && one.key === digit);
  if (!name && !choice) return;
  event.preventDefault();
  if (name) actions[name]();
  else choose(choice.label);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!view || !button || button.closest("form")) return;
  // After a mouse's click the space bar shall mark again, not press the button once more.
  if (event.detail > 0) button.blur();
  if (button.dataset.label !== undefined) choose(button.dataset.label);
  else actions[button.id]();
});

element("add").addEventListener("submit", async (event) => {
  event.preventDefault();
  const label = element("new-label").value;
  await act("POST", clip("/labels"), { label }, `Added ${label}`);
  if (element("trouble").hidden) event.target.reset();
  element("new-label").blur();
});

// While a model looks through the clips, its proposals come in.
async function poll() {
  const before = calls;
  if (view && !isBusy && view.num_scored < view.num_to_score) {
    const next = await call("GET", `/view?clip=${view.number}`).catch(() => null);
    if (next && calls === before) show(next);
  }
  setTimeout(poll, POLL_MILLISECONDS);
}

await act("GET", "/view");
poll();
