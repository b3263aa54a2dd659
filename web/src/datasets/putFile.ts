/** Sends a file to a presigned address and says how much of it is sent, from 0 to 1. Rejects when the store refuses it or the connection breaks. */
export function putFile(file: Blob, { method, url, headers }: { method: string; url: string; headers: Record<string, string> }, onProgress: (share: number) => void, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) if (name.toLowerCase() !== 'content-length') request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => { if (event.lengthComputable) onProgress(event.loaded / event.total); };
    request.onload = () => (request.status >= 200 && request.status < 300 ? resolve() : reject(new Error(`HTTP ${request.status}`)));
    request.onerror = () => reject(new Error('The connection broke.'));
    request.onabort = () => reject(signal.reason instanceof Error ? signal.reason : new Error('The upload was stopped.'));
    signal.addEventListener('abort', () => request.abort(), { once: true });
    request.send(file);
  });
}
