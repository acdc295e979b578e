// One entry in the browser's history, however many pages: links and forms put the next page in place of this one.
// Without scripts, and where anything goes wrong, links and forms do what they always do.
(function () {
  "use strict";
  var words = document.getElementById("back-words");
  if (words) words.hidden = false;

  document.addEventListener("click", function (event) {
    if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    var link = event.target.closest && event.target.closest("a[href]");
    if (!link || link.target || link.origin !== location.origin || link.hasAttribute("download")) return;
    event.preventDefault();
    location.replace(link.href);
  });

  function show(text) {
    var next = new DOMParser().parseFromString(text, "text/html").querySelector("main");
    if (!next) throw new Error("no page");
    document.querySelector("main").replaceWith(next);
    var alert = next.querySelector("[role=alert]");
    if (alert) alert.tabIndex = -1;
    (alert || next).focus();
    window.scrollTo(0, 0);
  }

  function plainly(form, submitter) {
    if (submitter && submitter.name) {
      var held = document.createElement("input");
      held.type = "hidden"; held.name = submitter.name; held.value = submitter.value;
      form.appendChild(held);
    }
    HTMLFormElement.prototype.submit.call(form);
  }

  document.addEventListener("submit", function (event) {
    var form = event.target, submitter = event.submitter;
    if (event.defaultPrevented || form.target || form.enctype === "multipart/form-data") return;
    if ((form.getAttribute("method") || "").toLowerCase() !== "post" || form.classList.contains("languages")) return;
    event.preventDefault();
    var body = new URLSearchParams(new FormData(form));
    if (submitter && submitter.name) body.append(submitter.name, submitter.value);
    fetch(form.getAttribute("action") || location.href, {
      method: "POST", body: body, headers: { "X-Step": "1" }, credentials: "same-origin", cache: "no-store"
    }).then(function (answer) {
      var next = answer.headers.get("X-Location");
      if (next) {
        if (next.split("#")[0] === location.pathname + location.search) location.reload();
        else location.replace(next);
        return;
      }
      return answer.text().then(show).then(function () { delete form.dataset.sent; });
    }).catch(function () { plainly(form, submitter); });
  });
})();
