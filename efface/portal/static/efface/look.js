// A picture is on the screen only while the button is held: by pointer, or by the space bar or Enter. Whatever ends the
// hold takes it away, also leaving the page or the window. Each hold is one look, counted by the server.
(function () {
  "use strict";
  var part = document.getElementById("look"), button = document.getElementById("hold-to-look");
  var place = document.getElementById("peek"), says = document.getElementById("look-says");
  if (!part || !button || !place) return;
  var held = false, turn = 0, seen = false;
  button.hidden = false;
  function hide() {
    if (!held && !seen) return;
    held = false;
    turn += 1;
    place.hidden = true;
    place.replaceChildren();
    if (seen) { seen = false; says.textContent = part.dataset.again; }
  }
  function show() {
    if (held) return;
    held = true;
    var mine = turn += 1;
    says.textContent = "";
    var token = part.querySelector("[name=csrfmiddlewaretoken]").value;
    fetch(part.dataset.look, { method: "POST", body: new URLSearchParams({ csrfmiddlewaretoken: token }), cache: "no-store", credentials: "same-origin" })
      .then(function (answer) {
        if (!answer.ok) return answer.text().then(function (words) {
          says.textContent = answer.status === 409 ? words : part.dataset.failed;
        });
        return answer.blob().then(createImageBitmap).then(function (bitmap) {
          if (!held || mine !== turn) return bitmap.close();
          var canvas = document.createElement("canvas");
          canvas.width = bitmap.width;
          canvas.height = bitmap.height;
          canvas.getContext("2d").drawImage(bitmap, 0, 0);
          bitmap.close();
          canvas.setAttribute("role", "img");
          canvas.setAttribute("aria-label", part.dataset.alt);
          place.replaceChildren(canvas);
          place.hidden = false;
          seen = true;
        });
      })
      .catch(function () { says.textContent = part.dataset.failed; });
  }
  button.addEventListener("pointerdown", function (event) { if (event.button === 0) { button.setPointerCapture(event.pointerId); show(); } });
  ["pointerup", "pointercancel", "lostpointercapture", "blur"].forEach(function (name) { button.addEventListener(name, hide); });
  button.addEventListener("contextmenu", function (event) { event.preventDefault(); });
  button.addEventListener("keydown", function (event) {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    if (!event.repeat) show();
  });
  button.addEventListener("keyup", function (event) { if (event.key === " " || event.key === "Enter") hide(); });
  document.addEventListener("visibilitychange", hide);
  window.addEventListener("pagehide", hide);
})();
