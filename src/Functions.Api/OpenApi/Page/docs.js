"use strict";
// Shows openapi.json: sections by tag, an operation folded each, its parameters, bodies, answers and problems.

const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
};

let api;

const resolve = (node) => {
  while (node && node.$ref) node = node.$ref.slice(2).split("/").reduce((at, part) => at[part], api);
  return node;
};

const nameOf = (schema) => (schema.$ref ? schema.$ref.split("/").pop() : null);

const typeOf = (schema) => {
  if (!schema || typeof schema !== "object") return "any";
  if (nameOf(schema)) return nameOf(schema);
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(" or ");
  if (schema.enum) return schema.enum.map(String).join(" | ");
  const types = [].concat(schema.type ?? "any");
  return types.map((type) => (type === "array" ? `${typeOf(schema.items)}[]` : type === "string" && schema.format ? schema.format : type)).join(" or ");
};

const limitsOf = (schema) =>
  ["minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "default"]
    .filter((limit) => schema[limit] !== undefined).map((limit) => `${limit} ${JSON.stringify(schema[limit])}`).join(", ");

const table = (heads, rows) => element("table", {},
  element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", {}, head)))),
  element("tbody", {}, ...rows.map((cells) => element("tr", {}, ...cells.map((cell) => element("td", {}, cell))))));

const fields = (schema, seen = new Set()) => {
  const plain = resolve(schema);
  const item = plain?.type === "array" ? resolve(plain.items) : plain;
  if (!item?.properties || seen.has(item)) return null;
  const rows = Object.entries(item.properties).map(([name, property]) => [
    element("code", {}, name), typeOf(property), (item.required ?? []).includes(name) ? "required" : "", limitsOf(resolve(property) ?? {}),
  ]);
  const box = element("div", {}, table(["field", "type", "", "limits"], rows));
  for (const [name, property] of Object.entries(item.properties)) {
    const inner = property.anyOf ? property.anyOf[0] : property;
    const nested = fields(inner, new Set(seen).add(item));
    if (nested) box.append(element("h3", {}, `${name}: ${typeOf(property)}`), nested);
  }
  return box;
};

const json = (value) => element("pre", {}, JSON.stringify(value, null, 2));

const curl = (method, path, operation) => {
  const url = (operation.parameters ?? []).reduce((at, parameter) => (parameter.in === "path" ? at.replace(`{${parameter.name}}`, parameter.example ?? "…") : at), path);
  const query = (operation.parameters ?? []).filter((parameter) => parameter.in === "query" && parameter.required).map((parameter) => `${parameter.name}=${parameter.example ?? "…"}`).join("&");
  const lines = [`curl -X ${method.toUpperCase()} '${location.origin}${url}${query ? "?" + query : ""}'`];
  if (operation.security.length > 0) lines.push(`-H "Authorization: Bearer $TOKEN"`);
  const body = operation.requestBody?.content["application/json"]?.example;
  if (body !== undefined) lines.push(`-H 'Content-Type: application/json'`, `-d '${JSON.stringify(body)}'`);
  return element("pre", {}, lines.join(" \\\n  "));
};

const answers = (operation) => {
  const box = element("div", {}, element("h3", {}, "Answers"));
  for (const [status, reference] of Object.entries(operation.responses)) {
    const response = resolve(reference);
    const [type, content] = Object.entries(response.content ?? {})[0] ?? [];
    const part = element("details", {}, element("summary", {}, element("code", {}, status), response.description));
    const inner = element("div", {});
    if (response.headers) inner.append(table(["header", ""], Object.entries(response.headers).map(([name, header]) => [element("code", {}, name), header.description])));
    if (content?.examples) for (const example of Object.values(content.examples)) inner.append(json(resolve(example).value));
    else if (content) {
      inner.append(element("p", {}, `${type}: ${typeOf(content.schema)}`), fields(content.schema) ?? "");
      if (content.example !== undefined) inner.append(json(content.example));
    }
    part.append(inner);
    box.append(part);
  }
  return box;
};

const show = (method, path, operation) => {
  const body = element("div", {});
  const parameters = operation.parameters ?? [];
  if (parameters.length > 0)
    body.append(element("h3", {}, "Parameters"), table(["name", "in", "type", "", ""], parameters.map((parameter) => [
      element("code", {}, parameter.name + (parameter.required ? " *" : "")), parameter.in, typeOf(parameter.schema), limitsOf(parameter.schema), parameter.description ?? ""])));
  for (const [type, content] of Object.entries(operation.requestBody?.content ?? {})) {
    body.append(element("h3", {}, `Body, ${type}: ${typeOf(content.schema)}`), fields(content.schema) ?? "");
    if (content.example !== undefined) body.append(json(content.example));
  }
  body.append(element("h3", {}, "Try it"), curl(method, path, operation), answers(operation));
  return body;
};

const fold = (method, path, operation) => {
  const folded = element("details", { id: operation.operationId, class: "operation" },
    element("summary", {},
      element("span", { class: `method ${method}` }, method.toUpperCase()), element("code", {}, path), operation.summary,
      element("span", { class: "permission" }, operation["x-permission"] ?? (operation.security.length > 0 ? "trainer" : "open"))));
  folded.dataset.text = `${method} ${path} ${operation.summary} ${operation["x-permission"] ?? ""} ${Object.values(operation.responses).map((r) => r.$ref ?? "").join(" ")}`.toLowerCase();
  // Built when it is opened: hundreds of them at once would be slow.
  folded.addEventListener("toggle", () => folded.open && folded.childElementCount === 1 && folded.append(show(method, path, operation)));
  return folded;
};

const filter = (text) => {
  for (const folded of document.querySelectorAll("details.operation")) folded.hidden = !text.split(/\s+/).every((word) => folded.dataset.text.includes(word));
  for (const section of document.querySelectorAll("section")) section.hidden = [...section.querySelectorAll("details.operation")].every((folded) => folded.hidden);
};

const start = async () => {
  api = await (await fetch("openapi.json")).json();
  document.title = document.getElementById("title").textContent = api.info.title;
  const main = document.getElementById("main");
  main.replaceChildren(...api.info.description.split("\n").filter(Boolean).map((line) => element("p", {}, line.replaceAll("**", "").replaceAll("`", ""))));
  for (const { name } of api.tags) {
    const section = element("section", { id: `tag-${name}` }, element("h2", {}, name));
    for (const [path, item] of Object.entries(api.paths))
      for (const [method, operation] of Object.entries(item)) if (operation.tags.includes(name)) section.append(fold(method, path, operation));
    main.append(section);
    document.getElementById("tags").append(element("a", { href: `#tag-${name}` }, name));
  }
  document.getElementById("search").addEventListener("input", (event) => filter(event.target.value.trim().toLowerCase()));
  const wanted = location.hash && document.getElementById(location.hash.slice(1));
  if (wanted) { wanted.open = true; wanted.scrollIntoView(); }
};

start().catch((failure) => document.getElementById("main").replaceChildren(element("p", {}, `The description could not be read: ${failure.message}`)));
