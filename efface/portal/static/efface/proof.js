// Covers a photographed document on the device: everything is covered at first, a brush uncovers and covers. What is sent
// are the covered pixels alone. "Suggest" sends the picture once, gets areas back, and paints them.
(function () {
  "use strict";
  var form = document.getElementById("proof"), canvas = document.getElementById("canvas");
  if (!form || !canvas || !canvas.getContext || !window.createImageBitmap || !window.DataTransfer) return;
  var SIDE = 1600, COVER = [24, 24, 27], colour = "rgb(24,24,27)";
  var SHOWS = { name: true, face: true, shown: true };
  var input = form.elements.picture, picture = document.createElement("canvas"), mask = document.createElement("canvas");
  var shown = canvas.getContext("2d"), pen = mask.getContext("2d"), steps = [], last = null, sending = false;
  function element(id) { return document.getElementById(id); }
  function say(words) { element("brush-status").textContent = words; }

  input.addEventListener("change", function () {
    var file = input.files[0];
    if (!file || sending) return;
    createImageBitmap(file, { imageOrientation: "from-image" }).then(open, function () {
      element("brush").hidden = false; canvas.hidden = true; say(form.dataset.unread);
    });
  });
  function open(bitmap) {
    var scale = Math.min(1, SIDE / Math.max(bitmap.width, bitmap.height));
    [picture, mask, canvas].forEach(function (one) {
      one.width = Math.round(bitmap.width * scale); one.height = Math.round(bitmap.height * scale);
    });
    picture.getContext("2d").drawImage(bitmap, 0, 0, picture.width, picture.height);
    bitmap.close();
    steps = []; all(); canvas.hidden = false; say("");
    element("brush").hidden = element("mine").hidden = false;
    element("where").hidden = !form.dataset.where;
    element("auto").classList.remove("primary");
  }
  function show() {
    // Faint on this device only, so that she finds her face; what is sent is covered for good (covered() below).
    shown.globalAlpha = 1; shown.drawImage(picture, 0, 0);
    shown.globalAlpha = 0.82; shown.drawImage(mask, 0, 0);
  }
  function keep() {
    steps.push(pen.getImageData(0, 0, mask.width, mask.height));
    if (steps.length > 8) steps.shift();
  }
  function all() {
    pen.globalCompositeOperation = "source-over"; pen.fillStyle = colour;
    pen.fillRect(0, 0, mask.width, mask.height); show();
  }
  function at(event) {
    var box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * canvas.width / box.width, (event.clientY - box.top) * canvas.height / box.height];
  }
  function stroke(from, to) {
    var uncover = form.elements.brush.value === "show";
    pen.globalCompositeOperation = uncover ? "destination-out" : "source-over";
    pen.strokeStyle = colour; pen.lineCap = "round";
    pen.lineWidth = Number(element("wide").value) * canvas.width / 1000;
    pen.beginPath(); pen.moveTo(from[0], from[1]); pen.lineTo(to[0] + 0.01, to[1]); pen.stroke(); show();
  }
  canvas.addEventListener("pointerdown", function (event) {
    keep(); last = at(event); canvas.setPointerCapture(event.pointerId); stroke(last, last); event.preventDefault();
  });
  canvas.addEventListener("pointermove", function (event) {
    if (!last) return;
    var point = at(event); stroke(last, point); last = point;
  });
  ["pointerup", "pointercancel"].forEach(function (name) { canvas.addEventListener(name, function () { last = null; }); });
  element("undo").addEventListener("click", function () {
    var step = steps.pop();
    if (step) { pen.putImageData(step, 0, 0); show(); }
  });
  element("all").addEventListener("click", function () { keep(); all(); });
  element("turn").addEventListener("click", function () {
    [picture, mask].forEach(function (one) {
      var copy = document.createElement("canvas"); copy.width = one.height; copy.height = one.width;
      var context = copy.getContext("2d"); context.translate(copy.width, 0); context.rotate(Math.PI / 2); context.drawImage(one, 0, 0);
      one.width = copy.width; one.height = copy.height;
      one.getContext("2d").globalCompositeOperation = "source-over"; one.getContext("2d").drawImage(copy, 0, 0);
    });
    canvas.width = picture.width; canvas.height = picture.height; steps = []; show();
  });

  function blob(source, type) { return new Promise(function (done) { source.toBlob(done, type, 0.92); }); }
  element("where").addEventListener("click", function () {
    say(form.dataset.waiting);
    blob(picture, "image/jpeg").then(function (file) {
      var data = new FormData();
      data.append("picture", file, "picture.jpg"); data.append("name", form.elements.name.value);
      data.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
      return fetch(form.dataset.where, { method: "POST", body: data, credentials: "same-origin" });
    }).then(function (answer) { return answer.json(); }).then(function (found) {
      if (found.problem) { say(found.problem); return; }
      keep(); pen.clearRect(0, 0, mask.width, mask.height);
      found.areas.forEach(function (area) {
        pen.globalCompositeOperation = SHOWS[area.kind] ? "destination-out" : "source-over";
        pen.fillStyle = pen.strokeStyle = colour; pen.lineWidth = 3; pen.beginPath();
        area.points.forEach(function (point) { pen.lineTo(point[0] * mask.width, point[1] * mask.height); });
        pen.closePath(); pen.fill();
        if (!SHOWS[area.kind]) pen.stroke();
      });
      show(); say(form.dataset.ready);
    }).catch(function () { say(form.dataset.failed); });
  });

  // Every pixel that is covered at all becomes the one colour: the rim of a brush lets nothing through.
  function covered() {
    var made = document.createElement("canvas"), context = made.getContext("2d");
    made.width = picture.width; made.height = picture.height;
    var pixels = picture.getContext("2d").getImageData(0, 0, made.width, made.height);
    var over = pen.getImageData(0, 0, made.width, made.height).data, first = -1;
    for (var i = 0; i < over.length; i += 4) {
      if (!over[i + 3]) continue;
      if (first < 0) first = i;
      pixels.data[i] = COVER[0]; pixels.data[i + 1] = COVER[1]; pixels.data[i + 2] = COVER[2]; pixels.data[i + 3] = 255;
    }
    context.putImageData(pixels, 0, 0);
    if (first >= 0) {
      var back = context.getImageData((first / 4) % made.width, Math.floor(first / 4 / made.width), 1, 1).data;
      for (var c = 0; c < 3; c++) if (Math.abs(back[c] - COVER[c]) > 4) return null;
    }
    return made;
  }
  element("mine").addEventListener("click", function () {
    if (!form.reportValidity()) return;
    var made = covered();
    if (!made) { say(form.dataset.noisy); return; }
    blob(made, "image/png").then(function (file) {
      var given = new DataTransfer();
      given.items.add(new File([file], "picture.png", { type: "image/png" }));
      sending = true; input.files = given.files; form.elements.covered.value = "yes"; form.submit();
    });
  });
})();
