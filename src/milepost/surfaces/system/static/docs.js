"use strict";

// Shows the OpenAPI file that is chosen above, or named in the address (?document=status-1.3).

const chooser = document.getElementById("document");
const source = document.getElementById("source");

function show() {
  const file = `openapi/${chooser.value}.json`;
  source.href = file;
  window.ui = SwaggerUIBundle({
    url: file,
    dom_id: "#reference",
    deepLinking: true,
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    validatorUrl: null,
  });
}

const named = new URLSearchParams(window.location.search).get("document");
if (Array.from(chooser.options, (option) => option.value).includes(named)) {
  chooser.value = named;
}
chooser.addEventListener("change", () => {
  window.history.replaceState(null, "", `?document=${chooser.value}${window.location.hash}`);
  show();
});
show();
