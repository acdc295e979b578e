// Keys of the desk. j and k go from card to card, Enter gives the proposed answer, 1 to 9 give the others. An answer that
// ends something, or that needs words, is only made ready by the first press. Nothing is taken in the first moment after a
// page has come: a key pressed twice by mistake never answers what nobody has read.
(function () {
  "use strict";
  var SETTLE_MS = 250, born = performance.now();
  function cards() { return Array.prototype.slice.call(document.querySelectorAll("article[data-decision]")); }
  function here() { return document.activeElement && document.activeElement.closest("article[data-decision]"); }
  function answers(card) { return Array.prototype.slice.call(card.querySelectorAll("form.decision button[name=choice]")); }
  function go(step) {
    var all = cards(), at = all.indexOf(here());
    var next = all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + step))];
    if (next) { next.focus(); next.scrollIntoView({ block: "start" }); }
  }
  function lacks(button) {
    return Array.prototype.slice.call(button.form.querySelectorAll("[data-needed]")).filter(function (field) {
      return field.dataset.needed.split(" ").indexOf(button.value) >= 0 && !field.value.trim();
    })[0];
  }
  function give(button) {
    if (performance.now() - born < SETTLE_MS) return;
    var field = lacks(button), card = button.closest("article");
    var careful = button.classList.contains("careful") && button.dataset.ready !== "yes";
    answers(card).forEach(function (one) { delete one.dataset.ready; });
    if (field || careful) {
      button.dataset.ready = "yes";
      (field || button).focus();
      return;
    }
    button.click();
  }
  function follow(selector, inside) {
    var link = (inside || document).querySelector(selector);
    if (link) link.click();
  }
  function act(key, card) {
    if (key === "j") return go(1);
    if (key === "k") return go(-1);
    if (key === "/") { var find = document.querySelector("a[data-goes=find], input[data-goes=find]"); if (find) { if (find.tagName === "A") find.click(); else find.focus(); } return; }
    if (key === "?") return follow("a[data-goes=help]");
    if (key === "u") return follow("button[data-goes=undo]");
    if (key === "q") return follow("a[data-goes=queue]");
    if (!card) return;
    if (key === "o") return follow("a[data-goes=alone]", card);
    if (key === "c") return follow("a[data-goes=case]", card);
    if (key === "s") return follow("a[data-goes=opinion]", card);
    var all = answers(card);
    if (key === "Enter") {
      var proposed = card.querySelector("form.decision button[name=choice].primary") || all[0];
      if (proposed) give(proposed);
    } else if (all[Number(key) - 1]) give(all[Number(key) - 1]);
  }
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.isComposing) return;
    var at = event.target, typing = /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName) && !/^(checkbox|radio)$/.test(at.type);
    var card = at.closest && at.closest("article[data-decision]");
    if (typing) {
      if (event.key === "Escape") { (card || document.getElementById("main")).focus(); return; }
      // Enter in a line of a decision gives the answer that was made ready, and never just the first one.
      if (event.key === "Enter" && card && at.tagName === "INPUT") {
        event.preventDefault();
        var ready = card.querySelector("button[data-ready=yes]");
        if (ready && !lacks(ready)) ready.click();
      }
      return;
    }
    if (event.key === "Enter" && at !== card) return;
    if (!/^([1-9]|Enter|[jkoucsq]|\/|\?)$/.test(event.key)) return;
    event.preventDefault();
    act(event.key, card);
  });
  cards().forEach(function (card) {
    answers(card).slice(0, 9).forEach(function (button, number) {
      var hint = document.createElement("kbd");
      hint.textContent = button.classList.contains("primary") ? "\u21b5" : String(number + 1);
      hint.setAttribute("aria-hidden", "true");
      button.appendChild(hint);
    });
  });
  var first = document.querySelector("[data-desk] article[data-decision]");
  if (first && !location.hash && (document.activeElement === document.body || !document.activeElement)) first.focus({ preventScroll: true });
})();
