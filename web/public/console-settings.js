// The address of the API, when it is not the server of this page: "https://api.example.com".
window.consoleSettings = { api: "" };
