// Draws a signature as strokes (shares of the field's width). Without scripts the typed name is the signature.
(function () {
  "use strict";
  var form = document.getElementById("sign"), pad = document.getElementById("pad"), canvas = document.getElementById("signature");
  if (!form || !canvas || !canvas.getContext) return;
  var context = canvas.getContext("2d"), strokes = [], stroke = null, RATIO = 0.3;
  pad.hidden = false;
  function fit() {
    canvas.width = Math.round(canvas.clientWidth * (window.devicePixelRatio || 1));
    canvas.height = Math.round(canvas.width * RATIO);
    draw();
  }
  function draw() {
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.lineWidth = Math.max(2, canvas.width / 200); context.lineCap = context.lineJoin = "round";
    context.strokeStyle = getComputedStyle(canvas).color;
    strokes.forEach(function (points) {
      context.beginPath();
      points.forEach(function (point) { context.lineTo(point[0] * canvas.width, point[1] * canvas.width); });
      if (points.length === 1) context.lineTo(points[0][0] * canvas.width + 1, points[0][1] * canvas.width);
      context.stroke();
    });
    form.elements.strokes.value = strokes.length ? JSON.stringify(strokes) : "";
  }
  function at(event) {
    var box = canvas.getBoundingClientRect();
    var x = (event.clientX - box.left) / box.width, y = (event.clientY - box.top) / box.width;
    return [Math.min(1, Math.max(0, +x.toFixed(4))), Math.min(RATIO, Math.max(0, +y.toFixed(4)))];
  }
  canvas.addEventListener("pointerdown", function (event) {
    if (strokes.length >= 150) return;
    stroke = [at(event)]; strokes.push(stroke); canvas.setPointerCapture(event.pointerId); event.preventDefault(); draw();
  });
  canvas.addEventListener("pointermove", function (event) {
    if (!stroke || stroke.length >= 400) return;
    var point = at(event), last = stroke[stroke.length - 1];
    if (Math.abs(point[0] - last[0]) + Math.abs(point[1] - last[1]) > 0.004) { stroke.push(point); draw(); }
  });
  ["pointerup", "pointercancel"].forEach(function (name) { canvas.addEventListener(name, function () { stroke = null; }); });
  document.getElementById("clear").addEventListener("click", function () { strokes = []; draw(); });
  window.addEventListener("resize", fit);
  fit();
})();
