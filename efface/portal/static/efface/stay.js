// Says before the session ends, prolongs it at a press, and keeps what is being typed: on the server, not on the device.
(function () {
  "use strict";
  var box = document.getElementById("idle");
  if (!box) return;
  var whole = Number(box.dataset.idle) * 1000, warn = 180000, margin = 60000, timers = [], typing = 0;

  function token() {
    var field = document.querySelector("input[name=csrfmiddlewaretoken]");
    return field ? field.value : "";
  }
  function post(where, fields) {
    var body = new URLSearchParams(fields || {});
    body.append("csrfmiddlewaretoken", token());
    return fetch(where, { method: "POST", body: body, credentials: "same-origin", cache: "no-store", keepalive: true });
  }
  function keep(form) {
    var fields = new URLSearchParams(new FormData(form));
    fields.delete("csrfmiddlewaretoken");
    fields.append("path", new URL(form.getAttribute("action") || location.href, location.href).pathname);
    return post(box.dataset.keep, fields);
  }
  function keepAll() {
    return Promise.all(Array.prototype.map.call(document.querySelectorAll("form[data-typed]"), keep));
  }
  function begin() {
    timers.forEach(clearTimeout);
    box.hidden = true;
    timers = [
      setTimeout(function () { keepAll(); box.hidden = false; box.scrollIntoView(); document.getElementById("stay").focus(); },
        Math.max(whole - warn, 1000)),
      setTimeout(function () {
        keepAll().catch(function () {}).then(function () { location.replace(document.querySelector("a.exit").href); });
      }, Math.max(whole - margin, 2000))
    ];
  }
  document.addEventListener("click", function (event) {
    if (event.target.id !== "stay") return;
    post(box.dataset.stay).then(function (answer) { if (answer.ok) begin(); });
  });
  document.addEventListener("input", function (event) {
    var form = event.target.form;
    if (!form || !form.hasAttribute("data-keep")) return;
    form.dataset.typed = "yes";
    clearTimeout(typing);
    typing = setTimeout(function () { keep(form).then(begin); }, 2000);
  });
  document.addEventListener("submit", function (event) {
    clearTimeout(typing);
    delete event.target.dataset.typed;
  });
  begin();
})();
