"use strict";
// The page asks this installation alone: no fonts, proxy, telemetry or assistant of others. The content security policy holds it to that.
Scalar.createApiReference("#api", {
  url: "openapi.json",
  authentication: { preferredSecurityScheme: "accessToken" },
  modelsSectionLabel: "Schemas",
  agent: { disabled: true },
  mcp: { disabled: true },
  hideClientButton: true,
  proxyUrl: "",
  showDeveloperTools: "never",
  telemetry: false,
  withDefaultFonts: false,
});
