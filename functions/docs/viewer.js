// Shows the OpenAPI document with Swagger UI. It calls only this server: it uses no validator,
// and the browser does not keep any input.
window.SwaggerUIBundle({
  dom_id: "#reference",
  url: new URL("openapi.json", document.baseURI).href,
  deepLinking: true,
  displayRequestDuration: true,
  filter: true,
  persistAuthorization: false,
  validatorUrl: null,
});
