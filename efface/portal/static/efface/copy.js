// A button copies one prepared answer. Without scripts the buttons are not there: a press on the text marks all of it.
(function () {
  "use strict";
  function ready() {
    if (!navigator.clipboard) return;
    document.querySelectorAll("button[data-copy]").forEach(function (button) { button.hidden = false; });
  }
  document.addEventListener("click", function (event) {
    var button = event.target.closest && event.target.closest("button[data-copy]");
    if (!button) return;
    var text = document.getElementById(button.dataset.copy);
    if (!text) return;
    navigator.clipboard.writeText(text.textContent).then(function () {
      var words = button.firstChild, before = words.nodeValue;
      if (before === button.dataset.done) return;
      words.nodeValue = button.dataset.done;
      window.setTimeout(function () { words.nodeValue = before; }, 2000);
    });
  });
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready); else ready();
})();
