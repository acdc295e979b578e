// One key answers the card that has the focus; elsewhere, and with other keys held, nothing happens.
(function () {
  "use strict";
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    var card = event.target.closest && event.target.closest("[data-keys]");
    if (!card || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) || !/^[a-z]$/.test(event.key)) return;
    var button = card.querySelector("[data-key=" + event.key + "]");
    if (button) button.click();
  });
})();
