// Quick exit: the Escape key does what the link does, and this page is not kept for the back button.
(function () {
  "use strict";
  var link = document.querySelector("a.exit");
  if (!link) return;
  function leave(event) {
    if (event) event.preventDefault();
    document.documentElement.hidden = true;
    window.location.replace(link.href);
  }
  link.addEventListener("click", leave);
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape" && !event.isComposing) leave(event);
  });
  // A page brought back from the browser's memory asks the server again; after leaving that is the way in.
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) window.location.reload();
  });
})();
