// Shows the OpenAPI document with Swagger UI. It asks nobody but this server: no validator, and
// nothing that is typed is kept in the browser.
window.SwaggerUIBundle({
  dom_id: "#reference",
  url: new URL("openapi.json", document.baseURI).href,
  deepLinking: true,
  displayRequestDuration: true,
  filter: true,
  persistAuthorization: false,
  validatorUrl: null,
});
