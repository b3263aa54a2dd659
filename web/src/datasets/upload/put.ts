/** Where and how to put a file, from an announcement. */
export interface Ticket {
  url: string;
  method: string;
  headers: Readonly<Record<string, string>>;
  expiresAt: string;
}

/**
 * Sends a file and answers the HTTP status.
 * @throws TypeError when the connection broke, DOMException `AbortError` when the signal did, `NotReadableError` when the file cannot be read any more.
 */
export type Put = (ticket: Ticket, file: Blob, onProgress: (sent: number) => void, signal: AbortSignal) => Promise<number>;

/** By XMLHttpRequest, which tells how much was sent. */
export const putByRequest: Put = (ticket, file, onProgress, signal) =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const aborted = () => request.abort();
    request.open(ticket.method, ticket.url);
    for (const [name, value] of Object.entries(ticket.headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = event => onProgress(event.loaded);
    request.onload = () => resolve(request.status);
    request.onabort = () => reject(new DOMException('The upload was stopped.', 'AbortError'));
    request.onerror = () => void readable(file).then(can => reject(can ? new TypeError('The connection broke.') : new DOMException('The file cannot be read.', 'NotReadableError')));
    request.onloadend = () => signal.removeEventListener('abort', aborted);
    signal.addEventListener('abort', aborted);
    if (signal.aborted) reject(new DOMException('The upload was stopped.', 'AbortError'));
    else request.send(file);
  });

/** A request fails alike when the network is away and when the file was moved. */
async function readable(file: Blob): Promise<boolean> {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}
