"use strict";
// The page sends requests to this installation only: no third-party fonts, proxy, telemetry or assistant. The content security policy enforces it.
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
