declare global {
  interface Window {
    consoleSettings?: { api?: string };
  }
}

/** Origin of the API without a slash at the end; empty when it is the server of this page. Set in `console-settings.js`. */
export const apiOrigin = (window.consoleSettings?.api ?? '').replace(/\/+$/, '');
