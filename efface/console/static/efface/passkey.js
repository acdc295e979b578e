// Makes or asks a passkey: the options stand on the form, the answer goes back with it. Without scripts, or where the
// browser has none, the button is not there and codes do the same.
(function () {
  "use strict";
  function bytes(text) {
    var plain = atob(text.replace(/-/g, "+").replace(/_/g, "/")), found = new Uint8Array(plain.length);
    for (var at = 0; at < plain.length; at += 1) found[at] = plain.charCodeAt(at);
    return found.buffer;
  }
  function text(buffer) {
    var plain = "";
    new Uint8Array(buffer).forEach(function (one) { plain += String.fromCharCode(one); });
    return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }
  function known(list) {
    return (list || []).map(function (one) { return Object.assign({}, one, { id: bytes(one.id) }); });
  }
  function make(options) {
    return navigator.credentials.create({ publicKey: Object.assign({}, options, {
      challenge: bytes(options.challenge), user: Object.assign({}, options.user, { id: bytes(options.user.id) }),
      excludeCredentials: known(options.excludeCredentials),
    }) });
  }
  function ask(options) {
    return navigator.credentials.get({ publicKey: Object.assign({}, options, {
      challenge: bytes(options.challenge), allowCredentials: known(options.allowCredentials),
    }) });
  }
  function plain(credential) {
    var answer = credential.response, found = { clientDataJSON: text(answer.clientDataJSON) };
    if (answer.attestationObject) found.attestationObject = text(answer.attestationObject);
    if (answer.authenticatorData) found.authenticatorData = text(answer.authenticatorData);
    if (answer.signature) found.signature = text(answer.signature);
    if (answer.userHandle) found.userHandle = text(answer.userHandle);
    return JSON.stringify({
      id: credential.id, rawId: text(credential.rawId), type: credential.type, response: found,
      clientExtensionResults: credential.getClientExtensionResults(),
    });
  }
  document.addEventListener("DOMContentLoaded", function () {
    if (!window.PublicKeyCredential || !navigator.credentials) return;
    document.querySelectorAll("form[data-passkey]").forEach(function (form) {
      form.hidden = false;
      form.addEventListener("submit", function (event) {
        var field = form.elements.credential, options = JSON.parse(form.dataset.options).publicKey;
        if (field.value) return;
        event.preventDefault();
        var say = form.querySelector("[role=status]");
        say.textContent = "";
        (form.dataset.passkey === "make" ? make(options) : ask(options)).then(function (credential) {
          field.value = plain(credential);
          form.requestSubmit ? form.requestSubmit() : form.submit();
        }, function () { say.textContent = form.dataset.failed; });
      });
    });
  });
})();
