(() => {
  // What a page cannot say without a clock: how old it is. And a button to copy each command.
  // Without this script every text is there all the same.
  const words = (seconds) => {
    const minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60);
    if (minutes < 1) return "less than a minute";
    if (minutes < 60) return minutes + " min";
    return hours < 48 ? hours + " h " + (minutes % 60) + " min" : Math.floor(hours / 24) + " d";
  };
  const age = () => {
    let silent = 0;
    for (const one of document.querySelectorAll("[data-at]")) {
      const old = (Date.now() - Date.parse(one.dataset.at)) / 1000;
      if (!(old >= 0)) continue;
      const late = one.dataset.silent && old > one.dataset.silent;
      if (one.matches(".state")) {
        if (!late) continue;
        silent += 1;
        one.dataset.was ??= one.textContent;
        one.textContent = "silent for " + words(old) + "; its last result: " + one.dataset.was;
        one.className = "state ERROR";
        one.closest(".tile").className = "card tile ERROR";
      } else {
        one.textContent = words(old) + " old";
        if (!late) continue;
        const note = document.getElementById("stale");
        note.hidden = false;
        note.querySelector("span").textContent = words(old);
      }
    }
    const count = document.getElementById("silent");
    if (count && silent) {
      count.textContent = silent + (silent > 1 ? " environments are" : " environment is") + " silent now.";
      const top = document.querySelector(".top");
      if (!top.matches(".FAIL")) top.className = "top ERROR";
    }
  };
  age();
  setInterval(age, 30000);
  const select = (node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
  };
  for (const text of document.querySelectorAll("pre.command")) {
    const row = document.createElement("div"), button = document.createElement("button");
    row.className = "row";
    button.type = "button";
    button.textContent = "Copy";
    button.setAttribute("aria-label", "Copy: " + text.getAttribute("aria-label"));
    button.onclick = async () => {
      try {
        await navigator.clipboard.writeText(text.textContent);
      } catch {
        select(text);
        document.execCommand("copy");
      }
      button.textContent = "Copied";
      button.removeAttribute("aria-label");
    };
    text.replaceWith(row);
    row.append(text, button);
  }
})();
