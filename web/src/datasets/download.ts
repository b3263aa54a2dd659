import { authorizedFetch } from '../api/client';
import { ProblemError } from '../api/problem';
import { apiOrigin } from '../app/config';

type SavePicker = (options: { suggestedName: string }) => Promise<{ createWritable: () => Promise<WritableStream<Uint8Array>> }>;

/**
 * Saves an answer of the API that needs the session's token, so that a plain link would be refused. Where the browser can write to a file it goes there
 * as it comes; elsewhere the browser collects it first.
 * @returns false when the person chose no file.
 */
export async function download(path: string, name: string, onProgress: (share: number | null) => void, signal: AbortSignal): Promise<boolean> {
  const pick = (window as { showSaveFilePicker?: SavePicker }).showSaveFilePicker;
  let file: WritableStream<Uint8Array> | null = null;
  if (pick !== undefined && !navigator.webdriver) {
    try {
      file = await (await pick({ suggestedName: name })).createWritable();
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') return false;
    }
  }
  const response = await authorizedFetch(new Request(`${apiOrigin || window.location.origin}${path}`, { signal }));
  if (!response.ok || response.body === null) {
    await file?.abort().catch(() => undefined);
    throw await ProblemError.from(response);
  }
  const length = Number(response.headers.get('Content-Length'));
  let received = 0;
  const counted = response.body.pipeThrough(new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(piece, controller) {
      received += piece.byteLength;
      onProgress(length > 0 ? received / length : null);
      controller.enqueue(piece);
    },
  }));
  if (file !== null) {
    await counted.pipeTo(file, { signal });
    return true;
  }
  const address = URL.createObjectURL(await new Response(counted).blob());
  const link = Object.assign(document.createElement('a'), { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  return true;
}
