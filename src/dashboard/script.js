// What the pages can do where scripts run: they stay as fresh as what they show, and everything has a key.
// Nothing is needed: without it, every form and link does the same by loading a page.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);

  // The door: the token is in the fragment, which no server sees; it is exchanged for a cookie, which no script sees.
  const door = $("door");
  if (door) {
    const enter = async (token) => {
      const body = new URLSearchParams({ token });
      const answer = await fetch("/session", { method: "POST", body });
      if (answer.ok) location.replace("/");
      else $("refused").hidden = false;
    };
    const token = location.hash.slice(1);
    if (token) {
      history.replaceState(null, "", location.pathname);
      enter(token);
    }
    door.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      enter($("token").value.trim());
    });
    return;
  }

  const page = (text) => new DOMParser().parseFromString(text, "text/html");
  let paused = false;

  // One live region, which speaks at most every five seconds.
  let spoken = 0;
  let waiting = null;
  const speak = (text, at_once) => {
    clearTimeout(waiting);
    const say = () => {
      spoken = Date.now();
      if ($("said").textContent !== text) $("said").textContent = text;
    };
    const wait = spoken + 5000 - Date.now();
    if (at_once || wait <= 0) say();
    else waiting = setTimeout(say, wait);
  };

  // Puts in what differs; where the reader is, stays.
  const keep = (old, fresh) => {
    const open = [...old.querySelectorAll("details[open][id]")].map((element) => element.id);
    const path = focused(old);
    fresh = document.adoptNode(fresh);
    old.replaceWith(fresh);
    open.forEach((id) => $(id)?.setAttribute("open", ""));
    if (path) at(fresh, path)?.focus({ preventScroll: true });
    dress(fresh);
  };
  const focused = (root) => {
    let element = document.activeElement;
    if (!element || !root.contains(element) || element === root) return null;
    const path = [];
    for (; element !== root; element = element.parentElement) {
      path.unshift([...element.parentElement.children].indexOf(element));
    }
    return path;
  };
  const at = (root, path) => path.reduce((element, index) => element?.children[index], root);

  const swap = (next) => {
    for (const old of document.querySelectorAll("[data-live]")) {
      const fresh = next.getElementById(old.id);
      if (!fresh || old.querySelector("details[open], [aria-busy]") || undressed(old) === undressed(fresh)) continue;
      const summary = fresh.dataset.summary;
      const changed = old.dataset.summary !== summary;
      keep(old, fresh);
      if (changed) speak(summary);
    }
  };
  // Buttons that only scripts show are hidden in what the server sent.
  const undressed = (element) => {
    const copy = element.cloneNode(true);
    copy.querySelectorAll(".copy").forEach((button) => button.remove());
    return copy.innerHTML;
  };

  let asking = false;
  let again = false;
  const refresh = async () => {
    if (paused || document.hidden) return;
    if (asking) {
      again = true;
      return;
    }
    asking = true;
    try {
      const answer = await fetch(location.href);
      document.body.classList.toggle("lost", !answer.ok);
      if (answer.ok) swap(page(await answer.text()));
    } catch {
      document.body.classList.add("lost");
    }
    asking = false;
    if (again) {
      again = false;
      refresh();
    }
  };

  let polling = null;
  const listen = () => {
    const events = new EventSource("/events");
    events.addEventListener("change", refresh);
    events.addEventListener("beat", refresh);
    events.addEventListener("open", () => {
      clearInterval(polling);
      polling = null;
    });
    // No place is left, or nobody is there: ask now and then instead.
    events.addEventListener("error", () => {
      polling ??= setInterval(refresh, 5000);
    });
    addEventListener("pagehide", () => events.close());
  };
  if (document.querySelector("[data-live]")) listen();
  document.addEventListener("visibilitychange", refresh);

  // Forms: the answer is put in place of the page, and what came of it is said at once.
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    // Its fields may have the names of its properties: `action`, `method`.
    if (form.getAttribute("method") !== "post" || !form.dataset.busy) return;
    event.preventDefault();
    if (form.getAttribute("aria-busy")) return;
    form.setAttribute("aria-busy", "true");
    speak(form.dataset.busy, true);
    try {
      const body = new URLSearchParams(new FormData(form, event.submitter));
      const answer = await fetch(form.getAttribute("action"), { method: "POST", body });
      if (!answer.ok) throw new Error(String(answer.status));
      keep($("main"), page(await answer.text()).getElementById("main"));
      const told = $("outcome") ?? $("answered");
      told?.focus();
    } catch {
      form.removeAttribute("aria-busy");
      document.body.classList.add("lost");
    }
  });

  // What only scripts can do is hidden until here.
  const dress = (root) => root.querySelectorAll(".copy").forEach((button) => (button.hidden = false));
  dress(document);
  document.addEventListener("click", async (event) => {
    const button = event.target.closest(".copy");
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    const said = button.firstChild.textContent;
    button.firstChild.textContent = button.dataset.done;
    speak(button.dataset.done, true);
    setTimeout(() => (button.firstChild.textContent = said), 1500);
  });

  const pause = $("pause");
  const said = pause.textContent;
  pause.hidden = $("help").hidden = false;
  const toggle = () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    pause.textContent = paused ? pause.dataset.on : said;
    if (!paused) refresh();
  };
  pause.addEventListener("click", toggle);

  // Keys of one letter can be turned off: whoever dictates types them by accident.
  const keys = $("keys");
  const single = $("single-keys");
  single.checked = localStorage.getItem("atelier-keys") !== "off";
  single.addEventListener("change", () => localStorage.setItem("atelier-keys", single.checked ? "on" : "off"));
  const help = () => (keys.open ? keys.close() : keys.showModal());
  $("help").addEventListener("click", help);
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input:not([type=checkbox]), textarea, select");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "?") {
      event.preventDefault();
      return help();
    }
    if (!single.checked || keys.open) return;
    if (event.key === "p") return toggle();
    if (event.key === "s" || event.key === "x") {
      // Of several the one where the reader is; which one is meant is never a guess.
      const all = document.querySelectorAll(".control");
      const one = all.length === 1 ? all[0] : event.target.closest(".control");
      return one?.querySelector(`[data-press=${event.key === "s" ? "start" : "stop"}]`)?.click();
    }
    document.querySelector(`nav a[data-key="${CSS.escape(event.key)}"]`)?.click();
  });
})();
